"""Late: columns over windows computed on a whole table, and columns computed anew after a change.

Source: SQL:2003, window functions.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import assert_never

import polars as pl

from synthspec.plan.plan import PlannedColumn
from synthspec.terms.expr import Case, Cast, Expr, IsNull, Literal_, Window
from synthspec.terms.to_polars import to_polars
from synthspec.terms.walk import columns_of, rebuild, walk


def with_late(frame: pl.DataFrame, late: Sequence[PlannedColumn]) -> pl.DataFrame:
    """Return the frame with the late columns computed."""
    windows = {node.partition for column in late for node in walk_all(column) if isinstance(node, Window)}
    single = frozenset(name for name in windows if frame[name].n_unique() == frame.height)
    for column in late:
        if column.value is not None:
            value = _single(column.value, single)
            frame = frame.with_columns(to_polars(value).alias(column.name))
    return frame


def walk_all(column: PlannedColumn) -> tuple[Expr, ...]:
    """Return the expression that a column is computed by, and everything below it."""
    return () if column.value is None else tuple(walk(column.value))


def _single(expr: Expr, single: frozenset[str]) -> Expr:
    """Return `expr` with each window over units of one row replaced by its value there: much faster."""
    if not isinstance(expr, Window) or expr.partition not in single:
        return rebuild(expr, lambda child: _single(child, single))
    arg = expr.args[0]
    match expr.function:
        case "lag":
            return Literal_(text=None, type=expr.type)
        case "count":
            one, none = (Literal_(text=text, type=expr.type) for text in ("1", "0"))
            return Case(branches=((IsNull(arg=arg), none),), otherwise=one, type=expr.type)
        case "sum" | "min" | "max":
            return arg if arg.type == expr.type else Cast(arg=arg, type=expr.type)
    assert_never(expr.function)


def recomputed(
    frame: pl.DataFrame, computed: Sequence[PlannedColumn], changed: Collection[str]
) -> pl.DataFrame:
    """Return the frame with every column computed anew that comes from a changed one.

    Args:
        frame: with new values in the `changed` columns.
        computed: computed columns, each after those it reads.
        changed: their names.
    """
    touched = set(changed)
    for column in computed:
        if column.value is not None and touched & set(columns_of(column.value)):
            frame = frame.with_columns(to_polars(column.value).alias(column.name))
            touched.add(column.name)
    return frame
