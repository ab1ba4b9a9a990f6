"""Certified numbers: exact rationals in, values with a known error out, rounded the asked way.

Everything is evaluated by mpmath with 60 digits in a context of its own (the global precision
of mpmath can be changed by any library), so that the error is far below the margin `SLACK`
that every rounding adds. Privacy profiles lose at most mu^2 of their digits to cancellation,
which is 1e-15 at the smallest mu that a ledger can hold.

Source: Dong, Roth & Su 2022, Cor. 2.13 (the profile of G_mu); the margins are ours.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import mpmath

DIGITS = 60
SLACK = Fraction(1, 10**30)
"""Relative margin of each rounding; the evaluation's own error is below 1e-40."""

Real = Any
"""An mpmath number; mpmath has no types."""


def context(digits: int = DIGITS) -> Any:
    """Return a fresh mpmath context that works with `digits` digits."""
    ctx = mpmath.MPContext()
    ctx.dps = digits
    return ctx


def exact(value: float | str | Fraction | Decimal) -> Fraction:
    """Return the number as it was written: 1e-9 means one over 10^9, not the nearest binary float."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a finite number is needed")
        return Fraction(repr(float(value)))
    return Fraction(value)


def real(ctx: Any, value: Fraction) -> Real:
    """Return `value` as a number of `ctx`."""
    return ctx.mpf(value.numerator) / ctx.mpf(value.denominator)


def profile(ctx: Any, mu: Real, epsilon: Real) -> Real:
    """Return delta(epsilon) of mu-GDP: Phi(mu/2 - epsilon/mu) - e^epsilon Phi(-mu/2 - epsilon/mu)."""
    if mu <= 0:
        return ctx.mpf(0)
    return ctx.ncdf(mu / 2 - epsilon / mu) - ctx.exp(epsilon) * ctx.ncdf(-mu / 2 - epsilon / mu)


def density(ctx: Any, x: Real) -> Real:
    """Return the density of N(0, 1) at `x`."""
    return ctx.npdf(x)


def quantile(ctx: Any, p: Real) -> Real:
    """Return z with Phi(z) = p, for 0 < p < 1, to the precision of `ctx`.

    Newton's method on log Phi(-x) = log q, q = min(p, 1 - p), from a point on the side where it
    converges monotonically.
    """
    if p == ctx.mpf(1) / 2:
        return ctx.mpf(0)
    small = p if p < 0.5 else 1 - p
    x = ctx.sqrt(-2 * ctx.log(2 * small))
    target = ctx.log(small)
    for _ in range(100):
        tail = ctx.ncdf(-x)
        step = (ctx.log(tail) - target) * tail / density(ctx, x)
        x = x + step
        if abs(step) <= abs(x) * ctx.mpf(10) ** (8 - ctx.dps):
            break
    return -x if p < 0.5 else x


def up(ctx: Any, value: Real) -> float:
    """Return a float at or above every number within SLACK of the non-negative `value`.

    Both the float itself and the decimal that it prints as (see `exact`) are.
    """
    if value == 0:
        return 0.0
    high = value * (1 + real(ctx, SLACK))
    guess = float(value)
    while min(ctx.mpf(guess), real(ctx, exact(guess))) < high:
        guess = math.nextafter(guess, math.inf)
    return guess


def down(ctx: Any, value: Real) -> float:
    """Return a non-negative float at or below every number within SLACK of `value`, as `up` is above."""
    low = value * (1 - real(ctx, SLACK))
    guess = float(value)
    while guess > 0 and max(ctx.mpf(guess), real(ctx, exact(guess))) > low:
        guess = math.nextafter(guess, 0.0)
    return guess


def floor_in(ctx: Any, value: Real, unit: Fraction) -> int:
    """Return the largest integer k with k * unit at or below every number within SLACK of `value`."""
    return max(0, int(ctx.floor(value * (1 - real(ctx, SLACK)) / real(ctx, unit))))


def ceil_in(ctx: Any, value: Real, unit: Fraction) -> int:
    """Return the least integer k with k * unit at or above every number within SLACK of `value`."""
    return max(0, int(ctx.ceil(value * (1 + real(ctx, SLACK)) / real(ctx, unit))))
