"""Translate numbers, dates and functions; what has no translation is None, and then any value.

Source: days of the proleptic Gregorian calendar from year, month and day, Howard Hinnant's
days_from_civil, restated with years from 1 January.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synthspec.compile.diagnose.term import Term
from synthspec.terms.expr import Arithmetic, Call, Cast, Expr, Literal_
from synthspec.terms.functions import DECIMAL_LIMIT, INT_LIMIT
from synthspec.terms.types import Type

if TYPE_CHECKING:
    from synthspec.compile.diagnose.translate import Translator

_CLOCK = {"hour": 3600, "minute": 60, "second": 1}


def number_term(t: Translator, expr: Arithmetic | Cast | Call) -> Term | None:
    """Return arithmetic, a conversion or a function as a term, or None."""
    match expr:
        case Arithmetic():
            return _arithmetic(t, expr)
        case Cast():
            return _cast(t, expr)
        case Call():
            return _call(t, expr)


def _made(t: Translator, value: Any, *nulls: Any) -> Term:
    return Term(value, t.z3.Or(*nulls) if nulls else t.no)


def _checked(t: Translator, value: Any, type_: Type, *nulls: Any) -> Term:
    """Return a whole result, null where it leaves the range of its type."""
    limit = INT_LIMIT if type_.name == "int" else DECIMAL_LIMIT
    return _made(t, value, *nulls, value > limit, value < -limit)


def _arithmetic(t: Translator, expr: Arithmetic) -> Term:
    left, right = t.term(expr.left), t.term(expr.right)
    a, b, nulls = left.value, right.value, (left.null, right.null)
    if expr.op == "/" or expr.type.name == "float":
        if expr.op == "/":
            return _made(t, t.near(a / b), *nulls, b == 0)
        exact = {"+": a + b, "-": a - b, "*": a * b}[expr.op]
        return _made(t, t.near(exact), *nulls)
    p, q, scale = expr.left.type.scale, expr.right.type.scale, expr.type.scale
    if expr.op == "*":
        return _checked(t, a * b * 10 ** (scale - p - q), expr.type, *nulls)
    a, b = _scaled(a, scale - p), _scaled(b, scale - q)
    if expr.op == "%":
        return _checked(t, _remainder(t, a, b), expr.type, *nulls, b == 0)
    return _checked(t, a + b if expr.op == "+" else a - b, expr.type, *nulls)


def _scaled(value: Any, digits: int) -> Any:
    return value * 10**digits if digits > 0 else value


def _size(t: Translator, value: Any) -> Any:
    return t.z3.If(value >= 0, value, -value)


def _remainder(t: Translator, a: Any, b: Any) -> Any:
    rest = _size(t, a) % _size(t, b)
    return t.z3.If(a >= 0, rest, -rest)


def _half_away(t: Translator, value: Any, divisor: int) -> Any:
    """Return value / divisor as a whole number, half away from zero."""
    whole = (2 * _size(t, value) + divisor) / (2 * divisor)
    return t.z3.If(value >= 0, whole, -whole)


def _rounded(t: Translator, arg: Term, source: Type, digits: int, target: Type) -> Term:
    """Return a number rounded to digits after the point, in the scale of `target`."""
    if source.name == "float":
        whole = t.fresh(Type(name="int"))
        exact = arg.value * 10**digits if digits >= 0 else arg.value / 10**-digits
        product = t.near(exact)
        half = t.z3.RealVal("1/2", t.context)
        gap = t.z3.ToReal(whole) - product
        t.limits += [gap <= half, gap >= -half]
        t.limits += [t.z3.Implies(gap == half, whole > 0), t.z3.Implies(gap == -half, whole < 0)]
        far = _size(t, product) > 2**63
        scale = target.scale if target.name == "decimal" else 0
        return _checked(
            t, whole * 10 ** (max(-digits, 0) + max(scale - max(digits, 0), 0)), target, arg.null, far
        )
    scale, wanted = source.scale, target.scale
    value = arg.value
    if digits < scale:
        value = _half_away(t, value, 10 ** (scale - digits)) * 10 ** max(-digits, 0)
        return _checked(t, value * 10 ** max(wanted - max(digits, 0), 0), target, arg.null)
    return _checked(t, value * 10 ** (wanted - scale), target, arg.null)


def _cast(t: Translator, expr: Cast) -> Term | None:
    arg, source, target = t.term(expr.arg), expr.arg.type, expr.type
    if source == target:
        return arg
    match (source.name, target.name):
        case (("int" | "decimal" | "float"), ("int" | "decimal")):
            return _rounded(t, arg, source, target.scale, target)
        case (("int" | "decimal"), "float"):
            return _made(t, t.near(t.z3.ToReal(arg.value) / 10**source.scale), arg.null)
        case ("datetime", "date"):
            return _made(t, arg.value / 86400, arg.null)
        case ("date", "datetime"):
            return _made(t, arg.value * 86400, arg.null)
    return None


def _call(t: Translator, expr: Call) -> Term | None:
    name, args = expr.function, expr.args
    if name in ("coalesce", "nullif", "least", "greatest"):
        return _choice(t, expr)
    if name in ("year", "quarter", "month", "day", "weekday", "hour", "date_diff", "age_years"):
        return _when(t, expr)
    if name in ("sqrt", "ln"):
        return _curve(t, expr)
    if name not in ("abs", "sign", "floor", "ceil", "round", "mod", "power"):
        return None
    arg, source = t.term(args[0]), args[0].type
    one = 10**source.scale
    match name:
        case "abs":
            return _made(t, _size(t, arg.value), arg.null)
        case "sign":
            sign = t.z3.If(arg.value > 0, t.integer(1), t.z3.If(arg.value < 0, t.integer(-1), t.integer(0)))
            return _made(t, sign, arg.null)
        case "floor" if source.name == "float":
            return _checked(t, t.z3.ToInt(arg.value), expr.type, arg.null)
        case "ceil" if source.name == "float":
            return _checked(t, -t.z3.ToInt(-arg.value), expr.type, arg.null)
        case "floor":
            return _made(t, arg.value / one, arg.null)
        case "ceil":
            return _made(t, -((-arg.value) / one), arg.null)
        case "mod":
            other = t.term(args[1])
            a, b = (
                _scaled(x.value, expr.type.scale - e.type.scale)
                for x, e in ((arg, args[0]), (other, args[1]))
            )
            return _checked(t, _remainder(t, a, b), expr.type, arg.null, other.null, b == 0)
        case "round":
            digits = _constant(args[1]) if len(args) > 1 else 0
            return None if digits is None else _rounded(t, arg, source, digits, expr.type)
    power = _constant(args[1])
    if power not in (1, 2, 3):
        return None
    base = arg.value if source.name == "float" else t.z3.ToReal(arg.value) / one
    exact = base
    for _ in range(power - 1):
        exact = exact * base
    return _made(t, t.near(exact), arg.null)


def _curve(t: Translator, expr: Call) -> Term:
    """Return a square root, or a logarithm of which only the sign is known; null outside what has one."""
    arg = t.term(expr.args[0])
    value = t.fresh(expr.type)
    if expr.function == "ln":
        t.limits += [t.z3.Implies(arg.value >= 1, value >= 0), t.z3.Implies(arg.value <= 1, value <= 0)]
        return _made(t, value, arg.null, arg.value <= 0)
    t.limits += [value >= 0, t.z3.Implies(arg.value >= 0, t.near(value * value) == arg.value)]
    return _made(t, value, arg.null, arg.value < 0)


def _constant(expr: Expr) -> int | None:
    """Return a whole constant, also where it was converted."""
    inner = expr.arg if isinstance(expr, Cast) else expr
    if not isinstance(inner, Literal_) or inner.text is None:
        return None
    from synthspec.columns.literal import number

    value = number(inner.text)
    return int(value) if value is not None and value == int(value) else None


def _choice(t: Translator, expr: Call) -> Term:
    z3, args = t.z3, [t.term(arg) for arg in expr.args]
    first = args[0]
    if expr.function == "nullif":
        other = args[1]
        same = z3.And(z3.Not(first.null), z3.Not(other.null), first.value == other.value)
        return _made(t, first.value, first.null, same)
    value, null = first.value, first.null
    for arg in args[1:]:
        match expr.function:
            case "coalesce":
                better = null
            case "least":
                better = z3.And(z3.Not(arg.null), z3.Or(null, arg.value < value))
            case _:
                better = z3.And(z3.Not(arg.null), z3.Or(null, arg.value > value))
        value, null = z3.If(better, arg.value, value), z3.And(null, arg.null)
    return _made(t, value, null)


def _when(t: Translator, expr: Call) -> Term | None:
    z3, args = t.z3, expr.args
    if expr.function == "date_diff":
        unit = args[0].text if isinstance(args[0], Literal_) else None
        first, second = args[1], args[2]
        a, b = t.term(first), t.term(second)
        since = (_since(t, each.value, e.type, unit or "") for each, e in ((a, first), (b, second)))
        start, end = since
        return _made(t, end - start, a.null, b.null)
    if expr.function == "age_years":
        born, at = t.term(args[0]), t.term(args[1])
        (y, m, d), (year, month, day) = (
            _civil(t, each.value, e.type) for each, e in ((born, args[0]), (at, args[1]))
        )
        early = z3.Or(month < m, z3.And(month == m, day < d))
        return _made(t, year - y - z3.If(early, t.integer(1), t.integer(0)), born.null, at.null)
    arg = t.term(args[0])
    if expr.function == "hour":
        return _made(t, (arg.value / 3600) % 24, arg.null)
    if expr.function == "weekday":
        return _made(t, (_days(arg.value, args[0].type) + 3) % 7 + 1, arg.null)
    year, month, day = _civil(t, arg.value, args[0].type)
    parts = {"year": year, "month": month, "day": day, "quarter": (month + 2) / 3}
    return _made(t, parts[expr.function], arg.null)


def _days(value: Any, type_: Type) -> Any:
    return value / 86400 if type_.name == "datetime" else value


def _since(t: Translator, value: Any, type_: Type, unit: str) -> Any:
    """Return how many units have begun since a fixed moment."""
    days = _days(value, type_)
    if unit in _CLOCK:
        seconds = value if type_.name == "datetime" else value * 86400
        return seconds / _CLOCK[unit]
    if unit == "day":
        return days
    if unit == "week":
        return (days + 719_162) / 7
    year, month, _ = _civil(t, value, type_)
    return year if unit == "year" else year * 12 + month - 1


def _civil(t: Translator, value: Any, type_: Type) -> tuple[Any, Any, Any]:
    """Return year, month and day of a date: three numbers tied to it by the calendar."""
    key = ("civil", value.get_id())
    known = t.dates.get(key)
    if known is not None:
        return known
    z3 = t.z3
    year, month, day = (t.fresh(Type(name="int")) for _ in range(3))
    before = year - 1
    leap = z3.And(year % 4 == 0, z3.Or(year % 100 != 0, year % 400 == 0))
    start = t.integer(0)
    length = t.integer(31)
    passed = 0
    for number_, size in enumerate(_LENGTHS, 1):
        start = z3.If(month == number_, t.integer(passed), start)
        length = z3.If(month == number_, t.integer(size), length)
        passed += size
    start = start + z3.If(z3.And(month > 2, leap), t.integer(1), t.integer(0))
    length = length + z3.If(z3.And(month == 2, leap), t.integer(1), t.integer(0))
    days = before * 365 + before / 4 - before / 100 + before / 400 + start + day - 719_163
    t.limits += [
        _days(value, type_) == days,
        year >= 1, year <= 9999, month >= 1, month <= 12, day >= 1, day <= length,
    ]  # fmt: skip
    t.dates[key] = (year, month, day)
    return year, month, day


_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
