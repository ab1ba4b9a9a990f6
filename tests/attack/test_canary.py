"""Audits by canaries: the bounds against brute force, and guesses at worlds whose mu is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from synthspec.attack.canary import (
    chance,
    chance_of_proof,
    decoded,
    epsilon_proved,
    mu_proved,
    normals,
    possible,
    provable,
    read,
    strengths,
)


def test_pure_privacy_bounds_right_guesses_by_a_binomial() -> None:
    for guesses, right, epsilon in ((50, 40, 1.0), (100, 60, 0.2), (10, 10, 2.0)):
        share = 1 / (1 + math.exp(-epsilon))
        assert chance(100, guesses, right, epsilon, 0.0) == pytest.approx(
            stats.binom.sf(right - 1, guesses, share)
        )


def test_delta_adds_the_worst_window_below_the_right_guesses() -> None:
    """The theorem's extra term, summed here one by one."""
    canaries, guesses, right, epsilon, delta = 40, 30, 22, 0.5, 1e-3
    law = stats.binom(guesses, 1 / (1 + math.exp(-epsilon)))
    windows = [sum(law.pmf(right - j) for j in range(1, i + 1)) / i for i in range(1, right + 1)]
    wanted = law.sf(right - 1) + 2 * canaries * delta * max(windows)
    assert chance(canaries, guesses, right, epsilon, delta) == pytest.approx(wanted)


def test_the_figures_of_the_design_are_met() -> None:
    """1,000 canaries, 73 % of all guesses right: 0.88; 100 guesses, all right: 3.5 (REPORTS 1.4)."""
    assert epsilon_proved(1000, 1000, 730, 1e-6, 0.05) == pytest.approx(0.88, abs=0.01)
    assert epsilon_proved(1000, 100, 100, 1e-6, 0.05) == pytest.approx(3.5, abs=0.02)


@pytest.mark.parametrize("mu", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("guesses", [12, 6])
def test_independent_answers_never_break_the_bound(mu: float, guesses: int) -> None:
    """One Gaussian answer per canary is mu-GDP: the exact law of right guesses must be thought possible."""
    canaries = 12
    if guesses == canaries:
        law = stats.binom(canaries, stats.norm.cdf(mu / 2))
        tails = [law.sf(right - 1) for right in range(canaries + 1)]
    else:
        rng = np.random.default_rng(3)
        coins = rng.random((100_000, canaries)) < 0.5
        scores = mu * (coins - 0.5) + rng.standard_normal(coins.shape)
        surest = np.argsort(-np.abs(scores), axis=1)[:, :guesses]
        hits = np.take_along_axis((scores > 0) == coins, surest, axis=1).sum(axis=1)
        tails = [max(0.0, float(np.mean(hits >= right)) - 0.01) for right in range(guesses + 1)]
    for right in range(1, guesses + 1):
        if tails[right] > 1e-12:
            assert possible(canaries, guesses, right, np.array([mu]), 0.0, tails[right])[0]


@pytest.mark.parametrize("mu", [0.1, 0.4, 0.8, 1.5])
def test_two_canaries_by_brute_force(mu: float) -> None:
    """What is called impossible is: no law of 0, 1 and 2 right guesses in a fine grid keeps the bounds."""
    seen = set()
    for alarm in np.linspace(0.02, 0.98, 49):
        one = np.linspace(0, 1 - alarm, 4001)
        none = 1 - alarm - one
        kept = (alarm <= stats.norm.cdf(stats.norm.ppf(one / 2) + mu)) & (
            alarm + one / 2 <= stats.norm.cdf(stats.norm.ppf(none + one / 2) + mu)
        )
        claims = np.array([mu - 0.02, mu + 0.02])
        low, high = possible(2, 2, 2, claims, 0.0, float(alarm))
        assert not (low and not kept.any())
        assert not (kept.any() and not high)
        seen.add(bool(kept.any()))
    assert seen == {True, False}


def test_more_right_guesses_prove_more_and_slack_proves_less() -> None:
    proved = [mu_proved(300, 300, right, 1e-3) for right in range(150, 301, 25)]
    assert proved == sorted(proved)
    assert proved[0] == 0.0
    assert proved[-1] > 1.0
    assert mu_proved(300, 300, 300, 1e-3, 1e-3) < proved[-1]
    assert provable(300, 1e-3) <= proved[-1]


@pytest.mark.parametrize("seed", range(3))
def test_a_run_without_noise_is_seen_and_a_right_one_is_not(seed: int) -> None:
    rng = np.random.default_rng(seed)
    coins = rng.random(400) < 0.5
    honest = 0.5 * (coins - 0.5) + rng.standard_normal(400)
    assert read(coins, honest, 1e-5, 1e-3).mu <= 0.5
    assert read(coins, coins - 0.5, 1e-5, 1e-3).mu > 1.0
    assert read(coins, coins - 0.5, 1e-5, 1e-3).epsilon > 2.0


def test_the_chance_of_a_proof_tells_strong_attacks_from_weak_ones() -> None:
    weak, strong = np.full(400, 0.5), np.full(400, 4.0)
    assert chance_of_proof(weak, 0.5, 1e-3) == 0.0
    assert chance_of_proof(strong, 0.5, 1e-3) > 0.99


def test_the_joint_guess_tells_canaries_apart_that_overlap() -> None:
    """Two answers that mix canaries: each alone is a poor score, both together find the coins."""
    rng = np.random.default_rng(1)
    mixed = [rng.normal(size=(60, 40)) * 4 for _ in range(2)]
    coins = rng.random(40) < 0.5
    answers = [x @ coins + rng.standard_normal(60) for x in mixed]
    normal, seen = normals(mixed, answers, 40)
    assert np.array_equal(decoded(normal, seen) > 0, coins)
    assert strengths(normal).min() > 5
    assert strengths(normal, 0.1).max() < strengths(normal).min()


def test_orthogonal_canaries_are_as_strong_as_their_own_part() -> None:
    assert strengths(np.eye(3) * 4.0) == pytest.approx(np.full(3, 2.0))
