"""Gaps: computed columns that can be null and do not say so, with the rows that they keep out (C128).

A computed column is never missing unless it is declared `missing: derived`. So rows in which it would be
null are never drawn, which narrows the columns it is computed from without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from synthspec.columns import Listed
from synthspec.compile.diagnose.decide import Decider
from synthspec.compile.diagnose.facts import Fact, certain
from synthspec.compile.diagnose.search import Ask, Row
from synthspec.compile.findings import Findings
from synthspec.plan.plan import PlannedColumn
from synthspec.spec.model import Spec
from synthspec.terms.evaluate import evaluate
from synthspec.terms.expr import (
    Arithmetic,
    Call,
    Case,
    Cast,
    Column,
    Compare,
    Expr,
    IsNull,
    Literal_,
    Logic,
    Lookup,
    Not,
)
from synthspec.terms.text import to_text
from synthspec.terms.types import BOOL, INT, Type
from synthspec.terms.walk import children, columns_of, has_window

MOST_CAUSES = 3
MOST_KEYS = 20
"""Values of a looked-up key that are compared with the file one by one."""


_ALWAYS = Literal_(text="true", type=BOOL)


@dataclass(frozen=True)
class Cause:
    """Why a value is null: in which rows, the rule that says it is not (or nothing), and as a test."""

    where: str
    rule: str = ""
    test: Expr = _ALWAYS


@dataclass(frozen=True, eq=False)
class Gaps:
    """Looks for rows in which a computed column is null although it may not be missing."""

    findings: Findings
    spec: Spec
    columns: Mapping[str, PlannedColumn]
    decider: Decider

    def check(self, facts: Sequence[Fact]) -> tuple[set[str], list[str]]:
        """Report C128; returns the columns that were reported and those that were left open."""
        told, left = set[str](), list[str]()
        for name, planned in self.columns.items():
            value = planned.value
            if value is None or has_window(value) or self.spec.columns[name].missing != "never":
                continue
            if planned.role != "computed" or not self._written(name):
                continue
            others = [fact for fact in facts if not (fact.kind == "present" and fact.subject == name)]
            answer = self.decider.ask(others, (Ask(IsNull(arg=Column(name=name, type=planned.type))),))
            if answer.possible is None:
                left.append(name)
            elif answer.row is not None:
                self._report(name, value, self._causes(value, others, answer.row))
                told.add(name)
        return told, left

    def _written(self, name: str) -> bool:
        return any(self.findings.written("columns", name, key) for key in ("derive", "lookup"))

    def _causes(self, value: Expr, facts: Sequence[Fact], row: Row) -> tuple[Cause, ...]:
        """Return the cause in the row that was found, then those of rows without the causes so far."""
        found: list[Cause] = []
        asks = [Ask(IsNull(arg=value))]
        while True:
            part, cause = culprit(value, row)
            found.append(self._absent(part) if isinstance(part, Lookup) else cause)
            asks.append(Ask(cause.test, true=False))
            answer = self.decider.ask(facts, asks)
            if len(found) == MOST_CAUSES or answer.row is None:
                return tuple(dict.fromkeys(found))
            row = answer.row

    def _absent(self, lookup: Lookup) -> Cause:
        """Return for which keys a public table has no entry."""
        names = ", ".join(to_text(key) for key in lookup.keys)
        key = lookup.keys[0]
        planned = self.columns.get(key.name) if isinstance(key, Column) else None
        column = planned.column if planned is not None else None
        if len(lookup.keys) == 1 and isinstance(column, Listed):
            known = {parts[0] for parts, text in lookup.table if text is not None}
            absent = [text for text in column.listed() if text not in known]
            if 0 < len(absent) <= MOST_KEYS:
                values = ", ".join(f"'{text}'" if column.type.name == "text" else text for text in absent)
                where = f"{names} = {values}" if len(absent) == 1 else f"{names} IN ({values})"
                return Cause(f"`{where}`")
        return Cause(f"the file has nothing for `{names}`")

    def _report(self, name: str, value: Expr, causes: Sequence[Cause]) -> None:
        key = "derive" if self.findings.written("columns", name, "derive") else "lookup"
        where = " or ".join(cause.where for cause in causes)
        rules = " AND ".join(cause.rule for cause in causes if cause.rule)
        read = columns_of(value)
        which = f"those values of `{read[0]}`" if len(read) == 1 else "such rows"
        stated = f"or say it by a rule: `{name}-known: {rules}`" if rules else ""
        otherwise = "or add what the file lacks" if key == "lookup" else "or narrow the domain of its inputs"
        self.findings.report(
            "C128",
            f"`{name}` keeps out the rows in which it would be null",
            ("columns", name, key),
            f"null where {where}",
            notes=(f"{which} never appear, as a computed column is never missing unless it says so",),
            helps=(
                f"write `missing: derived` under `{name}`, and rows may have them",
                stated or otherwise,
                "accept it with a reason: `# synthspec: allow C128 because <reason>`",
            ),
            level="warning",
        )


def culprit(value: Expr, row: Row) -> tuple[Expr, Cause]:
    """Return the part of a null value that is null by itself, not by its parts, and why it is."""
    if isinstance(value, Case):
        tests = [(certain(when), when, then) for when, then in value.branches]
        for test, when, then in tests:
            if evaluate(when, row) is True:
                if _is_null(then):
                    return value, Cause(f"`{_shown(when)}`", f"NOT ({_shown(when)})", test)
                return culprit(then, row)
        if not _is_null(value.otherwise):
            return culprit(value.otherwise, row)
        applies = Logic(op="or", args=tuple(test for test, _, _ in tests))
        return value, Cause("no WHEN of the CASE applies", "", Not(arg=applies))
    for part in children(value):
        if evaluate(part, row) is None and not _is_null(part):
            return culprit(part, row)
    alone = (IsNull(arg=value), *(Not(arg=IsNull(arg=part)) for part in children(value)))
    return value, replace(_why(value), test=Logic(op="and", args=alone))


def _is_null(expr: Expr) -> bool:
    return isinstance(expr, Literal_) and expr.text is None


def _why(node: Expr) -> Cause:
    """Return why a part of an expression is null though its own parts are not."""
    match node:
        case Column():
            return Cause(f"`{node.name} IS NULL`", f"{node.name} IS NOT NULL")
        case Arithmetic(op="/" | "%"):
            return _zero(node.right)
        case Call():
            return _called(node)
    return Cause(f"`{_shown(node)}` is out of range")


def _called(node: Call) -> Cause:
    first = _shown(node.args[0])
    match node.function:
        case "sqrt":
            return Cause(f"`{first} < 0`", f"{first} >= 0")
        case "ln":
            return Cause(f"`{first} <= 0`", f"{first} > 0")
        case "nullif":
            second = _shown(node.args[1])
            return Cause(f"`{first} = {second}`", f"{first} <> {second}")
        case "mod":
            return _zero(node.args[1])
        case "power" | "exp" | "date_add" | "round" | "floor" | "ceil" | "abs":
            return Cause(f"`{_shown(node)}` is out of range")
    return Cause(f"`{_shown(node)}` is null")


def _zero(divisor: Expr) -> Cause:
    text = _shown(divisor)
    return Cause(f"`{text} = 0`", f"{text} <> 0")


def _shown(expr: Expr) -> str:
    """Return an expression without the conversions of numbers that nobody wrote."""
    return to_text(_bare(expr))


def _bare(expr: Expr) -> Expr:
    match expr:
        case Literal_(text=str(text), type=Type(name="float")) if float(text).is_integer():
            return Literal_(text=f"{float(text):.0f}", type=INT)
        case Cast(arg=arg) if {arg.type.name, expr.type.name} <= {"int", "decimal", "float"}:
            return _bare(arg)
        case Arithmetic() | Compare():
            return expr.model_copy(update={"left": _bare(expr.left), "right": _bare(expr.right)})
        case Call():
            return expr.model_copy(update={"args": tuple(_bare(arg) for arg in expr.args)})
    return expr
