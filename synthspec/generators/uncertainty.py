"""Uncertainty: how far a marginal of a fitted model may lie from the private table's, from what was bought.

Nothing private is read: only the model, the noisy answers that it was fitted to, and figures that were paid
for. The squared error (total variation) of a table over one to three attributes is split like a variance:

* one part per attribute: what the noise left in its one-way after projection (`residual`);
* one part per pair and triple within: what the noise left in an answer over it, and the scatter of a table
  of n rows about the model on what no answer saw: all cells, or the cells inside the groups answered;
* where nothing was bought, what the model may miss of a dependence: in proportion to that scatter.

How large the last part is cannot be known from the answers. `Errors` (intervals.py) fits it, with
the whole scale, to the paid mean distance of each order, and adds an interval. Estimates (class M), not
guarantees: `benchmarks/coverage.py` shows how often the intervals hold.

Source: ours. The scatter is the mean absolute deviation of a normal variable with the variance that a cell
keeps when the one-ways are given, N p (1 - p_a)(1 - p_b) in a table near independence (Haberman 1973).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import pi, sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.base import Model
from synthspec.generators.oneways import residual
from synthspec.generators.pgm.factor import union
from synthspec.generators.pgm.infer import marginal
from synthspec.generators.tree_model import TreeModel
from synthspec.terms.query import Axis

Array = NDArray[np.float64]

UNSEEN = 0.1
"""How much of an unbought pair's missed dependence remains in a bought one (inside its groups)."""
EVEN = (0.3, 0.6)
"""The scatter of drawn rows, about one-ways and bought tables: cells are filled evenly (pgm/sample.py)."""
MOST_CELLS = 1 << 22


class Answer(Protocol):
    """Noisy counts of one marginal, flat in C order of the axes, noise `stddev` [rows] a cell."""

    @property
    def axes(self) -> tuple[Axis, ...]:
        """What was counted."""

    @property
    def values(self) -> NDArray[np.int64]:
        """The noisy counts."""

    @property
    def stddev(self) -> float:
        """The noise."""


@dataclass(frozen=True)
class Parts:
    """The parts of one table's error, as squares of total variation distances.

    Attributes:
        noise: what noise and the scatter of the table leave.
        missed: the unit of what the model may miss of dependences.
        drawn: the scatter of one drawn row about the model, times the number of rows.
        cells: how many cells carry the error, less one.
        root: the sum over cells of sqrt(p (1 - p)).
    """

    noise: float
    missed: float
    drawn: float
    cells: float
    root: float


@dataclass(frozen=True)
class _Bought:
    """What answers left of one interaction: squared noise, the scatter they saw, whether there were any."""

    noise: float = 0.0
    seen: float = 0.0
    any: bool = False


class Uncertainty:
    """What a fitted model and its answers tell of the errors of its marginals; public throughout."""

    def __init__(self, model: Model, answers: Iterable[Answer], known: Iterable[str] = ()) -> None:
        """Take note of what was bought.

        Args:
            model: the fitted model.
            answers: what it was fitted to; those over other attributes are passed over.
            known: attributes whose one-way is public, and carries no noise.
        """
        covered = set(model.domain.attributes)
        self.model = model
        self.known = frozenset(known)
        self.answers = tuple(
            each
            for each in answers
            if each.axes and each.stddev > 0 and covered.issuperset(a.attribute for a in each.axes)
        )
        self._parts: dict[tuple[tuple[str, int], ...], _Bought] = {}
        self._tables: dict[tuple[tuple[str, int], ...], tuple[tuple[Axis, ...], Array]] = {}

    @cached_property
    def rows(self) -> float:
        """The noisy number of rows, at least 1."""
        weights = [1 / (each.values.size * each.stddev**2) for each in self.answers]
        sums = [float(each.values.sum()) for each in self.answers]
        return max(1.0, sum(w * s for w, s in zip(weights, sums)) / sum(weights)) if weights else 1.0

    @cached_property
    def rows_stddev(self) -> float:
        """The standard deviation of `rows`."""
        weights = [1 / (each.values.size * each.stddev**2) for each in self.answers]
        return sum(weights) ** -0.5 if weights else 0.0

    @cached_property
    def _noise(self) -> Mapping[str, float]:
        """The deviation [rows] of the cells of each one-way, pooled over its answers."""
        precision: dict[str, float] = {}
        for each in self.answers:
            if len(each.axes) == 1 and each.axes[0].levels is None:
                name = each.axes[0].attribute
                precision[name] = precision.get(name, 0.0) + each.stddev**-2
        return {name: total**-0.5 for name, total in precision.items()}

    @cached_property
    def _sums(self) -> Mapping[str, Array]:
        """The pooled counts of each one-way [rows]."""
        sums: dict[str, Array] = {}
        for each in self.answers:
            if len(each.axes) == 1 and each.axes[0].levels is None:
                name = each.axes[0].attribute
                part = each.values * (self._noise[name] / each.stddev) ** 2
                sums[name] = sums.get(name, np.zeros(each.values.size)) + part
        return sums

    def covers(self, axes: Sequence[Axis]) -> bool:
        """Return whether there is an estimate for a table over `axes`: all modelled, bought or known."""
        names = [axis.attribute for axis in axes]
        return (
            0 < len(set(names)) == len(names) <= 3
            and set(names) <= set(self.model.domain.attributes)
            and all(name in self._noise or name in self.known for name in names)
            and float(np.prod([axis.size for axis in axes], dtype=np.float64)) <= MOST_CELLS
        )

    def parts(self, axes: Sequence[Axis]) -> Parts:
        """Return the parts of the error of the table over `axes`, at most three, that `covers` allows."""
        noise = 0.0
        weights: Array = np.ones(1)
        for axis in axes:
            left, weights = self._one(axis)
            noise += float(left.sum() / (2 * self.rows)) ** 2 + self._strayed(axis)
        missed = drawn = 0.0
        if len(axes) == 1:
            drawn = (EVEN[0] * scatter(self._table(axes), self.rows)) ** 2 * self.rows
        for order in range(2, len(axes) + 1):
            for some in combinations(axes, order):
                table = self._table(some)
                bought = self._bought(some)
                free = scatter(table, self.rows) ** 2
                noise += bought.noise + max(free - bought.seen, 0.0)
                drawn += free * self.rows * (EVEN[1] ** 2 if bought.any else 1.0)
                if order == 2:
                    missed += free * (UNSEEN if bought.any else 1.0 + UNSEEN)
                weights = deviations(table, self.rows)
        whole = self._table(axes)
        root = float(np.sqrt(np.maximum(whole * (1 - whole), 0.0)).sum())
        return Parts(noise, missed, drawn, max(effective(weights) - 1, 1.0), root)

    def _one(self, axis: Axis) -> tuple[Array, Array]:
        """Return the L1 error [rows] that noise left in each cell of a one-way, and how much it varies."""
        stddev = self._noise.get(axis.attribute, 0.0)
        many = np.ones(axis.size) if axis.levels is None else np.bincount(axis.levels, minlength=axis.size)
        counts = self._table((axis,)) * self.rows
        each = stddev * np.sqrt(many)
        held = np.minimum(each, np.maximum(counts, 0.0))
        left = 0.8 * np.minimum(each, held + 0.1 * each)
        # Shares sum to 1: a cell is off by no more than all others are, and a table of one cell never.
        return np.minimum(left, left.sum() - left), held

    def _strayed(self, axis: Axis) -> float:
        """Return the squared distance of a one-way from its pooled answer that noise does not explain."""
        if axis.attribute not in self._sums:
            return 0.0
        labels = np.arange(axis.size) if axis.levels is None else axis.levels
        answer = np.bincount(labels, weights=self._sums[axis.attribute], minlength=axis.size)
        stddev = self._noise[axis.attribute] * np.sqrt(np.bincount(labels, minlength=axis.size))
        return excess(answer - self._table((axis,)) * self.rows, stddev, self.rows)

    def _bought(self, axes: Sequence[Axis]) -> _Bought:
        """Return what the answers left of the interaction of `axes`: the best of those that hold it."""
        key = tuple(sorted((axis.attribute, axis.size) for axis in axes))
        if key not in self._parts:
            names = {axis.attribute for axis in axes}
            found = [
                self._left(each, axes)
                for each in self.answers
                if names <= {axis.attribute for axis in each.axes}
            ]
            self._parts[key] = min(found, key=lambda b: b.noise - b.seen, default=_Bought())
        return self._parts[key]

    def _left(self, answer: Answer, axes: Sequence[Axis]) -> _Bought:
        """Return what `answer` left of the interaction of `axes`, on the coarser of the two tables."""
        names = {axis.attribute for axis in axes}
        held = tuple(axis for axis in answer.axes if axis.attribute in names)
        cells = float(np.prod([axis.size for axis in held]))
        stddev = answer.stddev * sqrt(answer.values.size / cells)
        table = self._table(held)
        asked = float(np.prod([axis.size for axis in axes]))
        coarse, merged = (self._table(axes), cells / asked) if asked < cells else (table, 1.0)
        noise = (residual(coarse * self.rows, stddev * sqrt(merged)) / (2 * self.rows)) ** 2
        if len(held) == len(answer.axes):
            gap = np.reshape(answer.values, table.shape) - table * self.rows
            noise += excess(gap, np.full(table.shape, stddev), self.rows)
        return _Bought(noise, scatter(coarse, self.rows) ** 2, any=True)

    def _table(self, axes: Sequence[Axis]) -> Array:
        key = tuple((axis.attribute, id(axis)) for axis in axes)
        if key not in self._tables:
            self._tables[key] = (tuple(axes), shares(self.model, axes))  # keeps the ids alive
        return self._tables[key][1]


def shares(model: Model, axes: Sequence[Axis]) -> Array:
    """Return the model's marginal over the levels of `axes`, in their order."""
    names = tuple(axis.attribute for axis in axes)
    if not isinstance(model, TreeModel):
        table = np.asarray(model.marginal(names), dtype=np.float64)
        members = [_members(axis, np.arange(model.domain.size(axis.attribute)), None) for axis in axes]
    else:
        places = [model.domain.attributes.index(name) for name in names]
        scope = union(places)
        table = np.transpose(marginal(model.beliefs, scope), [scope.index(p) for p in places])
        members = [_members(axis, model.levels[p], model.densities[p]) for axis, p in zip(axes, places)]
    for place, member in enumerate(members):
        table = np.moveaxis(np.tensordot(table, member, axes=(place, 0)), -1, place)
    return np.ascontiguousarray(np.maximum(table, 0.0))


def _members(axis: Axis, levels: NDArray[np.int64], densities: Array | None) -> Array:
    """Return the share of each of the model's levels that lies in each level of `axis`."""
    codes = np.arange(len(levels)) if axis.levels is None else axis.levels
    out = np.zeros((int(levels.max()) + 1, axis.size))
    np.add.at(out, (levels, codes), np.ones(len(levels)) if densities is None else densities)
    return out


def deviations(table: Array, rows: float) -> Array:
    """Return the mean absolute deviation of each share in a table of `rows` rows about `table`.

    With two and more axes the one-ways count as given; a cell deviates by twice its share at most.
    """
    free = table
    for axis in range(table.ndim if table.ndim > 1 else 0):
        one = table.sum(axis=tuple(i for i in range(table.ndim) if i != axis))
        shape = [1] * table.ndim
        shape[axis] = -1
        free = free * np.maximum(1 - one, 0.0).reshape(shape)
    if table.ndim == 1:
        free = table * np.maximum(1 - table, 0.0)
    out: Array = np.minimum(np.sqrt(free * (2 / (pi * rows))), 2 * table)
    return out


def scatter(table: Array, rows: float) -> float:
    """Return the expected total variation between `table` and a table of `rows` rows about it."""
    return float(deviations(table, rows).sum() / 2)


def excess(gap: Array, stddev: Array, rows: float) -> float:
    """Return the squared distance [shares] between a model and an answer beyond two deviations of noise.

    The absolute value of noise has mean 0.8 and deviation 0.6 of its own deviation.
    """
    seen = float(np.abs(gap).sum())
    expected = 0.8 * float(stddev.sum()) + 2 * 0.6 * sqrt(float((stddev**2).sum()))
    return max(seen**2 - expected**2, 0.0) / (2 * rows) ** 2


def effective(weights: Array) -> float:
    """Return how many equal cells carry as much as `weights` do: (sum w)^2 / sum w^2."""
    square = float((weights**2).sum())
    return float(weights.sum()) ** 2 / square if square > 0 else 1.0


__all__ = ["Answer", "Parts", "Uncertainty", "deviations", "effective", "scatter", "shares"]
