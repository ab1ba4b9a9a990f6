"""What a model of a given size takes, asked before anything is charged."""

from __future__ import annotations

import numpy as np
import pytest

from synthspec.generators import Marginal, Workload
from synthspec.generators.size import takes
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
