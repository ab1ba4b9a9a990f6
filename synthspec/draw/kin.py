"""Kin: which values of a column of very many values belong together, as far as the spec tells; public.

A column looked up or derived from such a column alone (the chapter of a diagnosis, the district of a
postcode) says it; where there is none, the first characters of the values do: codes are made that way.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.columns import AnyColumn, Category
from synthspec.plan.plan import PlannedColumn
from synthspec.terms.to_polars import to_polars
from synthspec.terms.walk import columns_of, has_window

MANY = 128
"""Columns of fewer values need no kinds: each value can be a level."""

MOST_KINDS = 64

Labels = NDArray[np.int64]


def kin_of(columns: Sequence[PlannedColumn], mine: Mapping[str, AnyColumn]) -> dict[str, Labels]:
    """Return the kind of each code of the columns in `mine` that have very many values."""
    out = {}
    for name, column in mine.items():
        if isinstance(column, Category) and len(column.values) > MANY:
            kinds = _parents(columns, column)
            kinds = _prefixes(column.values) if kinds is None else kinds
            if kinds is not None:
                gap = [int(kinds.max()) + 1] if column.missing else []
                out[name] = np.append(kinds, np.array(gap, dtype=np.int64))
    return out


def _parents(columns: Sequence[PlannedColumn], column: Category) -> Labels | None:
    """Return the kinds by the computed column that tells the most of them apart, up to a limit."""
    frame = pl.DataFrame({column.name: pl.Series(column.values, dtype=pl.String)})
    best: Labels | None = None
    for other in columns:
        value = other.value
        if other.role != "computed" or value is None or columns_of(value) != (column.name,):
            continue
        if has_window(value):
            continue
        found = frame.select(to_polars(value).alias("kind"))["kind"]
        kinds = found.rank("dense").fill_null(0).cast(pl.Int64).to_numpy()
        best = _better(best, kinds)
    return best


def _prefixes(values: Sequence[str]) -> Labels | None:
    best: Labels | None = None
    for length in range(1, max(map(len, values)) + 1):
        kinds = np.unique([value[:length] for value in values], return_inverse=True)[1].astype(np.int64)
        if kinds.max() >= MOST_KINDS:
            break
        best = _better(best, kinds)
    return best


def _better(best: Labels | None, kinds: Labels) -> Labels | None:
    many = len(np.unique(kinds))
    if not 1 < many <= MOST_KINDS:
        return best
    return kinds if best is None or many >= len(np.unique(best)) else best
