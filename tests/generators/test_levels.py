"""Levels: codes merged under the noise, and drawn again from the one-way inside their level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chi2

from synthspec.generators import Marginal, Workload
from synthspec.generators.coding import Coding
from synthspec.generators.levels import MOST_LEVELS, merge
from synthspec.generators.tree_model import TreeModel
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.domain import Domain
from tests.generators.exact_oracle import oracle_of

MASSES = st.lists(st.sampled_from([0.0, 1.0, 2.0, 5.5, 9.0, 40.0]), min_size=1, max_size=14)


def slowly(
    mass: list[float], threshold: float, most: int, kinds: list[int], *, ordinal: bool
) -> list[set[int]]:
    """Return the groups that the rule gives, by the rule's own words: the smallest joins the smallest."""
    order = list(range(len(mass)))
    if not ordinal:
        order.sort(key=lambda i: (kinds[i], mass[i], i))
    groups = [[i] for i in order]
    stuck: list[list[int]] = []

    def held(group: list[int]) -> float:
        return sum(mass[i] for i in group)

    while True:
        free = [g for g in groups if g not in stuck]
        if not free:
            break
        low = min(free, key=held)
        if held(low) >= threshold and len(groups) <= most:
            break
        at = groups.index(low)
        others = [at - 1, at + 1] if ordinal else [i for i in range(len(groups)) if i != at]
        near = [i for i in others if 0 <= i < len(groups) and kinds[groups[i][0]] == kinds[low[0]]]
        if not near:
            stuck.append(low)
            continue
        partner = min(near, key=lambda i: held(groups[i]))
        keep, drop = min(at, partner), max(at, partner)
        groups[keep] = groups[keep] + groups[drop]
        del groups[drop]
    return [set(g) for g in groups]


@settings(max_examples=150, deadline=None)
@given(MASSES, st.sampled_from([0.0, 3.0, 10.0, 60.0]), st.integers(1, 10), st.booleans(), st.data())
def test_merging_does_what_the_rule_says(
    mass: list[float], threshold: float, most: int, ordinal: bool, data: st.DataObject
) -> None:
    kinds = data.draw(st.lists(st.integers(0, 2), min_size=len(mass), max_size=len(mass)))
    labels = merge(
        np.array(mass),
        threshold=threshold,
        most=most,
        ordinal=ordinal,
        classes=np.array(kinds, dtype=np.int64),
    )
    found = [set(np.flatnonzero(labels == level).tolist()) for level in range(int(labels.max()) + 1)]
    wanted = slowly(mass, threshold, most, kinds, ordinal=ordinal)
    assert sorted(found, key=min) == sorted(wanted, key=min)
    assert [min(group) for group in found] == sorted(min(group) for group in found)


@pytest.mark.parametrize("ordinal", [False, True])
def test_fifty_thousand_cells_merge_in_under_three_seconds(ordinal: bool) -> None:
    """A rule that looks at all pairs would need minutes; here about 0.2 s."""
    import time

    mass = np.random.default_rng(0).gamma(0.05, size=50_000) * 20
    start = time.process_time()
    labels = merge(mass, threshold=80.0, ordinal=ordinal)
    assert time.process_time() - start < 3
    assert labels.max() + 1 <= MOST_LEVELS
    assert np.bincount(labels, weights=mass).min() >= 80


def test_codes_of_one_kind_are_merged_before_others() -> None:
    rng = np.random.default_rng(1)
    kin = rng.integers(0, 5, 400)
    mass = rng.gamma(0.3, size=400)
    labels = merge(mass, threshold=6.0, most=40, kin=kin)
    assert all(len(set(kin[labels == level].tolist())) == 1 for level in range(int(labels.max()) + 1))
    crowded = merge(mass, threshold=1e9, most=40, kin=kin)
    assert crowded.max() == 0


def test_a_missing_code_of_its_own_kind_stays_apart_when_it_is_large() -> None:
    mass = np.array([1.0, 1.0, 1.0, 50.0, 30.0])
    kin = np.array([0, 0, 1, 1, 2])
    assert (
        merge(mass, threshold=10.0, missing=True, kin=kin).tolist()[-1]
        not in merge(mass, threshold=10.0, missing=True, kin=kin).tolist()[:-1]
    )
    small = merge(np.array([20.0, 20.0, 20.0, 50.0, 1.0]), threshold=10.0, missing=True, kin=kin)
    assert small[-1] in small[:-1]


def coding(counts: NDArray[np.float64], *, ordinal: bool) -> Coding:
    """Return the coding of one attribute beside a coin."""
    domain = Domain(attributes=("x", "coin"), sizes=(len(counts), 2))
    workload = Workload(ordinal=frozenset({"x"} if ordinal else ()))
    return Coding(domain, workload, {"x": counts, "coin": np.array([1.0, 1.0])})


@pytest.mark.parametrize("ordinal", [False, True])
def test_rare_codes_share_a_level_and_keep_their_shares_of_it(ordinal: bool) -> None:
    counts = np.array([500.0, 3.0, 0.0, 6.0, 1.0, 400.0])
    made = coding(counts, ordinal=ordinal)
    made.merge({"x": 10.0, "coin": 0.0})
    levels, densities = made.levels[0], made.densities()[0]
    assert len({int(levels[i]) for i in (1, 2, 3, 4)}) == 1
    assert densities[2] == 0.0
    np.testing.assert_allclose(np.bincount(levels, weights=densities), 1.0)
    np.testing.assert_allclose(made.masses(0)[levels] * densities, counts)


@pytest.mark.parametrize("ordinal", [False, True])
def test_rare_codes_come_out_again_in_the_proportions_of_the_one_way(ordinal: bool) -> None:
    """Exact answers at a small budget: 12 rare codes are merged, and drawn by their own shares.

    Chi-square of 60,000 rows against the one-way; seeded, a right law passes 1 - 1e-9 of seeds. Codes
    drawn evenly inside their level must fail.
    """
    rng = np.random.default_rng(3)
    shares = np.append(np.full(8, 0.12), 0.04 * np.arange(1, 13) / 78)
    rows = 40_000
    x = rng.choice(20, rows, p=shares)
    table = {"x": x, "y": (x + rng.integers(0, 3, rows)) % 5}
    oracle = oracle_of(table, {"x": 20, "y": 5}, 0.05, exact=True)
    workload = Workload(ordinal=frozenset({"x"} if ordinal else ()))
    model = Marginal().fit(oracle, workload, oracle.left, SampleRng(0))
    assert isinstance(model, TreeModel)
    assert len(set(model.levels[0].tolist())) < 20
    wanted = model.marginal(("x",))
    drawn = model.sample(60_000, SampleRng(1)).columns["x"]
    seen = np.bincount(drawn, minlength=20)
    keep = wanted * 60_000 >= 5
    statistic = ((seen - wanted * 60_000)[keep] ** 2 / (wanted * 60_000)[keep]).sum()
    assert chi2.sf(statistic, keep.sum()) > 1e-9
    level = model.levels[0][19]
    inside = model.levels[0] == level
    if inside.sum() > 1:
        counts = np.bincount(x, minlength=20)[inside]
        np.testing.assert_allclose(wanted[inside] / wanted[inside].sum(), counts / counts.sum(), atol=0.05)
