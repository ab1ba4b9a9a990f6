"""Facts: everything in a spec that restricts its rows, each with the place where it is written.

A fact is an expression that must not be false in any row (SQL CHECK semantics): a rule, an end of a
domain, a list of values, what a computed column is, a value that a fixed `known` table gives no share.
`step` and `never missing` are facts too. Types, and `missing:`, are given: they are no part of a
conflict, and are never left out of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from synthspec.columns import Category, Ordered
from synthspec.columns.literal import number
from synthspec.compile.findings import Findings
from synthspec.plan.plan import PlannedColumn
from synthspec.rules import AnyRule, Combos
from synthspec.spec.model import IfRule, Known, Spec
from synthspec.spec.tree import Path_
from synthspec.terms.evaluate import evaluate, physical
from synthspec.terms.expr import Case, Column, Compare, Expr, In, IsNull, Literal_, Logic, Lookup, Not, Scalar
from synthspec.terms.literal import text_of, value_of
from synthspec.terms.types import BOOL
from synthspec.terms.walk import columns_of, has_window

Kind = Literal["present", "low", "high", "step", "values", "computed", "known", "combos", "check", "plain"]
Row = Mapping[str, Scalar]


@dataclass(frozen=True, eq=False)
class Fact:
    """One fact about every row.

    Attributes:
        name: unique; of a rule its name.
        kind: `check` and `combos` are rules; the others belong to the column or the table `subject`.
            `plain` facts are nobody's: they keep numbers away from the ends of their type.
        subject: the column or the rule.
        path: where it is written.
        expression: what must not be false; of a `step` None.
        column: the ordered column of a `step`, `low` or `high`.
        when: the condition of an if/then rule or of a case; `then` is the rest.
        combos: the rule of a `combos`.
        value: what a computed column is.
    """

    name: str
    kind: Kind
    subject: str
    path: Path_
    expression: Expr | None
    column: Ordered | None = None
    when: Expr | None = None
    then: Expr | None = None
    combos: Combos | None = None
    value: Expr | None = None

    @property
    def rule(self) -> bool:
        """Whether it is a rule that somebody wrote."""
        return self.kind in ("check", "combos")

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is about."""
        return (self.subject,) if self.expression is None else columns_of(self.expression)

    @cached_property
    def tuples(self) -> frozenset[tuple[str, ...]]:
        """The tuples of a `combos`, as canonical texts."""
        return frozenset(self.combos.rows) if self.combos is not None else frozenset()

    def holds(self, row: Row) -> bool:
        """Return whether the fact is not false in a row."""
        if self.combos is not None:
            texts = [text_of(row[name]) for name in self.combos.over]
            key = tuple(text for text in texts if text is not None)
            return len(key) < len(texts) or key in self.tuples
        if self.kind == "step" and self.column is not None:
            return row[self.subject] is None or on_grid(self.column, row[self.subject])
        return self.expression is None or evaluate(self.expression, row) is not False


def on_grid(column: Ordered, value: Any) -> bool:
    """Return whether a value is a point of the column's grid, which may go on beyond its ends."""
    found = physical(value, column.type)
    if isinstance(found, float):
        grid = round(found * column.unit)
        return grid / column.unit == found and (grid - column.lo) % column.step == 0
    return (int(found) - column.lo) % column.step == 0


def facts_of(
    findings: Findings, spec: Spec, columns: Mapping[str, PlannedColumn], rules: Sequence[AnyRule]
) -> tuple[Fact, ...]:
    """Return every fact about rows that are drawn; rules that are only counted are none."""
    found = [fact for column in columns.values() for fact in _column(findings, spec, column)]
    for rule in rules:
        expression = rule.row_expression()
        written = ("rules", rule.name)
        if expression is None or rule.enforce != "always" or not findings.written(*written):
            continue  # the rules that computed columns imply are facts of their domains
        if any(name not in columns for name in columns_of(expression)):
            continue
        path = next((p for p in ((*written, key) for key in _PLACES) if findings.written(*p)), written)
        when = then = None
        if isinstance(spec.rules.get(rule.name), IfRule) and isinstance(expression, Logic):
            head, then = expression.args
            when = head.arg if isinstance(head, Not) else None
        found.append(
            Fact(
                name=rule.name,
                kind="combos" if isinstance(rule, Combos) else "check",
                subject=rule.name,
                path=path,
                expression=expression,
                when=when,
                then=then,
                combos=rule if isinstance(rule, Combos) else None,
            )
        )
    return tuple(found)


_PLACES = ("then", "check", "rows", "file")
"""What of a rule's long form is shown."""


def _column(findings: Findings, spec: Spec, planned: PlannedColumn) -> Iterator[Fact]:
    """Yield the facts of one column: what it is computed from, its domain, that it is never missing."""
    name, written = planned.name, spec.columns[planned.name]
    if planned.role == "id" or (planned.value is not None and has_window(planned.value)):
        return  # made up, or decided by other rows: anything can stand there
    value, path = Column(name=name, type=planned.type), ("columns", name, "in")
    if planned.value is not None:
        where = ("columns", name, "derive" if written.derive is not None else "lookup")
        same = _same(value, planned.value)
        yield Fact(f"value of {name}", "computed", name, where, same, value=planned.value)
    if written.missing == "never":
        present = Not(arg=IsNull(arg=value))
        yield Fact(f"{name} is present", "present", name, ("columns", name), present)
    column = planned.column
    if column is None or written.domain is None or planned.discovery is not None:
        return
    if isinstance(column, Category):
        listed = tuple(Literal_(text=text, type=column.type) for text in column.listed())
        yield Fact(f"values of {name}", "values", name, path, In(arg=value, values=listed))
    if isinstance(column, Ordered):
        low, high = (Literal_(text=column.grid_text(end), type=column.type) for end in (column.lo, column.hi))
        above, below = Compare(op=">=", left=value, right=low), Compare(op="<=", left=value, right=high)
        yield Fact(f"low of {name}", "low", name, path, above, column)
        yield Fact(f"high of {name}", "high", name, path, below, column)
        if planned.value is None and findings.written("columns", name, "step"):
            yield Fact(f"step of {name}", "step", name, ("columns", name, "step"), None, column)


FAR = 10**9
"""Numbers farther from 0 than this, and than their domain, are not thought of."""


def plain_facts(facts: Sequence[Fact]) -> Iterator[Fact]:
    """Yield, for each number with a domain, that it is no monstrous one, were its domain not there.

    A sum or a product of such numbers fits its type, where that of the greatest ones would be null and so
    meet any rule.
    """
    for fact in facts:
        grid = fact.column
        if fact.kind not in ("low", "high") or grid is None or grid.type.name in ("date", "datetime"):
            continue
        low = fact.kind == "low"
        end = number(grid.grid_text(grid.lo if low else grid.hi)) or Decimal(0)
        far = min(end, Decimal(-FAR)) if low else max(end, Decimal(FAR))
        text = repr(float(far)) if grid.type.name == "float" else f"{far:.{grid.type.scale}f}"
        literal = Literal_(text=text, type=grid.type)
        test = Compare(
            op=">=" if low else "<=", left=Column(name=fact.subject, type=grid.type), right=literal
        )
        yield Fact(f"plain {fact.name}", "plain", fact.subject, fact.path, test)


def _same(left: Expr, right: Expr) -> Expr:
    """Return that two values are the same, or both null; never unknown."""
    gaps = Logic(op="and", args=(IsNull(arg=left), IsNull(arg=right)))
    both = (Not(arg=IsNull(arg=left)), Not(arg=IsNull(arg=right)), Compare(op="=", left=left, right=right))
    return Logic(op="or", args=(gaps, Logic(op="and", args=both)))


@dataclass(frozen=True, eq=False)
class Case_:
    """A case of a `known` table: where it applies, and the values that it gives a share."""

    path: Path_
    applies: Expr
    shares: tuple[tuple[str, float], ...]


def known_facts(name: str, column: PlannedColumn, cases: Sequence[Case_]) -> Iterator[Fact]:
    """Yield, for each case of a fixed table, that only values with a share occur."""
    value = Column(name=name, type=column.type)
    for case in cases:
        given = tuple(Literal_(text=text, type=column.type) for text, share in case.shares if share > 0)
        only = In(arg=value, values=given)
        expression = Logic(op="or", args=(Not(arg=case.applies), only))
        label = f"known {name} {case.path[-2] if case.path[-1] in ('is', 'else') else case.path[-1]}"
        yield Fact(label, "known", name, case.path, expression, when=case.applies, then=only)


def certain(expression: Expr) -> Expr:
    """Return the two-valued test that an expression is true: unknown counts as false."""
    yes, no = (Literal_(text=text, type=expression.type) for text in ("true", "false"))
    return Case(branches=((expression, yes),), otherwise=no, type=expression.type)


def known_cases(
    known: Known, name: str, column: PlannedColumn, guards: Sequence[Expr | None]
) -> tuple[Case_, ...]:
    """Return the cases of a table that list values; a case applies where none before it does.

    Args:
        known: the table.
        name: the column it is about.
        column: that column.
        guards: the condition of each case, None for `else`.
    """
    earlier: list[Expr] = []
    found: list[Case_] = []
    for at, (case, guard) in enumerate(zip(known.cases, guards, strict=True)):
        here = [Not(arg=certain(each)) for each in earlier] + ([] if guard is None else [certain(guard)])
        if guard is not None:
            earlier.append(guard)
        if case.values is None:
            continue
        shares = dict(case.values)
        if column.type.name == "bool" and len(shares) == 1:
            ((side, share),) = shares.items()
            shares["false" if side == "true" else "true"] = 1 - share
        always = Literal_(text="true", type=BOOL)
        applies: Expr = Logic(op="and", args=tuple(here)) if here else always
        path = ("network", "known", name, "cases", str(at), "else" if guard is None else "is")
        found.append(Case_(path, applies, tuple(shares.items())))
    return tuple(found)


def base_columns(names: Sequence[str], facts: Sequence[Fact]) -> tuple[str, ...]:
    """Return the columns that decide `names`, computed ones followed to what they are computed from."""
    values = {fact.subject: fact.value for fact in facts if fact.value is not None}
    found: dict[str, None] = {}
    stack = list(reversed(names))
    while stack:
        name = stack.pop()
        value = values.get(name)
        if value is None:
            found[name] = None
        else:
            stack += reversed(columns_of(value))
    return tuple(found)


def connected(facts: Sequence[Fact], names: Sequence[str]) -> tuple[Fact, ...]:
    """Return the facts that are tied to `names` by columns in common, in their order."""
    reached, taken = set(names), set[int]()
    grown = True
    while grown:
        grown = False
        for at, fact in enumerate(facts):
            if at not in taken and not reached.isdisjoint(fact.columns):
                taken.add(at)
                reached.update(fact.columns)
                grown = True
    return tuple(fact for at, fact in enumerate(facts) if at in taken)


def lookup_table(value: Expr) -> dict[tuple[str, ...], Scalar] | None:
    """Return the table of a column that is looked up, read once; None for another expression."""
    if not isinstance(value, Lookup):
        return None
    return {key: value_of(text, value.type) for key, text in value.table}
