"""Where people's scores lie among others': what a mean hides must be seen, and chance must not."""

from __future__ import annotations

import numpy as np
import pytest

from synthspec.attack.copies import overlap
from synthspec.attack.exposed import exposed
from synthspec.attack.roc import judge_scores
from synthspec.privacy.risk import tradeoff
from tests.attack.people import generator, toy


def test_a_few_people_given_away_are_seen_in_the_worst_one_percent_though_the_area_says_nothing() -> None:
    rng = generator(31)
    members, others = rng.normal(size=2_000), rng.normal(size=2_000)
    members[:20] += 9
    told = judge_scores(members, others, None)
    assert told.auc.low is not None and told.auc.low < 0.51
    found = told.exposed
    assert found is not None and found.worst.right.low is not None
    assert (found.worst.members.hits, found.worst.others.hits) == (20, 0)
    assert found.worst.right.value == 1 and found.worst.right.low > 0.7
    highest = found.bands[-1]
    assert highest.members.low > highest.others.high


def test_without_a_leak_no_band_differs_and_the_worst_are_right_by_chance() -> None:
    # 40 tries, 11 bands each: apart where two 95 % intervals are, about 0.5 % each; more than 12 of 440 has
    # probability below 1e-5 if the intervals hold
    rng, apart, inside = generator(32), 0, 0
    for _ in range(40):
        found = exposed(rng.normal(size=1_000), rng.normal(size=1_000))
        assert found is not None and found.worst.right.low is not None and found.worst.right.high is not None
        apart += sum(b.members.low > b.others.high or b.others.low > b.members.high for b in found.bands)
        inside += found.worst.right.low <= 0.5 <= found.worst.right.high
    assert apart <= 12 and inside >= 34


def test_bands_hold_everybody_once_and_ties_fall_alike() -> None:
    rng = generator(33)
    found = exposed(rng.integers(0, 3, 500).astype(float), rng.integers(0, 3, 400).astype(float))
    assert found is not None
    assert sum(band.members.hits for band in found.bands) == 500
    assert sum(band.others.hits for band in found.bands) == 200
    assert all(abs(band.members.value - band.others.value) < 0.12 for band in found.bands)


def test_the_curve_never_counts_more_false_alarms_than_it_says() -> None:
    members, others = np.arange(100.0), np.array([5.0] * 50 + [95.0] * 50)
    found = exposed(members, others)
    assert found is not None
    by_rate = {point.rate: point.members for point in found.curve}
    assert by_rate[0.2] == pytest.approx(0.04)  # ties: half of the others stand at 95, so above them only
    assert by_rate[0.5] == pytest.approx(0.94)
    assert by_rate[1.0] == 1


def test_what_the_claim_allows_about_the_worst_is_what_its_best_attack_reaches() -> None:
    # scores of a unit shift mu are the best attack there is: its worst 1 % must touch the bound, not cross it
    rng, mu = generator(34), 1.0
    found = exposed(rng.normal(mu, 1, 40_000), rng.normal(0, 1, 40_000), lambda x: tradeoff(mu, 0.0, x))
    assert found is not None and found.worst.bound is not None
    assert found.worst.right.low is not None and found.worst.right.high is not None
    assert found.worst.right.low <= found.worst.bound <= found.worst.right.high
    assert found.worst.bound == pytest.approx(0.01 / (0.01 + 0.000441), rel=0.01)


def test_a_control_that_holds_people_of_the_table_is_noticed_and_other_people_are_not() -> None:
    found = toy()
    assert overlap(found.table, found.others) is None
    mixed = found.others.take(np.arange(1_000)).join(found.table.take(np.arange(300)))
    told = overlap(found.table, mixed)
    assert told is not None and told[0].value > 0.2


def test_nobody_on_one_side_tells_nothing() -> None:
    assert exposed(np.zeros(0), np.ones(5)) is None
    small = exposed(np.ones(5), np.zeros(5))
    assert small is not None and small.bands == ()
