"""REPORTS.md 1.4's toy table: every metric orders four releases as it must, and the leak is found."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from synthspec.attack.attribute import AttributeInference
from synthspec.attack.copies import closeness
from synthspec.attack.density import Nearness, most_exposed
from synthspec.attack.exact.fidelity import Fidelity, fidelity
from synthspec.attack.linkability import Linkability
from synthspec.attack.membership import by_counts, released_cells
from synthspec.attack.outcome import Outcome
from synthspec.attack.power import powered
from synthspec.attack.singling_out import SinglingOut
from synthspec.attack.table import Table
from tests.attack.people import PEOPLE, Toy, generator, toy

SEED = 3


@pytest.fixture(scope="module")
def cast() -> Toy:
    """Return the toy."""
    return toy()


def judges(made: Table, cast: Toy) -> dict[str, tuple[object, Table]]:
    """Return each attack's judge, and the people whose copies would be planted."""
    reference, tested = cast.others.take(np.arange(0, PEOPLE, 2)), cast.others.take(np.arange(1, PEOPLE, 2))
    exposed = cast.table.take(most_exposed(cast.table, reference))
    away = tested.take(most_exposed(tested, reference))
    near = Nearness(made, cast.table, tested, reference, None, "near", "t", "a")
    far = Nearness(made, exposed, away, reference, None, "exposed", "t", "a")
    return {
        "near": (near.judge, cast.table),
        "exposed": (far.judge, exposed),
        "inference": (
            AttributeInference(made, cast.table, cast.others, tuple(range(6))).judge,
            cast.table,
        ),
        "single": (SinglingOut(made, cast.table, cast.others, "one column", SEED).judge, cast.table),
        "several": (SinglingOut(made, cast.table, cast.others, "several columns", SEED).judge, cast.table),
        "linked": (Linkability(made, cast.table, cast.others, SEED).judge, cast.table),
    }


def outcomes(made: Table, cast: Toy) -> dict[str, Outcome]:
    """Return every attack on one release."""
    return {name: judge(None) for name, (judge, _) in judges(made, cast).items()}  # type: ignore[operator]


def test_75_copied_outliers_are_found_by_at_least_two_attacks(cast: Toy) -> None:
    found = [name for name, each in outcomes(cast.copied, cast).items() if each.verdict == "found"]
    assert len(found) >= 2
    assert "exposed" in found  # the people who were copied are the exposed ones


def test_a_full_copy_is_found_by_every_attack(cast: Toy) -> None:
    assert {each.verdict for each in outcomes(cast.table, cast).values()} == {"found"}


def test_a_fresh_sample_is_found_by_none_and_each_attack_says_what_it_would_have_seen(cast: Toy) -> None:
    for name, (judge, people) in judges(cast.fresh, cast).items():
        outcome = powered(judge, people, generator(2))  # type: ignore[arg-type]
        assert outcome.verdict == "not seen", name
        assert outcome.power is not None and outcome.power.smallest is not None


@pytest.mark.parametrize("attack", ["near", "exposed"])
def test_scores_order_the_releases(cast: Toy, attack: str) -> None:
    areas = {}
    for name, made in cast.releases.items():
        outcome = judges(made, cast)[attack][0](None)  # type: ignore[operator]
        areas[name] = outcome.auc.value
    assert areas["full copy"] > areas["75 copied"] > areas["fresh"]
    assert areas["full copy"] > 0.99


@pytest.mark.parametrize("attack", ["inference", "several", "linked"])
def test_rates_order_the_releases(cast: Toy, attack: str) -> None:
    gains = {}
    for name, made in cast.releases.items():
        outcome = judges(made, cast)[attack][0](None)  # type: ignore[operator]
        gains[name] = outcome.excess.value
    assert gains["full copy"] > gains["75 copied"] > 0.01
    assert gains["75 copied"] > max(gains["fresh"], gains["shuffled"])


def test_exact_values_single_people_out_even_without_their_records(cast: Toy) -> None:
    # shuffled columns hold every outermost value of the table: that alone describes somebody
    assert outcomes(cast.shuffled, cast)["single"].verdict == "found"


def test_cells_of_a_full_copy_tell_members(cast: Toy) -> None:
    reference, tested = cast.others.take(np.arange(0, PEOPLE, 2)), cast.others.take(np.arange(1, PEOPLE, 2))
    told = partial(by_counts, attack="a", title="t", about="a")
    areas = {}
    for name in ("fresh", "full copy"):
        cells = released_cells(cast.releases[name], PEOPLE, generator(4))
        outcome = told(cells, cast.table, tested, reference, PEOPLE, None)
        assert outcome.auc is not None
        areas[name] = outcome.auc.value
    assert areas["full copy"] > areas["fresh"] + 0.04


def exact(made: Table, cast: Toy) -> Fidelity:
    """Return the exact distances."""
    return fidelity(cast.table, made, cast.others, [None] * 6, generator(5))


def test_distances_order_the_releases_and_stay_near_the_sampling_ceiling(cast: Toy) -> None:
    found = {name: exact(made, cast) for name, made in cast.releases.items()}
    pairs = {name: each.orders[1].mean for name, each in found.items()}
    assert pairs["full copy"] == 0 < pairs["fresh"] < pairs["shuffled"]
    assert abs(pairs["75 copied"] - pairs["fresh"]) < 0.02  # the leak does not show in distances
    assert found["fresh"].orders[1].mean == pytest.approx(found["fresh"].orders[1].ceiling, rel=0.2)
    assert found["shuffled"].orders[0].mean == 0
    cramer = {name: each.associations[0].mean for name, each in found.items()}
    rank = {name: each.associations[1].mean for name, each in found.items()}
    assert cramer["shuffled"] > 2 * cramer["fresh"] and rank["shuffled"] > 2 * rank["fresh"]
    assert found["full copy"].orders[2].like_sample == 1.0 > found["shuffled"].orders[2].like_sample
    # as many fresh people as the table has are as far off as a third of it, as the public page counts
    assert found["fresh"].orders[1].like_sample == pytest.approx(1 / 3, abs=0.1)


def test_copies_are_diagnosed_against_the_control(cast: Toy) -> None:
    found = {
        name: closeness(made, cast.table, cast.others, 300, SEED) for name, made in cast.releases.items()
    }
    assert found["full copy"].copied.value == 1.0
    assert found["75 copied"].copied.hits >= 75 > found["fresh"].copied.hits
    for each in found.values():
        assert each.copied_control is not None and each.copied_control.value < 0.02
    assert found["full copy"].distance.value == 0 < found["75 copied"].distance.value
    assert "do not measure privacy" in found["fresh"].caveat
