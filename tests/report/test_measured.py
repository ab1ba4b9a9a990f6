from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from synthspec.generators.base import Model
from synthspec.generators.models import load_model
from synthspec.release.release import Measurement, Release, SavedModel
from synthspec.report.measured import compare, grouped, total
from synthspec.terms.query import Axis
from tests.release.example import empty
from tests.release.stand_in import independent

SHARES = {"a": np.array([0.5, 0.3, 0.2]), "b": np.array([0.6, 0.4])}


def rebuild(saved: SavedModel) -> Model:
    return load_model(saved.facts, saved.arrays)


def measured(truth: np.ndarray, stddev: float, seed: int) -> Release:
    """Return a release with one measurement of a x b around `truth` and a product model."""
    noise = np.rint(np.random.default_rng(seed).normal(0, stddev, truth.size))
    values = (np.rint(truth.ravel()) + noise).astype(np.int64)
    axes = (Axis("a", 3), Axis("b", 2))
    base = empty(private=True)
    return Release(
        plan=base.plan,
        columns=(),
        models=(independent(SHARES),),
        measurements=(Measurement("e0000", "stay", axes, values, stddev),),
    )


def test_a_right_model_differs_by_noise_only() -> None:
    """Mean chi-square per cell over 200 seeded draws: 1 +- 0.2 (5 sd); half the noise would give 0.25."""
    truth = np.outer(SHARES["a"], SHARES["b"]) * 10_000
    found = [compare(measured(truth, 30, seed), rebuild)[0] for seed in range(200)]
    assert np.mean([c.chi2 / c.cells for c in found]) == pytest.approx(1, abs=0.2)
    assert np.mean([c.seen for c in found]) == pytest.approx(found[0].noise, rel=0.15)


def test_a_wrong_model_is_seen() -> None:
    truth = np.array([[5000, 0], [1000, 2000], [0, 2000]])
    (found,) = compare(measured(truth, 30, 1), rebuild)
    assert found.z > 100 and found.excess > 0.2


def test_levels_are_summed_as_a_loop_would() -> None:
    table = np.arange(24, dtype=float).reshape(2, 3, 4)
    levels = np.array([1, 0, 1, 1])
    axes = (Axis("x", 2), Axis("y", 2, np.array([0, 0, 1])), Axis("z", 2, levels))
    wanted = np.zeros((2, 2, 2))
    for i, j, k in product(range(2), range(3), range(4)):
        wanted[i, (0, 0, 1)[j], levels[k]] += table[i, j, k]
    assert np.array_equal(grouped(table, axes), wanted)


def test_totals_are_weighed_by_precision() -> None:
    precise = Measurement("e0000", "g", (Axis("a", 2),), np.array([60, 40]), 1.0)
    vague = Measurement("e0001", "g", (Axis("b", 8),), np.full(8, 50), 100.0)
    found = total((precise, vague))
    assert found is not None
    assert found.value == pytest.approx(100, abs=0.02)
    assert found.stddev == pytest.approx(2**0.5, rel=1e-3)
    assert found.events == ("e0000", "e0001")
    assert total(()) is None
