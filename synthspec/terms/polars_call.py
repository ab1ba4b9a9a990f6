"""Polars call: the functions of the closed list as native polars expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthspec.terms.expr import Call, Literal_
from synthspec.terms.functions import CLOCK_UNITS, FIRST_DAY, LAST_DAY
from synthspec.terms.polars_numbers import finite, fit, remainder, rounded
from synthspec.terms.types import FLOAT, Type
from synthspec.terms.walk import columns_of

if TYPE_CHECKING:
    import polars as pl

_SECONDS = {"hour": 3600, "minute": 60, "second": 1}
_DAY = 86_400_000_000
_MICRO = 1_000_000


def call(expr: Call, args: list[pl.Expr]) -> pl.Expr:
    """Return a function of the closed list applied to `args`."""
    import polars as pl

    first, type_ = args[0], expr.args[0].type
    match expr.function:
        case "coalesce":
            return pl.coalesce(args)
        case "least" | "greatest":
            constant = [not columns_of(arg) for arg in expr.args]
            ordered = sorted(range(len(args)), key=lambda i: constant[i])
            return _extreme(expr.function, [args[i] for i in ordered])
        case "nullif":
            # a constant stands on the right of a comparison, see to_polars
            equal = first == args[1] if columns_of(expr.args[0]) else args[1] == first
            return pl.when(equal.fill_null(False).not_()).then(first)
        case "round":
            digits = _constant(expr, 1) if len(args) > 1 else 0
            return rounded(first, type_, digits, expr.type)
        case "mod":
            return remainder(first, args[1])
        case "abs":
            return first.abs()
        case "sign":
            return pl.when(first > 0).then(1).when(first < 0).then(-1).when(first == 0).then(0).cast(pl.Int64)
        case "floor" | "ceil":
            return _whole(expr.function, first, type_, expr.type)
        case "power":
            return finite(first.pow(args[1]))
        case "sqrt":
            return finite(first.sqrt())
        case "ln":
            return finite(first.log())
        case "exp":
            return finite(first.exp())
        case "concat":
            return pl.concat_str(args, ignore_nulls=False)
        case "length" | "lower" | "upper" | "trim" | "starts_with" | "ends_with" | "contains" | "substr":
            return _text(expr, args)
        case "date_diff":
            return _date_diff(str(getattr(expr.args[0], "text", "")), args[1], args[2])
        case "date_add":
            return _date_add(str(getattr(expr.args[0], "text", "")), args[1], args[2], expr.type)
        case "age_years":
            return _age_years(first, args[1])
        case "hour":
            return first.dt.hour().cast(pl.Int64)
        case "year" | "quarter" | "month" | "day" | "weekday":
            parts = {
                "year": first.dt.year(),
                "quarter": first.dt.quarter(),
                "month": first.dt.month(),
                "day": first.dt.day(),
                "weekday": first.dt.weekday(),
            }
            return parts[expr.function].cast(pl.Int64)
    raise ValueError(f"`{expr.function}` is not a function")


def _constant(expr: Call, position: int) -> int:
    arg = expr.args[position]
    assert isinstance(arg, Literal_) and arg.text is not None
    return int(arg.text)


def _extreme(name: str, args: list[pl.Expr]) -> pl.Expr:
    """Return the smallest or largest that is not null, for any ordered type; constants come last."""
    import polars as pl

    found = args[0]
    for arg in args[1:]:
        better = found > arg if name == "least" else found < arg
        found = pl.when(found.is_null() | better).then(pl.coalesce(arg, found)).otherwise(found)
    return found


def _whole(name: str, value: pl.Expr, source: Type, target: Type) -> pl.Expr:
    import polars as pl

    if source == FLOAT:
        real = value.floor() if name == "floor" else value.ceil()
        return fit(pl.when(real.abs() <= 2.0**63).then(real).cast(pl.Int128), target)
    if not source.scale:
        return value
    tens = 10**source.scale
    below: pl.Expr = value // tens
    if name == "ceil":
        below = below + (value % tens != 0).cast(pl.Int64)
    return below


def _text(expr: Call, args: list[pl.Expr]) -> pl.Expr:
    import polars as pl

    first = args[0]
    match expr.function:
        case "length":
            return first.str.len_chars().cast(pl.Int64)
        case "lower":
            return first.str.to_lowercase()
        case "upper":
            return first.str.to_uppercase()
        case "trim":
            return first.str.strip_chars(" ")
        case "starts_with":
            return first.str.starts_with(args[1])
        case "ends_with":
            return first.str.ends_with(args[1])
        case "contains":
            return first.str.contains(args[1], literal=True)
        case _:
            length = _constant(expr, 2) if len(args) > 2 else None
            return first.str.slice(_constant(expr, 1) - 1, length)


def _days(value: pl.Expr) -> pl.Expr:
    import polars as pl

    return value.cast(pl.Int32).cast(pl.Int64)


def _months(value: pl.Expr) -> pl.Expr:
    import polars as pl

    return value.dt.year().cast(pl.Int64) * 12 + value.dt.month().cast(pl.Int64) - 1


def _date_diff(unit: str, first: pl.Expr, second: pl.Expr) -> pl.Expr:
    import polars as pl

    match unit:
        case "year":
            return second.dt.year().cast(pl.Int64) - first.dt.year().cast(pl.Int64)
        case "month":
            return _months(second) - _months(first)
        case "week":
            return (_days(second) + 3) // 7 - (_days(first) + 3) // 7
        case "day":
            return _days(second) - _days(first)
        case _:
            step = _SECONDS[unit] * _MICRO
            return second.cast(pl.Int64) // step - first.cast(pl.Int64) // step


def _date_add(unit: str, count: pl.Expr, when: pl.Expr, type_: Type) -> pl.Expr:
    import polars as pl

    dtype = pl.Date() if type_.name == "date" else pl.Datetime("us")
    wide = count.cast(pl.Int128)
    if unit in ("year", "month"):
        return _months_later(wide * (12 if unit == "year" else 1), when, type_)
    if unit in CLOCK_UNITS or type_.name == "datetime":
        step = _SECONDS[unit] * _MICRO if unit in CLOCK_UNITS else _DAY * (7 if unit == "week" else 1)
        low, high = FIRST_DAY * _DAY, (LAST_DAY + 1) * _DAY - 1
        moment = when.cast(pl.Int64).cast(pl.Int128) + wide * pl.lit(step, dtype=pl.Int128)
    else:
        low, high = FIRST_DAY, LAST_DAY
        moment = when.cast(pl.Int32).cast(pl.Int128) + wide * pl.lit(
            7 if unit == "week" else 1, dtype=pl.Int128
        )
    inside = (moment >= pl.lit(low, dtype=pl.Int128)) & (moment <= pl.lit(high, dtype=pl.Int128))
    physical = pl.Int32 if type_.name == "date" else pl.Int64
    return pl.when(inside).then(moment).cast(physical).cast(dtype)


def _months_later(months: pl.Expr, when: pl.Expr, type_: Type) -> pl.Expr:
    import polars as pl

    total = _months(when).cast(pl.Int128) + months
    inside = (total >= pl.lit(12, dtype=pl.Int128)) & (total < pl.lit(120_000, dtype=pl.Int128))
    safe = pl.when(inside).then(total).cast(pl.Int64)
    year, month = safe // 12, safe % 12 + 1
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    february = pl.when(leap).then(29).otherwise(28)
    last = pl.when(month == 2).then(february).when(month.is_in([4, 6, 9, 11])).then(30).otherwise(31)
    day = pl.min_horizontal(when.dt.day().cast(pl.Int64), last.cast(pl.Int64))
    moved = pl.date(year, month, day)
    if type_.name == "date":
        return moved
    clock = when.cast(pl.Int64) - when.cast(pl.Date).cast(pl.Datetime("us")).cast(pl.Int64)
    return (moved.cast(pl.Datetime("us")).cast(pl.Int64) + clock).cast(pl.Datetime("us"))


def _age_years(born: pl.Expr, at: pl.Expr) -> pl.Expr:
    import polars as pl

    def in_year(value: pl.Expr) -> pl.Expr:
        return value.dt.month().cast(pl.Int64) * 100 + value.dt.day().cast(pl.Int64)

    years = at.dt.year().cast(pl.Int64) - born.dt.year().cast(pl.Int64)
    return years - (in_year(at) < in_year(born)).cast(pl.Int64)
