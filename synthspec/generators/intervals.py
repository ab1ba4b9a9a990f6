"""Intervals: errors of marginals on the scale of the paid mean distances, each with a 90 % interval.

One unknown per order, t, scales a profile: squared error = t noise + t^3 MISSED missed (uncertainty.py), for
a model that is off by more than noise is mostly off by what it misses. t has a log-normal prior, read off
the benchmark's tables; the paid mean over all tables of an order, with its noise, sharpens it (Bayes on
a grid). An error of median q then spreads log-normally, by SPREAD and the posterior of t, and further
where few cells carry it: the absolute value of one normal variable falls short of its median more often
than a sum of many (quantiles of the chi distribution).

Source: ours; constants fitted as `benchmarks/coverage.py` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.uncertainty import Parts, Uncertainty
from synthspec.terms.query import Axis

Array = NDArray[np.float64]

MISSED = 4.0
"""What the model misses, in units of `Parts.missed`, where t is 1."""
PRIOR: Mapping[int, tuple[float, float]] = {1: (0.72, 0.4), 2: (1.1, 0.5), 3: (1.3, 0.5)}
"""Median and deviation of log t by order, without a paid mean."""
SPREAD: Mapping[int, tuple[float, float]] = {1: (0.22, 0.22), 2: (0.27, 0.56), 3: (0.25, 0.45)}
"""Deviation of log error by order: where noise dominates, and where what is missed does."""
FEW_BELOW = (2.37, 0.75)
FEW_ABOVE = (1.07, 0.5)
"""log of median over 5 % quantile, and of 95 % quantile over median, of the root mean square of nu
standard normal variables: a nu^-b."""
ANSWER = 6.2
"""Half the width of the 90 % interval of a share p among cells that all err alike is 1.64 x 1.25 x 2 of
error x sqrt(p (1 - p)) / (sum of the same over cells); errors of one answer's cells are not
independent, which takes half as much again."""
FAINT = 0.3
"""Answers without mass err too: p (1 - p) is taken as this share of error / root higher."""
MISFIT = 0.03
"""The profile's mean is not trusted further than this share of a paid mean."""
NINETY = 1.6448536269514722
GRID = 61


class Paid(Protocol):
    """A paid distance between private rows and released ones, with its 90 % interval."""

    @property
    def order(self) -> int:
        """How many columns each table has."""

    @property
    def worst(self) -> bool:
        """Whether it is the largest and not the mean."""

    @property
    def value(self) -> float:
        """The distance."""

    @property
    def low(self) -> float:
        """The lower end."""

    @property
    def high(self) -> float:
        """The upper end."""


@dataclass(frozen=True)
class Interval:
    """An expected total variation distance and the ends of its 90 % interval, all in [0, 1]."""

    expected: float
    low: float
    high: float


@dataclass(frozen=True)
class Scale:
    """What is known of t for one order: median, and deviation of its log."""

    t: float
    deviation: float


class Errors:
    """Errors of a model's marginals, each with its interval; public, from released answers only."""

    def __init__(self, uncertainty: Uncertainty, scales: Mapping[int, Scale]) -> None:
        self.uncertainty = uncertainty
        self.scales = scales

    def of(self, axes: Sequence[Axis]) -> Interval | None:
        """Return the error of the table over `axes` (one to three), or None where nothing is known."""
        return (
            self.of_parts(self.uncertainty.parts(axes), len(axes)) if self.uncertainty.covers(axes) else None
        )

    def of_parts(self, parts: Parts, order: int) -> Interval:
        """Return the interval of a table whose error has these parts."""
        scale = self.scales[order]
        median, missed = _median(np.array([parts.noise]), np.array([parts.missed]), scale.t)
        q, share = float(median[0]), float(missed[0])
        whole = _deviation(share, order) ** 2 + (scale.deviation * (0.5 + share)) ** 2
        below = sqrt(NINETY**2 * whole + (FEW_BELOW[0] * parts.cells ** -FEW_BELOW[1]) ** 2)
        above = sqrt(NINETY**2 * whole + (FEW_ABOVE[0] * parts.cells ** -FEW_ABOVE[1]) ** 2)
        low = q * exp(-below)
        if low * self.uncertainty.rows < 1:  # less than one row is not told from none
            low = 0.0
        return Interval(min(q, 1.0), min(low, 1.0), min(q * exp(above), 1.0))

    def answer(self, axes: Sequence[Axis], share: float) -> float | None:
        """Return half the width of the 90 % interval of an answer, a share of all rows, or None.

        Args:
            axes: of the table in which the answer is a sum of cells.
            share: the model's answer.
        """
        if not self.uncertainty.covers(axes):
            return None
        parts = self.uncertainty.parts(axes)
        found = self.of_parts(parts, len(axes))
        return min(found.high, half_width(found.expected, share, parts.root))


def half_width(error: float, share: float, root: float) -> float:
    """Return half the width of the 90 % interval of a `share` in a table of expected error `error`.

    Args:
        error: total variation distance.
        share: the answer.
        root: the sum over the table's cells of sqrt(p (1 - p)).
    """
    cells = max(root, 1.0)
    return ANSWER * error * sqrt(max(share * (1 - share), 0.0) + FAINT * error / cells) / cells


def errors(
    uncertainty: Uncertainty,
    tables: Mapping[int, Sequence[Sequence[Axis]]],
    paid: Iterable[Paid] = (),
    drawn: float = float("inf"),
    misfit: float = MISFIT,
) -> Errors:
    """Return the errors on the scale of what was paid for.

    Args:
        uncertainty: the model's.
        tables: by order, the tables that the paid means are over, or a fair sample of them.
        paid: the paid distances, if any; they are those of drawn rows, not of the model.
        drawn: how many rows were drawn for them.
        misfit: how far, as a share of it, a paid mean may be another one than that of `tables`.
    """
    means = {each.order: each for each in paid if not each.worst}
    scales = {}
    for order, (centre, deviation) in PRIOR.items():
        parts = [uncertainty.parts(axes) for axes in tables.get(order, ()) if uncertainty.covers(axes)]
        scales[order] = Scale(centre, deviation)
        if order in means and parts:
            scales[order] = _posterior(scales[order], parts, means[order], drawn, misfit)
    return Errors(uncertainty, scales)


def _posterior(prior: Scale, parts: Sequence[Parts], mean: Paid, drawn: float, misfit: float) -> Scale:
    """Return what is known of t once the mean of the tables' distances is."""
    noise, missed = np.array([each.noise for each in parts]), np.array([each.missed for each in parts])
    jitter = np.array([each.drawn for each in parts]) / drawn
    logs = np.linspace(-6, 6, 4 * GRID) * prior.deviation + log(prior.t)
    expected = np.array([_mean(noise, missed, jitter, exp(each), mean.order) for each in logs])
    stddev = max((mean.high - mean.low) / (2 * NINETY), misfit * mean.value, 1e-6)
    fit = -0.5 * ((expected - mean.value) / stddev) ** 2
    fit -= 0.5 * ((logs - log(prior.t)) / prior.deviation) ** 2
    weight = np.exp(fit - fit.max())
    weight /= weight.sum()
    centre = float((weight * logs).sum())
    return Scale(exp(centre), sqrt(max(float((weight * (logs - centre) ** 2).sum()), 0.0)))


def _mean(noise: Array, missed: Array, jitter: Array, t: float, order: int) -> float:
    """Return the expected mean distance of drawn rows."""
    median, share = _median(noise, missed, t)
    spread = _deviation(share, order)
    error = np.minimum(median * np.exp(spread**2 / 2), 1.0)
    return float(np.sqrt(error**2 + jitter).mean())


def _median(noise: Array, missed: Array, t: float) -> tuple[Array, Array]:
    """Return the median error of each table, and the share of what is missed in its square."""
    bias = MISSED * t**3 * missed
    square = np.maximum(t * noise + bias, 1e-18)
    return np.sqrt(square), bias / square


def _deviation(share: Array | float, order: int) -> Array | float:
    plain, missing = SPREAD[order]
    return np.sqrt(plain**2 * (1 - share) + missing**2 * share)
