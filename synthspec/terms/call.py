"""Call: the functions of the closed list on Python values; the law for every engine."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from synthspec.terms.expr import Call
from synthspec.terms.functions import DECIMAL_LIMIT, INT_LIMIT
from synthspec.terms.types import Type

_SECONDS = {"hour": 3600, "minute": 60, "second": 1}
_EPOCH = datetime(1970, 1, 1)


def unscaled(value: Any) -> tuple[int, int]:
    """Return (integer, scale) of an exact number.

    >>> unscaled(Decimal("1.20")), unscaled(7)
    ((120, 2), (7, 0))
    """
    if isinstance(value, Decimal):
        scale = max(-int(value.as_tuple().exponent), 0)
        return int(value.scaleb(scale)), scale
    return int(value), 0


def scaled(number: int, type_: Type) -> Any:
    """Return the value of an integer in the scale of `type_`; None outside the type's range."""
    if type_.name == "int":
        return number if abs(number) <= INT_LIMIT else None
    return Decimal(number).scaleb(-type_.scale) if abs(number) <= DECIMAL_LIMIT else None


def finite(value: Any, type_: Type) -> Any:
    """Return `value`, or None when it is not finite or leaves the range of its type."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if type_.name in ("int", "decimal") and not isinstance(value, bool):
        number, scale = unscaled(value)
        return scaled(number * 10 ** (type_.scale - scale), type_)
    return value


def exact(op: str, left: tuple[int, int], right: tuple[int, int], type_: Type) -> Any:
    """Return left op right for integers with scales, in the scale of `type_`."""
    (a, p), (b, q) = left, right
    if op == "*":
        return scaled(a * b, type_)
    a, b = a * 10 ** (type_.scale - p), b * 10 ** (type_.scale - q)
    if op == "%":
        return scaled(int(math.copysign(1, a)) * (abs(a) % abs(b)), type_)
    return scaled(a + b if op == "+" else a - b, type_)


def _half_away(number: int, divisor: int) -> int:
    whole, rest = divmod(abs(number), divisor)
    whole += int(2 * rest >= divisor)
    return whole if number >= 0 else -whole


def rounded(value: Any, source: Type, digits: int, target: Type) -> Any:
    """Return the value rounded half away from zero to `digits` after the point, in `target`.

    A float is multiplied by 10**digits in float arithmetic first, as engines do.
    """
    if isinstance(value, float):
        product = value * 10.0**digits if digits >= 0 else value / 10.0**-digits
        if not math.isfinite(product) or abs(product) > 2.0**63:
            return None
        below = math.floor(abs(product))
        number = below + (abs(product) - below >= 0.5)
        number = -number if product < 0 else number
        return scaled(number * 10 ** max(-digits, 0), target)
    number, scale = unscaled(value)
    if digits < scale:
        number = _half_away(number, 10 ** (scale - digits)) * 10 ** max(-digits, 0)
        return scaled(number, target)
    return scaled(number * 10 ** (digits - scale), target)


def call(expr: Call, args: Sequence[Any]) -> Any:
    """Return the value of a function for argument values."""
    match expr.function:
        case "coalesce":
            return next((arg for arg in args if arg is not None), None)
        case "least" | "greatest":
            present = [arg for arg in args if arg is not None]
            choose = min if expr.function == "least" else max
            return choose(present, default=None)
        case "nullif":
            return None if args[0] is not None and args[0] == args[1] else args[0]
    if any(arg is None for arg in args):
        return None
    if expr.function == "round":
        return rounded(args[0], expr.args[0].type, args[1] if len(args) > 1 else 0, expr.type)
    if expr.function == "mod":
        return None if args[1] == 0 else exact("%", unscaled(args[0]), unscaled(args[1]), expr.type)
    return finite(_PLAIN[expr.function](*args), expr.type)


def _sign(x: Any) -> int:
    return int(x > 0) - int(x < 0)


def _real(function: Callable[..., float]) -> Callable[..., float | None]:
    def real(*args: Any) -> float | None:
        try:
            return function(*(float(arg) for arg in args))
        except (ValueError, OverflowError):
            return None

    return real


def _substr(text: str, start: int, count: int | None = None) -> str:
    return text[start - 1 :] if count is None else text[start - 1 : start - 1 + count]


def _months(when: Any) -> int:
    return int(when.year) * 12 + int(when.month) - 1


def _seconds(when: Any) -> int:
    if not isinstance(when, datetime):
        when = datetime(when.year, when.month, when.day)
    return int((when - _EPOCH) // timedelta(seconds=1))


def _date_diff(unit: str, first: Any, second: Any) -> int:
    match unit:
        case "year":
            return int(second.year - first.year)
        case "month":
            return _months(second) - _months(first)
        case "week":
            return _week(second) - _week(first)
        case "day":
            return int(second.toordinal() - first.toordinal())
        case _:
            return _seconds(second) // _SECONDS[unit] - _seconds(first) // _SECONDS[unit]


def _week(when: Any) -> int:
    return (int(when.toordinal()) - 1) // 7


def _date_add(unit: str, count: Any, when: Any) -> Any:
    count = int(count)
    try:
        if unit in ("year", "month"):
            month = _months(when) + count * (12 if unit == "year" else 1)
            year, month = divmod(month, 12)
            return when.replace(year=year, month=month + 1, day=min(when.day, _last_day(year, month + 1)))
        days = {"week": 7, "day": 1}.get(unit)
        return when + (timedelta(days=count * days) if days else timedelta(seconds=count * _SECONDS[unit]))
    except (ValueError, OverflowError):
        return None


def _last_day(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def _age_years(born: date, at: date) -> int:
    return at.year - born.year - ((at.month, at.day) < (born.month, born.day))


_PLAIN: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "sign": _sign,
    "floor": math.floor,
    "ceil": math.ceil,
    "power": _real(math.pow),
    "sqrt": _real(math.sqrt),
    "ln": _real(math.log),
    "exp": _real(math.exp),
    "length": len,
    "lower": str.lower,
    "upper": str.upper,
    "trim": lambda text: text.strip(" "),
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "contains": lambda text, part: part in text,
    "substr": _substr,
    "concat": lambda *parts: "".join(parts),
    "year": lambda when: when.year,
    "quarter": lambda when: (when.month + 2) // 3,
    "month": lambda when: when.month,
    "day": lambda when: when.day,
    "weekday": lambda when: when.isoweekday(),
    "hour": lambda when: when.hour,
    "date_diff": _date_diff,
    "date_add": _date_add,
    "age_years": _age_years,
}
