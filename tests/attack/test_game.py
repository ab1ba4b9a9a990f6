"""What guesses prove: against laws that are known, with seeded scores, and with bugs that must be seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from synthspec.attack.game import (
    chance_of_proof,
    epsilon_proved,
    mu_proved,
    proof,
    provable,
)
from synthspec.privacy.accountant import delta_of


def gaussian(mu: float, plays: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(mu, 1, plays), rng.normal(0, 1, plays)


@pytest.mark.parametrize("mu", [0.2, 1.0, 2.5])
@pytest.mark.parametrize("false", [1e-4, 0.2, 0.7])
def test_a_point_of_a_curve_proves_its_own_mu(mu: float, false: float) -> None:
    true = stats.norm.cdf(mu + stats.norm.ppf(false))
    assert mu_proved(true, false) == pytest.approx(mu)
    assert mu_proved(1 - false, 1 - true) == pytest.approx(mu)


@pytest.mark.parametrize("slack", [1e-6, 0.02])
def test_slack_is_given_away_before_anything_is_proved(slack: float) -> None:
    """The worst output with slack: with that probability it tells all, else it is Gaussian."""
    mu, false = 0.7, 0.1
    true = slack + (1 - slack) * stats.norm.cdf(mu + stats.norm.ppf(false))
    assert mu_proved(true, (1 - slack) * false, slack) == pytest.approx(mu)
    assert mu_proved(true, (1 - slack) * false, 0.0) > mu
    assert mu_proved(slack, 0.0, slack) == -math.inf


def test_epsilon_of_a_point_never_exceeds_the_closed_form() -> None:
    mu = 1.3
    for epsilon in (0.1, 1.0, 3.0):
        delta = float(delta_of(mu, epsilon))
        points = [(stats.norm.cdf(mu + stats.norm.ppf(f)), f) for f in np.linspace(0.001, 0.999, 500)]
        found = max(epsilon_proved(true, false, delta) for true, false in points)
        assert epsilon - 0.02 < found <= epsilon + 1e-9


@pytest.mark.parametrize("seed", range(5))
def test_a_right_claim_is_never_exceeded_and_half_the_noise_always_is(seed: float) -> None:
    """Chances of the first below 1e-10, of missing the second below 1e-5, by `chance_of_proof`; seeded."""
    honest, bug = gaussian(1.5, 600, int(seed)), gaussian(3.0, 600, int(seed) + 100)
    assert proof(*honest).mu <= 1.5 < proof(*bug).mu
    assert proof(*honest).guess == pytest.approx(1.5, abs=0.5)


def test_the_chance_of_a_proof_is_what_plays_say() -> None:
    wins = [proof(*gaussian(3.0, 300, seed)).mu > 1.5 for seed in range(200)]
    said = chance_of_proof(3.0, 1.5, 300)
    assert 0.5 < said < 0.95
    assert np.mean(wins) == pytest.approx(said, abs=0.15)
    assert chance_of_proof(1.5, 1.5, 600) < 1e-9
    assert chance_of_proof(3.0, 1.5, 600) > 0.999


def test_nothing_can_be_proved_beyond_what_all_right_guesses_prove() -> None:
    for runs in (20, 200, 2000):
        sure = proof(np.ones(runs), np.zeros(runs))
        assert sure.mu == pytest.approx(provable(runs))
        assert chance_of_proof(50.0, provable(runs) + 0.01, runs) == 0.0


def test_the_threshold_is_chosen_on_one_half_and_tested_on_the_other() -> None:
    """Scores that tell the worlds apart in the first half only prove nothing."""
    there, away = np.zeros(400), np.zeros(400)
    there[:200] = 1.0
    assert proof(there, away).mu == 0.0
    assert proof(there[::-1].copy(), away).mu == 0.0


def test_a_score_that_is_always_the_same_proves_nothing() -> None:
    found = proof(np.zeros(100), np.zeros(100))
    assert (found.mu, found.epsilon) == (0.0, 0.0)


def test_worlds_of_unequal_plays_are_refused() -> None:
    with pytest.raises(ValueError, match="two plays"):
        proof(np.zeros(3), np.zeros(4))
