"""Columns of synthetic rows: codes to typed columns and back, and the form in which they are released.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.columns import Listed
from synthspec.errors import InternalError
from synthspec.plan.plan import PlannedColumn
from synthspec.terms.expr import Column
from synthspec.terms.physical import from_physical
from synthspec.terms.to_polars import to_polars


def decoded(codes: NDArray[np.integer], planned: PlannedColumn, rng: np.random.Generator) -> pl.Series:
    """Return the typed column that `codes` stand for, drawn on the public grid inside each code."""
    column = planned.column
    if column is None:
        raise InternalError("I330", f"`{planned.name}` is drawn but has no domain")
    values, null = column.decode(codes, rng)
    if isinstance(column, Listed) and column.type.name == "text":
        series = pl.Series(column.listed(), dtype=pl.String).gather(pl.Series(values.astype(np.uint32)))
    else:
        series = from_physical(pl.Series(values), column.type)
    if null.any():
        series = series.set(pl.Series(null), None)
    return series.alias(planned.name)


def encoded(frame: pl.DataFrame, planned: PlannedColumn) -> NDArray[np.int64]:
    """Return the codes of a typed column, by the expression that codes private rows; outside counts as 0."""
    column = planned.column
    if column is None:
        raise InternalError("I330", f"`{planned.name}` is conditioned on but has no codes")
    code = to_polars(column.encode(Column(name=planned.name, type=planned.type))).cast(pl.Int64).fill_null(0)
    values = frame.select(code.alias("code"))["code"].to_numpy()
    return np.where((values < 0) | (values >= column.size), 0, values).astype(np.int64)


def released(frame: pl.DataFrame, columns: Sequence[PlannedColumn]) -> pl.DataFrame:
    """Return the columns in the plan's order with the dtypes of a released table; decimals as decimals."""
    return frame.select(_released(column) for column in columns if not column.hidden)


def typed(frame: pl.DataFrame, columns: Sequence[PlannedColumn]) -> pl.DataFrame:
    """Return released columns as expressions read them, and hidden ones: the inverse of `released`."""
    parts = []
    for column in columns:
        if column.hidden:
            continue
        scale, value = column.type.scale, pl.col(column.name)
        if column.type.name == "decimal":
            value = (value * 10**scale).cast(pl.Int64)
        parts.append(value.alias(column.name))
    made = [column for column in columns if column.from_source is not None]
    return frame.select(parts).with_columns(
        to_polars(column.from_source).alias(column.name) for column in made if column.from_source is not None
    )


def _released(column: PlannedColumn) -> pl.Expr:
    value = pl.col(column.name)
    if column.type.name != "decimal":
        return value
    scale = column.type.scale
    exact = value.cast(pl.Decimal(38, scale))
    return (exact / 10**scale).cast(pl.Decimal(38, scale)).alias(column.name) if scale else exact
