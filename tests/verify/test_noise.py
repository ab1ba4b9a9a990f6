"""The test of the noise: its degrees of freedom, its false alarms, its power in both directions."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import chi2

from synthspec.verify.standalone import LEVEL, Counted, chi_square, judged, quantile, residuals

SIZES = {"a": 4, "b": 3, "c": 5, "d": 2}


def tables(rng: np.random.Generator, *, grouped: bool, truth: np.ndarray | None = None) -> list[Counted]:
    """Return all pairs, two one-ways and a triple of one random table, with noise of deviation 3 to 6."""
    names = tuple(SIZES)
    whole = rng.integers(0, 50, tuple(SIZES.values())).astype(float) if truth is None else truth
    cliques = [("a",), ("b",), ("a",), *combinations(names, 2), ("a", "c", "d")]
    found = []
    for at, clique in enumerate(cliques):
        stddev = 3.0 + at % 4
        counts = whole.sum(axis=tuple(i for i, name in enumerate(names) if name not in clique))
        groups = [np.arange(SIZES[name]) for name in clique]
        if grouped and at % 2:
            groups[0] = (np.arange(SIZES[clique[0]]) + at) % 2
            counts = np.stack([counts[groups[0] == level].sum(axis=0) for level in (0, 1)])
        noisy = counts + rng.normal(0, stddev, counts.shape)
        found.append(Counted(clique, tuple(groups), noisy, stddev**2))
    return found


def dense(given: list[Counted]) -> tuple[float, int]:
    """Return residual and degrees of freedom by one least-squares problem over the whole table."""
    cells = np.indices(tuple(SIZES.values())).reshape(len(SIZES), -1)
    rows, target = [], []
    for each in given:
        places = [list(SIZES).index(name) for name in each.names]
        for cell in np.ndindex(each.values.shape):
            own = np.ones(cells.shape[1], dtype=bool)
            for place, group, level in zip(places, each.groups, cell, strict=True):
                own &= group[cells[place]] == level
            rows.append(own / np.sqrt(each.variance))
            target.append(each.values[cell] / np.sqrt(each.variance))
    matrix, wanted = np.array(rows), np.array(target)
    rank = int(np.linalg.matrix_rank(matrix))
    solution = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
    return float(((wanted - matrix @ solution) ** 2).sum()), len(wanted) - rank


def test_of_whole_codes_it_is_the_least_squares_of_everything_together() -> None:
    given = tables(np.random.default_rng(2), grouped=False)
    square, dof, left = residuals(given)
    whole, most = dense(given)
    assert (square, dof, left) == (pytest.approx(whole), most, 0)


def test_of_groups_it_is_a_part_of_the_least_squares_and_still_a_chi_square() -> None:
    found = [residuals(tables(np.random.default_rng(seed), grouped=True)) for seed in range(300)]
    whole, most = dense(tables(np.random.default_rng(0), grouped=True))
    (dof,) = {each[1] for each in found}
    assert 0.6 * most < dof <= most and found[0][0] <= whole * (1 + 1e-9)
    # 300 draws of a chi-square: mean and spread, each within 5 standard errors
    squares = np.array([each[0] for each in found])
    assert abs(squares.mean() - dof) < 5 * np.sqrt(2 * dof / 300)
    assert abs(squares.var() / (2 * dof) - 1) < 5 * np.sqrt(2 / 300 * 1.5)


def test_what_the_rows_are_does_not_matter() -> None:
    shape = tuple(SIZES.values())
    one = residuals(tables(np.random.default_rng(5), grouped=True, truth=np.zeros(shape)))
    two = residuals(tables(np.random.default_rng(5), grouped=True, truth=np.full(shape, 1e6)))
    assert one[0] == pytest.approx(two[0], rel=1e-5)


def test_its_chi_square_is_that_of_scipy() -> None:
    for dof in (1, 2, 7, 60, 500, 20_000):
        for share in (1e-6, 5e-5, 0.1, 0.5, 0.9, 1 - 5e-5):
            x = float(chi2.ppf(share, dof))
            assert chi_square(x, dof) == pytest.approx(share, rel=1e-7, abs=1e-12)
        assert quantile(1 - LEVEL / 2, dof) == pytest.approx(chi2.ppf(1 - LEVEL / 2, dof), rel=1e-7)


@pytest.mark.parametrize("wider", [1.0, 1.15])
def test_with_60_degrees_of_freedom_a_factor_of_2_is_seen_in_99_of_100_both_ways(wider: float) -> None:
    check = judged(60.0, 60, wider, "")
    assert check.outcome == "passed" and float(check.figures["power"]) >= 0.99
    assert judged(60.0 * 4, 60, wider, "").outcome == "failed"
    assert judged(60.0 / 4, 60, wider, "").outcome == "failed"
    assert judged(40.0, 40, wider, "").outcome == "could not have seen it"


@pytest.mark.parametrize(("factor", "caught"), [(1.0, (0, 6)), (2.0, (1980, 2000)), (0.5, (1980, 2000))])
def test_false_alarms_and_power_with_60_degrees_of_freedom_are_those_that_are_said(
    factor: float, caught: tuple[int, int]
) -> None:
    """2,000 times 13 counts of 5 codes each, 60 degrees of freedom: false alarms 1e-4, misses under 1 %.

    More than 6 alarms of 0.2 expected have probability 2e-9; more than 20 misses of at most 4, 1e-9.
    """
    rng = np.random.default_rng(11)
    failed = 0
    for _ in range(2000):
        given = [Counted(("a",), (np.arange(5),), rng.normal(100, 4 * factor, 5), 16.0) for _ in range(13)]
        square, dof, _ = residuals(given)
        assert dof == 60
        low, high = BAND
        failed += not low <= square <= high
    assert caught[0] <= failed <= caught[1]


BAND = (quantile(LEVEL / 2, 60), quantile(1 - LEVEL / 2, 60))


def test_two_totals_that_are_the_same_whole_number_are_no_finding() -> None:
    """Counts are whole: with noise of 6 rows two equal answers meet once in some 40 times, not in 10,000."""
    same = np.array([10.0, 20.0])
    one, two = (Counted((name,), (np.arange(2),), same, 36.0) for name in "ab")
    square, dof, _ = residuals([one, two])
    assert dof == 1 and square < 1e-20
    assert judged(square, dof, 1.0, "").outcome == "could not have seen it"
    assert judged(0.0, 8, 1.0, "").outcome == "failed"
    assert judged(30.0, 1, 1.0, "").outcome == "failed"
