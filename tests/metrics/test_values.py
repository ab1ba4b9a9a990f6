from __future__ import annotations

import numpy as np
import pytest

from synthspec.metrics.association import Association, cramers_v
from synthspec.metrics.coverage import Coverage
from synthspec.metrics.hellinger import Hellinger
from synthspec.metrics.tvd import Tvd


def test_known_values_of_total_variation() -> None:
    assert Tvd().score(np.array([1, 1]), np.array([1, 0])) == 0.5
    assert Tvd().score(np.array([3, 1, 0]), np.array([1, 1, 2])) == 0.5
    assert Tvd().score(np.array([1, 0]), np.array([0, 9])) == 1


def test_noise_below_nothing_counts_as_nothing() -> None:
    assert Tvd().score(np.array([5, -3]), np.array([9, 0])) == 0
    assert Tvd().score(np.array([-1, -3]), np.array([2, 2])) == 0


def test_known_values_of_hellinger() -> None:
    assert Hellinger().score(np.array([1, 0]), np.array([0, 1])) == 1
    assert Hellinger().score(np.array([1, 1]), np.array([1, 0])) == pytest.approx((1 - 0.5**0.5) ** 0.5)


def test_known_values_of_cramers_v() -> None:
    assert cramers_v(np.diag([0.5, 0.5])) == pytest.approx(1)
    assert cramers_v(np.full((2, 3), 1 / 6)) == pytest.approx(0, abs=1e-9)
    assert cramers_v(np.array([[0.5, 0.5], [0, 0]])) == 0
    assert cramers_v(np.array([[0.4, 0.1], [0.1, 0.4]])) == pytest.approx(0.6)
    assert Association().score(np.diag([5, 5]), np.ones((2, 2))) == pytest.approx(1)
    assert Association().score(np.ones(3), np.array([1, 0, 0])) == 0


def test_coverage_counts_the_cells_above_the_floor() -> None:
    assert Coverage().score(np.array([5, 1, 0]), np.array([1, 0, 0])) == 0.5
    assert Coverage(floor=0.2).score(np.array([5, 1, 0]), np.array([1, 0, 0])) == 1
    assert Coverage().score(np.zeros(3), np.zeros(3)) == 1
    assert Coverage(floor=0.9).score(np.array([1, 1]), np.array([0, 0])) == 1
