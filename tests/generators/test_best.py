"""The most probable row, by enumeration."""

from __future__ import annotations

import numpy as np
import pytest

from synthspec.generators.pgm.best import most_probable
from synthspec.generators.pgm.factor import spread
from synthspec.generators.pgm.infer import probability
from tests.generators.test_pgm import random_model


@pytest.mark.parametrize("seed", range(40))
def test_the_most_probable_row_is_the_maximum_of_the_joint_under_evidence(seed: int) -> None:
    beliefs, joint, _ = random_model(seed)
    rng = np.random.default_rng(seed)
    full = tuple(range(joint.ndim))
    chosen = rng.choice(joint.ndim, size=int(rng.integers(0, joint.ndim + 1)), replace=False)
    likelihood = {int(a): rng.random(joint.shape[a]) for a in chosen}
    weighted = joint
    for attribute, weights in likelihood.items():
        weighted = weighted * spread(weights, (attribute,), full)
    row, value = most_probable(beliefs, likelihood)
    assert set(row) == set(full)
    if weighted.max() == 0:
        assert value == -np.inf
        return
    assert np.exp(value) == pytest.approx(weighted.max(), rel=1e-9)
    assert weighted[tuple(row[a] for a in full)] == pytest.approx(weighted.max(), rel=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_the_probability_of_a_whole_row_is_its_cell_and_of_an_impossible_one_zero(seed: int) -> None:
    beliefs, joint, _ = random_model(seed)
    for cell in np.ndindex(*joint.shape):
        certain = {a: np.eye(joint.shape[a])[code] for a, code in enumerate(cell)}
        assert probability(beliefs, certain) == pytest.approx(joint[cell], abs=1e-9)
        if joint[cell] > 0:
            assert most_probable(beliefs, certain)[0] == dict(enumerate(cell))
