"""Text columns to typed columns, in bulk; equal, cell by cell, to `engines.cells` (tested).

Typed columns have the dtypes that `terms.to_polars` expects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

import polars as pl

from synthspec.engines.cells import BLANKS, FALSE, TRUE, Physical, Reader
from synthspec.terms.functions import INT_LIMIT
from synthspec.terms.physical import DTYPES, from_physical
from synthspec.terms.types import Type

_LARGE = float(2**40)


def read(texts: pl.Series, reader: Reader) -> tuple[pl.Series, pl.Series]:
    """Return the typed values of `texts` and whether each is bad, as `Reader.read` would."""
    stripped = texts.str.strip_chars(BLANKS)
    if reader.nulls:
        stripped = _where(stripped.is_in(sorted(reader.nulls)).fill_null(True), None, stripped)
    if reader.labels:
        stripped = stripped.replace(list(reader.labels), list(reader.labels.values()))
    values = _values(stripped, reader)
    return values, values.is_null() & stripped.is_not_null()


def in_range(values: pl.Series) -> pl.Series:
    """Return the integers that the language has: all but the least of 64 bits."""
    return values.set(values < -INT_LIMIT, None)


def _values(texts: pl.Series, reader: Reader) -> pl.Series:
    match reader.type.name:
        case "text" | "null":
            return texts
        case "bool":
            return _bool(texts)
        case "int":
            return _rest(texts, in_range(texts.cast(pl.Int64, strict=False)), reader)
        case "float":
            return _float(texts, reader)
        case "decimal":
            return _decimal(texts, reader)
        case "date":
            return _day(texts) if reader.format is None else _by_value(texts, reader)
        case "datetime":
            return _by_value(texts, reader)
    assert_never(reader.type.name)


def _bool(texts: pl.Series) -> pl.Series:
    lower = texts.str.to_lowercase()
    return _where(
        lower.is_in(list(TRUE)), True, _where(lower.is_in(list(FALSE)), False, _nothing(texts, "bool"))
    )


def _float(texts: pl.Series, reader: Reader) -> pl.Series:
    pointed = texts.str.replace_all(",", ".", literal=True) if reader.comma else texts
    values = pointed.cast(pl.Float64, strict=False)
    return _where(values.is_finite().fill_null(False), values, _nothing(texts, "float"))


def _decimal(texts: pl.Series, reader: Reader) -> pl.Series:
    """Use floating point where it cannot be wrong: far from a tie and with digits to spare."""
    pointed = texts.str.replace_all(",", ".", literal=True) if reader.comma else texts
    scaled = pointed.cast(pl.Float64, strict=False) * 10.0**reader.type.scale
    near = scaled.round()
    sure = scaled.is_finite() & (scaled.abs() < _LARGE) & ((scaled - near).abs() < 0.499)
    return _rest(texts, _where(sure.fill_null(False), near, _nothing(texts, "float")).cast(pl.Int64), reader)


def _day(texts: pl.Series) -> pl.Series:
    days = _where(texts.str.len_bytes() == 10, texts, None).str.to_date("%Y-%m-%d", strict=False)
    return _where(days.dt.year() >= 1, days, None)


def _rest(texts: pl.Series, quick: pl.Series, reader: Reader) -> pl.Series:
    """Return `quick`, with the texts that it left out read one by one."""
    if quick.null_count() == texts.null_count():
        return quick
    left = _where(quick.is_null(), texts, None)
    slow = _by_value(left, reader)
    return _where(quick.is_null(), slow, quick)


def _by_value(texts: pl.Series, reader: Reader) -> pl.Series:
    """Read each distinct text once, in plain Python."""
    return _mapped(texts, reader.value, reader.type)


def _mapped(texts: pl.Series, value: Callable[[str], Physical | None], type_: Type) -> pl.Series:
    words = texts.drop_nulls().unique()
    if not len(words):
        return _nothing(texts, type_.name)
    read_once = from_physical(
        pl.Series([value(word) for word in words], dtype=pl.Int64 if type_.name != "float" else pl.Float64),
        type_,
    )
    table = pl.DataFrame({"text": words, "value": read_once})
    return pl.DataFrame({"text": texts}).join(table, on="text", how="left", maintain_order="left")["value"]


def _nothing(texts: pl.Series, name: str) -> pl.Series:
    return pl.Series([None], dtype=DTYPES[name]).new_from_index(0, len(texts))


def _where(mask: pl.Series, then: pl.Series | bool | None, otherwise: pl.Series | bool | None) -> pl.Series:
    frame = pl.select(pl.when(mask).then(pl.lit(then)).otherwise(pl.lit(otherwise)).alias("_"))
    return frame["_"]
