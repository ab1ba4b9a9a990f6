"""What attacks are built of: distances, intervals, areas, power."""

from __future__ import annotations

import numpy as np
import pytest

from synthspec.attack.exact.fidelity import ceiling, distance, ks_and_w1
from synthspec.attack.exact.regression import compare, logistic
from synthspec.attack.membership import Counted, score
from synthspec.attack.nearest import closest, nearest
from synthspec.attack.outcome import Outcome, Share, excess, more_often
from synthspec.attack.power import powered
from synthspec.attack.roc import area, judge_scores
from synthspec.attack.singling_out import Bounds, fits_one
from synthspec.attack.table import Attribute, Table, exact_keys
from tests.attack.people import generator, population


def small() -> Table:
    """Return three rows over an ordered column with gaps and a listed one."""
    columns = (Attribute("x", 5, ordered=True, missing=True), Attribute("k", 3))
    codes = np.array([[0, 0], [4, 1], [2, 1]])
    values = np.array([[0.0, 0.0], [np.nan, 1.0], [0.5, 1.0]])
    return Table(columns, codes, values)


def test_distances_are_means_over_columns_and_missing_counts_as_a_difference() -> None:
    rows = small()
    by_hand = np.array([[0, 1.0, 0.75], [1.0, 0, 0.5], [0.75, 0.5, 0]])
    assert nearest(rows, rows, 3) == pytest.approx(np.sort(by_hand, axis=1))
    distances, places = closest(rows.take(np.array([2])), rows, (1,), 2)
    assert sorted(places[0].tolist()) == [1, 2] and distances == pytest.approx(0)


def test_keys_are_equal_exactly_where_rows_are() -> None:
    rows = small().join(small())
    keys = exact_keys(rows).tolist()
    assert keys[:3] == keys[3:] and len(set(keys)) == 3


def test_the_area_is_that_of_all_pairs() -> None:
    rng = generator(1)
    one, two = rng.integers(0, 6, 40).astype(float), rng.integers(0, 5, 30).astype(float)
    pairs = [(a > b) + (a == b) / 2 for a in one for b in two]
    assert area(one, two)[0].value == pytest.approx(np.mean(pairs))


def test_scores_without_any_difference_are_seldom_taken_for_a_leak() -> None:
    # 400 tries at a level of 5 %: more than 38 have probability below 1e-4 if the level holds
    rng = generator(2)
    found = [judge_scores(rng.normal(size=200), rng.normal(size=200), None).found for _ in range(400)]
    assert sum(found) <= 38


def test_chance_is_fisher_s_exact_test() -> None:
    from scipy.stats import fisher_exact

    for a, b in ((8, 3), (5, 5), (12, 1)):
        wanted = fisher_exact([[a, 20 - a], [b, 25 - b]], alternative="greater").pvalue
        assert more_often(Share.of(a, 20), Share.of(b, 25)) == pytest.approx(wanted)


def test_an_excess_is_relative_to_what_the_control_leaves() -> None:
    gain = excess(Share.of(60, 100), Share.of(20, 100))
    assert gain.value == pytest.approx(0.5)
    assert gain.low is not None and gain.high is not None and 0.3 < gain.low < 0.5 < gain.high < 0.7


def outcome(verdict: str) -> Outcome:
    """Return an outcome."""
    return Outcome(attack="a", title="t", about="b", cites="c", verdict=verdict)  # type: ignore[arg-type]


def test_an_attack_without_power_is_no_evidence() -> None:
    people = population(200, generator(3))
    blind = powered(lambda planted: outcome("not seen"), people, generator(4))
    assert blind.verdict == "no evidence either way"
    assert blind.power is not None and blind.power.smallest is None


def test_power_is_the_smallest_planted_leak_that_is_found() -> None:
    people = population(200, generator(3))

    def judge(planted: Table | None) -> Outcome:
        return outcome("found" if planted is not None and planted.rows >= 20 else "not seen")

    found = powered(judge, people, generator(4))
    assert found.verdict == "not seen" and found.power is not None
    assert (found.power.smallest, found.power.missed) == (0.1, 0.05)
    assert powered(lambda planted: outcome("found"), people, generator(4)).power is None


def test_a_record_that_was_counted_scores_higher_the_rarer_its_cell() -> None:
    columns = (Attribute("k", 4),)
    codes = np.repeat(np.arange(4), [700, 200, 90, 10])[:, None]
    people = Table(columns, codes, codes.astype(float))
    exact = np.bincount(codes[:, 0], minlength=4).astype(float)
    exact[3] += 5  # five more of the rarest than the reference has
    counted = Counted((0,), (np.arange(4),), (4,), exact, 1.0)
    scores = score(people.take(np.array([0, 999])), [counted], people, 1_000)
    assert scores[1] > 0 > scores[0]


def test_noise_takes_the_signal_away() -> None:
    # with the noise in the counts growing, the score of the same surplus shrinks
    columns = (Attribute("k", 4),)
    codes = np.repeat(np.arange(4), [700, 200, 90, 10])[:, None]
    people = Table(columns, codes, codes.astype(float))
    exact = np.bincount(codes[:, 0], minlength=4).astype(float) + np.array([0, 0, 0, 5])
    told = [
        score(people.take(np.array([999])), [Counted((0,), (np.arange(4),), (4,), exact, v)], people, 1_000)[
            0
        ]
        for v in (1.0, 100.0, 10_000.0)
    ]
    assert told[0] > told[1] > told[2] > 0


def test_a_description_fits_one_person_or_it_does_not() -> None:
    rows = small()
    assert fits_one((Bounds(0, 0.4, 0.6),), rows)
    assert fits_one((Bounds(0, 0, 0, null=True), Bounds(1, 1, 1)), rows)
    assert not fits_one((Bounds(1, 1, 1),), rows)
    assert not fits_one((Bounds(0, 0.6, 0.9),), rows)


def test_the_ceiling_is_what_two_samples_of_one_population_show() -> None:
    rng, p = generator(5), np.array([0.4, 0.3, 0.2, 0.1])
    seen = [
        distance(rng.multinomial(500, p).astype(float), rng.multinomial(800, p).astype(float))
        for _ in range(400)
    ]
    assert ceiling(p * 500, 500, 800) == pytest.approx(np.mean(seen), rel=0.06)


def test_kolmogorov_smirnov_and_wasserstein_are_scipy_s() -> None:
    from scipy.stats import ks_2samp, wasserstein_distance

    rng = generator(6)
    one, two = rng.random(60), rng.random(50) ** 2
    ks, w1 = ks_and_w1(one, two)
    assert ks == pytest.approx(ks_2samp(one, two).statistic)
    assert w1 == pytest.approx(wasserstein_distance(one, two))


def test_intervals_that_are_apart_overlap_by_less_than_nothing() -> None:
    assert compare("a", (1.0, 0.1), (1.0, 0.1)).overlap == pytest.approx(1.0)
    assert compare("a", (1.0, 0.1), (3.0, 0.1)).overlap < -1
    half = compare("a", (0.0, 1.0), (1.959963984540054, 1.0))
    assert half.overlap == pytest.approx(0.5)


def test_the_logistic_fit_finds_the_coefficients_and_their_errors() -> None:
    # 40 fits of 2,000 rows: standardised errors have mean 0 and spread 1; 4 of their own errors allowed
    rng, truth, seen = generator(7), np.array([-0.5, 1.0, -0.7]), []
    for _ in range(40):
        x = rng.normal(size=(2_000, 2))
        y = (rng.random(2_000) < 1 / (1 + np.exp(-(truth[0] + x @ truth[1:])))).astype(float)
        fit = logistic(x, y)
        assert fit is not None
        seen.append((fit[0] - truth) / fit[1])
    off = np.concatenate(seen)
    assert abs(off.mean()) < 4 / len(off) ** 0.5
    assert off.std() == pytest.approx(1.0, abs=4 / (2 * len(off)) ** 0.5)
