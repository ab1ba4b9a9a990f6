"""Linear: conditions as bounds on a difference of two columns, exactly as they are written.

A column is read through a view: itself for numbers, or the number of whole days, hours, minutes or
seconds since 1970 for dates and datetimes. `CAST(a AS DATE) <= b` is `day(b) - day(a) >= 0`, and
`date_diff('day', a, b) <= 5` is `day(b) - day(a) <= 5`.

Source: ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from synthspec.terms.expr import Arithmetic, Call, Cast, Column, Compare, Expr, Literal_, Logic

Seen = Literal["number", "day", "hour", "minute", "second"]
SECONDS: dict[str, int] = {"day": 86_400, "hour": 3600, "minute": 60, "second": 1}
_FLIPPED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Term:
    """A column through a view."""

    column: str
    seen: Seen


@dataclass(frozen=True)
class Bounded:
    """`lo <= plus - minus <= hi` in whole steps of their views or in numbers; None is no bound.

    An open end keeps its value and is marked by `lo_open` or `hi_open`.
    """

    plus: Term
    minus: Term
    lo: Fraction | None = None
    hi: Fraction | None = None
    lo_open: bool = False
    hi_open: bool = False

    def turned(self) -> Bounded:
        """Return the same bound on `minus - plus`."""
        return Bounded(
            plus=self.minus,
            minus=self.plus,
            lo=None if self.hi is None else -self.hi,
            hi=None if self.lo is None else -self.lo,
            lo_open=self.hi_open,
            hi_open=self.lo_open,
        )


@dataclass(frozen=True)
class _Sum:
    terms: tuple[tuple[Term, int], ...]
    constant: Fraction = Fraction(0)

    def plus(self, other: _Sum, sign: int) -> _Sum:
        moved = tuple((term, sign * times) for term, times in other.terms)
        return _Sum((*self.terms, *moved), self.constant + sign * other.constant)


def bounds_in(condition: Expr) -> tuple[Bounded, ...] | None:
    """Return the bounds whose conjunction is `condition`; None when a part of it is something else."""
    parts = [bound_of(part) for part in conjuncts(condition)]
    found = tuple(part for part in parts if part is not None)
    return found if len(found) == len(parts) else None


def conjuncts(condition: Expr) -> tuple[Expr, ...]:
    """Return the conditions that must all hold."""
    if isinstance(condition, Logic) and condition.op == "and":
        return tuple(part for arg in condition.args for part in conjuncts(arg))
    return (condition,)


def bound_of(condition: Expr) -> Bounded | None:
    """Return one comparison as a bound on a difference of two columns, or None."""
    if not isinstance(condition, Compare) or condition.op == "<>":
        return None
    left, right = _sum(condition.left), _sum(condition.right)
    if left is None or right is None:
        return None
    whole = left.plus(right, -1)
    if len(whole.terms) != 2 or {times for _, times in whole.terms} != {1, -1}:
        return None
    (first, sign), (second, _) = whole.terms
    plus, minus = (first, second) if sign == 1 else (second, first)
    if plus.column == minus.column:
        return None
    end, op = -whole.constant, condition.op  # plus - minus op end
    return Bounded(
        plus=plus,
        minus=minus,
        lo=end if op in ("=", ">", ">=") else None,
        hi=end if op in ("=", "<", "<=") else None,
        lo_open=op == ">",
        hi_open=op == "<",
    )


def _sum(expr: Expr) -> _Sum | None:
    """Return an exact number, or a moment through its own view, as a sum of columns and a constant."""
    match expr:
        case Column():
            seen = _own(expr)
            return None if seen is None else _Sum(((Term(expr.name, seen), 1),))
        case Literal_(text=str(text)) if expr.type.name in ("int", "decimal"):
            return _Sum((), Fraction(text))
        case Cast() if expr.type.name in ("int", "decimal") and expr.arg.type.name in ("int", "decimal"):
            return _sum(expr.arg) if expr.arg.type.scale <= expr.type.scale else None
        case Cast(arg=Column() as column) if column.type.name == "datetime" and expr.type.name == "date":
            return _Sum(((Term(column.name, "day"), 1),))
        case Arithmetic(op="+" | "-") if expr.type.name in ("int", "decimal"):
            left, right = _sum(expr.left), _sum(expr.right)
            return None if left is None or right is None else left.plus(right, 1 if expr.op == "+" else -1)
        case Call(function="date_diff"):
            return _apart(expr)
        case Call(function="date_add"):
            return _later(expr)
    return None


def _own(column: Column) -> Seen | None:
    match column.type.name:
        case "int" | "decimal":
            return "number"
        case "date":
            return "day"
        case "datetime":
            return "second"
    return None


def _unit(expr: Expr) -> Seen | None:
    text = expr.text if isinstance(expr, Literal_) else None
    match text:
        case "day" | "hour" | "minute" | "second":
            return text
    return None


def _apart(expr: Call) -> _Sum | None:
    """Return `date_diff(unit, a, b)` as the difference of two views."""
    unit = _unit(expr.args[0])
    sides = []
    for side in expr.args[1:]:
        column = side.arg if isinstance(side, Cast) and side.type.name == "date" else side
        if unit is None or not isinstance(column, Column):
            return None
        if unit != "day" and (column.type.name != "datetime" or column is not side):
            return None
        sides.append(Term(column.name, unit))
    return _Sum(((sides[1], 1), (sides[0], -1)))


def _later(expr: Call) -> _Sum | None:
    """Return `date_add(unit, n, a)`, n a constant, in the view of its result."""
    unit, count, when = _unit(expr.args[0]), _sum(expr.args[1]), _sum(expr.args[2])
    if unit is None or count is None or count.terms or when is None or count.constant.denominator != 1:
        return None
    if expr.type.name == "date":
        return _Sum(when.terms, when.constant + count.constant) if unit == "day" else None
    return _Sum(when.terms, when.constant + count.constant * SECONDS[unit])
