"""Spread: public default bins of a grid: from its ends and step only, never from data.

A grid of at most 128 points has one code per point. A longer one gets up to 128 bins: of equal width
when it spans fewer than two decades, else equally spaced on the signed-log scale asinh(x / unit),
with 0 alone in a bin, so that zero-inflated, heavy-tailed amounts keep their small values apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_CODES = 128
"""More codes than this per column cost accuracy under noise and buy none (PRIVACY 6.2)."""

MOST_POINTS = 2**53
"""Beyond this, grid points are no longer exact in float64."""

_RATIO = 100


@dataclass(frozen=True)
class Scale:
    """The scale on which bins are spread: linear in the grid index, or asinh(x / unit).

    Attributes:
        lo: lower end of the grid, in grid integers.
        step: distance of grid points.
        unit: below this size the scale is linear, above it logarithmic; 0 for a linear scale.
    """

    lo: int
    step: int
    unit: int

    def place(self, index: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return where grid indices lie on the scale."""
        if not self.unit:
            return index.astype(np.float64)
        return np.asarray(np.arcsinh((self.lo + index * self.step) / self.unit), dtype=np.float64)

    def index(self, place: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the first grid index at or above each place, not bounded to the grid."""
        if self.unit:
            place = (np.sinh(place) * self.unit - self.lo) / self.step
        return np.ceil(place - 1e-9).astype(np.int64)


def wide(lo: int, hi: int, step: int) -> bool:
    """Return whether lo..hi spans two decades or more, from its smallest non-zero size to its largest."""
    largest = max(abs(lo), abs(hi))
    smallest = step if lo <= 0 <= hi else min(abs(lo), abs(hi))
    return largest >= _RATIO * smallest


def even_cuts(points: int, bins: int) -> tuple[int, ...]:
    """Return the first grid index of each of (at most) `bins` bins of equal width."""
    count = min(points, bins)
    return tuple(i * points // count for i in range(count))


def log_cuts(lo: int, hi: int, step: int, unit: int, bins: int) -> tuple[int, ...]:
    """Return the first grid index of each of at most `bins` bins, equally spaced in asinh(x / unit).

    Args:
        lo: lower end, in grid integers; `hi` and `step` likewise.
        hi: upper end.
        step: distance of grid points.
        unit: below this size the scale is linear, above it logarithmic.
        bins: how many at most, 3 or more.

    Returns:
        Increasing indices, the first is 0; 0 of the scale, when on the grid, is alone in its bin.
    """
    points = (hi - lo) // step + 1
    alone = _zero(lo, step, points)
    fewest, most = 2, 8 * bins
    best = _join(_log_indices(lo, step, points, unit, fewest), alone)
    while fewest <= most:
        middle = (fewest + most) // 2
        cuts = _join(_log_indices(lo, step, points, unit, middle), alone)
        if len(cuts) <= bins:
            best, fewest = cuts, middle + 1
        else:
            most = middle - 1
    return tuple(best[:1] + best[1:][-(bins - 1) :]) if len(best) > bins else tuple(best)


def _zero(lo: int, step: int, points: int) -> list[int]:
    at, off = divmod(-lo, step)
    return [i for i in (at, at + 1) if 0 <= i < points] if off == 0 and 0 <= at < points else []


def _join(indices: NDArray[np.int64], alone: list[int]) -> list[int]:
    return sorted({0, *indices.tolist(), *alone})


def _log_indices(lo: int, step: int, points: int, unit: int, parts: int) -> NDArray[np.int64]:
    top = lo + (points - 1) * step
    ends = math.asinh(lo / unit), math.asinh(top / unit)
    values = np.sinh(np.linspace(*ends, parts + 1)[:-1]) * unit
    return np.clip(np.ceil((values - lo) / step), 0, points - 1).astype(np.int64)
