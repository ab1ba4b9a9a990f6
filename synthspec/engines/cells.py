"""One cell: text to a typed value in its physical form, in plain Python; the definition of reading.

The rules, for every engine: blanks around the text go; the null words give null; labels replace
whole texts; then the declared type reads what is left. What it cannot read is null and *bad*.
Numbers: an optional sign, digits, at most one point, for float and decimal an exponent; an int may
end in `.0`; a decimal is rounded half away from zero at its scale; not finite is bad. Dates are
`YYYY-MM-DD`, datetimes `YYYY-MM-DD HH:MM[:SS[.f]]` (or a `T`, or a date alone), or by `format`.

Source: ours; PRIVACY 5.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal

from synthspec.terms.functions import DECIMAL_LIMIT, INT_LIMIT
from synthspec.terms.types import Type
from synthspec.terms.view import Field, Source

Physical = bool | int | float | str

BLANKS = " \t\r\n\x0b\x0c"
TRUE = ("true", "t", "yes", "y", "1")
FALSE = ("false", "f", "no", "n", "0")
EPOCH_DAY = date(1970, 1, 1).toordinal()

_INT = re.compile(r"([+-]?)0*([0-9]+?)(?:\.0*)?", re.ASCII)
_REAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_MOMENT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?)?", re.ASCII
)
_EXACT = Context(prec=60)


@dataclass(frozen=True)
class Reader:
    """How the texts of one field become values."""

    type: Type
    nulls: frozenset[str]
    labels: Mapping[str, str]
    format: str | None
    comma: bool

    @classmethod
    def of(cls, field: Field, source: Source) -> Reader:
        """Return the reader of `field`; null words of the source and of the field both count."""
        nulls = frozenset(word.strip(BLANKS) for word in (*source.nulls, *field.nulls))
        return cls(field.type, nulls, dict(field.labels), field.format, source.decimal == ",")

    def read(self, text: str | None) -> tuple[Physical | None, bool]:
        """Return the value of `text` (None where null or bad) and whether it is bad."""
        if text is None:
            return None, False
        stripped = text.strip(BLANKS)
        if stripped in self.nulls:
            return None, False
        value = self.value(self.labels.get(stripped, stripped))
        return value, value is None

    def value(self, text: str) -> Physical | None:
        """Return the value of a text that is not null, or None when it cannot be read."""
        match self.type.name:
            case "text" | "null":
                return text
            case "bool":
                lower = text.lower()
                return True if lower in TRUE else False if lower in FALSE else None
            case "int":
                return _int(text)
            case "float":
                return _float(self._point(text))
            case "decimal":
                return scaled(self._point(text), self.type.scale)
            case "date":
                return _day(text) if self.format is None else _by_format(text, self.format, "date")
            case "datetime":
                return _moment(text) if self.format is None else _by_format(text, self.format, "datetime")

    def _point(self, text: str) -> str:
        return text.replace(",", ".") if self.comma else text


def _int(text: str) -> int | None:
    found = _INT.fullmatch(text)
    if found is None or len(found[2]) > 19:
        return None
    value = int(found[1] + found[2])
    return value if abs(value) <= INT_LIMIT else None


def _float(text: str) -> float | None:
    if _REAL.fullmatch(text) is None:
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def scaled(text: str, scale: int) -> int | None:
    """Return `text` times 10**scale, rounded half away from zero, or None when it is no such number."""
    if _REAL.fullmatch(text) is None or len(text) > 400:
        return None
    value = Decimal(text)
    if value == 0:
        return 0
    if value.adjusted() + scale > 19:
        return None
    if value.adjusted() + scale < -2:
        return 0
    places = Decimal(1).scaleb(-scale)
    number = int(value.quantize(places, rounding=ROUND_HALF_UP, context=_EXACT).scaleb(scale, context=_EXACT))
    return number if abs(number) <= DECIMAL_LIMIT else None


def _day(text: str) -> int | None:
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3])).toordinal() - EPOCH_DAY
    except ValueError:
        return None


def _moment(text: str) -> int | None:
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    day = _day(found[1])
    hour, minute, second = (int(part or 0) for part in found.groups()[1:])
    if day is None or hour > 23 or minute > 59 or second > 59:
        return None
    return day * 86_400 + hour * 3_600 + minute * 60 + second


def _by_format(text: str, format_: str, kind: str) -> int | None:
    try:
        moment = datetime.strptime(text, format_)
    except (ValueError, IndexError):
        return None
    day = moment.toordinal() - EPOCH_DAY
    if kind == "date":
        return day
    return day * 86_400 + moment.hour * 3_600 + moment.minute * 60 + moment.second
