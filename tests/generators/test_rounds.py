"""What the engine buys and when it stops: rounds, selections, and the fall back to independent columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from synthspec.generators import Independent, Marginal, Workload, rounds
from synthspec.generators.coding import Coding
from synthspec.generators.marginal import fit_marginal
from synthspec.generators.pgm.estimate import Estimator, Evidence
from synthspec.generators.pgm.tree import build
from synthspec.generators.recipe import RECIPE, Recipe
from synthspec.generators.scoring import Scores
from synthspec.generators.tree_model import TreeModel
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.privacy.noisy import Noisy
from synthspec.terms.domain import Domain
from synthspec.terms.query import Marginal as Query
from tests.generators.exact_oracle import TableOracle

Columns = dict[str, NDArray[np.int64]]


class Passes(TableOracle):
    """Keeps what each pass over the rows was asked: one call, one pass."""

    def measure(self, purchases: Sequence[tuple[Query, Cost]]) -> tuple[Noisy, ...]:
        self.passes = [*getattr(self, "passes", []), [len(query.axes) for query, _ in purchases]]
        return super().measure(purchases)


def chained(columns: int, rows: int, linked: float = 0.7, size: int = 6) -> Columns:
    """Return columns of which each follows the one before in a share `linked` of the rows."""
    rng = np.random.default_rng(3)
    out: Columns = {"c0": rng.integers(0, size, rows)}
    for i in range(1, columns):
        fresh = rng.integers(0, size, rows)
        out[f"c{i}"] = np.where(rng.random(rows) < linked, out[f"c{i - 1}"], fresh)
    return out


def learned(data: Columns, mu: float, recipe: Recipe = RECIPE, seed: int = 0) -> tuple[Passes, TreeModel]:
    """Return the oracle after a fit, and the model."""
    sizes = tuple(int(codes.max()) + 1 for codes in data.values())
    oracle = Passes(Domain(attributes=tuple(data), sizes=sizes), data, Cost.of(mu * mu), seed=seed)
    model = fit_marginal(oracle, Workload(), oracle.left, SampleRng(seed), 1_000_000, recipe)
    return oracle, model


def pairs(oracle: Passes) -> int:
    """Return how many pairs were bought."""
    return sum(orders.count(2) for orders in oracle.passes)


def test_a_round_is_one_pass_and_the_first_is_a_whole_tree() -> None:
    oracle, _ = learned(chained(8, 20_000), 0.5)
    of_pairs = [orders for orders in oracle.passes if 2 in orders]
    assert of_pairs[0] == [2] * 7
    assert len(of_pairs) > 2 and all(set(orders) == {2} for orders in of_pairs)
    assert all(set(orders) == {1} for orders in oracle.passes if 2 not in orders)


def unrelated(columns: int, repeats: int) -> Columns:
    """Return columns of five codes of which every pair is exactly even: linear forms over a field of 5."""
    digits = np.indices((5,) * 4).reshape(4, -1)
    forms = [form for form in np.ndindex((5,) * 4) if any(form) and form[np.flatnonzero(form)[0]] == 1]
    return {f"c{i}": np.tile(np.array(forms[i]) @ digits % 5, repeats) for i in range(columns)}


def test_where_nothing_depends_on_anything_hardly_a_pair_is_bought() -> None:
    """Seeded: without the option "none" every round buys a pair of noise."""
    data = unrelated(8, 16)
    bought = [pairs(learned(data, 0.3, seed=seed)[0]) for seed in range(4)]
    noise = [pairs(learned(data, 0.3, replace(RECIPE, none=False), seed=seed)[0]) for seed in range(4)]
    assert min(noise) >= 8 and sum(bought) <= sum(noise) / 4, (bought, noise)


def test_rounds_in_which_nothing_stands_out_halve_those_that_are_left() -> None:
    """A selection that took nothing is paid all the same: few of them, not one per planned round."""
    data = unrelated(16, 16)

    def asked(recipe: Recipe) -> int:
        return sum(verb == "select" for verb, _ in learned(data, 0.3, recipe)[0].asked)

    assert asked(RECIPE) <= 8
    assert asked(replace(RECIPE, none=False)) >= 16


@pytest.mark.parametrize("mu", [1e-4, 1e-3, 4e-3])
def test_a_tiny_budget_falls_back_to_independent_columns(mu: float) -> None:
    """However much there is to learn: pairs would cost the one-ways more than they tell."""
    data = chained(8, 3_000, linked=0.9)
    oracle, model = learned(data, mu)
    assert pairs(oracle) == 0
    again = TableOracle(oracle.domain, data, Cost.of(mu * mu), seed=0)
    alone = Independent().fit(again, Workload(), again.left, SampleRng(0))

    def error(found: object) -> float:
        apart = 0.0
        for a, b in zip(list(data), list(data)[1:]):
            truth = np.bincount(data[a] * 6 + data[b], minlength=36).reshape(6, 6) / 3_000
            apart += float(np.abs(np.asarray(found.marginal((a, b))) - truth).sum()) / 2  # type: ignore[attr-defined]
        return apart / (len(data) - 1)

    assert error(model) <= error(alone) + 0.03


def test_more_budget_buys_more_pairs() -> None:
    data = chained(8, 3_000, linked=0.9)
    found = [pairs(learned(data, mu)[0]) for mu in (1e-3, 0.05, 2.0)]
    assert found == sorted(found) and found[0] == 0 and found[1] >= 5


def test_very_many_columns_are_learned_as_one_tree_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is lowered here; `benchmarks/wide.py` has 300 columns."""
    data = chained(14, 4_000, size=3)

    def passes() -> list[list[int]]:
        oracle, model = learned(data, 3.0)
        if len(data) > rounds.WIDE:
            assert all(len(clique) <= 2 for clique in model.beliefs.tree.cliques)
        return [orders for orders in oracle.passes if 2 in orders]

    assert len(passes()) > 1
    monkeypatch.setattr(rounds, "WIDE", 13)
    (tree,) = passes()
    assert len(tree) == 13


def scored(pairs_of: set[tuple[int, int]]) -> tuple[Estimator, Scores]:
    """Return a model of six columns, two halves without a path between them, and empty scores."""
    domain = Domain(attributes=tuple("abcdef"), sizes=(4,) * 6)
    coding = Coding(domain, Workload(), {name: np.full(4, 250.0) for name in "abcdef"})
    estimator = Estimator(coding.sizes)
    estimator.add([Evidence((i,), (None,), np.full(4, 0.25), np.full((), 1e-4)) for i in range(6)])
    for pair in pairs_of:
        even = np.full((4, 4), 1 / 16)
        estimator.add([Evidence(pair, (None, None), even, np.full((), 1e-4))])
    estimator.plant(build(coding.sizes, estimator.scopes, frozenset()))
    estimator.fit(50)
    return estimator, Scores(coding, Workload(), 1000.0)


def test_only_pairs_whose_table_moved_are_scored_again() -> None:
    """The oracle counts a gap once, by identity: what stands still is the same object."""
    estimator, scores = scored({(0, 1), (1, 2), (3, 4), (4, 5)})
    every = {(i, j) for i in range(6) for j in range(i + 1, 6)}
    options = {"stddev": 5.0, "scatter": 20.0, "toll": 0.0}
    before = dict(scores.update(estimator.beliefs, every, **options))
    again = dict(scores.update(estimator.beliefs, every, **options))
    assert all(again[pair] is before[pair] for pair in every)
    estimator.add([Evidence((0, 2), (None, None), np.eye(4) / 4, np.full((), 1e-5))])
    estimator.plant(build(estimator.sizes, estimator.scopes, frozenset()))
    estimator.fit(50)
    after = dict(scores.update(estimator.beliefs, every, **options))
    assert after[0, 2] is not before[0, 2]
    still = {pair for pair in every if after[pair] is before[pair]}
    assert still >= {(3, 4), (4, 5), (3, 5), (0, 3), (2, 5)}
    sharper = dict(scores.update(estimator.beliefs, every, **(options | {"stddev": 2.0})))
    assert all(sharper[pair] is not after[pair] for pair in every)


def test_a_pair_has_fewer_cells_the_more_noise_it_will_carry() -> None:
    domain = Domain(attributes=("a", "b"), sizes=(60, 40))
    coding = Coding(domain, Workload(), {"a": np.full(60, 50.0), "b": np.full(40, 75.0)})
    cells = []
    for deviation in (1.0, 10.0, 100.0, 1000.0):
        groups = coding.groups((0, 1), 3_000.0 / deviation)
        shape = [size if g is None else int(g.max()) + 1 for g, size in zip(groups, (60, 40))]
        cells.append(shape[0] * shape[1])
    assert cells[0] > 3 * cells[1] > 9 * cells[2] > 9 * cells[3] > 0


def test_the_same_answers_give_the_same_model() -> None:
    data = chained(8, 5_000)
    one, two = (learned(data, 0.5, seed=4)[1] for _ in range(2))
    for left, right in zip(one.beliefs.tables, two.beliefs.tables, strict=True):
        np.testing.assert_array_equal(left, right)


def test_the_engine_of_the_spec_is_the_one_of_the_recipe() -> None:
    data = chained(5, 2_000)
    oracle = Passes(Domain(attributes=tuple(data), sizes=(6,) * 5), data, Cost.of(0.25), seed=0)
    model = Marginal().fit(oracle, Workload(), oracle.left, SampleRng(0))
    same = learned(data, 0.5)[1]
    np.testing.assert_array_equal(model.marginal(("c0", "c3")), same.marginal(("c0", "c3")))
