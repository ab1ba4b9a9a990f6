"""Conversions of the accountant: reference values, safe rounding, second opinions."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from synthspec.privacy import accountant
from synthspec.privacy.certified import context, quantile
from synthspec.privacy.cost import DELTA0_UNIT, MU2_UNIT, Cost

epsilons = st.floats(1e-3, 50)
deltas = st.sampled_from([1e-30, 1e-12, 1e-9, 1e-6, 1e-5, 1e-3, 0.05])


@pytest.mark.parametrize(
    ("epsilon", "delta", "mu"),
    [
        (0.1, 1e-9, 0.01992),
        (1, 1e-9, 0.18197),
        (1, 1e-5, 0.268),
        (3, 1e-6, 0.648),
        (10, 1e-9, 1.538),
    ],
)
def test_mu_agrees_with_the_designs_reference_values(epsilon: float, delta: float, mu: float) -> None:
    digits = len(str(mu).split(".")[1])
    assert round(accountant.mu_of(epsilon, delta), digits) == mu


def _profile(mu: str, epsilon: str) -> mpmath.mpf:
    """The same formula, written again, with quadrature in place of the error function."""
    with mpmath.workdps(40):
        m, e = mpmath.mpf(mu), mpmath.mpf(epsilon)
        edge = e / m - m / 2  # under N(mu, 1) moved to 0, where the likelihood ratio reaches e^epsilon
        gain = lambda z: mpmath.npdf(z) * (1 - mpmath.exp(e - m * z - m * m / 2))
        return mpmath.quad(gain, [edge, edge + 1, edge + 4, edge + 12, edge + 30])


@pytest.mark.parametrize(("mu", "epsilon"), [("0.2", "1"), ("1", "0"), ("1.5", "10"), ("0.02", "0.1")])
def test_delta_is_the_integral_over_the_likelihood_ratio(mu: str, epsilon: str) -> None:
    truth = _profile(mu, epsilon)
    found = accountant.delta_of(mu, epsilon)
    assert truth * (1 - mpmath.mpf(10) ** -20) <= found <= truth * (1 + mpmath.mpf(10) ** -14)


@given(epsilons, deltas)
@settings(max_examples=25, deadline=None)
def test_conversions_are_rounded_to_the_safe_side(epsilon: float, delta: float) -> None:
    mu = accountant.mu_of(epsilon, delta)
    back = accountant.epsilon_of(mu, delta)
    assert back == pytest.approx(epsilon, rel=1e-10)
    # a float is rounded up until the decimal it prints as is safe too: one step at most
    assert accountant.delta_of(mu, epsilon) <= math.nextafter(delta, 1)
    assert accountant.delta_of(mu, back) <= math.nextafter(delta, 1)
    assert accountant.delta_of(mu * (1 + 1e-9), epsilon) > delta


@given(epsilons, epsilons, deltas)
@settings(max_examples=25, deadline=None)
def test_more_epsilon_buys_more_mu_and_less_delta(one: float, two: float, delta: float) -> None:
    low, high = sorted((one, two))
    assert accountant.mu_of(low, delta) <= accountant.mu_of(high, delta)
    assert accountant.delta_of(0.3, low) >= accountant.delta_of(0.3, high)


@given(epsilons, deltas)
@settings(max_examples=25, deadline=None)
def test_a_budget_claims_no_more_than_was_asked_and_wastes_little(epsilon: float, delta: float) -> None:
    cost = accountant.budget_cost(epsilon, delta)
    claim = accountant.claim_epsilon(cost, delta)
    assert claim <= epsilon
    if cost.mu2 > 10**6 and cost.delta0 > 10**6 and delta <= 1e-5:
        assert claim == pytest.approx(epsilon, rel=1e-5)
    assert cost.delta0 * DELTA0_UNIT <= Fraction(repr(delta)) / 10
    assert accountant.claim_delta(cost, epsilon) <= math.nextafter(delta, 1)


@given(epsilons, deltas)
@settings(max_examples=25, deadline=None)
def test_the_largest_epsilon_fits_and_a_little_more_does_not(epsilon: float, delta: float) -> None:
    left = accountant.cap_cost(epsilon, delta)
    largest = accountant.largest_epsilon(left, delta)
    if largest > 0:
        assert accountant.budget_cost(largest, delta).fits(left)
        assert not accountant.budget_cost(largest * (1 + 1e-9) + 1e-5, delta).fits(left)
        assert largest <= epsilon * (1 + 1e-12)


def test_the_largest_epsilon_looks_at_the_slack_that_is_named() -> None:
    left = Cost(mu2=accountant.budget_cost(1, 1e-9).mu2, delta0=5)
    assert accountant.largest_epsilon(left, 1e-9) == 0
    assert accountant.largest_epsilon(left, 1e-9, 5) == pytest.approx(1, rel=1e-9)
    assert accountant.largest_epsilon(Cost(), 1e-9, 0) == 0


def test_a_slack_that_reaches_delta_claims_no_epsilon() -> None:
    assert accountant.claim_epsilon(Cost(mu2=1, delta0=10**15), 1e-9) == math.inf
    assert accountant.claim_epsilon(Cost(), 1e-9) == 0
    assert accountant.claim_epsilon(Cost(mu2=10**14, delta0=10**14), 1e-9) > accountant.claim_epsilon(
        Cost(mu2=10**14), 1e-9
    )


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, -1.0])
def test_what_is_not_a_number_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="needed"):
        accountant.mu_of(bad, 1e-9)
    with pytest.raises(ValueError):
        accountant.mu_of(1, bad)
    with pytest.raises(ValueError, match="needed"):
        accountant.delta_of(bad, 1)


@pytest.mark.parametrize("delta", [0, 1, 1.5])
def test_delta_lies_strictly_between_0_and_1(delta: float) -> None:
    with pytest.raises(ValueError, match="delta"):
        accountant.budget_cost(1, delta)


def test_costs_add_like_squares_of_mu() -> None:
    third = Cost.of(0.09)
    assert accountant.mu_in(third + third + third) == pytest.approx(math.sqrt(0.27), rel=1e-12)
    assert accountant.mu_in(third) ** 2 >= third.mu2 * MU2_UNIT * (1 - Fraction(1, 10**15))


@pytest.mark.parametrize("fpr", [1e-6, 0.01, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("mu", [0.01, 0.2, 1.5])
def test_the_attack_rates_are_the_gaussian_trade_off(fpr: float, mu: float) -> None:
    truth = float(ndtr(mu + ndtri(fpr)))
    assert truth * (1 - 1e-12) <= accountant.tpr_at(fpr, mu) <= truth * (1 + 1e-9)
    assert accountant.tpr_at(fpr, mu, 0.01) == pytest.approx(min(1, truth + 0.01), rel=1e-9)
    assert accountant.advantage(mu) == pytest.approx(2 * float(ndtr(mu / 2)) - 1, rel=1e-9)
    assert accountant.advantage(mu) >= accountant.tpr_at(fpr, mu) - fpr - 1e-12


def test_groups_and_zcdp_follow_from_mu() -> None:
    assert accountant.group_mu(0.5, 3) == pytest.approx(1.5)
    assert accountant.zcdp_rho(0.5) == pytest.approx(0.125)


@pytest.mark.parametrize("p", ["1e-40", "1e-12", "0.3", "0.5", "0.9", "0.999999999999"])
def test_quantiles_invert_the_normal_law(p: str) -> None:
    ctx = context()
    z = quantile(ctx, ctx.mpf(p))
    assert abs(ctx.ncdf(z) / ctx.mpf(p) - 1) < ctx.mpf(10) ** -40


@pytest.mark.parametrize("scales", [(1.0,), (5.0, 8.0, 11.0), (0.7,)])
@pytest.mark.parametrize("delta", [1e-5, 1e-9])
def test_dp_accounting_agrees_on_gaussians_within_a_thousandth(
    scales: tuple[float, ...], delta: float
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pld = pytest.importorskip("dp_accounting.pld.privacy_loss_distribution")
    parts = [pld.from_gaussian_mechanism(s, value_discretization_interval=1e-4) for s in scales]
    composed = parts[0]
    for part in parts[1:]:
        composed = composed.compose(part)
    theirs = composed.get_epsilon_for_delta(delta)
    ours = accountant.claim_epsilon(sum((Cost.of(1 / Fraction(s) ** 2) for s in scales), Cost()), delta)
    assert ours == pytest.approx(theirs, rel=1e-3)
    assert ours <= theirs * (1 + 1e-6)  # theirs is pessimistic


def test_the_price_of_a_selection_covers_every_pair_of_its_range() -> None:
    """All two-point pairs with log-ratios t and t - e: their one kink lies under the curve of mu."""
    for e in (0.01, 0.3, 1.0, 4.0, 12.0):
        mu = math.sqrt(accountant.selection_mu2(Fraction(str(e))) * 1e-15)
        t = np.linspace(0, e, 2001)[1:-1]
        p = np.expm1(e - t) / (np.exp(e - t) - np.exp(-t))
        q = p * np.exp(-t)
        room = ndtr(ndtri(q) + mu) - p
        assert room.min() >= -1e-12
        assert abs(room[1000 - 1]) < 1e-9, "the price is tight at the symmetric pair"
        for underpriced in (0.98 * mu, e / 2 if e <= 4 else 0.98 * mu):  # zCDP's e^2/8, read as mu^2/2
            assert (ndtr(ndtri(q) + underpriced) - p).min() < -1e-5 * p[1000 - 1] * min(1, mu)


@pytest.mark.parametrize("mu2", [1, 10**6, 33 * 10**12, 10**15, 4 * 10**17])
def test_a_selection_costs_at_most_what_it_was_bought_for(mu2: int) -> None:
    unit = Fraction(1, 10**12)
    scale = accountant.selection_scale(mu2, unit)
    assert accountant.selection_mu2(scale * unit) <= mu2
    assert accountant.selection_mu2((scale + 1) * unit) > mu2
