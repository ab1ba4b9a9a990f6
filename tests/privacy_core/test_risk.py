"""Risk figures: checked against attacks that are played out, and against each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from synthspec.privacy import accountant, risk
from synthspec.privacy.cost import Cost

MUS = st.sampled_from((0.02, 0.3, 1.0, 2.5))
SLACKS = st.sampled_from((0.0, 1e-9, 1e-4, 0.03))
GRID = np.linspace(1e-6, 1 - 1e-6, 20_001)


def attacks(mu: float, slack: float) -> np.ndarray:
    """Return the true-positive rate at each rate of GRID against N(0,1) and N(mu,1), else told outright."""
    inner = np.minimum(GRID / (1 - slack), 1 - 1e-16)
    return np.minimum(1.0, slack + (1 - slack) * ndtr(mu + ndtri(inner)))


@settings(max_examples=12, deadline=None)
@given(mu=MUS, slack=SLACKS, prior=st.sampled_from((0.001, 0.1, 0.5, 0.8)))
def test_no_threshold_attack_guesses_better_than_the_best_guess(
    mu: float, slack: float, prior: float
) -> None:
    reached = float(np.max(prior * attacks(mu, slack) + (1 - prior) * (1 - GRID)))
    bound = risk.best_guess(mu, slack, prior)
    assert reached <= bound + 1e-12
    assert bound <= max(reached, prior, 1 - prior) + slack + 1e-4


@settings(max_examples=12, deadline=None)
@given(mu=MUS, slack=SLACKS)
def test_the_advantage_of_one_and_of_a_group_bounds_every_threshold(mu: float, slack: float) -> None:
    assert float(np.max(attacks(mu, slack) - GRID)) <= risk.advantage(mu, slack) + 1e-12
    assert risk.advantage(mu, slack, 3) >= risk.advantage(mu, slack)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_group_without_slack_has_the_curve_of_size_times_mu(size: int) -> None:
    wanted = float(ndtr(size * 0.4 + ndtri(0.01)))
    assert risk.tradeoff(0.4, 0.0, 0.01, size) == pytest.approx(wanted, rel=1e-9)
    assert risk.group(0.4, size) == (pytest.approx(0.4 * size), 0.0)


def test_a_group_with_slack_is_as_bad_as_neighbours_one_after_the_other() -> None:
    """Three tables, each told from the next except with chance d: no closed form of 2 mu hides the slack."""
    mu, slack = 0.5, 0.02
    once = accountant.tpr_at(0.01, mu, slack)
    assert risk.tradeoff(mu, slack, 0.01, 2) == accountant.tpr_at(once, mu, slack)
    assert risk.tradeoff(mu, slack, 0.01, 2) > risk.tradeoff(mu, 0.0, 0.01, 2) + slack
    joint, joint_slack = risk.group(mu, 2, slack)
    assert joint_slack > 2 * slack
    for rate in (1e-4, 0.01, 0.3):
        assert risk.tradeoff(mu, slack, rate, 2) <= accountant.tpr_at(rate, joint, joint_slack)


def test_the_posterior_is_bayes_rule_and_never_falls_below_the_prior() -> None:
    found = float(ndtr(1.0 + ndtri(0.01)))
    assert risk.posterior(1.0, 0.0, 0.1, 0.01) == pytest.approx(
        0.1 * found / (0.1 * found + 0.9 * 0.01), rel=1e-9
    )
    assert risk.posterior(0.0, 0.0, 0.1, 0.01) == pytest.approx(0.1)


def test_a_claim_of_nothing_leaves_everybody_guessing() -> None:
    nothing = risk.risk(0.0)
    assert nothing.found == pytest.approx(risk.FALSE_ALARMS)
    assert nothing.right == pytest.approx((0.99, 0.9, 0.5))
    assert nothing.advantage == 0


def test_several_releases_together_add_in_squares() -> None:
    one = Cost.of(0.09, 1e-10)
    mu, slack = risk.of_cost(one + one)
    assert mu == pytest.approx(0.18**0.5)
    assert slack == pytest.approx(2e-10)


@pytest.mark.parametrize("prior", [0.0, 1.0, -0.1])
def test_certain_beliefs_are_refused(prior: float) -> None:
    with pytest.raises(ValueError, match="belief"):
        risk.posterior(1.0, 0.0, prior)
    with pytest.raises(ValueError, match="belief"):
        risk.best_guess(1.0, 0.0, prior)
