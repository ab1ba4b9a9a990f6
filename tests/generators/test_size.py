"""What a model of a given size takes, asked before anything is charged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from synthspec.generators import Marginal, Workload
from synthspec.generators.marginal import fit_marginal
from synthspec.generators.recipe import RECIPE
from synthspec.generators.size import in_time, takes
from synthspec.privacy.entropy import SampleRng
from tests.generators.exact_oracle import oracle_of

SIZES = {"a": 10, "b": 10, "c": 10, "d": 2}


def test_a_scope_over_the_cap_is_not_taken_and_leaves_room_for_the_next() -> None:
    assert takes(SIZES, [("a", "b", "c"), ("a", "b"), ("c", "d")], 200) == (False, True, True)


def test_scopes_that_fit_alone_may_not_fit_together() -> None:
    ring = [("a", "b"), ("b", "c"), ("a", "c")]
    assert takes(SIZES, ring, 1_002) == (True, True, True)
    assert takes(SIZES, ring, 999) == (True, True, False)


def test_given_attributes_are_joined_last_and_cost_what_that_costs() -> None:
    star = [("a", "d"), ("b", "d")]
    assert takes(SIZES, star, 60) == (True, True)
    assert takes(SIZES, star, 60, given=("a", "b")) == (True, False)


@pytest.mark.parametrize("cap", [1_000, 1_200])
def test_the_engine_holds_what_it_said_it_takes(cap: int) -> None:
    rng = np.random.default_rng(0)
    data = {name: rng.integers(0, size, 2_000) for name, size in SIZES.items()}
    zeros = []
    for scope in (("a", "b"), ("b", "c"), ("a", "c")):
        mask = np.zeros([SIZES[name] for name in scope], dtype=bool)
        mask[0, 0] = True
        zeros.append((scope, mask))
    oracle = oracle_of(data, SIZES, 5.0)
    model = Marginal(max_cells=cap).fit(oracle, Workload(zeros=tuple(zeros)), oracle.left, SampleRng(0))
    for (scope, _), held in zip(zeros, takes(SIZES, [scope for scope, _ in zeros], cap)):
        if held:
            assert np.asarray(model.marginal(scope))[0, 0] == 0.0


@pytest.mark.parametrize("cap", [1_100, 3_000, 5_000])
def test_the_tree_of_pairs_stays_under_the_cap_too(cap: int) -> None:
    rng = np.random.default_rng(0)
    base = rng.integers(0, 30, 5_000)
    data = {f"c{i}": (base + rng.integers(0, 2, 5_000)) % 30 for i in range(6)}
    oracle = oracle_of(data, dict.fromkeys(data, 30), 5.0)
    model = Marginal(max_cells=cap).fit(oracle, Workload(), oracle.left, SampleRng(0))
    assert 900 < model.beliefs.tree.cells <= cap  # type: ignore[attr-defined]


def test_a_cap_on_time_stops_the_model_where_a_cap_on_cells_would_not() -> None:
    rng = np.random.default_rng(0)
    base = rng.integers(0, 30, 5_000)
    data = {f"c{i}": (base + rng.integers(0, 2, 5_000)) % 30 for i in range(6)}
    sizes = dict.fromkeys(data, 30)
    cells = []
    for seconds in (600.0, 0.2):
        oracle = oracle_of(data, sizes, 5.0)
        recipe = replace(RECIPE, seconds=seconds)
        model = fit_marginal(oracle, Workload(), oracle.left, SampleRng(0), 10_000_000, recipe)
        cells.append(model.beliefs.tree.cells)
    assert cells[0] > 10_000 and cells[1] <= in_time(0.2, RECIPE.sweeps, RECIPE.last_sweeps)
