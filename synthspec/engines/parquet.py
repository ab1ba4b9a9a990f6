"""Parquet files as batches of typed columns; a column of another type is read through its text form.

Source: ours; PRIVACY 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from synthspec.engines.cells import Reader
from synthspec.engines.typed import in_range, read
from synthspec.terms.physical import DTYPES
from synthspec.terms.view import Field

BATCH = 131_072
"""Rows that are worked on at once."""
CELLS = 8_388_608
"""Values that are read at once."""
_LARGE = float(2**53)
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
_PER_DAY = {"day": 1, "ms": 86_400 * 10**3, "us": 86_400 * 10**6}


def names(path: Path) -> tuple[str, ...]:
    """Return the names of the columns."""
    return tuple(pl.read_parquet_schema(path))


def unreadable(path: Path, fields: Sequence[Field]) -> tuple[str, ...]:
    """Return the names of the fields whose type cannot come from the file's."""
    schema = pl.read_parquet_schema(path)
    return tuple(
        f.name for f in fields if f.origin in schema and not _can_give(schema[f.origin], f.type.name)
    )


def form(path: Path, origin: str) -> str:
    """Return how the values of a column are written as texts: one word for types that write alike.

    A number that is whole in one file (`1`) and a float in another (`1.0`) is two texts.
    """
    dtype = pl.read_parquet_schema(path)[origin]
    if dtype == pl.Null:
        return ""
    alike = dtype == pl.String or dtype.is_integer() or dtype.base_type() in (pl.Categorical, pl.Enum)
    return "text" if alike else str(dtype)


def batches(path: Path, origins: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Yield the columns `origins`, under the names "0", "1", ..., in batches of bounded memory.

    Slices, since a stream of batches holds whole row groups, and a file may be a single one.
    """
    scan = pl.scan_parquet(path, glob=False)
    rows = int(scan.select(pl.len()).collect().item())
    step = max(BATCH, CELLS // max(1, len(origins)) // BATCH * BATCH)
    for start in range(0, rows, step):
        part = scan.slice(start, step).select(pl.col(name).alias(str(i)) for i, name in enumerate(origins))
        frame = part.collect()
        for at in range(0, frame.height, BATCH):
            yield frame.slice(at, BATCH)


def texts(values: pl.Series) -> pl.Series:
    """Return the text form of any scalar column; of moments beyond the calendar, their number."""
    if values.dtype == pl.String:
        return values
    if not _is_moment(values.dtype):
        return values.cast(pl.String, strict=False)
    near = calendar(values)
    return near.cast(pl.String, strict=False).zip_with(
        near.is_not_null(), values.to_physical().cast(pl.String, strict=False)
    )


def calendar(values: pl.Series) -> pl.Series:
    """Return dates and moments of the years 1 to 9999, the others as null: polars panics on some."""
    unit = str(getattr(values.dtype, "time_unit", "day"))
    if unit == "ns":
        return values  # 64 bits of them end in 1677 and 2262
    per_day = _PER_DAY[unit]
    number = values.to_physical().cast(pl.Int64)
    inside = (number >= _FIRST_DAY * per_day) & (number < (_LAST_DAY + 1) * per_day)
    return values.set(~inside, None)


def _is_moment(dtype: pl.DataType) -> bool:
    return dtype == pl.Date or dtype.base_type() == pl.Datetime


def typed(values: pl.Series, reader: Reader) -> tuple[pl.Series, pl.Series]:
    """Return typed values and whether each is bad; as they are where the types agree."""
    if any(reader.nulls - {""}) or reader.labels:
        return read(texts(values), reader)
    dtype, name = values.dtype, reader.type.name
    if name in ("int", "bool", "date", "datetime") and _same(dtype, name):
        return _native(values, name)
    if name in ("float", "decimal") and dtype.is_float():
        return _real(values.cast(pl.Float64), reader)
    return read(texts(values), reader)


def _same(dtype: pl.DataType, name: str) -> bool:
    match name:
        case "int":
            return dtype.is_integer()
        case "bool":
            return dtype == pl.Boolean
        case "date":
            return dtype == pl.Date or dtype.base_type() == pl.Datetime
        case _:
            return dtype.base_type() == pl.Datetime


def _native(raw: pl.Series, name: str) -> tuple[pl.Series, pl.Series]:
    values = calendar(raw) if _is_moment(raw.dtype) else raw
    if values.dtype.base_type() == pl.Datetime:
        values = values.dt.replace_time_zone(None).dt.cast_time_unit("us")
        if name == "datetime":
            values = values.dt.truncate("1s")
    out = values.cast(DTYPES[name], strict=False)
    if name == "int":
        out = in_range(out)
    return out, out.is_null() & raw.is_not_null()


def _real(values: pl.Series, reader: Reader) -> tuple[pl.Series, pl.Series]:
    """Read floats: not a number is null, infinite is bad; a decimal is rounded half away from zero."""
    known = values.set(values.is_nan(), None)
    if reader.type.name == "float":
        out = known.set(known.is_infinite(), None)
    else:
        scaled = known * 10.0**reader.type.scale
        out = scaled.set(~(scaled.abs() < _LARGE), None).round().cast(pl.Int64)
    return out, out.is_null() & known.is_not_null()


def _can_give(dtype: pl.DataType, name: str) -> bool:
    if dtype in (pl.String, pl.Null) or dtype.base_type() in (pl.Categorical, pl.Enum):
        return True
    number = dtype.is_numeric()
    moment = dtype == pl.Date or dtype.base_type() == pl.Datetime
    match name:
        case "text":
            return number or moment or dtype in (pl.Boolean, pl.Time)
        case "int" | "float" | "decimal":
            return number
        case "bool":
            return dtype == pl.Boolean or dtype.is_integer()
        case _:
            return moment
