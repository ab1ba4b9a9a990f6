"""Broken: which rows of a typed frame break which rule; unknown is not broken.

Source: SQL:2016, CHECK constraints (a row fails only when the condition is false).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.rules import AnyRule, Determines, NoOverlap, Unique
from synthspec.terms.expr import Expr
from synthspec.terms.to_polars import to_polars

Mask = NDArray[np.bool_]


def broken_rows(frame: pl.DataFrame, conditions: Mapping[str, Expr]) -> dict[str, Mask]:
    """Return, per condition, the rows in which it is false; shape (rows,) each."""
    if not conditions:
        return {}
    masks = frame.select(
        (~to_polars(condition)).fill_null(value=False).alias(str(i))
        for i, condition in enumerate(conditions.values())
    )
    return {name: _mask(masks[str(i)], frame.height) for i, name in enumerate(conditions)}


def true_rows(frame: pl.DataFrame, condition: Expr) -> Mask:
    """Return the rows in which `condition` is true: unknown is not enough; shape (rows,)."""
    mask = frame.select(to_polars(condition).fill_null(value=False).alias("true"))
    return _mask(mask["true"], frame.height)


def row_conditions(rules: Sequence[AnyRule], *, enforced_only: bool) -> dict[str, Expr]:
    """Return the conditions of the row rules by name."""
    found = {}
    for rule in rules:
        expression = rule.row_expression()
        if expression is not None and (rule.enforce == "always" or not enforced_only):
            found[rule.name] = expression
    return found


def copies(frame: pl.DataFrame, rule: Unique) -> Mask:
    """Return the rows whose key an earlier row has; a key with a null is no key (as in SQL)."""
    key = [pl.col(name) for name in rule.over]
    again = ~pl.struct(key).is_first_distinct() & ~pl.any_horizontal(column.is_null() for column in key)
    return _mask(frame.select(again.alias("again"))["again"], frame.height)


def overlapping(frame: pl.DataFrame, rule: NoOverlap) -> Mask:
    """Return the rows that start before the latest end of the rows before them in their unit."""
    start, end, unit = pl.col(rule.start), pl.col(rule.end), pl.col(rule.per)
    known = frame.with_row_index("\x00at").filter(
        start.is_not_null() & end.is_not_null() & unit.is_not_null() & (pl.len().over(rule.per) > 1)
    )
    latest = end.cum_max().shift(1).over(rule.per).alias("\x00latest")
    before = known.sort(rule.per, rule.start, rule.end).with_columns(latest)
    mask = np.zeros(frame.height, dtype=np.bool_)
    mask[before.filter(start < pl.col("\x00latest"))["\x00at"].to_numpy()] = True
    return mask


def undetermined(frame: pl.DataFrame, rule: Determines) -> Mask:
    """Return the rows for which another row has the same `by` and other `determined` values."""
    kinds = pl.struct(rule.determined).n_unique().over(rule.by)
    return _mask(frame.select((kinds > 1).alias("again"))["again"], frame.height)


def _mask(series: pl.Series, rows: int) -> Mask:
    values = series.to_numpy().astype(np.bool_)
    return np.repeat(values, rows) if len(values) == 1 and rows != 1 else values
