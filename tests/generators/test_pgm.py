"""Exactness of the factor algebra, junction trees, inference and conditioning, by enumeration."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
from numpy.typing import NDArray

from synthspec.generators.pgm.calibrate import Beliefs, calibrate
from synthspec.generators.pgm.estimate import Estimator, Evidence
from synthspec.generators.pgm.factor import collapse, spread
from synthspec.generators.pgm.infer import all_pairs, marginal, probability
from synthspec.generators.pgm.sample import Step, draw, plan
from synthspec.generators.pgm.tree import JunctionTree, build, growth

Table = NDArray[np.float64]


def random_model(seed: int) -> tuple[Beliefs, Table, frozenset[int]]:
    """Return a small random model with zeros, its joint by brute force, and given attributes."""
    rng = np.random.default_rng(seed)
    while True:
        count = int(rng.integers(1, 8))
        sizes = tuple(int(s) for s in rng.integers(1, 5, count))
        scopes = [
            tuple(sorted(rng.choice(count, size=min(count, int(rng.integers(1, 4))), replace=False).tolist()))
            for _ in range(int(rng.integers(0, 7)))
        ]
        chosen = rng.choice(count, size=int(rng.integers(0, count)), replace=False) if seed % 2 else []
        given = frozenset(int(a) for a in chosen)
        tree = build(sizes, scopes, given)
        assert all(tree.host(scope) is not None for scope in scopes)
        potentials = []
        for clique in tree.cliques:
            shape = [sizes[a] for a in clique]
            potentials.append(rng.random(shape) * (rng.random(shape) > 0.2))
        joint = np.ones(sizes)
        for clique, potential in zip(tree.cliques, potentials):
            joint = joint * spread(potential, clique, tuple(range(count)))
        if joint.sum() > 0:
            return calibrate(tree, potentials), joint / joint.sum(), given


def runs_through(tree: JunctionTree) -> bool:
    """Return whether the cliques of each attribute hang together."""
    for attribute in range(len(tree.sizes)):
        tops = [
            i
            for i in tree.hosts[attribute]
            if tree.parents[i] < 0 or attribute not in tree.cliques[tree.parents[i]]
        ]
        if len(tops) != 1:
            return False
    return True


@pytest.mark.parametrize("seed", range(40))
def test_every_marginal_equals_the_sum_of_the_joint(seed: int) -> None:
    beliefs, joint, _ = random_model(seed)
    full = tuple(range(joint.ndim))
    assert runs_through(beliefs.tree)
    for order in range(joint.ndim + 1):
        for scope in itertools.combinations(full, order):
            np.testing.assert_allclose(marginal(beliefs, scope), collapse(joint, full, scope), atol=1e-9)


@pytest.mark.parametrize("seed", range(40))
def test_all_pairs_come_once_each_and_exact(seed: int) -> None:
    beliefs, joint, _ = random_model(seed)
    full = tuple(range(joint.ndim))
    found: dict[tuple[int, int], Table] = {}

    def sink(a: int, b: int, table: Table) -> None:
        assert (a, b) not in found
        found[a, b] = table

    all_pairs(beliefs, sink)
    assert set(found) == set(itertools.combinations(full, 2))
    for pair, table in found.items():
        np.testing.assert_allclose(table, collapse(joint, full, pair), atol=1e-9)


@pytest.mark.parametrize("seed", range(40))
def test_the_probability_of_evidence_is_the_mean_of_the_likelihood(seed: int) -> None:
    beliefs, joint, _ = random_model(seed)
    rng = np.random.default_rng(seed)
    full = tuple(range(joint.ndim))
    chosen = rng.choice(joint.ndim, size=int(rng.integers(0, joint.ndim + 1)), replace=False)
    likelihood = {int(a): rng.random(joint.shape[a]) for a in chosen}
    weighted = joint
    for attribute, weights in likelihood.items():
        weighted = weighted * spread(weights, (attribute,), full)
    assert probability(beliefs, likelihood) == pytest.approx(weighted.sum(), abs=1e-9)


def law_of(steps: tuple[Step, ...], sizes: tuple[int, ...]) -> Table:
    """Return the product of the conditionals of `steps`."""
    full = tuple(range(len(sizes)))
    law = np.ones(sizes)
    for step in steps:
        axes = (*step.old, *step.new)
        shares = np.diff(step.cumulative, axis=1, prepend=0).reshape([sizes[a] for a in axes])
        scope = tuple(sorted(axes))
        law = law * spread(np.transpose(shares, [axes.index(a) for a in scope]), scope, full)
    return law


@pytest.mark.parametrize("seed", range(60))
def test_the_steps_multiply_to_the_joint_with_and_without_given_attributes(seed: int) -> None:
    beliefs, joint, given = random_model(seed)
    full = tuple(range(joint.ndim))
    np.testing.assert_allclose(law_of(plan(beliefs), joint.shape), joint, atol=1e-9)
    conditional = law_of(plan(beliefs, given), joint.shape)
    weights = collapse(joint, full, given)
    np.testing.assert_allclose(conditional * spread(weights, tuple(sorted(given)), full), joint, atol=1e-9)


def test_growth_bounds_what_a_new_pair_adds_and_is_zero_inside_a_clique() -> None:
    tree = build((3, 4, 5, 2), [(0, 1), (1, 2)])
    added = growth(tree)
    assert added[0, 1] == 0
    assert added[0, 2] == 3 * 4 * 5
    assert added[0, 3] == 3 * 2
    assert build((3, 4, 5, 2), [(0, 1), (1, 2), (0, 2)]).cells <= tree.cells + added[0, 2]


def test_siblings_of_one_parent_are_independent_given_it() -> None:
    """Children dealt in row order move in lockstep (0.65 in total variation on this chain).

    Under independence the total variation of 4 x 4 x 3 cells at 60,000 rows is about 0.01; the
    seeds are fixed.
    """
    rng = np.random.default_rng(5)
    sizes = (4, 3, 4)
    tree = build(sizes, [(0, 1), (1, 2)])
    beliefs = calibrate(tree, [rng.random([sizes[a] for a in c]) + 0.2 for c in tree.cliques])
    rows = 60_000
    drawn = draw(plan(beliefs), {}, rows, np.random.default_rng(1), {})
    index = np.ravel_multi_index([drawn[a].astype(np.int64) for a in range(3)], sizes)
    shares = np.bincount(index, minlength=48).reshape(sizes) / rows
    assert np.abs(shares - marginal(beliefs, (0, 1, 2))).sum() / 2 < 0.02


def test_systematic_draws_meet_the_root_marginal_to_one_row_per_batch() -> None:
    beliefs = calibrate(build((7,), []), [np.arange(7.0)])
    drawn = draw(plan(beliefs), {}, 10_000, np.random.default_rng(0), {})[0]
    assert np.all(np.abs(np.bincount(drawn, minlength=7) - 10_000 * np.arange(7) / 21) < 1.0001)
    assert not np.any(drawn == 0), "an impossible code was drawn"
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.05, "the rows are not shuffled"


def noisy_problem(seed: int) -> Estimator:
    rng = np.random.default_rng(seed)
    sizes = (3, 4, 2, 5)
    estimator = Estimator(sizes)
    truth = rng.dirichlet(np.ones(120) * 0.3).reshape(sizes)
    for scope in ((0, 1), (1, 2), (2, 3), (0, 2), (3,)):
        target = collapse(truth, (0, 1, 2, 3), scope)
        target = target + rng.normal(0, 0.03, target.shape)
        estimator.add([Evidence(scope, (None,) * len(scope), target, np.full((), 0.01))])
    grouped = np.array([0, 0, 1, 1, 2])
    target = np.add.reduceat(collapse(truth, (0, 1, 2, 3), (0, 3)), [0, 2, 4], axis=1)
    estimator.add([Evidence((0, 3), (None, grouped), target, np.full((), 0.01))])
    estimator.plant(build(sizes, estimator.scopes))
    return estimator


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_is_stationary_and_no_neighbour_is_better(seed: int) -> None:
    """At the optimum theta = (y - p) / tau, and the joint is exp of the sum of the factors."""
    estimator = noisy_problem(seed)
    estimator.fit(2000, 1e-10)
    logs = np.zeros((3, 4, 2, 5))
    for each in estimator.evidence:
        current = estimator.current(each)
        np.testing.assert_allclose(each.theta, (each.target - current) / each.tau, atol=1e-5)
        logs = logs + spread(each.fine(each.theta), each.scope, (0, 1, 2, 3))
    joint = np.exp(logs - logs.max())
    joint /= joint.sum()
    np.testing.assert_allclose(marginal(estimator.beliefs, (0, 1, 2, 3)), joint, atol=1e-6)

    def objective(p: Table) -> float:
        value = -float((p * np.log(p)).sum())
        for each in estimator.evidence:
            table = each.coarse(collapse(p, (0, 1, 2, 3), each.scope))
            value -= float(((table - each.target) ** 2 / (2 * each.tau)).sum())
        return value

    best = objective(joint)
    assert estimator.objective() == pytest.approx(best, abs=1e-6)
    rng = np.random.default_rng(seed)
    for _ in range(50):
        other = joint * np.exp(rng.normal(0, 0.02, joint.shape))
        assert objective(other / other.sum()) < best


def test_a_warm_start_on_a_new_tree_keeps_the_joint() -> None:
    estimator = noisy_problem(0)
    estimator.fit(2000, 1e-10)
    before = marginal(estimator.beliefs, (0, 1, 2, 3))
    estimator.plant(build(estimator.sizes, [*estimator.scopes, (1, 3)]))
    np.testing.assert_allclose(marginal(estimator.beliefs, (0, 1, 2, 3)), before, atol=1e-6)


def test_known_marginals_are_met_exactly_and_masked_cells_stay_empty() -> None:
    estimator = Estimator((3, 3, 2))
    known = np.array([[0.2, 0.1, 0.0], [0.1, 0.2, 0.1], [0.0, 0.1, 0.2]])
    estimator.add([Evidence((0, 1), (None, None), known, np.zeros(()))])
    noisy = np.array([[0.3, 0.1], [0.2, 0.2], [-0.1, 0.3]])
    estimator.add([Evidence((1, 2), (None, None), noisy, np.full((), 0.02))])
    possible = np.ones((3, 2), dtype=bool)
    possible[1, 0] = False
    estimator.masks.append(((0, 2), possible))
    estimator.plant(build((3, 3, 2), estimator.scopes))
    estimator.fit(500, 1e-12)
    np.testing.assert_allclose(marginal(estimator.beliefs, (0, 1)), known, atol=1e-8)
    assert marginal(estimator.beliefs, (0, 2))[1, 0] == 0.0


@pytest.mark.parametrize("seed", [0, 1])
def test_marginals_agree_with_pgmpy(seed: int) -> None:
    pytest.importorskip("pandas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        factors = pytest.importorskip("pgmpy.factors.discrete")
        models = pytest.importorskip("pgmpy.models")
        inference = pytest.importorskip("pgmpy.inference")
        rng = np.random.default_rng(seed)
        sizes = (2, 3, 2, 4, 3)
        scopes = [(0, 1), (1, 2), (2, 3), (1, 3), (3, 4)]
        tables = [rng.random([sizes[a] for a in s]) + 0.1 for s in scopes]
        kind = getattr(models, "DiscreteMarkovNetwork", None) or models.MarkovNetwork
        network = kind([(str(a), str(b)) for a, b in scopes])
        for scope, table in zip(scopes, tables):
            names = [str(a) for a in scope]
            network.add_factors(factors.DiscreteFactor(names, table.shape, table.ravel()))
        tree = build(sizes, scopes)
        potentials = [np.ones([sizes[a] for a in c]) for c in tree.cliques]
        for scope, table in zip(scopes, tables):
            host = tree.host(scope)
            assert host is not None
            potentials[host] = potentials[host] * spread(table, scope, tree.cliques[host])
        beliefs = calibrate(tree, potentials)
        engine = inference.VariableElimination(network)
        for pair in itertools.combinations(range(5), 2):
            answer = engine.query([str(a) for a in pair], show_progress=False)
            order = [answer.variables.index(str(a)) for a in pair]
            other = np.transpose(answer.values, order) / answer.values.sum()
            np.testing.assert_allclose(marginal(beliefs, pair), other, atol=1e-9)
