"""Cancelled: comparisons in which a column is added and taken away again, written without it.

A column that is computed from a difference brings the column it is counted from with it: `c - a <= 60`
becomes `(a + x + y) - a <= 60`. What bounds x + y alone must not look like a condition on three columns.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from synthspec.terms.expr import Arithmetic, Call, Cast, Column, Compare, Expr, Literal_
from synthspec.terms.types import INT, Type
from synthspec.terms.walk import rebuild

EXACT = ("int", "decimal")
_STEP = {"date": "day", "datetime": "second"}


@dataclass(frozen=True)
class _Sum:
    """Terms with their whole factors, and a constant."""

    terms: tuple[tuple[Expr, int], ...]
    constant: Decimal = Decimal(0)

    def plus(self, other: _Sum, sign: int = 1) -> _Sum:
        factors = dict(self.terms)
        for term, times in other.terms:
            factors[term] = factors.get(term, 0) + sign * times
        left = tuple((term, times) for term, times in factors.items() if times)
        return _Sum(left, self.constant + sign * other.constant)


def cancelled(expression: Expr, sure: Collection[str]) -> Expr:
    """Return `expression` with comparisons of sums written without what cancels out.

    Args:
        expression: any.
        sure: the columns that are never missing; others stay, since a sum with one of them is unknown.
    """
    if not isinstance(expression, Compare):
        return rebuild(expression, lambda child: cancelled(child, sure))
    left, right = _sum(expression.left), _sum(expression.right)
    if left is None or right is None:
        return expression
    whole = left.plus(right, -1)
    gone = {t for t, _ in (*_terms(expression.left), *_terms(expression.right))} - dict(whole.terms).keys()
    names = {term.name for term in gone if isinstance(term, Column)}
    moments = any(term.type.name in _STEP for term, _ in whole.terms)
    if not gone or not names <= set(sure) or moments or not whole.terms:
        return expression
    plus = [term for term, times in whole.terms for _ in range(times)]
    minus = [term for term, times in whole.terms for _ in range(-times)]
    digits = -int(whole.constant.normalize().as_tuple().exponent)
    scale = max([digits, *(term.type.scale for term in (*plus, *minus))])
    type_ = Type(name="decimal", scale=scale) if scale > 0 else INT
    ends = [_total(plus, type_), _total(minus, type_)]
    at = 1 if whole.constant <= 0 else 0
    if whole.constant or not minus:
        number = Literal_(text=_text(abs(whole.constant), type_), type=type_)
        ends[at] = number if not (minus if at else plus) else _add(ends[at], number, type_)
    return Compare(op=expression.op, left=ends[0], right=ends[1])


def _terms(expr: Expr) -> tuple[tuple[Expr, int], ...]:
    """Return every term of a sum before anything cancels."""
    match expr:
        case Arithmetic(op="+" | "-") if expr.type.name in EXACT:
            return (*_terms(expr.left), *_terms(expr.right))
        case Cast() if expr.type.name in EXACT and expr.arg.type.name in EXACT:
            return _terms(expr.arg)
        case Call(function="date_diff" | "date_add"):
            return tuple(each for arg in expr.args[1:] for each in _terms(arg))
        case Literal_():
            return ()
    return ((expr, 1),)


def _sum(expr: Expr) -> _Sum | None:
    """Return a number, or a moment in its own unit, as a sum; None where that is not exact."""
    match expr:
        case Literal_(text=str(text)) if expr.type.name in EXACT:
            return _Sum((), Decimal(text))
        case Column() if expr.type.name in (*EXACT, *_STEP):
            return _Sum(((expr, 1),))
        case Cast() if expr.type.name in EXACT and expr.arg.type.name in EXACT:
            return _sum(expr.arg) if expr.arg.type.scale <= expr.type.scale else None
        case Arithmetic(op="+" | "-") if expr.type.name in EXACT:
            left, right = _sum(expr.left), _sum(expr.right)
            return None if left is None or right is None else left.plus(right, 1 if expr.op == "+" else -1)
        case Call(function="date_add") if _unit(expr) == _STEP.get(expr.args[2].type.name):
            count, when = _sum(expr.args[1]), _sum(expr.args[2])
            return None if count is None or when is None else when.plus(count)
        case Call(function="date_diff") if all(
            _unit(expr) == _STEP.get(each.type.name) for each in expr.args[1:]
        ):
            first, last = _sum(expr.args[1]), _sum(expr.args[2])
            return None if first is None or last is None else last.plus(first, -1)
    return None


def _unit(expr: Call) -> str | None:
    unit = expr.args[0]
    return unit.text if isinstance(unit, Literal_) else None


def _total(terms: list[Expr], type_: Type) -> Expr:
    if not terms:
        return Literal_(text="0", type=type_)
    total = _typed(terms[0], type_)
    for term in terms[1:]:
        total = _add(total, _typed(term, type_), type_)
    return total


def _add(left: Expr, right: Expr, type_: Type) -> Expr:
    return Arithmetic(op="+", left=left, right=right, type=type_)


def _typed(term: Expr, type_: Type) -> Expr:
    return term if term.type == type_ else Cast(arg=term, type=type_)


def _text(number: Decimal, type_: Type) -> str:
    return f"{number:.{type_.scale}f}"
