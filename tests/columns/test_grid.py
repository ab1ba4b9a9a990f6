"""Grids: bins are public, cover the domain once, and keep small amounts apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from synthspec.columns import Decimal, Float, Integer
from synthspec.columns.spread import MOST_CODES


@settings(max_examples=80, deadline=None)
@given(st.integers(-(10**7), 10**7), st.integers(0, 10**7), st.integers(1, 1000), st.integers(3, 200))
def test_default_bins_are_few_and_hold_every_grid_point_once(
    lo: int, width: int, step: int, bins: int
) -> None:
    column = Integer(name="x", lo=lo, hi=lo + width, step=step).spread(bins)
    starts = column.starts()
    assert starts[0] == 0 and starts[-1] == column.points
    assert (np.diff(starts) > 0).all()
    assert column.codes <= bins or column.points <= bins


def test_a_short_grid_has_one_code_per_value() -> None:
    assert Integer(name="x", lo=0, hi=127).spread().labels() == tuple(str(i) for i in range(128))


def test_zero_and_small_amounts_have_bins_of_their_own_in_a_wide_range() -> None:
    labels = Integer(name="gain", lo=0, hi=99_999).spread().labels()
    assert labels[:10] == tuple(str(i) for i in range(10))
    assert len(labels) <= MOST_CODES
    money = Decimal(name="m", lo=-5_000_000, hi=5_000_000, scale=2).spread()
    assert "0.00" in money.labels()


def test_a_range_of_one_decade_is_cut_evenly() -> None:
    widths = np.diff(Integer(name="w", lo=100, hi=999).spread().starts())
    assert widths.max() - widths.min() <= 1


def test_decoding_reaches_every_grid_point_of_a_bin_and_none_outside() -> None:
    column = Integer(name="x", lo=0, hi=29, step=3, cuts=(0, 4), bins=None)
    values, _ = column.decode(np.zeros(400, dtype=np.int64), np.random.default_rng(0))
    assert set(values.tolist()) == {0, 3, 6, 9}


def test_a_float_belongs_to_the_nearest_grid_point() -> None:
    column = Float(name="f", lo=0, hi=10, step=1, scale=1)
    values = np.array([0.04, 0.06, 0.3, 0.1 + 0.2, 1.0, 7.0, -1.0])
    np.testing.assert_array_equal(
        column.encode_physical(values, np.zeros(7, dtype=bool)), [0, 1, 3, 3, 10, 10, 0]
    )


def test_narrowing_stays_on_the_grid_and_covers_what_was_asked() -> None:
    column = Integer(name="x", lo=0, hi=100, step=10)
    smaller = column.narrowed(25, 61)
    assert (smaller.lo, smaller.hi) == (20, 70)
    assert column.narrowed(-50, 500) == column.spread(128)
    assert column.narrowed(40, 40).points == 1


def test_narrowing_keeps_edges_that_were_written_out() -> None:
    column = Integer(name="x", lo=0, hi=100, cuts=(0, 18, 65), bins=None)
    assert column.narrowed(10, 80).labels() == ("10..17", "18..64", "65..80")


@pytest.mark.parametrize(
    "bad",
    [
        {"lo": 5, "hi": 4},
        {"lo": 0, "hi": 9, "step": 0},
        {"lo": 0, "hi": 9, "cuts": (1, 2)},
        {"lo": 0, "hi": 9, "cuts": (0, 5, 5)},
        {"lo": 0, "hi": 9, "cuts": (0, 10)},
        {"lo": 0, "hi": 2**54},
    ],
)
def test_an_inconsistent_grid_cannot_be_made(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Integer.model_validate({"name": "x", **bad})


def test_a_million_values_decode_fast_enough_to_be_vectorised() -> None:
    column = Decimal(name="d", lo=0, hi=30_000_000, scale=2).spread()
    codes = np.random.default_rng(0).integers(0, column.size, 1_000_000)
    values, _ = column.decode(codes, np.random.default_rng(1))
    np.testing.assert_array_equal(column.encode_physical(values, np.zeros(len(codes), dtype=bool)), codes)


def test_every_point_of_a_bin_is_drawn_equally_often() -> None:
    """Seeded: 40,000 draws, 5 points, expected 8,000 each; the bound is 6 standard deviations (80 each)."""
    column = Integer(name="x", lo=0, hi=9, cuts=(0, 5), bins=None)
    values, _ = column.decode(np.zeros(40_000, dtype=np.int64), np.random.default_rng(7))
    assert np.abs(np.bincount(values.astype(np.int64), minlength=5) - 8000).max() < 480
