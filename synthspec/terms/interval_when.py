"""Interval when: the calendar on intervals of days and seconds; monotone functions at the ends.

Days outside 0001-01-01..9999-12-31 do not occur (a result there is null).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthspec.terms.boxes import Numbers, Reals, bounded
from synthspec.terms.functions import FIRST_DAY, LAST_DAY
from synthspec.terms.interval_number import DAY
from synthspec.terms.types import INT, Type

SECONDS = {"hour": 3600, "minute": 60, "second": 1}
Ints = NDArray[np.int64]


def days_of(values: Reals, type_: Type) -> Ints:
    """Return whole days since 1970-01-01, within the calendar."""
    days = np.floor(values / DAY) if type_.name == "datetime" else values
    return np.clip(days, FIRST_DAY, LAST_DAY).astype(np.int64)


def _seconds(values: Reals, type_: Type) -> Ints:
    whole = values if type_.name == "datetime" else values * DAY
    return np.clip(whole, FIRST_DAY * DAY, (LAST_DAY + 1) * DAY - 1).astype(np.int64)


def months_of(days: Ints) -> Ints:
    """Return months since January 1970."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _day_of_month(days: Ints) -> Ints:
    first = days.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return days - first + 1


def field(name: str, value: Numbers, type_: Type) -> Numbers:
    """Return year, quarter, month, day, weekday or hour: exact inside one period, else all it can be."""
    a, b = days_of(value.lo, type_), days_of(value.hi, type_)
    months = months_of(a), months_of(b)
    years = months[0] // 12, months[1] // 12
    match name:
        case "year":
            return _found(years[0] + 1970, years[1] + 1970, value)
        case "month":
            same = years[0] == years[1]
            return _found(
                np.where(same, months[0] % 12 + 1, 1), np.where(same, months[1] % 12 + 1, 12), value
            )
        case "quarter":
            same = years[0] == years[1]
            first, last = months[0] % 12 // 3 + 1, months[1] % 12 // 3 + 1
            return _found(np.where(same, first, 1), np.where(same, last, 4), value)
        case "day":
            same = months[0] == months[1]
            return _found(np.where(same, _day_of_month(a), 1), np.where(same, _day_of_month(b), 31), value)
        case "weekday":
            first, last = (a + 3) % 7 + 1, (b + 3) % 7 + 1
            same = b - a == last - first
            return _found(np.where(same, first, 1), np.where(same, last, 7), value)
        case _:
            start, end = _seconds(value.lo, type_), _seconds(value.hi, type_)
            same = a == b
            first, last = start % DAY // 3600, end % DAY // 3600
            return _found(np.where(same, first, 0), np.where(same, last, 23), value)


def _found(lo: Ints, hi: Ints, like: Numbers) -> Numbers:
    return Numbers(lo.astype(np.float64), hi.astype(np.float64), like.some, like.null)


def _place(unit: str, values: Reals, type_: Type) -> Ints:
    """Return the number of unit boundaries up to each instant."""
    match unit:
        case "year":
            return months_of(days_of(values, type_)) // 12
        case "month":
            return months_of(days_of(values, type_))
        case "week":
            return (days_of(values, type_) - FIRST_DAY) // 7
        case "day":
            return days_of(values, type_)
        case _:
            return _seconds(values, type_) // SECONDS[unit]


def date_diff(unit: str, first: Numbers, second: Numbers, types: list[Type]) -> Numbers:
    """Return boundaries from the first to the second."""
    lo = _place(unit, second.lo, types[1]) - _place(unit, first.hi, types[0])
    hi = _place(unit, second.hi, types[1]) - _place(unit, first.lo, types[0])
    return Numbers(
        lo.astype(np.float64), hi.astype(np.float64), first.some & second.some, first.null | second.null
    )


def date_add(unit: str, count: Numbers, when: Numbers, types: list[Type]) -> Numbers:
    """Return instants so many units later; null where they leave the calendar."""
    some, null = count.some & when.some, count.null | when.null
    type_ = types[1]
    clock = unit in SECONDS
    scale = 1 if type_.name == "date" else DAY
    if types[0] != INT or (clock and type_.name == "date"):
        least, most = np.full(len(some), -np.inf), np.full(len(some), np.inf)
        return _calendar(least, most, some, null, scale)
    if clock or unit in ("week", "day"):
        step = SECONDS[unit] if clock else (7 if unit == "week" else 1) * scale
        return _calendar(when.lo + count.lo * step, when.hi + count.hi * step, some, null, scale)
    step = 12 if unit == "year" else 1
    lo = _months_later(when.lo, count.lo * step, type_)
    hi = _months_later(when.hi, count.hi * step, type_)
    return _calendar(lo, hi, some, null, scale)


def _months_later(values: Reals, months: Reals, type_: Type) -> Reals:
    days = days_of(values, type_)
    target = months_of(days) + np.clip(months, -1e6, 1e6)
    out = (target < -1969 * 12) | (target > (9999 - 1970) * 12 + 11)
    inside = np.where(out, 0, target).astype(np.int64)
    start = inside.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    last = (inside + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - start
    shifted = (start + np.minimum(_day_of_month(days), last) - 1).astype(np.float64)
    if type_.name == "datetime":
        shifted = shifted * DAY + np.mod(values, DAY)
    return np.where(out, np.sign(target) * np.inf, shifted)


def _calendar(lo: Reals, hi: Reals, some: NDArray[np.bool_], null: NDArray[np.bool_], scale: int) -> Numbers:
    first, last = float(FIRST_DAY * scale), float((LAST_DAY + 1) * scale - 1)
    over = (lo < first) | (hi > last) | np.isnan(lo) | np.isnan(hi)
    found = bounded(np.nan_to_num(lo, nan=first), np.nan_to_num(hi, nan=last), some, null, 1e18)
    return Numbers(np.clip(found.lo, first, last), np.clip(found.hi, first, last), some, null | (some & over))


def years_between(born: Numbers, at: Numbers, types: list[Type]) -> Numbers:
    """Return completed years: rising in the second, falling in the first."""

    def years(one: Reals, two: Reals) -> Reals:
        a, b = days_of(one, types[0]), days_of(two, types[1])
        first, second = months_of(a), months_of(b)
        key_a = first % 12 * 32 + _day_of_month(a)
        key_b = second % 12 * 32 + _day_of_month(b)
        found: Reals = (second // 12 - first // 12 - (key_b < key_a)).astype(np.float64)
        return found

    return Numbers(years(born.hi, at.lo), years(born.lo, at.hi), born.some & at.some, born.null | at.null)
