"""Search: a row that meets facts, or the proof that none does, by trying the values that decide.

Columns are given values one after the other; computed ones follow. When a fact fails, the search goes
back to the last column that had a part in the failure. A row that it finds has been evaluated by the
law of the language (terms/evaluate.py); "none" is a proof when the lists of values were complete.

Source: conflict-directed backjumping, Prosser 1993, Computational Intelligence 9(3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synthspec.compile.diagnose.facts import Fact, base_columns, lookup_table
from synthspec.compile.diagnose.values import Values, beside, comparisons, values_of
from synthspec.plan.plan import PlannedColumn
from synthspec.terms.evaluate import evaluate
from synthspec.terms.expr import Column, Compare, Expr, Literal_, Lookup, Scalar
from synthspec.terms.literal import constant, text_of
from synthspec.terms.walk import columns_of

Row = dict[str, Scalar]


@dataclass(frozen=True, eq=False)
class Ask:
    """A further condition on the row: an expression that must be true, or must be false."""

    expression: Expr
    true: bool = True

    def holds(self, row: Mapping[str, Scalar]) -> bool:
        """Return whether the row answers it."""
        return evaluate(self.expression, row) is self.true


def pinned(ask: Ask) -> tuple[str, Scalar] | None:
    """Return the column and the one value that an ask wants it to have."""
    match ask.expression:
        case Compare(op="=", left=Column(name=name), right=Literal_() as right) if ask.true:
            value: Scalar = constant(right)
            return name, value
    return None


@dataclass(eq=False)
class Near:
    """A row, and the names of the facts that it is known to meet: those need no second look."""

    row: Row = field(default_factory=dict)
    met: set[str] = field(default_factory=set)

    def saw(self, row: Row, facts: Sequence[Fact]) -> None:
        """Take over a row that meets `facts`; others that share a column with it are known no more."""
        self.met = {fact.name for fact in facts} | (self.met & self._apart(row))
        self.row.update(row)
        self.columns.update({fact.name: frozenset(fact.columns) for fact in facts})

    columns: dict[str, frozenset[str]] = field(default_factory=dict)

    def _apart(self, row: Row) -> set[str]:
        return {name for name, columns in self.columns.items() if columns.isdisjoint(row)}


@dataclass(eq=False)
class Effort:
    """How many evaluations are left."""

    left: int


@dataclass(frozen=True, eq=False)
class Found:
    """What a search ended with; `row` is set when there is one, `none` when there provably is none.

    `blamed` are facts that exclude every row together (when `none`), not yet a smallest set.
    """

    row: Row | None = None
    none: bool = False
    blamed: frozenset[str] = frozenset()


class _Spent(Exception):
    """No evaluations are left."""


def search(
    columns: Mapping[str, PlannedColumn],
    facts: Sequence[Fact],
    asks: Sequence[Ask],
    effort: Effort,
    near: Near | None = None,
) -> Found:
    """Look for a row that meets all facts and asks.

    Args:
        columns: every column, by name.
        facts: what must not be false.
        asks: what must be true, or false.
        effort: what may be spent; it is spent.
        near: a row that met facts before; its values are tried first.
    """
    whole = _Search(columns, facts, asks, effort, near or Near())
    try:
        found = whole.run()
        if found.row is not None or whole.complete:
            return found
        exact = _decidable(whole, facts, asks)
        if exact is None:
            return Found()
        narrower = _Search(columns, *exact, effort, Near())
        found = narrower.run() if narrower.complete else Found()
        return found if found.none else Found()
    except _Spent:
        return Found()


def _decidable(
    whole: _Search, facts: Sequence[Fact], asks: Sequence[Ask]
) -> tuple[list[Fact], list[Ask]] | None:
    """Return the facts over columns whose values are listed completely: fewer facts, so still a proof."""
    open_ = {name for name, values in whole.values.items() if not values.complete}
    kept = [f for f in facts if open_.isdisjoint(base_columns(f.columns, facts))]
    asked = [a for a in asks if open_.isdisjoint(base_columns(columns_of(a.expression), facts))]
    return (kept, asked) if len(kept) < len(facts) and any(f.rule for f in kept) else None


@dataclass(frozen=True, eq=False)
class _Test:
    """A fact or ask with the positions of the columns that decide it."""

    fact: Fact | Ask
    name: str
    needs: frozenset[int]
    met: bool = False

    def holds(self, row: Row) -> bool:
        return self.fact.holds(row)


@dataclass(eq=False)
class _Search:
    columns: Mapping[str, PlannedColumn]
    facts: Sequence[Fact]
    asks: Sequence[Ask]
    effort: Effort
    near: Near
    blamed: set[str] = field(default_factory=set)
    row: Row = field(default_factory=dict)

    def __post_init__(self) -> None:
        mentioned = [columns_of(ask.expression) for ask in self.asks] + [f.columns for f in self.facts]
        names = dict.fromkeys(name for group in mentioned for name in group)
        self.order = self._order(base_columns(tuple(names), self.facts))
        asked = [ask.expression for ask in self.asks]
        self.values = {
            name: values_of(
                self.columns[name],
                [fact for fact in self.facts if name in fact.columns],
                [each for each in asked if name in columns_of(each)],
            )
            for name in self.order
        }
        for ask in self.asks:
            self._pin(ask)
        self.complete = all(values.complete for values in self.values.values())
        self.same = [False] * len(self.order)
        self._schedule()

    def _pin(self, ask: Ask) -> None:
        """Keep the one value of a column that is asked to have it."""
        found = pinned(ask)
        if found is not None and found[0] in self.values and found[1] in self.values[found[0]].values:
            self.values[found[0]] = Values((found[1],), True)

    def _order(self, names: Sequence[str]) -> list[str]:
        """Return the columns so that each shares a fact with one before it where possible."""
        groups = [set(base_columns(f.columns, self.facts)) for f in self.facts if len(f.columns) > 1]
        left, order = list(names), list[str]()
        while left:
            near = [name for name in left if any(name in g and not g.isdisjoint(order) for g in groups)]
            chosen = near[0] if near else left[0]
            left.remove(chosen)
            order.append(chosen)
        return order

    def _schedule(self) -> None:
        """Decide at which column each fact can be tested and each computed column is known."""
        at = {name: index for index, name in enumerate(self.order)}

        def needs(names: Sequence[str]) -> frozenset[int]:
            return frozenset(at[name] for name in base_columns(names, self.facts))

        self.tests: list[list[_Test]] = [[] for _ in self.order]
        self.computed: list[list[tuple[str, Expr, dict[tuple[str, ...], Scalar] | None]]] = [
            [] for _ in self.order
        ]
        made = [fact for fact in self.facts if fact.value is not None]
        for fact in sorted(made, key=lambda f: self._depth(f.subject)):
            value = fact.value
            if value is not None:
                level = max(needs((fact.subject,)), default=0)
                self.computed[level].append((fact.subject, value, lookup_table(value)))
        self.shapes: dict[str, list[Fact]] = {name: [] for name in self.order}
        for fact in self.facts:
            if fact.kind in _SHAPES and fact.subject in self.shapes:
                self.shapes[fact.subject].append(fact)
            elif fact.value is None:
                self._add(_Test(fact, fact.name, needs(fact.columns), fact.name in self.near.met))
        for ask in self.asks:
            self._add(_Test(ask, "", needs(columns_of(ask.expression))))

    def _add(self, test: _Test) -> None:
        self.tests[max(test.needs, default=0)].append(test)

    def _depth(self, name: str) -> int:
        value = next((f.value for f in self.facts if f.subject == name and f.value is not None), None)
        return 0 if value is None else 1 + max((self._depth(n) for n in columns_of(value)), default=0)

    def run(self) -> Found:
        """Raises: _Spent."""
        if not self.order:
            return Found(row={})
        conflict = self._go(0)
        if conflict is None:
            return Found(row=dict(self.row))
        return Found(none=self.complete, blamed=self._blame() if self.complete else frozenset())

    def _blame(self) -> frozenset[str]:
        """Return the facts that failed, with the domains and computed columns that they rest on."""
        failed = [fact for fact in self.facts if fact.name in self.blamed]
        used = {name for fact in failed for name in fact.columns}
        used.update(*(columns_of(ask.expression) for ask in self.asks))
        values = {fact.subject: fact.value for fact in self.facts if fact.value is not None}
        stack = [name for name in used if name in values]
        while stack:
            value = values[stack.pop()]
            new = set(columns_of(value)) - used if value is not None else set()
            used |= new
            stack += [name for name in new if name in values]
        rests = {
            f.name for f in self.facts if f.subject in used and (f.kind in _SHAPES or f.value is not None)
        }
        return frozenset(self.blamed | rests)

    def _go(self, level: int) -> set[int] | None:
        """Return None when a row was found, else the earlier columns that had a part in the failure."""
        if level == len(self.order):
            return None
        conflict: set[int] = set()
        for value in self._choices(level):
            here = self.order[level]
            self.row[here] = value
            self.same[level] = here in self.near.row and self.near.row[here] == value
            for name, expression, table in self.computed[level]:
                self.row[name] = _compute(expression, table, self.row)
            failed = self._failed(level)
            if failed is not None:
                conflict |= failed.needs
                self.blamed.add(failed.name)
                continue
            below = self._go(level + 1)
            if below is None:
                return None
            if level not in below:
                return below
            conflict |= below
        return conflict - {level}

    def _failed(self, level: int) -> _Test | None:
        for test in self.tests[level]:
            if test.met and all(self.same[at] for at in test.needs):
                continue
            self.effort.left -= 1
            if self.effort.left < 0:
                raise _Spent
            if not test.holds(self.row):
                return test
        return None

    def _choices(self, level: int) -> Sequence[Scalar]:
        """Return the values to try: the near row's first, then those that facts with others point at."""
        name = self.order[level]
        values = self.values[name].values
        if not self.values[name].complete:
            values = (*self._pointed(level, name), *values)
        if name in self.near.row and self.near.row[name] in values:
            first = self.near.row[name]
            return (first, *(value for value in values if value != first))
        return values

    def _pointed(self, level: int, name: str) -> list[Scalar]:
        found: list[Any] = []
        for test in self.tests[level]:
            expression = test.fact.expression
            if expression is None or len(test.needs) < 2:
                continue
            for op, other in comparisons(name, expression):
                if all(each in self.row and each != name for each in columns_of(other)):
                    found.append(beside(evaluate(other, self.row), self.columns[name].type, op))
        fitting = [value for value in dict.fromkeys(found) if value is not None]
        return [v for v in fitting if all(shape.holds({name: v}) for shape in self.shapes[name])]


_SHAPES = ("low", "high", "step", "values", "present")


def _compute(expression: Expr, table: dict[tuple[str, ...], Scalar] | None, row: Row) -> Scalar:
    if table is None or not isinstance(expression, Lookup):
        found: Scalar = evaluate(expression, row)
        return found
    parts = [text_of(evaluate(key, row)) for key in expression.keys]
    key = tuple(part for part in parts if part is not None)
    return table.get(key) if len(key) == len(parts) else None
