"""On the grid: typed values of ordered columns as grid integers, and back.

Source: ours; the grid is that of columns/grid.py.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.columns import Float, Ordered
from synthspec.terms.physical import from_physical, to_physical


def to_grid(series: pl.Series, column: Ordered) -> NDArray[np.int64]:
    """Return the grid integer nearest to each value; `lo` where it is null; shape (rows,)."""
    physical = to_physical(series, column.type)
    if isinstance(column, Float):
        values = physical.to_numpy().astype(np.float64) * float(column.unit)
        whole = np.rint(np.where(np.isfinite(values), values, column.lo))
        return whole.astype(np.int64)
    return physical.fill_null(column.lo).to_numpy().astype(np.int64)


def from_grid(grid: NDArray[np.int64], null: NDArray[np.bool_], column: Ordered) -> pl.Series:
    """Return typed values of grid integers, null where `null`."""
    series = from_physical(pl.Series(column.physical(grid)), column.type)
    return series.set(pl.Series(null), None) if null.any() else series


def off_grid(series: pl.Series, column: Ordered) -> NDArray[np.bool_]:
    """Return which values are no point of the column's grid, beyond its ends included; nulls are not."""
    grid = to_grid(series, column)
    wrong = (grid < column.lo) | (grid > column.hi) | ((grid - column.lo) % column.step != 0)
    if isinstance(column, Float):
        exact = column.physical(grid).astype(np.float64)
        value = series.to_numpy().astype(np.float64)
        wrong |= ~np.isclose(value, exact, rtol=1e-12, atol=1e-9 / column.unit)
    return np.asarray(wrong & series.is_not_null().to_numpy())
