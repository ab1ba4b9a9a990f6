"""Privacy loss distributions as atoms on nested grids, bounded from above at every operation.

A pair of laws (P, Q) is described by its loss l = log(dP/dQ) under P. What matters of it is

    delta(epsilon) = m + sum_i p_i (1 - e^(epsilon - l_i))_+        for every real epsilon,

m being P's mass where Q has none. A `Losses` is an upper bound of a pair: its delta is at or above
the pair's at every real epsilon, which is dominance (Zhu, Dong & Wang 2022, Def. 7) and carries over
to compositions, adaptive ones too (ibid., Thm 10). Three moves keep a bound a bound:

1. *Mass up*: delta grows with every p_i and with m, and composition (convolution of the p's) only
   adds and multiplies non-negative numbers. So every rounding error is covered by a factor
   1 + gamma on the masses. There is no transform and no cancellation: sums are direct, their
   relative error is at most n * 2^-53 * (1 + ..), n the number of terms (Higham 2002, sec. 3.1).
2. *Loss up*: (1 - e^(epsilon - l))_+ grows with l; a mass moved to a larger loss, or to infinity, is a bound.
3. *Spread*: an atom between grid points a < l < b is split so that its mass and its mass under Q,
   p e^-l, are both kept. delta is a sum of convex functions of y = e^-l, and the split is a
   mean-preserving spread of y, so delta can only grow (Doroshenko et al. 2022, "Connect the Dots":
   the split is the least bound on that grid).

Level j holds losses at i * spacing * 2^j with |i| <= reach; larger losses live on coarser levels,
as floating-point numbers do, so that a rare large loss does not need a fine grid. `spacing` is a
power of two, so every loss is exact. As copies are composed the losses scatter more widely, and
the finest level is merged into the next.

Source: Doroshenko et al. 2022, "Connect the Dots: Tighter Discrete Approximations of Privacy Loss
Distributions"; Koskela, Jaelkoe & Honkela 2020 (discrete loss distributions); nested grids and
direct sums in place of the fast Fourier transform (Gopi et al. 2021) are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EPS = 2.0**-52
"""Twice the unit roundoff."""

LOST = 1e-280
"""More than all products that underflow in one composition."""

Masses = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """Masses at `start`, `start + 1`, .. times the spacing of the level; shape (cells,)."""

    start: int
    mass: Masses


EMPTY = Level(0, np.zeros(0))


@dataclass(frozen=True, eq=False)
class Losses:
    """An upper bound of a pair of laws, as in the module's docstring.

    Attributes:
        spacing: of level 0, a power of two.
        reach: largest |index| that a level should hold, a power of two.
        levels: finest first.
        infinite: m, the mass at infinite loss.
    """

    spacing: float
    reach: int
    levels: tuple[Level, ...]
    infinite: float

    def flat(self) -> tuple[Masses, Masses]:
        """Return the losses, ascending and distinct, and their masses, both of shape (atoms,)."""
        places = [
            np.ldexp((level.start + np.arange(len(level.mass))) * self.spacing, j)
            for j, level in enumerate(self.levels)
        ]
        losses, inverse = np.unique(np.concatenate(places), return_inverse=True)
        weights = np.concatenate([level.mass for level in self.levels])
        masses: Masses = np.bincount(inverse, weights=weights).astype(np.float64)
        kept = masses > 0
        return losses[kept], masses[kept] * (1 + (len(self.levels) + 2) * EPS)

    def scatter(self) -> float:
        """Return the standard deviation of the finite losses; steers the grid, bounds nothing."""
        losses, masses = self.flat()
        mean = float(losses @ masses / masses.sum())
        return math.sqrt(float((losses - mean) ** 2 @ masses))


def compose(one: Losses, two: Losses, resolution: int, tolerance: float) -> Losses:
    """Return a bound of the composition of two pairs.

    Args:
        one: a bound with the same reach as `two`.
        two: see `one`.
        resolution: the finest level shall have at most this many points per standard deviation.
        tolerance: mass that may be moved to infinity, and as much that may be moved up from far below.
    """
    while one.spacing < two.spacing:
        one = _without_finest(one)
    while two.spacing < one.spacing:
        two = _without_finest(two)
    products = _products(one.levels, two.levels, one.spacing)
    terms = max((len(level.mass) for level in products), default=0)
    excess = 1 + (2 * terms + 64) * EPS
    finite_one, finite_two = (float(sum(level.mass.sum() for level in each.levels)) for each in (one, two))
    infinite = one.infinite * (finite_two + two.infinite) + two.infinite * finite_one
    infinite = infinite * excess + LOST
    whole = Losses(
        one.spacing,
        one.reach,
        tuple(Level(level.start, level.mass * excess) for level in products),
        infinite,
    )
    trimmed = trim(settle(whole), tolerance)
    scatter = trimmed.scatter()
    while scatter >= 2 * resolution * trimmed.spacing:
        trimmed = settle(_without_finest(trimmed))
    return trimmed


def power(step: Losses, copies: int, resolution: int, tolerance: float) -> Losses:
    """Return a bound of `copies` compositions of `step` with itself, by repeated squaring.

    `tolerance` is the mass that may be moved in all, each copy of each square counted.
    """
    stages = 2 * copies.bit_length()
    result: Losses | None = None
    square, held, left = step, 1, copies
    while True:
        if left & 1:
            result = square if result is None else compose(result, square, resolution, tolerance / stages)
        left >>= 1
        if not left:
            assert result is not None
            return result
        held *= 2
        square = compose(square, square, resolution, tolerance / stages * held / copies)


def settle(losses: Losses) -> Losses:
    """Return the same bound with every mass beyond a level's reach spread to the next level."""
    reach, done = losses.reach, []
    carried, j = EMPTY, 0
    while j < len(losses.levels) or len(carried.mass):
        level = _added(carried, losses.levels[j]) if j < len(losses.levels) else carried
        low, high = max(0, -reach - level.start), max(0, reach + 1 - level.start)
        done.append(_stripped(Level(level.start + low, level.mass[low:high])))
        far = level.mass.copy()
        far[low:high] = 0.0
        carried = _coarsened(_stripped(Level(level.start, far)), math.ldexp(losses.spacing, j))
        j += 1
    return Losses(losses.spacing, reach, tuple(done), losses.infinite)


def trim(losses: Losses, tolerance: float) -> Losses:
    """Return a bound without far atoms: the largest losses to infinity, the smallest moved up.

    Each of both moves at most `tolerance`.
    """
    places, masses = losses.flat()
    above, below = np.cumsum(masses[::-1])[::-1], np.cumsum(masses)
    high = int(np.count_nonzero(above > tolerance)) - 1
    low = min(int(np.count_nonzero(below <= tolerance)), high)
    if high < 0 or (low == 0 and high == len(places) - 1):
        return losses
    infinite = losses.infinite
    if high < len(places) - 1:
        infinite = (infinite + float(above[high + 1])) * (1 + (len(places) + 8) * EPS)
    least, most, moved = places[low], places[high], float(below[low - 1]) if low else 0.0
    kept = []
    for j, level in enumerate(losses.levels):
        here = np.ldexp((level.start + np.arange(len(level.mass))) * losses.spacing, j)
        mass = np.where((here >= least) & (here <= most), level.mass, 0.0)
        at = np.flatnonzero(here == least)
        if moved and len(at):
            mass[at[0]] = (mass[at[0]] + moved) * (1 + (len(places) + 8) * EPS)
            moved = 0.0
        kept.append(_stripped(Level(level.start, mass)))
    return Losses(losses.spacing, losses.reach, tuple(kept), infinite)


def _products(one: tuple[Level, ...], two: tuple[Level, ...], spacing: float) -> list[Level]:
    """Return the convolution, level by level: an atom of level i and one of level j meet on the coarser."""
    finer_one, finer_two = EMPTY, EMPTY
    products = []
    for j in range(max(len(one), len(two))):
        first = one[j] if j < len(one) else EMPTY
        second = two[j] if j < len(two) else EMPTY
        upto = _added(finer_two, second)
        products.append(_added(_convolved(first, upto), _convolved(finer_one, second)))
        finer_one = _coarsened(_added(finer_one, first), math.ldexp(spacing, j))
        finer_two = _coarsened(upto, math.ldexp(spacing, j))
    return products


def _convolved(one: Level, two: Level) -> Level:
    if not len(one.mass) or not len(two.mass):
        return EMPTY
    return Level(one.start + two.start, np.convolve(one.mass, two.mass))


def _without_finest(losses: Losses) -> Losses:
    merged = _coarsened(losses.levels[0], losses.spacing)
    second = losses.levels[1] if len(losses.levels) > 1 else EMPTY
    return Losses(
        2 * losses.spacing, losses.reach, (_added(merged, second), *losses.levels[2:]), losses.infinite
    )


def _coarsened(level: Level, spacing: float) -> Level:
    """Return `level`, of this spacing, on the grid of twice the spacing.

    Even points are there already. An odd one at l is spread to l - h and l + h with weights
    e^-h / (1 + e^-h) and 1 / (1 + e^-h): they add to 1, and times e^h and e^-h they add to 1 too.
    """
    if not len(level.mass):
        return EMPTY
    pad = level.start & 1
    mass = np.concatenate([np.zeros(pad), level.mass, np.zeros((len(level.mass) + pad + 1) % 2)])
    start = (level.start - pad) // 2
    fade = math.exp(-spacing)
    even, odd = mass[::2], mass[1::2] * (1 + 8 * EPS)
    coarse = even.copy()
    coarse[: len(odd)] += odd * (fade / (1 + fade))
    coarse[1:] += odd * (1 / (1 + fade))
    return Level(start, coarse * (1 + 4 * EPS))


def _added(one: Level, two: Level) -> Level:
    if not len(one.mass) or not len(two.mass):
        return two if len(two.mass) else one
    start = min(one.start, two.start)
    stop = max(one.start + len(one.mass), two.start + len(two.mass))
    mass = np.zeros(stop - start)
    for level in (one, two):
        mass[level.start - start : level.start - start + len(level.mass)] += level.mass
    return Level(start, mass * (1 + EPS))


def _stripped(level: Level) -> Level:
    found = np.flatnonzero(level.mass)
    if not len(found):
        return EMPTY
    return Level(level.start + int(found[0]), level.mass[found[0] : found[-1] + 1])
