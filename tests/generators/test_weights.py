"""Weights of the workload: what they do to scores, to their sensitivity, and to the fitted model."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from synthspec.generators import Marginal, Workload
from synthspec.generators.base import Model
from synthspec.generators.budget import shared
from synthspec.generators.coding import Coding
from synthspec.generators.pgm.estimate import Estimator, Evidence
from synthspec.generators.pgm.tree import build
from synthspec.generators.scoring import GRID, Scores
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from synthspec.terms.query import Gap
from tests.generators.exact_oracle import oracle_of

NAMES = tuple("abcdefghij")
SIZES = dict.fromkeys(NAMES, 5)


def table(rows: int = 3000) -> dict[str, NDArray[np.int64]]:
    """Return five equally dependent pairs: (a, b), (c, d), ..."""
    rng = np.random.default_rng(11)
    out = {}
    for one, two in zip(NAMES[::2], NAMES[1::2], strict=True):
        out[one] = rng.integers(0, 5, rows)
        out[two] = np.where(rng.random(rows) < 0.35, out[one], rng.integers(0, 5, rows))
    return out


def scores(workload: Workload, toll: float = 0.0) -> dict[tuple[int, int], Gap]:
    """Return the gaps of all pairs of a model of independent columns."""
    domain = Domain(attributes=NAMES, sizes=(5,) * 10)
    coding = Coding(domain, workload, {name: np.full(5, 600.0) for name in NAMES})
    estimator = Estimator(coding.sizes)
    estimator.add([Evidence((i,), (None,), np.full(5, 0.2), np.zeros(())) for i in range(10)])
    estimator.plant(build(coding.sizes, estimator.scopes, frozenset()))
    estimator.fit(5)
    pairs = {(i, j) for i in range(10) for j in range(i + 1, 10)}
    made = Scores(coding, workload, 3000.0)
    return dict(made.update(estimator.beliefs, pairs, stddev=20.0, scatter=30.0, toll=toll))


@pytest.mark.parametrize("neighbours", ["add-remove", "replace"])
def test_a_weight_changes_public_offsets_and_no_sensitivity(neighbours: str) -> None:
    gaps = scores(Workload(weights={("a", "b", "d"): 3}))
    protection = Protection(unit="u", max_rows=2, neighbours=neighbours)  # type: ignore[arg-type]
    once = GRID * 2 * (2 if neighbours == "replace" else 1)
    assert all(gap.sensitivity(protection).l1 == once for gap in gaps.values())


def test_a_weighted_pair_needs_less_of_a_gain_and_others_as_much_as_before() -> None:
    plain, weighted = scores(Workload(), toll=80.0), scores(Workload(weights={("a", "b", "d"): 4}), toll=80.0)
    free = scores(Workload(), toll=0.0)
    for pair, gap in weighted.items():
        if set(pair) <= {0, 1, 3}:
            assert plain[pair].offset - gap.offset > 0.75 * (plain[pair].offset - free[pair].offset)
        else:
            assert gap.offset == plain[pair].offset
        assert np.array_equal(gap.table, plain[pair].table)


def error(model: Model, data: dict[str, NDArray[np.int64]], pair: tuple[str, str]) -> float:
    """Return the total variation of a pair."""
    counts = np.zeros((5, 5))
    np.add.at(counts, (data[pair[0]], data[pair[1]]), 1 / len(data[pair[0]]))
    return float(np.abs(np.asarray(model.marginal(pair)) - counts).sum() / 2)


def test_a_weighted_pair_is_fitted_better_at_equal_budget() -> None:
    """Seeded, 40 fits: the error falls by about a fifth; without any effect the ratio is 1 +- 0.07."""
    data = table(20_000)
    found: dict[bool, list[float]] = {False: [], True: []}
    for seed in range(20):
        pair = NAMES[2 * (seed % 5)], NAMES[2 * (seed % 5) + 1]
        for weighted in (False, True):
            weights = {pair: 4} if weighted else {}
            oracle = oracle_of(data, SIZES, 0.04, seed=seed)
            model = Marginal().fit(oracle, Workload(weights=weights), oracle.left, SampleRng(seed))
            found[weighted].append(error(model, data, pair))
    assert np.mean(found[True]) < 0.93 * np.mean(found[False])


def test_budgets_follow_the_weights_and_add_up() -> None:
    assert shared(11, [1, 1, 1]) == [4, 4, 3]
    heavy = shared(1_000_000, [1, 8, 1])
    assert sum(heavy) == 1_000_000
    assert heavy[1] / heavy[0] == pytest.approx(4, rel=1e-3)
    assert sum(shared(2, [1, 5, 1])) <= 2
