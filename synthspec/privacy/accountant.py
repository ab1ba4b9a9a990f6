"""The accountant: what a mu-GDP guarantee with slack delta0 says as (epsilon, delta), and back.

Every figure is rounded to the safe side: claims (epsilon, delta, attack rates) up, budgets (mu)
down. Numbers given as floats mean the decimal they print as: 1e-9 is one over 10^9.

Source: Dong, Roth & Su 2022, "Gaussian Differential Privacy": Cor. 2.13 (mu and (epsilon, delta)),
Cor. 3.3 (composition), Thm 2.14 (groups). Slack: an output that is, with probability delta0 of a coin
that does not look at the data, anything at all, has delta <= delta0 + (1 - delta0) delta_mu; ours.
"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from synthspec.privacy.certified import (
    Real,
    ceil_in,
    context,
    density,
    down,
    exact,
    floor_in,
    profile,
    quantile,
    real,
    up,
)
from synthspec.privacy.cost import DELTA0_UNIT, MU2_UNIT, Cost, Delta, Epsilon, Mu

Number = float | str | Fraction | Decimal


def mu_in(cost: Cost) -> Mu:
    """Return the mu of `cost`, rounded up."""
    ctx = context()
    return Mu(up(ctx, _mu(ctx, cost)))


def delta_of(mu: Number, epsilon: Number) -> Delta:
    """Return the least delta such that mu-GDP implies (epsilon, delta)-DP, rounded up."""
    ctx = context()
    return Delta(min(1.0, up(ctx, profile(ctx, real(ctx, _at_least_0(mu)), real(ctx, _at_least_0(epsilon))))))


def epsilon_of(mu: Number, delta: Number) -> Epsilon:
    """Return the least epsilon such that mu-GDP implies (epsilon, delta)-DP, rounded up."""
    ctx = context()
    return _epsilon(ctx, real(ctx, _at_least_0(mu)), _at_least_0(delta))


def mu_of(epsilon: Number, delta: Number) -> Mu:
    """Return the largest mu such that mu-GDP implies (epsilon, delta)-DP, rounded down."""
    ctx = context()
    return Mu(down(ctx, _largest_mu(ctx, _at_least_0(epsilon), _inside(delta))))


def cap_cost(epsilon: Number, delta: Number, delta0: Number | None = None) -> Cost:
    """Return the two fixed thresholds of a cap (epsilon, delta).

    Args:
        epsilon: above 0.
        delta: strictly between 0 and 1.
        delta0: the part of `delta` kept for slack, below `delta`; a tenth of it by default.

    Returns:
        Thresholds whose claim at `delta` is at most `epsilon`, both rounded down.
    """
    whole = _inside(delta)
    slack = whole / 10 if delta0 is None else exact(delta0)
    if not 0 <= slack < whole:
        raise ValueError("the slack must lie in 0..delta, below delta")
    units = slack // DELTA0_UNIT
    ctx = context()
    mu = _largest_mu(ctx, _at_least_0(epsilon), whole - slack)
    return Cost(mu2=floor_in(ctx, mu * mu, MU2_UNIT), delta0=units)


def budget_cost(epsilon: Number, delta: Number) -> Cost:
    """Return what a spec's (epsilon, delta) buys: delta/10 as slack, mu solved at the rest; rounded down."""
    return cap_cost(epsilon, delta)


def claim_epsilon(cost: Cost, delta: Number) -> Epsilon:
    """Return the epsilon that `cost` amounts to at the total `delta`, rounded up.

    Infinite when the slack alone reaches `delta`.
    """
    total = _inside(delta)
    slack = cost.delta0 * DELTA0_UNIT
    if slack >= total:
        return Epsilon(math.inf if cost.mu2 or slack > total else 0.0)
    ctx = context()
    return _epsilon(ctx, _mu(ctx, cost), (total - slack) / (1 - slack))


def claim_delta(cost: Cost, epsilon: Number) -> Delta:
    """Return the total delta that `cost` amounts to at `epsilon`, rounded up."""
    slack = cost.delta0 * DELTA0_UNIT
    if slack >= 1:
        return Delta(1.0)
    ctx = context()
    part = profile(ctx, _mu(ctx, cost), real(ctx, _at_least_0(epsilon)))
    return Delta(min(1.0, up(ctx, real(ctx, slack) + (1 - real(ctx, slack)) * part)))


def largest_epsilon(left: Cost, delta: Number, delta0: int | None = None) -> Epsilon:
    """Return the largest epsilon of a spec with this `delta` whose price still fits `left`, rounded down.

    Args:
        left: what remains.
        delta: the spec's delta.
        delta0: the slack that its purchases name [1e-24]; a tenth of `delta` by default.

    Returns:
        0.0 when nothing fits.
    """
    total = _inside(delta)
    named = total / 10 // DELTA0_UNIT if delta0 is None else delta0
    if named > left.delta0 or left.mu2 == 0:
        return Epsilon(0.0)
    ctx = context()
    guess = float(_epsilon(ctx, _mu(ctx, Cost(mu2=left.mu2)), total - total / 10))
    for _ in range(64):
        if guess <= 0 or budget_cost(guess, total).mu2 <= left.mu2:
            break
        guess = math.nextafter(guess, 0.0)
    else:
        guess *= 1 - 1e-12
    return Epsilon(max(0.0, guess))


def tpr_at(fpr: float, mu: float, delta0: float = 0.0) -> float:
    """Return the highest true-positive rate of any attack at false-positive rate `fpr`, rounded up.

    The trade-off curve of mu-GDP: Phi(mu + Phi^-1(fpr)), with the slack added.
    """
    if not 0 <= fpr <= 1:
        raise ValueError("a rate lies in 0..1")
    rate, slack = exact(fpr), _at_least_0(delta0)
    if rate in (0, 1):
        return min(1.0, fpr + delta0)
    ctx = context()
    power = ctx.ncdf(real(ctx, _at_least_0(mu)) + quantile(ctx, real(ctx, rate)))
    return min(1.0, up(ctx, power + real(ctx, slack)))


def advantage(mu: float, delta0: float = 0.0) -> float:
    """Return the largest TPR - FPR of any attack: 2 Phi(mu/2) - 1, with the slack added, rounded up."""
    ctx = context()
    gain = profile(ctx, real(ctx, _at_least_0(mu)), ctx.mpf(0))
    return min(1.0, up(ctx, gain + real(ctx, _at_least_0(delta0))))


def group_mu(mu: float, size: int) -> Mu:
    """Return the mu that protects a group of `size` units jointly: size * mu, rounded up; without slack."""
    ctx = context()
    return Mu(up(ctx, real(ctx, _at_least_0(mu)) * size))


def zcdp_rho(mu: float) -> float:
    """Return rho such that mu-GDP implies rho-zCDP: mu^2 / 2, rounded up."""
    ctx = context()
    return up(ctx, real(ctx, _at_least_0(mu)) ** 2 / 2)


@lru_cache(maxsize=256)
def selection_mu2(scale: Fraction) -> int:
    """Return the price [1e-15] of exponential weights exp(scale * score / (2 D)), rounded up.

    mu = 2 Phi^-1(1 / (1 + e^(-scale/2))): the log-ratio of any outcome lies in an interval of width
    `scale`; the worst pair of that kind has two points and the interval [-scale/2, scale/2], and its
    trade-off curve touches that of mu-GDP at its kink (PRIVACY 2).
    Source: Dong, Durfee & Rogers 2020 (bounded range); the envelope is ours.
    """
    ctx = context()
    half = real(ctx, scale) / 2
    # by the small tail: beside it, 1 - p would lose all its digits for large scales
    mu = -2 * quantile(ctx, 1 / (1 + ctx.exp(half)))
    return ceil_in(ctx, mu * mu, MU2_UNIT)


@lru_cache(maxsize=256)
def selection_scale(mu2: int, unit: Fraction) -> int:
    """Return the largest scale [unit] whose `selection_mu2` is at most `mu2`: its closed form, inverted.

    scale = 2 logit(Phi(mu/2)), rounded down.
    """
    ctx = context()
    half = _mu(ctx, Cost(mu2=mu2)) / 2
    scale = 2 * (ctx.log(ctx.ncdf(half)) - ctx.log(ctx.ncdf(-half)))
    units = floor_in(ctx, scale, unit)
    while units > 0 and selection_mu2(units * unit) > mu2:
        units -= 1
    return units


def _at_least_0(value: Number) -> Fraction:
    number = exact(value)
    if number < 0:
        raise ValueError("a number of 0 or more is needed")
    return number


def _inside(value: Number) -> Fraction:
    number = exact(value)
    if not 0 < number < 1:
        raise ValueError("delta must lie strictly between 0 and 1")
    return number


def _mu(ctx: Any, cost: Cost) -> Real:
    return ctx.sqrt(real(ctx, cost.mu2 * MU2_UNIT))


def _tail_bound(ctx: Any, delta: Real) -> Real:
    """Return z >= 0 with Phi(-z) <= delta, or 0: a starting point."""
    return ctx.sqrt(-2 * ctx.log(2 * delta)) if delta < 0.5 else ctx.mpf(0)


def _epsilon(ctx: Any, mu: Real, delta: Fraction) -> Epsilon:
    """Solve for epsilon by Newton's method on log delta, from above, then check the rounded answer."""
    if mu == 0:
        return Epsilon(0.0)
    if delta <= 0:
        return Epsilon(math.inf)
    target = real(ctx, delta)
    if profile(ctx, mu, ctx.mpf(0)) <= target:
        return Epsilon(0.0)
    x = mu * mu / 2 + mu * _tail_bound(ctx, target)
    for _ in range(200):
        now = profile(ctx, mu, x)
        slope = ctx.exp(x) * ctx.ncdf(-mu / 2 - x / mu)
        step = ctx.log(now / target) * now / slope
        x = max(x + step, ctx.mpf(0))
        if abs(step) <= x * ctx.mpf(10) ** -25:
            break
    answer, limit = float(x), target * (1 - ctx.mpf(10) ** -25)
    while profile(ctx, mu, min(ctx.mpf(answer), real(ctx, exact(answer)))) > limit:
        answer = math.nextafter(answer, math.inf)
    return Epsilon(answer)


def _largest_mu(ctx: Any, epsilon: Fraction, delta: Fraction) -> Real:
    """Solve for mu by bracketed Newton steps on log delta; the answer's own delta is checked."""
    target, eps = real(ctx, delta), real(ctx, epsilon)
    z = _tail_bound(ctx, target)
    low = max(ctx.sqrt(z * z + 2 * eps) - z, target * 2)
    high = low
    while profile(ctx, high, eps) <= target:
        low, high = high, 2 * high
    x = low
    for _ in range(400):
        now = profile(ctx, x, eps)
        low, high = (x, high) if now <= target else (low, x)
        guess = x - ctx.log(now / target) * now / density(ctx, eps / x - x / 2)
        x, before = guess if low < guess < high else (low + high) / 2, x
        if abs(x - before) <= x * ctx.mpf(10) ** -30:
            break
    x = x * (1 - ctx.mpf(10) ** -28)
    while profile(ctx, x, eps) > target:
        x = x * (1 - ctx.mpf(10) ** -20)
    return x
