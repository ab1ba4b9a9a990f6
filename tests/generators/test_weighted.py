"""A weighted tree model is the enumerated joint times the factors, for any levels and any structure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.generators.pgm.calibrate import Beliefs, calibrate
from synthspec.generators.pgm.tree import build
from synthspec.generators.tree_model import TreeModel
from synthspec.generators.weighted import Factor, evidence, weighted
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Domain

NAMES = ("a", "b", "c", "d")


def model_of(seed: int, given_names: tuple[str, ...] = ()) -> TreeModel:
    """Return a random tree model over four attributes; two have levels of several codes."""
    rng = np.random.default_rng(seed)
    sizes = (4, 3, 5, 2)
    levels = (np.array([0, 1, 1, 0]), np.arange(3), np.array([0, 0, 1, 2, 2]), np.arange(2))
    densities = []
    for level in levels:
        share = rng.random(len(level)) + 0.05
        densities.append(share / np.bincount(level, weights=share)[level])
    last = tuple(NAMES.index(name) for name in given_names)
    tree = build([int(level.max()) + 1 for level in levels], [(0, 1), (1, 2), (2, 3)], last)
    tables = [rng.random([tree.sizes[a] for a in clique]) ** 3 for clique in tree.cliques]
    return TreeModel(
        Domain(attributes=NAMES, sizes=sizes),
        frozenset(given_names),
        levels,
        tuple(densities),
        calibrate(tree, tables),
    )


def joint(model: TreeModel) -> np.ndarray:
    """Return the full table over codes."""
    return model.marginal(NAMES)


def factors_of(seed: int) -> list[Factor]:
    """Return factors that no clique holds, with zeros among them."""
    rng = np.random.default_rng(seed + 1)
    return [
        (("d", "a"), (rng.random((2, 4)) < 0.6).astype(float)),
        (("c",), rng.random(5)),
    ]


def enumerated(model: TreeModel, factors: list[Factor]) -> np.ndarray:
    """Return the joint times the factors, not normalised."""
    table = joint(model)
    for clique, values in factors:
        places = [NAMES.index(name) for name in clique]
        order = sorted(range(len(places)), key=places.__getitem__)
        shape = [1] * 4
        for place in places:
            shape[place] = table.shape[place]
        table = table * np.transpose(values, order).reshape(shape)
    return table


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_weighting_is_the_enumerated_product_and_its_mean_the_probability(seed: int) -> None:
    model, factors = model_of(seed), factors_of(seed)
    wanted = enumerated(model, factors)
    found = weighted(model, factors)
    assert found is not None
    if wanted.sum() == 0:
        assert found[1] == -np.inf
        return
    assert np.exp(found[1]) == pytest.approx(wanted.sum(), rel=1e-9)
    np.testing.assert_allclose(joint(found[0]), wanted / wanted.sum(), atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), names=st.sampled_from([("a",), ("b", "d"), ("a", "c")]))
def test_evidence_is_the_mean_of_the_factors_given_each_row(seed: int, names: tuple[str, ...]) -> None:
    model, factors = model_of(seed, names), factors_of(seed)
    others = tuple(i for i, name in enumerate(NAMES) if name not in names)
    mass = joint(model).sum(axis=others)
    wanted = enumerated(model, factors).sum(axis=others) / mass
    found = evidence(model, factors)
    assert found is not None
    value = np.ones([model.domain.size(name) for name in names])
    for clique, table in found:
        axes = [names.index(name) for name in clique]
        order = sorted(range(len(axes)), key=axes.__getitem__)
        shape = [1] * len(names)
        for axis in axes:
            shape[axis] = value.shape[axis]
        value = value * np.transpose(table, order).reshape(shape)
    np.testing.assert_allclose(value, wanted, atol=1e-9)


def test_a_condition_of_tiny_probability_is_met_by_every_row_without_rejection() -> None:
    model = model_of(3)
    tables = [np.array(t) for t in model.beliefs.tables]
    tables[0][..., 0] *= 1e-9
    rare = TreeModel(
        model.domain,
        model.given,
        model.levels,
        model.densities,
        calibrate(model.beliefs.tree, Beliefs(model.beliefs.tree, tables, []).tables),
    )
    one = (joint(rare) > 0) & (joint(rare) == joint(rare)[joint(rare) > 0].min())
    codes = [int(axis[0]) for axis in np.nonzero(one)]
    condition: list[Factor] = []
    for name, code in zip(NAMES, codes, strict=True):
        table = np.zeros(rare.domain.size(name))
        table[code] = 1.0
        condition.append(((name,), table))
    found = weighted(rare, condition)
    assert found is not None
    assert found[1] < np.log(1e-8)
    drawn = found[0].sample(1000, SampleRng(0, "rare"))
    for name, code in zip(NAMES, codes, strict=True):
        assert (drawn.columns[name] == code).all()


def test_a_conditional_model_keeps_each_given_row_and_obeys_the_condition() -> None:
    model = model_of(11, ("a",))
    found = weighted(model, [(("a", "b"), np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]], float))])
    assert found is not None
    rows = 4000
    held = np.repeat(np.arange(4), rows // 4)
    codes = Codes(model.domain.project(("a",)), {"a": held})
    drawn = found[0].sample(rows, SampleRng(1, "given"), codes).columns["b"]
    assert (drawn[held == 0] == 0).all()
    assert (drawn[held == 1] == 1).all()
    assert (drawn[held == 2] == 2).all()
    assert set(drawn[held == 3].tolist()) == {0, 1}


def test_an_impossible_condition_says_so_and_leaves_only_codes_that_it_allows() -> None:
    model = model_of(5)
    tables = [np.array(t) for t in model.beliefs.tables]
    tree = model.beliefs.tree
    for table, clique in zip(tables, tree.cliques, strict=True):
        if 0 in clique:
            np.moveaxis(table, clique.index(0), 0)[0] = 0.0
    never = TreeModel(model.domain, model.given, model.levels, model.densities, calibrate(tree, tables))
    gone = [(("a",), np.array([1.0, 0.0, 0.0, 0.0]))]
    assert never.marginal(("a",))[0] == 0.0
    found = weighted(never, gone)
    assert found is not None
    assert found[1] == -np.inf
    np.testing.assert_allclose(found[0].marginal(("a",)), [1, 0, 0, 0], atol=1e-12)
