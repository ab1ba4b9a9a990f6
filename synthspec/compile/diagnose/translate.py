"""Translate: expressions as terms of z3, with nulls and three-valued logic.

int, date (days) and datetime (seconds) are integers, decimals integers in their scale, texts integers
by a dictionary, bools are bools, floats are reals. Every term has a value and whether it is null.

What z3 says "no" to must be a proof, so each approximation allows more than the language does: a
step of float arithmetic is the exact result within a relative 1e-9 (binary floats are within 1e-15),
and what has no translation (`exp`, a window, text functions over open lists) is any value at all, the
same for the same arguments. A "yes" is only taken when the row, evaluated, meets every fact
(solver.py); `loose` lists the terms that may then be pinned to their true values.

Source: null semantics as ours (terms/evaluate.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import count
from typing import Any, assert_never

from synthspec.columns import Category
from synthspec.columns.literal import day, day_text, number, scaled_text, second, second_text
from synthspec.compile.diagnose.facts import Fact
from synthspec.compile.diagnose.term import Term
from synthspec.compile.diagnose.translate_numbers import number_term
from synthspec.plan.plan import PlannedColumn
from synthspec.terms.evaluate import evaluate
from synthspec.terms.expr import (
    Arithmetic,
    Bin,
    Call,
    Case,
    Cast,
    Column,
    Compare,
    Expr,
    In,
    Index,
    IsNull,
    Like,
    Literal_,
    Logic,
    Lookup,
    Not,
    Scalar,
    Window,
)
from synthspec.terms.functions import DECIMAL_LIMIT, FIRST_DAY, INT_LIMIT, LAST_DAY
from synthspec.terms.literal import text_of, value_of
from synthspec.terms.types import Type
from synthspec.terms.walk import children, columns_of

MOST_TUPLES = 2000
"""Public tables with more rows are left out: fewer facts, still a proof."""
_SLACK = Fraction(1, 10**9)


class Translator:
    """The terms of one solver; `limits` are facts about terms that always hold, as they arise."""

    def __init__(self, z3: Any, context: Any, columns: Mapping[str, PlannedColumn]) -> None:
        self.z3, self.context, self.columns = z3, context, columns
        self.limits: list[Any] = []
        self.loose: list[tuple[Expr, Term]] = []
        self.texts: dict[str, int] = {}
        self.dates: dict[object, tuple[Any, Any, Any]] = {}
        self._columns: dict[str, Term] = {}
        self._terms: dict[int, tuple[Expr, Term]] = {}
        self._names = count()
        self.yes, self.no = z3.BoolVal(True, context), z3.BoolVal(False, context)

    # columns and constants ------------------------------------------------------------------------

    def column(self, name: str) -> Term:
        """Return the term of a column: any value of its type, or null."""
        if name not in self._columns:
            type_ = self.columns[name].type
            term = Term(self.fresh(type_, name), self.z3.Bool(f"{name}?", self.context))
            self._columns[name] = term
            self._limit(term.value, type_)
        return self._columns[name]

    def fresh(self, type_: Type, name: str = "") -> Any:
        """Return a new value of a type."""
        made = name or f"v{next(self._names)}"
        match type_.name:
            case "bool":
                return self.z3.Bool(made, self.context)
            case "float":
                return self.z3.Real(made, self.context)
        return self.z3.Int(made, self.context)

    def _limit(self, value: Any, type_: Type) -> None:
        ends = _RANGES.get(type_.name)
        if ends is not None:
            self.limits += [value >= ends[0], value <= ends[1]]

    def constant(self, value: Scalar, type_: Type) -> Any:
        """Return a value as a constant."""
        return self.literal(text_of(value), type_)

    def literal(self, text: str | None, type_: Type) -> Any:
        """Return canonical text as a constant; of null, any value of the type."""
        if type_.name == "bool":
            return self.yes if text == "true" else self.no
        if type_.name == "float":
            exact = Fraction(number(text or "0") or 0)
            return self.z3.RealVal(str(exact), self.context)
        return self.integer(self._whole(text, type_))

    def _whole(self, text: str | None, type_: Type) -> int:
        match type_.name:
            case "text":
                return self.code(text or "")
            case "date":
                return day(text or "") or 0
            case "datetime":
                return second(text or "") or 0
        return int((number(text or "0") or 0) * 10**type_.scale)

    def integer(self, value: int) -> Any:
        """Return a whole constant."""
        return self.z3.IntVal(value, self.context)

    def code(self, text: str) -> int:
        """Return the number of a text."""
        return self.texts.setdefault(text, len(self.texts))

    # three-valued logic ---------------------------------------------------------------------------

    def true(self, expression: Expr) -> Any:
        """Return the condition that an expression is true."""
        term = self.term(expression)
        return self.z3.And(self.z3.Not(term.null), term.value)

    def false(self, expression: Expr) -> Any:
        """Return the condition that an expression is false."""
        term = self.term(expression)
        return self.z3.And(self.z3.Not(term.null), self.z3.Not(term.value))

    def fact(self, fact: Fact) -> Any:
        """Return the condition that a fact is not false."""
        if fact.combos is not None:
            return self._combos(fact)
        if fact.kind == "step":
            return self._step(fact)
        if fact.value is not None:
            mine, other = self.column(fact.subject), self.term(fact.value)
            same = self.z3.Or(mine.null, mine.value == other.value)
            return self.z3.And(mine.null == other.null, same)
        return self.yes if fact.expression is None else self.z3.Not(self.false(fact.expression))

    def _combos(self, fact: Fact) -> Any:
        rule = fact.combos
        if rule is None or len(rule.rows) > MOST_TUPLES:
            return self.yes
        keys = [self.column(name) for name in rule.over]
        listed = [
            self.z3.And(*(k.value == self.literal(text, t) for k, text, t in zip(keys, row, rule.types)))
            for row in rule.rows
        ]
        return self.z3.Or(*(key.null for key in keys), *listed)

    def _step(self, fact: Fact) -> Any:
        grid, term = fact.column, self.column(fact.subject)
        if grid is None:
            return self.yes
        return self.z3.Or(term.null, self.on_grid(term.value, grid.lo, grid.step, grid.unit, grid.type))

    def on_grid(self, value: Any, low: int, step: int, unit: int, type_: Type) -> Any:
        """Return the condition that a value is `low` plus whole steps, in the column's grid."""
        index = self.z3.Int(f"k{next(self._names)}", self.context)
        point = low + index * step
        return value * unit == self.z3.ToReal(point) if type_.name == "float" else value == point

    # expressions ----------------------------------------------------------------------------------

    def term(self, expression: Expr) -> Term:
        """Return an expression as a term; the same object gives the same term."""
        known = self._terms.get(id(expression))
        if known is None:
            known = (expression, self._term(expression))
            self._terms[id(expression)] = known
        return known[1]

    def _term(self, expr: Expr) -> Term:
        z3 = self.z3
        match expr:
            case Column():
                return self.column(expr.name)
            case Literal_():
                return Term(self.literal(expr.text, expr.type), self.yes if expr.text is None else self.no)
            case Not():
                arg = self.term(expr.arg)
                return Term(z3.Not(arg.value), arg.null)
            case Logic():
                return self._logic(expr)
            case Compare():
                return self._compare(expr)
            case In():
                arg = self.term(expr.arg)
                same = [arg.value == self.literal(value.text, value.type) for value in expr.values]
                return Term(z3.Or(*same), arg.null)
            case IsNull():
                return Term(self.term(expr.arg).null, self.no)
            case Case():
                return self._case(expr)
            case Arithmetic() | Cast() | Call():
                found = number_term(self, expr)
                if found is None:
                    return self.unknown(expr)
                if expr.type.name == "float" or any(c.type.name == "float" for c in children(expr)):
                    self.loose.append((expr, found))  # right but for rounding
                return found
            case Lookup():
                return self._lookup(expr)
            case Like() | Window() | Index() | Bin():
                return self.unknown(expr)
        assert_never(expr)

    def _logic(self, expr: Logic) -> Term:
        z3, args = self.z3, [self.term(arg) for arg in expr.args]
        yes = [z3.And(z3.Not(arg.null), arg.value) for arg in args]
        no = [z3.And(z3.Not(arg.null), z3.Not(arg.value)) for arg in args]
        if expr.op == "and":
            return Term(z3.And(*yes), z3.And(z3.Or(*(arg.null for arg in args)), z3.Not(z3.Or(*no))))
        return Term(z3.Or(*yes), z3.And(z3.Or(*(arg.null for arg in args)), z3.Not(z3.Or(*yes))))

    def _compare(self, expr: Compare) -> Term:
        if expr.left.type.name == "text" and expr.op not in ("=", "<>"):
            return self.unknown(expr)
        left, right = self.term(expr.left), self.term(expr.right)
        return Term(_OPERATORS[expr.op](left.value, right.value), self.z3.Or(left.null, right.null))

    def _case(self, expr: Case) -> Term:
        last = self.term(expr.otherwise)
        value, null = last.value, last.null
        for condition, result in reversed(expr.branches):
            here, chosen = self.true(condition), self.term(result)
            value = self.z3.If(here, chosen.value, value)
            null = self.z3.If(here, chosen.null, null)
        return Term(value, null)

    def _lookup(self, expr: Lookup) -> Term:
        """Return the value of a small table; of a large one, one of its values or nothing."""
        z3, keys = self.z3, [self.term(key) for key in expr.keys]
        found = self.unknown(expr)
        if len(expr.table) > MOST_TUPLES:
            distinct = sorted({text for _, text in expr.table if text is not None})
            values = [number(text) for text in distinct]
            plain = [value for value in values if value is not None]
            if expr.type.name in ("int", "float", "decimal") and plain:
                ends = (self.literal(str(end), expr.type) for end in (min(plain), max(plain)))
                low, high = ends
                self.limits.append(z3.Or(found.null, z3.And(found.value >= low, found.value <= high)))
            return found
        hits = []
        for row, text in expr.table:
            parts = (k.value == self.literal(t, e.type) for k, t, e in zip(keys, row, expr.keys))
            hit = z3.And(*(z3.Not(key.null) for key in keys), *parts)
            hits.append(hit)
            gives = found.null if text is None else z3.And(
                z3.Not(found.null), found.value == self.literal(text, expr.type)
            )  # fmt: skip
            self.limits.append(z3.Implies(hit, gives))
        self.limits.append(z3.Implies(z3.Not(z3.Or(*hits)), found.null))
        return found

    def unknown(self, expr: Expr) -> Term:
        """Return any value of the type; over one short list, the true value for each of its values."""
        term = Term(self.fresh(expr.type), self.z3.Bool(f"n{next(self._names)}", self.context))
        self._limit(term.value, expr.type)
        names = () if isinstance(expr, Window) else columns_of(expr)
        planned = self.columns.get(names[0]) if len(names) == 1 else None
        if planned is not None and isinstance(planned.column, Category) and not isinstance(expr, Lookup):
            column = self.column(names[0])
            for text in planned.column.listed():
                here = self.z3.And(self.z3.Not(column.null), column.value == self.code(text))
                self.limits.append(self.z3.Implies(here, self.equal(term, evaluate(expr, {names[0]: text}))))
            self.limits.append(
                self.z3.Implies(column.null, self.equal(term, evaluate(expr, {names[0]: None})))
            )
        if not isinstance(expr, Window):
            self.loose.append((expr, term))
        return term

    def equal(self, term: Term, value: Scalar) -> Any:
        """Return the condition that a term has a value, or is null."""
        if value is None:
            return term.null
        type_ = _TYPES.get(type(value).__name__)
        if isinstance(value, float):
            near = Fraction(value)
            slack = abs(near) * _SLACK
            low, high = (self.z3.RealVal(str(near + d), self.context) for d in (-slack, slack))
            return self.z3.And(self.z3.Not(term.null), term.value >= low, term.value <= high)
        if type_ is None:  # a decimal: its scale is that of the text
            text = text_of(value) or "0"
            type_ = Type(name="decimal", scale=len(text.partition(".")[2]))
        return self.z3.And(self.z3.Not(term.null), term.value == self.constant(value, type_))

    def same(self, name: str, value: Scalar) -> Any:
        """Return the condition that a column is exactly this value, or null."""
        column = self.column(name)
        if value is None:
            return column.null
        constant = self.constant(value, self.columns[name].type)
        return self.z3.And(self.z3.Not(column.null), column.value == constant)

    def near(self, exact: Any) -> Any:
        """Return a float result: the exact one but for rounding, the same for the same result."""
        z3 = self.z3
        error = z3.Function("rounding", z3.RealSort(self.context), z3.RealSort(self.context))(exact)
        size = z3.If(exact >= 0, exact, -exact) * z3.RealVal(str(_SLACK), self.context)
        self.limits += [error <= size, error >= -size]
        return exact + error

    def value_in(self, model: Any, name: str) -> Scalar:
        """Return what a column is in a model of z3."""
        term, type_ = self.column(name), self.columns[name].type
        if self.z3.is_true(model.evaluate(term.null, model_completion=True)):
            return None
        found = model.evaluate(term.value, model_completion=True)
        match type_.name:
            case "bool":
                return bool(self.z3.is_true(found))
            case "float":
                return _real(found)
            case "text":
                at = found.as_long()
                return next((text for text, code in self.texts.items() if code == at), f"(text {at})")
            case "date":
                return value_of(day_text(found.as_long()), type_)
            case "datetime":
                return value_of(second_text(found.as_long()), type_)
        return value_of(scaled_text(found.as_long(), type_.scale), type_)


def _real(found: Any) -> float:
    if hasattr(found, "approx") and not hasattr(found, "numerator_as_long"):
        found = found.approx(20)
    return float(Fraction(found.numerator_as_long(), found.denominator_as_long()))


_RANGES = {
    "int": (-INT_LIMIT, INT_LIMIT),
    "decimal": (-DECIMAL_LIMIT, DECIMAL_LIMIT),
    "date": (FIRST_DAY, LAST_DAY),
    "datetime": (FIRST_DAY * 86400, LAST_DAY * 86400 + 86399),
}
_TYPES = {
    "bool": Type(name="bool"),
    "int": Type(name="int"),
    "str": Type(name="text"),
    "date": Type(name="date"),
    "datetime": Type(name="datetime"),
}
_OPERATORS = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
