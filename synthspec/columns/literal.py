"""Literal: text of the spec to a physical grid integer, and back; one place for both directions.

Grid integers are those of terms/types.py: int as is, decimal and float times 10**scale, days, seconds.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

_EPOCH = date(1970, 1, 1)
_START = datetime(1970, 1, 1)
_NUMBER = re.compile(r"[+-]?(\d[\d_]*)(\.\d+)?([eE][+-]?\d+)?")
_SPAN = re.compile(r"(\d+)\s*(s|min|h|d|w)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}


def number(text: str) -> Decimal | None:
    """Return the number that `text` writes (`_` may group digits), or None.

    >>> number("300_000")
    Decimal('300000')
    """
    if not _NUMBER.fullmatch(text.strip()):
        return None
    try:
        value = Decimal(text.strip().replace("_", ""))
    except InvalidOperation:  # pragma: no cover - the pattern admits numbers only
        return None
    return value if abs(value.adjusted()) < 400 else None


def digits_after_point(value: Decimal) -> int:
    """Return how many decimals `value` needs.

    >>> digits_after_point(Decimal("0.50"))
    1
    """
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def scaled(value: Decimal, scale: int) -> int | None:
    """Return `value` times 10**scale when that is whole, else None."""
    grid = value.scaleb(scale)
    return int(grid) if grid == grid.to_integral_value() else None


def scaled_text(grid: int, scale: int) -> str:
    """Return the decimal text of `grid` / 10**scale with `scale` decimals.

    >>> scaled_text(-1230, 2)
    '-12.30'
    """
    if scale == 0:
        return str(grid)
    sign, digits = "-" if grid < 0 else "", str(abs(grid)).rjust(scale + 1, "0")
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}"


def day(text: str) -> int | None:
    """Return the days since 1970-01-01 of an ISO date, or None.

    >>> day("1970-01-31")
    30
    """
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip()):
        return None
    try:
        return (date.fromisoformat(text.strip()) - _EPOCH).days
    except ValueError:
        return None


def day_text(grid: int) -> str:
    """Return the ISO date of `grid` days since 1970-01-01."""
    return (_EPOCH + timedelta(days=grid)).isoformat()


def second(text: str, *, end: bool = False) -> int | None:
    """Return the seconds since 1970-01-01T00:00:00 of an ISO date or date-time, or None.

    A date alone is its first second, or with `end` its last one: `..2024-12-31` includes that day.
    """
    plain = text.strip()
    whole = day(plain)
    if whole is not None:
        return whole * 86400 + (86399 if end else 0)
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", plain):
        return None
    try:
        return int((datetime.fromisoformat(plain) - _START) / timedelta(seconds=1))
    except ValueError:
        return None


def second_text(grid: int) -> str:
    """Return the ISO date-time, with a T, of `grid` seconds since 1970-01-01T00:00:00."""
    return (_START + timedelta(seconds=grid)).isoformat()


def seconds_in(text: str) -> int | None:
    """Return the seconds of a time span such as `1h`, `15min`, `1d`, or None."""
    match = _SPAN.fullmatch(text.strip())
    return int(match[1]) * _SECONDS[match[2]] if match and int(match[1]) > 0 else None
