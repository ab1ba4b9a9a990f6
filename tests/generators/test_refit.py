"""Refit: where a fit sets out from when it has a stored model, and when that does not help."""

from __future__ import annotations

import numpy as np
import pytest

from synthspec.generators.pgm.estimate import Evidence
from synthspec.generators.pgm.tree import build
from synthspec.generators.refit import Continued

SIZES = (5, 5, 5, 5)
PAIRS = ((0, 1), (1, 2), (2, 3), (0, 3), (0, 2))


def estimator() -> Continued:
    """Return noisy pairs that contradict each other, planted and not fitted."""
    rng = np.random.default_rng(3)
    joint = rng.dirichlet(np.full(625, 0.1)).reshape(SIZES)
    made = Continued(SIZES)
    for pair in PAIRS:
        others = tuple(axis for axis in range(4) if axis not in pair)
        noisy = joint.sum(axis=others) + rng.normal(0, 0.004, (5, 5))
        made.add([Evidence(pair, (None, None), noisy, np.full((), 2e-4))])
    made.plant(build(SIZES, PAIRS, ()))
    return made


def test_a_fit_that_sets_out_from_an_earlier_one_is_at_its_optimum_at_once() -> None:
    first = estimator()
    first.fit(400, 1e-12)
    factors = np.concatenate([each.theta.ravel() for each in first.evidence])
    again, cold = estimator(), estimator()
    again.begin(factors, 2, 0.0)
    cold.fit(4)
    assert again.lack() < 1e-6 < 1e-2 * cold.lack()


@pytest.mark.parametrize("seed", range(3))
def test_factors_that_lead_away_are_not_followed(seed: int) -> None:
    again, cold = estimator(), estimator()
    again.begin(np.random.default_rng(seed).choice([-30.0, 30.0], 125), 2, 0.0)
    cold.fit(2)
    for one, other in zip(again.beliefs.tables, cold.beliefs.tables, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
