"""Denoising of one-ways: wavelets and their reach for ordered columns, shrinking for nominal ones.

Statistical bounds are over seeded draws with wide margins: the effects are several times as large.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from synthspec.generators.haar import denoise, reach
from synthspec.generators.oneways import project
from synthspec.generators.shrink import shrink

Array = NDArray[np.float64]


def noisy(counts: Array, stddev: float, seed: int) -> Array:
    """Return counts with normal noise."""
    return counts + np.random.default_rng(seed).normal(0, stddev, len(counts))


def off(one: Array, two: Array) -> float:
    """Return the total variation in shares of `two`."""
    return float(np.abs(one - two).sum() / (2 * two.sum()))


def test_a_reach_covers_what_stands_out_and_leaves_empty_ends() -> None:
    counts = np.zeros(128)
    counts[5:60] = 400.0
    for seed in range(20):
        found = reach(noisy(counts, 30.0, seed), 30.0)
        assert found.start <= 6 and 59 <= found.stop <= 96


def test_a_long_faint_tail_is_found_by_longer_runs() -> None:
    """Cells at one deviation each: none stands out alone, sixteen together do."""
    counts = np.concatenate([np.full(20, 1000.0), np.full(44, 30.0), np.zeros(64)])
    ends = [reach(noisy(counts, 30.0, seed), 30.0).stop for seed in range(20)]
    assert min(ends) >= 45 and max(ends) <= 100


def test_where_nothing_stands_out_all_cells_stay() -> None:
    assert reach(noisy(np.zeros(64), 10.0, 1), 1e6) == slice(0, 64)
    assert reach(np.array([5.0]), 1.0) == slice(0, 1)
    assert reach(np.zeros(8), 0.0) == slice(0, 8)


def test_a_spike_at_the_last_cell_is_kept() -> None:
    counts = np.zeros(100)
    counts[[0, 99]] = 900.0
    found = reach(noisy(counts, 30.0, 2), 30.0)
    assert (found.start, found.stop) == (0, 100)


def test_the_largest_rows_of_an_amount_are_not_made_of_noise() -> None:
    """Half zeros, the rest log-normal, bins over seven decades: the mean of all rows, median of 20 fits."""
    rng = np.random.default_rng(0)
    values = np.where(rng.random(30_000) < 0.5, 0.0, np.exp(rng.normal(6, 1, 30_000)))
    edges = np.append(0.0, np.geomspace(1, 1e7, 128))
    counts = np.histogram(values, np.append(edges, 1e8))[0].astype(np.float64)
    middle = np.append(np.append(0.0, np.sqrt(edges[1:-1] * edges[2:])), 3e7)
    truth = float(counts @ middle)
    with_, without = [], []
    for seed in range(20):
        seen = noisy(counts, 30.0, seed)
        plain = project(denoise(seen, 30.0), counts.sum())
        kept = np.zeros(len(plain))
        kept[reach(seen, 30.0)] = plain[reach(seen, 30.0)]
        kept *= counts.sum() / kept.sum()
        without.append(float(plain @ middle) / truth)
        with_.append(float(kept @ middle) / truth)
    assert np.median(np.abs(np.log(with_))) < 0.3
    assert np.median(np.abs(np.log(without))) > 2.0


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.floats(-1e4, 1e6), min_size=1, max_size=40),
    st.sampled_from([0.0, 0.5, 10.0, 1e4, np.inf]),
    st.sampled_from([1.0, 50.0, 1e5]),
)
def test_shrunk_counts_are_a_distribution_of_the_total(
    counts: list[float], stddev: float, total: float
) -> None:
    out = shrink(np.array(counts), stddev, total)
    assert out.shape == (len(counts),)
    assert (out >= 0).all() and np.isfinite(out).all()
    assert out.sum() == pytest.approx(total)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-100, 400), min_size=2, max_size=40))
@example([109.0, 120.0])
def test_shrinking_keeps_the_order_of_counts(counts: list[float]) -> None:
    order = np.argsort(counts, kind="stable")
    out = shrink(np.array(counts), 20.0, 1000.0)[order]
    assert (np.diff(out) >= -1e-6 * 1000).all()


@pytest.mark.parametrize(
    ("cells", "stddev", "factor"), [(100, 100.0, 0.5), (1_000, 20.0, 0.5), (10_000, 20.0, 0.4)]
)
def test_cells_under_the_noise_share_evenly_what_they_hold(cells: int, stddev: float, factor: float) -> None:
    """A tenth of the rows in three clear cells, the rest spread evenly: against projection alone."""
    counts = np.full(cells, 36_000.0 / cells)
    counts[:3] += 4_000 / 3
    better = []
    for seed in range(5):
        seen = noisy(counts, stddev, seed)
        better.append(off(shrink(seen, stddev, 40_000.0), counts) / off(project(seen, 40_000.0), counts))
    assert np.mean(better) < factor


def test_clear_counts_are_left_alone() -> None:
    counts = np.array([9000.0, 5000.0, 3000.0, 2000.0, 1000.0, 500.0, 300.0, 200.0])
    seen = noisy(counts, 5.0, 1)
    np.testing.assert_allclose(shrink(seen, 5.0, seen.sum()), seen, rtol=1e-9)


def test_mostly_empty_lists_get_fewer_invented_values() -> None:
    """Ninety of a hundred values never occur; projection lets noise through, shrinking half as much."""
    counts = np.zeros(100)
    counts[:10] = 4000.0
    shares = []
    for seed in range(10):
        seen = noisy(counts, 20.0, seed)
        shares.append([f[10:].sum() for f in (shrink(seen, 20.0, 40_000.0), project(seen, 40_000.0))])
    mean = np.mean(shares, axis=0)
    assert mean[0] < 0.7 * mean[1]
