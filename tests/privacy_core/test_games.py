"""Neighbour games: worst neighbours of each mechanism, and bugs that the games must catch.

False alarms under 1e-9 (tests/privacy_core/audit.py). Each `runs` is large enough that half the
noise, or a sensitivity short by a factor of two, is caught with probability over 0.999.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from synthspec.mechanisms import Exponential, RoundedGaussian, Threshold
from synthspec.privacy.accountant import mu_in
from synthspec.privacy.cost import DELTA0_UNIT, Cost
from synthspec.privacy.entropy import SystemNoise
from synthspec.terms.protection import Neighbours, Protection
from synthspec.terms.query import Axis, Marginal, Sensitivity, Touched
from tests.privacy_core import audit


def _gaussian_game(
    mechanism: RoundedGaussian, stated: Sensitivity, one: int, two: int, runs: int = 40_000
) -> float:
    """Two cells: the unit's rows in one of them; the attack is the likelihood ratio."""
    axis = np.array([one, two])
    answers = []
    for sign in (1, 0):
        exact = np.tile(sign * axis, (runs, 1)).astype(np.int64)
        noisy = mechanism.release(exact, stated, SystemNoise())
        answers.append(int((noisy @ axis > axis @ axis / 2).sum()))
    return audit.bound(*answers, runs)


@pytest.mark.parametrize(("rows", "neighbours"), [(1, "add-remove"), (8, "add-remove"), (3, "replace")])
def test_gaussian_counts_give_no_more_than_their_mu(rows: int, neighbours: Neighbours) -> None:
    protection = Protection(unit="u" if rows > 1 else "row", max_rows=rows, neighbours=neighbours)
    stated = Marginal((Axis("a", 2),)).sensitivity(protection)
    worst = (rows, 0) if neighbours == "add-remove" else (rows, -rows)
    mechanism = RoundedGaussian.costing(Cost.of(1))
    found = _gaussian_game(mechanism, stated, *worst)
    assert 0.8 < found <= 1
    half = replace(stated, l2_squared=stated.l2_squared // 4) if rows > 1 else None
    if half is not None:
        assert _gaussian_game(mechanism, half, *worst) > 1.7


def test_the_game_sees_half_the_noise() -> None:
    assert _gaussian_game(RoundedGaussian.costing(Cost.of(4)), Sensitivity(1, 1), 1, 0) > 1.7


def test_the_game_sees_a_sensitivity_without_its_square_root_of_k() -> None:
    """Eight cliques answered at the price of one."""
    runs, k = 20_000, 8
    mechanism = RoundedGaussian.costing(Cost.of(1))
    hits = []
    for sign in (1, 0):
        noisy = mechanism.release(np.full((runs, k), sign, dtype=np.int64), Sensitivity(1, 1), SystemNoise())
        hits.append(int((noisy.sum(axis=1) > k / 2).sum()))
    assert audit.bound(*hits, runs) > 2


@pytest.mark.parametrize(("mu", "least"), [(0.5, 0.05), (2.0, 1.45)])
def test_selections_give_no_more_than_their_mu(mu: float, least: float) -> None:
    """Two candidates that swap places: the worst pair, on which the price is tight.

    The game finds 0.24 +- 0.025 and 1.70 +- 0.032 over 25 repetitions: `least` is more than seven
    deviations below, the price more than nine above.
    """
    mechanism, step = Exponential.costing(Cost.of(mu * mu)), 7
    up, down = np.array([step, 0], dtype=np.int64), np.array([0, step], dtype=np.int64)

    def game(stated: int) -> float:
        bound, noise = Sensitivity(stated, stated * stated), SystemNoise()
        return audit.mu_at_least(
            lambda: mechanism.choose(up, bound, noise) == 0,
            lambda: mechanism.choose(down, bound, noise) == 0,
            4000,
        )

    assert least < game(step) <= mu
    assert game(3) > mu


def _games_with_a_named_one(mechanism: Threshold, stated: Sensitivity, k: int, runs: int) -> int:
    """Return in how many of `runs` games one of k lonely categories is kept; all games in one call."""
    lonely = {f"{game}/{i}": 1 for game in range(runs) for i in range(k)}
    return len({name.split("/")[0] for name, _ in mechanism.keep(lonely, stated, SystemNoise())})


def test_thresholds_name_a_lonely_category_no_more_often_than_delta0() -> None:
    """Three categories that only this unit touches; a delta0 large enough to be counted."""
    slack, k, runs = 0.02, 3, 50_000
    stated = Touched("c").sensitivity(Protection(unit="u", max_rows=k))
    mechanism = Threshold.costing(Cost.of(2, slack), k)
    named = _games_with_a_named_one(mechanism, stated, k, runs)
    assert audit.at_least(named, runs) <= float(mechanism.delta0 * DELTA0_UNIT)
    assert named > 0
    # one too low a threshold, and k taken for 1, must be seen
    lower = mechanism.threshold(stated) - 1
    s = mechanism.stddev(stated)
    assert 1 - (1 - 0.5 * math.erfc((lower - 1.5) / s / math.sqrt(2))) ** k > slack
    careless = Threshold.costing(Cost.of(0.01, slack), 1)
    wide = replace(stated, l2_squared=k)
    assert audit.at_least(_games_with_a_named_one(careless, wide, k, runs), runs) > slack


@pytest.mark.parametrize("neighbours", ["add-remove", "replace"])
def test_counts_that_a_threshold_releases_give_no_more_than_their_mu(neighbours: Neighbours) -> None:
    """Common categories: all are kept, so the noisy counts are Gaussian answers."""
    k, runs = 2, 20_000
    stated = Touched("c").sensitivity(Protection(unit="u", max_rows=k, neighbours=neighbours))
    mechanism = Threshold.costing(Cost.of(1, 1e-12), k)
    gone, come = ("a", "b"), (("c", "d") if neighbours == "replace" else ())

    def wins(there: bool) -> int:
        more = gone if there else come
        counts = {f"{game}{c}": 1000 + (c in more) for game in range(runs) for c in "abcd"}
        noisy = dict(mechanism.keep(counts, stated, SystemNoise()))
        sums = (
            sum(noisy[f"{game}{c}"] - 1000 for c in gone) - sum(noisy[f"{game}{c}"] - 1000 for c in come)
            for game in range(runs)
        )
        return sum(each > (0 if come else 1) for each in sums)

    found = audit.bound(wins(True), wins(False), runs)
    assert 0.7 < found <= mu_in(mechanism.cost())
