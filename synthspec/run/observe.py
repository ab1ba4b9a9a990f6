"""observe: what a table holds, exactly; not private, for the loud path of `init --from-data` only.

Nothing here is noised or charged: the caller has made a person type that they know.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synthspec.errors import SourceError

MOST_VALUES = 50
"""Columns with more distinct texts get no list."""


@dataclass(frozen=True)
class Observed:
    """One column as it is: ends for ordered types, values for texts, whether some are null."""

    name: str
    type: str
    low: str | None
    high: str | None
    values: tuple[str, ...]
    nulls: bool


def observe(path: str) -> tuple[Observed, ...]:
    """Return what the columns of a CSV or Parquet file hold.

    Raises:
        SourceError: D450, when it cannot be read.
    """
    import polars as pl

    file = Path(path)
    frame = None
    try:
        if file.suffix.lower() in (".parquet", ".pq"):
            frame = pl.read_parquet(file)
        else:
            frame = pl.read_csv(file, try_parse_dates=True, infer_schema_length=None)
    except Exception:
        frame = None  # its text may quote rows, so nothing of it is kept
    if frame is None:
        raise SourceError(
            "D450", f"`{path}` cannot be read as a table", helps=("give a CSV or a Parquet file",)
        )
    return tuple(_column(frame.get_column(name)) for name in frame.columns)


def _column(column: object) -> Observed:
    import polars as pl

    assert isinstance(column, pl.Series)
    nulls = column.null_count() > 0
    dtype = column.dtype
    if dtype == pl.Boolean:
        return Observed(column.name, "bool", None, None, (), nulls)
    kind = _kind(dtype)
    if kind is None:
        distinct = column.drop_nulls().cast(pl.String).unique().sort()
        values = tuple(distinct) if len(distinct) <= MOST_VALUES else ()
        return Observed(column.name, "category", None, None, values, nulls)
    low, high = column.min(), column.max()
    if kind == "datetime":
        low, high = (None if end is None else str(end)[:10] for end in (low, high))
    ends = tuple(None if end is None else str(end) for end in (low, high))
    return Observed(column.name, kind, ends[0], ends[1], (), nulls)


def _kind(dtype: object) -> str | None:
    import polars as pl

    assert isinstance(dtype, pl.DataType)
    if dtype.is_integer():
        return "int"
    if dtype.is_numeric():
        return "float"
    if dtype == pl.Date:
        return "date"
    return "datetime" if isinstance(dtype, pl.Datetime) else None
