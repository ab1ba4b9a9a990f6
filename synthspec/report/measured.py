"""Measured: how a fitted model compares with the noisy answers it was fitted to; post-processing only.

For one measurement y = c + noise over cells, N the noisy total and p the model's shares, the statistic
sum (y - N p)^2 / sd^2 is about chi-square with as many degrees of freedom as cells when the model is
right, and less where the model follows the noise; the distance sum |y - N p| / 2N shows about
cells * sd * sqrt(2/pi) / 2N from noise alone.

Source: ours; Pearson's chi-square with known variance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import pi, prod, sqrt

import numpy as np
from numpy.typing import NDArray

from synthspec.errors import GateError
from synthspec.generators.base import Model
from synthspec.generators.models import load_model
from synthspec.release.release import Measurement, Release, SavedModel
from synthspec.terms.query import Axis

Rebuild = Callable[[SavedModel], Model]

MOST_CELLS = 1 << 22
"""Measured tables whose codes have more cells than this are not compared: they would fill the memory."""


@dataclass(frozen=True)
class Comparison:
    """One measured marginal against its model: `seen` and `noise` are distances in [0, 1]."""

    event: str
    group: str
    attributes: tuple[str, ...]
    cells: int
    seen: float
    noise: float
    chi2: float

    @property
    def excess(self) -> float:
        """What noise does not explain of the distance seen, at least 0."""
        return max(0.0, self.seen - self.noise)

    @property
    def z(self) -> float:
        """Standard deviations of the chi-square above what noise alone gives."""
        return (self.chi2 - self.cells) / sqrt(2 * self.cells)


@dataclass(frozen=True)
class Total:
    """A noisy number of rows with its standard deviation and the events behind it."""

    value: float
    stddev: float
    events: tuple[str, ...]


def rebuild(saved: SavedModel) -> Model:
    """Return the model saved in a release.

    Raises:
        GateError: Q605.
    """
    try:
        return load_model(saved.facts, saved.arrays)
    except (KeyError, IndexError, TypeError, ValueError):
        raise GateError(
            "Q605", f"the model of group `{saved.group}` cannot be rebuilt from the release"
        ) from None


def total(measurements: Iterable[Measurement]) -> Total | None:
    """Return the precision-weighted mean of the measurements' totals [rows], or None without any."""
    found = tuple(m for m in measurements if m.stddev > 0)
    if not found:
        return None
    weights = [1 / (m.values.size * m.stddev**2) for m in found]
    sums = [float(m.values.sum()) for m in found]
    value = sum(w * s for w, s in zip(weights, sums, strict=True)) / sum(weights)
    return Total(value, sqrt(1 / sum(weights)), tuple(dict.fromkeys(m.event for m in found)))


def grouped(table: NDArray[np.float64], axes: tuple[Axis, ...]) -> NDArray[np.float64]:
    """Return `table` over codes summed to the levels of `axes`; both in their axes' order."""
    for i, axis in enumerate(axes):
        if axis.levels is not None:
            moved = np.moveaxis(table, i, 0)
            sums = np.zeros((axis.size, *moved.shape[1:]))
            np.add.at(sums, axis.levels, moved)
            table = np.moveaxis(sums, 0, i)
    return table


def compare(release: Release, rebuild: Rebuild) -> tuple[Comparison, ...]:
    """Return one comparison per measurement that its group's model covers, largest excess first."""
    models = {saved.group: rebuild(saved) for saved in release.models}
    found = []
    for group, model in models.items():
        mine = tuple(m for m in release.measurements if m.group == group and m.stddev > 0)
        known = total(mine)
        rows = max(1.0, known.value) if known is not None else 1.0
        covered = set(model.domain.attributes)
        found += [
            _compare(m, model, rows)
            for m in mine
            if covered.issuperset(m.attributes) and model.domain.cells(m.attributes) <= MOST_CELLS
        ]
    return tuple(sorted(found, key=lambda c: (-c.excess, c.event)))


def _compare(measurement: Measurement, model: Model, rows: float) -> Comparison:
    table = model.marginal(measurement.attributes)
    expected = grouped(np.asarray(table, dtype=np.float64), measurement.axes).ravel() * rows
    gap = measurement.values - expected
    cells = prod(axis.size for axis in measurement.axes)
    return Comparison(
        event=measurement.event,
        group=measurement.group,
        attributes=measurement.attributes,
        cells=cells,
        seen=min(1.0, float(np.abs(gap).sum()) / (2 * rows)),
        noise=min(1.0, cells * measurement.stddev * sqrt(2 / pi) / (2 * rows)),
        chi2=float((gap * gap).sum()) / measurement.stddev**2,
    )
