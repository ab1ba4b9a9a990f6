"""Densities inside codes: what interpolation makes of shares, and what a measured histogram keeps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from synthspec.columns import Date, Density, Integer
from synthspec.columns.density import interpolated, slopes
from synthspec.columns.spread import Scale

BRACKETS = (0, 1, 500, 2_000, 10_000, 50_000)


def amounts(rows: int) -> np.ndarray:
    """Return incomes: half of them none, the rest a Pareto tail of index 1.5 from 500 on."""
    rng = np.random.default_rng(1)
    paid = np.minimum(500 * rng.random(rows) ** (-1 / 1.5), 1e6).astype(np.int64)
    return np.where(rng.random(rows) < 0.5, 0, paid)


def drawn(column: Integer, rows: np.ndarray, *, density: bool) -> np.ndarray:
    """Return values drawn anew inside the codes of `rows`."""
    codes = column.encode_physical(rows, np.zeros(len(rows), dtype=bool))
    shares = np.bincount(codes, minlength=column.size) / len(rows)
    made = column.shaped(shares) if density else column
    return made.decode(codes, np.random.default_rng(2))[0]


def test_a_heavy_tail_keeps_its_quantiles_inside_wide_brackets() -> None:
    """Seeded; 200,000 rows, so the 0.999 quantile has a standard error of 5 %; evenly, the mean doubles."""
    rows = amounts(200_000)
    column = Integer(name="income", lo=0, hi=10**6, cuts=BRACKETS, bins=None)
    at = [0.95, 0.99, 0.999]
    truth = np.quantile(rows, at)
    shaped, even = (np.quantile(drawn(column, rows, density=d), at) / truth for d in (True, False))
    assert np.abs(np.log(shaped)).max() < 0.2
    assert np.abs(np.log(even)).max() > 0.4
    assert abs(drawn(column, rows, density=True).mean() / rows.mean() - 1) < 0.15


def test_a_spike_beside_a_bin_does_not_tilt_it() -> None:
    shares = np.array([0.01, 0.9, 0.01, 0.01])
    assert slopes(np.ones(4), shares)[[1, 2]].tolist() == [0.0, 0.0]


def test_neighbours_without_mass_leave_a_bin_as_it_is() -> None:
    assert not slopes(np.ones(3), np.array([0.0, 1.0, 0.0])).any()
    assert not slopes(np.ones(3), np.array([1.0, 0.0, 0.0])).any()
    assert not slopes(np.ones(1), np.ones(1)).any()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=12),
    st.lists(st.floats(0, 1e6), min_size=12, max_size=12),
    st.sampled_from([0, 1, 100]),
    st.integers(-(10**6), 10**6),
)
def test_interpolation_moves_no_mass_between_cells(
    widths: list[int], masses: list[float], unit: int, lo: int
) -> None:
    cells = np.cumsum([0, *widths])
    mass = np.array(masses[: len(widths)])
    parts, finer = interpolated(cells, Scale(lo, 1, unit), mass)
    assert (np.diff(parts) > 0).all() and np.isin(cells, parts).all()
    assert np.isfinite(finer).all() and (finer >= 0).all()
    owner = np.searchsorted(cells, parts[:-1], side="right") - 1
    np.testing.assert_allclose(np.bincount(owner, weights=finer), mass, rtol=1e-9, atol=1e-300)


def test_even_shares_stay_even_on_a_linear_scale() -> None:
    column = Date(name="d", lo=0, hi=999, cuts=(0, 250, 500), bins=None)
    density = column.shaped(np.array([0.25, 0.25, 0.5])).density
    assert density is not None
    width = np.diff([*density.starts, 1000])
    np.testing.assert_allclose(
        np.array(density.shares),
        width / np.array([250, 250, 500])[np.searchsorted((250, 500), density.starts, side="right")],
        rtol=1e-9,
    )


def test_a_measured_density_decides_inside_a_bin() -> None:
    column = Integer(name="i", lo=0, hi=99, cuts=(0, 50), bins=None)
    fine = Density(starts=(0, 10, 20, 50, 90), shares=(0.0, 1.0, 0.0, 3.0, 1.0))
    made = column.model_copy(update={"density": fine}).shaped(np.array([0.2, 0.8]))
    values, _ = made.decode(np.repeat([0, 1], 4000), np.random.default_rng(0))
    assert ((values[:4000] >= 10) & (values[:4000] < 20)).all()
    assert abs((values[4000:] < 90).mean() - 0.75) < 0.05


def test_a_narrowed_column_forgets_a_density_of_another_grid() -> None:
    column = Integer(name="i", lo=0, hi=999).spread(10).shaped(np.arange(10.0))
    assert column.density is not None and column.narrowed(100, 200).density is None


@pytest.mark.parametrize(
    "bad",
    [
        {"starts": (), "shares": ()},
        {"starts": (1,), "shares": (1.0,)},
        {"starts": (0, 0), "shares": (1.0, 1.0)},
        {"starts": (0,), "shares": (-1.0,)},
        {"starts": (0,), "shares": (float("nan"),)},
        {"starts": (0, 5), "shares": (1.0,)},
    ],
)
def test_an_inconsistent_density_cannot_be_made(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Density.model_validate(bad)


def test_the_cells_of_a_density_lie_on_the_grid() -> None:
    with pytest.raises(ValidationError):
        Integer(
            name="i", lo=0, hi=4, cuts=(0, 2), bins=None, density=Density(starts=(0, 5), shares=(1.0, 1.0))
        )
