"""Shares as integers: exact totals, nothing moved by more than a little, zeros stay, saved again the same."""

from __future__ import annotations

import numpy as np
import pytest

from synthspec.generators.dyadic import INSIDE, TABLE, shares_of, whole, whole_inside


def tables() -> list[np.ndarray]:
    rng = np.random.default_rng(4)
    sparse = rng.gamma(0.05, 1, (40, 30)) * (rng.random((40, 30)) < 0.3)
    tiny = np.append(np.ones(3), np.full(500, 1e-25))
    ends = np.array([0.0, 0.0, 0.3, 0.0, 0.7, 1e-17, 0.0, 0.0])
    return [rng.random(7), rng.random((3, 4, 5)), sparse, tiny, ends, np.array([1.0])]


@pytest.mark.parametrize("at", range(6))
def test_a_table_adds_up_exactly_and_keeps_its_zeros_and_its_support(at: int) -> None:
    table = tables()[at]
    found = whole(table)
    assert found.dtype == np.int64 and found.shape == table.shape
    assert int(found.sum()) == 1 << TABLE
    assert np.array_equal(found > 0, table > 0) and found.min() >= 0
    shares = shares_of(found)
    assert shares.sum() == 1.0 == shares.ravel()[::-1].sum()
    assert np.abs(shares - table / table.sum()).max() < table.size * 2.0**-49
    assert np.array_equal(whole(shares), found)


def test_inside_levels_each_adds_up_and_an_empty_one_stays_empty() -> None:
    rng = np.random.default_rng(0)
    level = rng.integers(0, 40, 500)
    level[:40] = np.arange(40)
    density = rng.gamma(0.1, 1, 500)
    density[level == 7] = 0.0
    density[level == 9] = np.append(1.0, np.full(int((level == 9).sum()) - 1, 1e-30))
    found = whole_inside(level, density)
    sums = np.bincount(level, weights=found)
    assert set(np.delete(sums, 7)) == {1 << INSIDE} and sums[7] == 0
    assert np.array_equal(found > 0, density > 0)
    assert np.array_equal(whole_inside(level, shares_of(found, INSIDE)), found)
    mass = np.bincount(level, weights=density)[level]
    far = np.abs(shares_of(found, INSIDE) - np.divide(density, mass, where=mass > 0, out=np.zeros(500)))
    assert far.max() < 500 * 2.0**-INSIDE


def test_shares_of_older_releases_are_taken_as_they_are() -> None:
    old = np.array([0.25, 0.3, 0.45])
    assert np.array_equal(shares_of(old), old)
