"""Convergence of the fit: the duality gap, extrapolation, long reference runs, and incremental trees."""

from __future__ import annotations

import numpy as np
import pytest

from synthspec.generators.pgm.calibrate import calibrate
from synthspec.generators.pgm.estimate import TOLERANCE, Estimator, Evidence
from synthspec.generators.pgm.extrapolate import ahead
from synthspec.generators.pgm.infer import marginal
from synthspec.generators.pgm.tree import build

SIZES = (4, 3, 5, 3, 4)
PAIRS = ((0, 1), (1, 2), (0, 2), (2, 3), (3, 4), (1, 3))


def problem(seed: int, *, exact: bool = False, loose: float = 0.002) -> Estimator:
    """Return a fit with noisy pairs that contradict each other, and one-ways that may be exact."""
    rng = np.random.default_rng(seed)
    truth = rng.dirichlet(np.full(int(np.prod(SIZES)), 0.2)).reshape(SIZES)
    estimator = Estimator(SIZES)
    axes = range(len(SIZES))
    for a in axes:
        shares = truth.sum(axis=tuple(i for i in axes if i != a))
        tau = np.zeros(()) if exact else np.full((), loose)
        estimator.add([Evidence((a,), (None,), shares, tau)])
    for pair in PAIRS:
        table = truth.sum(axis=tuple(i for i in axes if i not in pair))
        noisy = table + rng.normal(0, 0.02, table.shape)
        estimator.add([Evidence(pair, (None, None), noisy, np.full((), loose))])
    estimator.plant(build(SIZES, estimator.scopes))
    return estimator


@pytest.mark.parametrize("seed", range(2))
def test_the_gap_bounds_the_distance_to_a_long_reference_run(seed: int) -> None:
    """KL to the optimum is at most the gap, and total variation at most the root of half of it."""
    reference = problem(seed, loose=0.01)
    reference.fit(3_000, 1e-12)
    assert reference.lack() < 1e-9
    best, full = reference.objective(), tuple(range(len(SIZES)))
    optimum = marginal(reference.beliefs, full)
    for gap in (1.0, 0.1, 0.01, 1e-4):
        estimator = problem(seed, loose=0.01)
        estimator.fit(1_000, 1e-13, gap=gap)
        lack = estimator.lack()
        assert lack <= gap
        assert -1e-9 <= best - estimator.objective() <= lack + 1e-9
        apart = float(np.abs(marginal(estimator.beliefs, full) - optimum).sum()) / 2
        assert apart <= (lack / 2) ** 0.5 + 1e-9


def counted(estimator: Estimator) -> list[float]:
    """Return a list that gets an entry per sweep."""
    sweeps: list[float] = []
    plain = estimator._sweep

    def sweep(tolerance: float) -> float:
        sweeps.append(tolerance)
        return plain(tolerance)

    estimator._sweep = sweep  # type: ignore[method-assign]
    return sweeps


def test_a_fit_ends_as_soon_as_it_has_come_as_near_as_was_asked() -> None:
    """The nearer, the more sweeps, and none beyond the stated criterion."""
    used = []
    for gap in (1.0, 0.1, 1e-3, 0.0):
        estimator = problem(0, loose=0.001)
        sweeps = counted(estimator)
        estimator.fit(500, 1e-13, gap=gap)
        assert estimator.lack() <= max(gap, 1e-9)
        used.append(len(sweeps))
    assert used == sorted(used) and used[0] < used[2] < used[3]


def test_a_fit_ends_where_no_block_moves_or_sweeps_are_used_up() -> None:
    estimator = problem(0, loose=0.01)
    sweeps = counted(estimator)
    assert estimator.fit(3, 1e-13) > TOLERANCE and len(sweeps) == 3
    assert estimator.fit(2_000) <= TOLERANCE and len(sweeps) < 1_000


@pytest.mark.parametrize("exact", [False, True])
def test_extrapolated_sweeps_come_nearer_than_as_many_plain_ones(exact: bool) -> None:
    far, near = [], []
    for seed in range(4):
        plain, fast = problem(seed, exact=exact), problem(seed, exact=exact)
        for _ in range(8):
            plain.fit(5, 1e-13)  # too few for a jump
        fast.fit(40, 1e-13)
        far.append(plain.lack())
        near.append(fast.lack())
    assert np.mean(near) < np.mean(far) / 3


def test_a_jump_never_raises_the_dual_objective() -> None:
    for seed in range(6):
        estimator = problem(seed, loose=0.0005)
        estimator.fit(3, 1e-13)
        path = [estimator._factors()]
        for _ in range(6):
            estimator._sweep(1e-13)
            path.append(estimator._factors())
        before = estimator._dual(estimator._potentials(estimator.beliefs.tree))
        estimator._leap(path)
        assert estimator._dual(estimator._potentials(estimator.beliefs.tree)) <= before


def test_a_linear_crawl_is_jumped_to_its_end() -> None:
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    shrink = turn @ np.diag([0.99, 0.9, 0.5, 0.1, 0.0]) @ turn.T
    end = rng.normal(size=5)
    path = [end + rng.normal(size=5)]
    for _ in range(6):
        path.append(end + shrink @ (path[-1] - end))
    np.testing.assert_allclose(ahead(path), end, atol=1e-2)
    assert np.abs(path[-1] - end).max() > 0.3


@pytest.mark.parametrize("seed", range(6))
def test_a_grafted_tree_holds_what_the_factors_say(seed: int) -> None:
    rng = np.random.default_rng(seed)
    estimator = problem(seed, loose=0.02)
    for _ in range(4):
        estimator.fit(9, 1e-13)
        before = estimator.beliefs
        scope = tuple(sorted(rng.choice(len(SIZES), size=2, replace=False).tolist()))
        shape = [SIZES[a] for a in scope]
        noisy = np.full(shape, 1 / np.prod(shape)) + rng.normal(0, 0.01, shape)
        estimator.add([Evidence(scope, (None, None), noisy, np.full((), 0.02))])
        tree = build(SIZES, estimator.scopes)
        estimator.plant(tree)
        kept = [t for c, t in zip(tree.cliques, estimator.beliefs.tables) if c in before.tree.cliques]
        assert all(any(table is old for old in before.tables) for table in kept)
        again = calibrate(tree, estimator._potentials(tree)[0])
        for one, two in zip(estimator.beliefs.tables, again.tables):
            np.testing.assert_allclose(one, two, atol=1e-12)
        for one, two in zip(estimator.beliefs.separators, again.separators):
            np.testing.assert_allclose(one, two, atol=1e-12)


def test_replaced_evidence_and_new_masks_start_from_the_factors() -> None:
    estimator = problem(0)
    estimator.fit(9)
    estimator.evidence[0] = Evidence((0,), (None,), np.full(4, 0.25), np.full((), 0.01))
    estimator.plant(estimator.beliefs.tree)
    again = calibrate(estimator.beliefs.tree, estimator._potentials(estimator.beliefs.tree)[0])
    np.testing.assert_allclose(estimator.beliefs.tables[0], again.tables[0], atol=1e-12)
    possible = np.ones((4, 3), dtype=bool)
    possible[1, 2] = False
    estimator.masks.append(((0, 1), possible))
    estimator.plant(estimator.beliefs.tree)
    assert marginal(estimator.beliefs, (0, 1))[1, 2] == 0.0
