"""Physical values as polars columns: the dtypes that `to_polars` expects, and the way there and back.

Imported by engines and by draw only, since it imports polars.
"""

from __future__ import annotations

import polars as pl

from synthspec.terms.types import Type

DTYPES: dict[str, pl.DataType] = {
    "bool": pl.Boolean(),
    "int": pl.Int64(),
    "decimal": pl.Int64(),
    "float": pl.Float64(),
    "text": pl.String(),
    "null": pl.String(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
}


def from_physical(values: pl.Series, type_: Type) -> pl.Series:
    """Return physical values (see terms/types.py) in the dtype of `type_`."""
    if type_.name == "datetime":
        return (values.cast(pl.Int64) * 1_000_000).cast(pl.Datetime("us"))
    if type_.name == "date":
        return values.cast(pl.Int32).cast(pl.Date)
    return values.cast(DTYPES[type_.name])


def to_physical(values: pl.Series, type_: Type) -> pl.Series:
    """Return the physical values of a typed column: Int64, Float64 or String."""
    if type_.name == "datetime":
        return values.cast(pl.Int64) // 1_000_000
    if type_.name in ("float", "text", "null"):
        return values
    return values.cast(pl.Int32).cast(pl.Int64) if type_.name == "date" else values.cast(pl.Int64)
