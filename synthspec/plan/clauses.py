"""Clauses: a rule as a conjunction of conditions over the columns that groups generate.

Computed columns are replaced by what they are computed from, so that a rule about them becomes one
about their sources; then AND is split and OR distributed over it, which keeps each part on few columns.

Source: Kleene's three-valued logic is a distributive lattice with De Morgan's laws (Kleene 1938), so
the parts together are false in exactly the rows in which the rule is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synthspec.plan.cancelled import cancelled
from synthspec.plan.plan import PlannedColumn
from synthspec.terms.expr import Column, Expr, Logic, Not
from synthspec.terms.walk import columns_of, has_window, rebuild

MOST_CLAUSES = 64


@dataclass(frozen=True)
class Clause:
    """A part of rule `rule` that must not be false, over `columns` that are not computed."""

    rule: str
    expression: Expr
    columns: tuple[str, ...]


def clauses(rule: str, expression: Expr, columns: Mapping[str, PlannedColumn]) -> tuple[Clause, ...]:
    """Return the parts of a rule; a single one where a window stands in the way."""
    sure = {name for name, each in columns.items() if each.column is not None and not each.column.missing}
    whole = cancelled(substituted(expression, columns), sure)
    parts = _split(whole, negated=False)
    found = parts if parts is not None and not has_window(whole) else [whole]
    return tuple(Clause(rule, part, columns_of(part)) for part in dict.fromkeys(found))


def substituted(expression: Expr, columns: Mapping[str, PlannedColumn]) -> Expr:
    """Return `expression` with computed columns replaced by their values, down to those that are not."""
    if isinstance(expression, Column):
        found = columns.get(expression.name)
        if found is None or found.value is None or found.role != "computed":
            return expression
        return substituted(found.value, columns)
    return rebuild(expression, lambda child: substituted(child, columns))


def bases(name: str, columns: Mapping[str, PlannedColumn]) -> tuple[str, ...]:
    """Return the columns that are not computed and that `name` is computed from, itself if it is none."""
    found = columns.get(name)
    if found is None or found.value is None or found.role != "computed":
        return (name,)
    return columns_of(substituted(found.value, columns))


def _split(expression: Expr, *, negated: bool) -> list[Expr] | None:
    """Return parts whose conjunction is `expression` (or its negation); None when they are too many."""
    if isinstance(expression, Not):
        return _split(expression.arg, negated=not negated)
    if not isinstance(expression, Logic):
        return [Not(arg=expression) if negated else expression]
    if (expression.op == "and") != negated:
        parts = [_split(arg, negated=negated) for arg in expression.args]
        known = [part for part in parts if part is not None]
        joined = [each for part in known for each in part]
        return joined if len(known) == len(parts) and len(joined) <= MOST_CLAUSES else None
    out: list[tuple[Expr, ...]] = [()]
    for arg in expression.args:
        part = _split(arg, negated=negated)
        if part is None or len(out) * len(part) > MOST_CLAUSES:
            return None
        out = [(*left, right) for left in out for right in part]
    return [_either(parts) for parts in out]


def _either(parts: tuple[Expr, ...]) -> Expr:
    flat: list[Expr] = []
    for part in parts:
        flat += part.args if isinstance(part, Logic) and part.op == "or" else (part,)
    distinct = tuple(dict.fromkeys(flat))
    return distinct[0] if len(distinct) == 1 else Logic(op="or", args=distinct)
