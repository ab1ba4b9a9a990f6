"""The price of a whole run of noisy gradients: T Poisson-subsampled Gaussian steps as one purchase.

The price is the Gaussian envelope (`envelope`) of the run's loss distribution (`pld`), the worse of both
orders. At rate 1 every unit joins every step, and mu^2 = D^2 T / s^2 exactly, D = 1 (replace: 2).

A price is *stated* with a headroom of HEADROOM over what was found here, and *certified* by checking
the stated mu against the run's losses, so that another machine, whose exponentials may differ in the last
place, reaches the same verdict about the same number.

Source: Dong, Roth & Su 2022 (Gaussian mechanism, composition); PRIVACY 2 of the design (the envelope).
The asymptotic mu = q sqrt(T (e^(1/s^2) - 1)) (Bu et al. 2020) is no bound: it only starts a search here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from synthspec.privacy.certified import ceil_in, context, down, real
from synthspec.privacy.cost import DELTA0_UNIT, MU2_UNIT
from synthspec.privacy.envelope import Profile
from synthspec.privacy.pld import RESOLUTION, TRUNCATED, Direction, run_losses
from synthspec.terms.protection import Neighbours

RATE_UNIT = Fraction(1, 2**32)
MULTIPLIER_UNIT = Fraction(1, 10**9)
LEAST, MOST = 10**8, 10**18
"""Multipliers that are priced [1e-9]: 0.1 to 1e9."""

HEADROOM = Fraction(1, 10**7)
COARSE = 16
"""Points per standard deviation while a search is far from its answer."""

CLOSE = 1e-5
"""Relative width at which a search for the multiplier, or for its price, stops."""


@dataclass(frozen=True)
class Run:
    """What is public about a run: `rate` [2^-32], `steps`, noise `multiplier` [1e-9 of the norm bound]."""

    rate: int
    steps: int
    multiplier: int
    neighbours: Neighbours

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The pairs of laws to be covered."""
        return ("replace",) if self.neighbours == "replace" else ("remove", "add")

    @property
    def scale(self) -> float:
        """The multiplier, rounded down: less noise costs more."""
        ctx = context()
        return down(ctx, real(ctx, self.multiplier * MULTIPLIER_UNIT))


@lru_cache(maxsize=256)
def price(run: Run, delta0: int, resolution: int = RESOLUTION) -> int | None:
    """Return the least mu2 [1e-15] that `run` may state with slack `delta0` [1e-24], if any."""
    if run.rate == 1 / RATE_UNIT:
        return _whole(run)
    mu = max(profile.mu(_slack(delta0)) for profile in _profiles(run, delta0, resolution))
    if math.isinf(mu):
        return None
    ctx = context()
    return max(1, ceil_in(ctx, real(ctx, Fraction(mu) ** 2 * (1 + HEADROOM)), MU2_UNIT))


@lru_cache(maxsize=256)
def certified(run: Run, mu2: int, delta0: int) -> bool:
    """Return whether `run` costs at most `mu2` [1e-15] and `delta0` [1e-24]."""
    if run.rate == 1 / RATE_UNIT:
        return _whole(run) <= mu2
    ctx = context()
    mu = down(ctx, ctx.sqrt(real(ctx, mu2 * MU2_UNIT)))
    return all(profile.under(mu, _slack(delta0)) for profile in _profiles(run, delta0, RESOLUTION))


def least_multiplier(
    rate: int, steps: int, neighbours: Neighbours, mu2: int, delta0: int, *, coarse: bool = False
) -> int | None:
    """Return the least multiplier [1e-9], to CLOSE, whose price fits; None when MOST is not enough.

    Args:
        rate: [2^-32].
        steps: T.
        neighbours: the relation.
        mu2: the most that may be paid [1e-15].
        delta0: slack [1e-24].
        coarse: price on a coarse grid: a little more noise, several times faster.
    """

    def excess(multiplier: int, resolution: int) -> float:
        """Log of the price over what may be paid."""
        found = price(Run(rate, steps, multiplier, neighbours), delta0, resolution)
        return math.inf if found is None else math.log(found / mu2)

    near = _least(lambda m: excess(m, COARSE), _guess(rate, steps, neighbours, mu2), 1.02)
    if near is None or coarse:
        return near
    return _least(lambda m: excess(m, RESOLUTION), near, 1.0005)


def _least(excess: Callable[[int], float], guess: int, factor: float) -> int | None:
    """Return the least multiplier with excess <= 0, by a bracket in the logarithm and secants inside it."""
    high = min(max(guess, LEAST), MOST)
    above = excess(high)
    low, below = high, above
    while above > 0:
        if high == MOST:
            return None
        low, below = high, above
        high = min(math.ceil(high * max(factor, math.exp(min(0.6 * above, 3.0)))), MOST)
        above, factor = excess(high), factor * factor
    while below <= 0:
        if low == LEAST:
            return LEAST
        high, above = low, below
        low = max(int(low / max(factor, math.exp(min(-0.6 * below, 3.0)))), LEAST)
        below, factor = excess(low), factor * factor
    halve = False
    while high - low > max(1, CLOSE * high) and above < -CLOSE:
        weight = 0.5 if halve or math.isinf(below) else below / (below - above)
        at = math.log(low) + min(max(weight * 1.0001, 0.02), 0.98) * math.log(high / low)
        middle = min(max(round(math.exp(at)), low + 1), high - 1)
        found = excess(middle)
        before = high - low
        low, below, high, above = (low, below, middle, found) if found <= 0 else (middle, found, high, above)
        halve = high - low > before / 2
    return high


def _guess(rate: int, steps: int, neighbours: Neighbours, mu2: int) -> int:
    """Return a multiplier of about the right size, by the central limit."""
    q, moved = float(rate * RATE_UNIT), 2 if neighbours == "replace" else 1
    multiplier = 1 / math.sqrt(math.log1p(float(mu2 * MU2_UNIT) / (q * moved) ** 2 / steps))
    return math.ceil(multiplier / float(MULTIPLIER_UNIT))


def _whole(run: Run) -> int:
    """Return mu2 [1e-15] of a run that every unit joins: D^2 T / s^2, rounded up."""
    moved = 4 if run.neighbours == "replace" else 1
    return math.ceil(moved * run.steps / (run.multiplier * MULTIPLIER_UNIT) ** 2 / MU2_UNIT)


def _slack(delta0: int) -> float:
    ctx = context()
    return down(ctx, real(ctx, delta0 * DELTA0_UNIT))


def _profiles(run: Run, delta0: int, resolution: int) -> tuple[Profile, ...]:
    return tuple(
        _profile(run.rate, run.steps, run.scale, each, delta0, resolution) for each in run.directions
    )


@lru_cache(maxsize=16)
def _profile(
    rate: int, steps: int, scale: float, direction: Direction, delta0: int, resolution: int
) -> Profile:
    tolerance = TRUNCATED * _slack(delta0)
    q = float(rate * RATE_UNIT)  # exact: below 1 with 32 binary places
    return Profile.of(run_losses(q, steps, scale, direction, tolerance, resolution))
