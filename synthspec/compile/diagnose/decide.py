"""Decide: is there a row that meets these facts? By search first, by z3 where search cannot tell.

A "yes" always comes with a row that was evaluated; a "no" is a proof; else the answer is None. z3 is
imported only when a question needs it, and everything together ends within `SECONDS`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING

from synthspec.compile.diagnose.answer import Answer
from synthspec.compile.diagnose.facts import Fact, base_columns, connected, plain_facts
from synthspec.compile.diagnose.search import Ask, Effort, Near, Row, pinned, search
from synthspec.plan.plan import PlannedColumn
from synthspec.terms.walk import columns_of

if TYPE_CHECKING:
    from synthspec.compile.diagnose.solver import Solver

SECONDS = 4.5
"""For all questions of one spec together, whatever they use; a check then ends within 5 s."""
ONE = 1.5
"""Seconds for one question."""
TRIALS = 10_000
"""Evaluations of all searches together, about a quarter of a second."""
EACH = 500
"""Evaluations of one search when z3 can take over; without it one search may use all that are left."""


@dataclass(eq=False)
class Decider:
    """Answers questions about one spec.

    Attributes:
        columns: every column, by name.
        z3: whether z3 may be used; by default when it is installed.
        seen: values of rows that met all facts, per column.
        effort, explaining: what searches may use up, for answers and for smallest sets.
        near: the row that met all facts last; searches start there.
        seconds: for all questions together.
    """

    columns: Mapping[str, PlannedColumn]
    z3: bool = field(default_factory=lambda: find_spec("z3") is not None)
    effort: Effort = field(default_factory=lambda: Effort(TRIALS))
    seen: dict[str, set[object]] = field(default_factory=dict)
    explaining: Effort = field(default_factory=lambda: Effort(TRIALS))
    near: Near = field(default_factory=Near)
    seconds: float = SECONDS

    def __post_init__(self) -> None:
        self._end = time.monotonic() + self.seconds
        self._solver: Solver | None = None

    def ask(self, facts: Sequence[Fact], asks: Sequence[Ask] = (), effort: Effort | None = None) -> Answer:
        """Return whether a row meets all facts and asks; with asks, of the facts tied to one of them.

        effort: what searching may use up; by default what is left for all questions.
        """
        effort = self.effort if effort is None else effort
        if asks:
            named = [name for ask in asks for name in columns_of(ask.expression)]
            facts = connected(facts, base_columns(named, facts) + tuple(named))
        if self._left() <= 0:
            return Answer(None, why="late")
        swapped = self._swap(facts, asks)
        if swapped is not None:
            return Answer(True, swapped)
        spend = Effort(min(effort.left, EACH) if self.z3 else effort.left)
        before = spend.left
        found = search(self.columns, facts, asks, spend, self.near)
        effort.left -= before - max(spend.left, 0)
        if found.row is not None:
            return Answer(True, found.row)
        if found.none:
            return Answer(False, core=tuple(fact for fact in facts if fact.name in found.blamed))
        return self._prove(facts, asks) if self.z3 else Answer(None)

    def _swap(self, facts: Sequence[Fact], asks: Sequence[Ask]) -> Row | None:
        """Return the near row with one value exchanged, when that answers a question about one value."""
        wanted = pinned(asks[0]) if len(asks) == 1 else None
        if wanted is None or wanted[0] not in self.near.row:
            return None
        row, changed = {**self.near.row, wanted[0]: wanted[1]}, {wanted[0]}
        if not all(name in row for fact in facts for name in fact.columns):
            return None
        if any(fact.value is not None and wanted[0] in (fact.subject, *fact.columns) for fact in facts):
            return None
        for fact in facts:
            if (fact.name not in self.near.met or changed & set(fact.columns)) and not fact.holds(row):
                return None
        return row

    def saw(self, row: Row, facts: Sequence[Fact]) -> None:
        """Remember a row that meets all of the facts that there are about its columns."""
        self.near.saw(row, facts)
        for name, value in row.items():
            self.seen.setdefault(name, set()).add(value)

    def _prove(self, facts: Sequence[Fact], asks: Sequence[Ask]) -> Answer:
        if self._solver is None:
            from synthspec.compile.diagnose.solver import Solver

            self._solver = Solver(self.columns)
        left = self._left()
        if left <= 0.05:
            return Answer(None, why="late")
        answer = self._solver.ask(facts, asks, min(ONE, left))
        if answer.possible is None and self._solver.slow:
            return Answer(None, why="late" if left < ONE else "long")
        return answer

    def _left(self) -> float:
        """Return the seconds that are left for all questions."""
        return self._end - time.monotonic()

    def minimal(self, facts: Sequence[Fact], asks: Sequence[Ask] = ()) -> tuple[tuple[Fact, ...], bool]:
        """Return a smallest-by-deletion set of `facts` that excludes every row, and whether it surely is.

        Declarations are left out whole, both ends of a domain at once, since that is what somebody can
        change; then ends that say nothing, so that only what matters is told of a domain. Facts about
        presence stay, since they are given, and numbers stay clear of the ends of their type. Domains are
        left out before tables, and tables before rules, so that what is shown is as much as possible about
        rules.
        """
        blamed = {fact.path for fact in self.ask(facts, asks).core}
        left = [f for f in facts if f.kind != "present" and (not blamed or f.path in blamed)]
        left, sure = self._fewest(facts, asks, left, whole=True)
        return tuple(self._fewest(facts, asks, left, whole=False)[0]), sure

    def _fewest(
        self, facts: Sequence[Fact], asks: Sequence[Ask], left: list[Fact], *, whole: bool
    ) -> tuple[list[Fact], bool]:
        """Leave out declarations, or single facts of them, as long as no row remains possible."""
        given = (*(fact for fact in facts if fact.kind == "present"), *plain_facts(facts))
        sure = True
        order = sorted(left, key=lambda each: _ORDER.index(each.kind))
        for at, fact in enumerate(order):
            if not any(fact is other for other in left):
                continue
            fewer = [f for f in left if (f.path != fact.path if whole else f is not fact)]
            if not whole and not any(f.path == fact.path for f in fewer):
                continue  # the last of its declaration, which is needed
            answer = self._explain((*fewer, *given), asks, len(order) - at)
            if answer.possible is False:
                kept = {each.path if whole else id(each) for each in answer.core}
                left = [f for f in fewer if not kept or (f.path if whole else id(f)) in kept]
            elif answer.possible is None:
                sure = False
        return left, sure

    def _explain(self, facts: Sequence[Fact], asks: Sequence[Ask], still: int) -> Answer:
        """Ask with an even part of what is left for `still` questions, so that none takes it all."""
        part = self.explaining.left // still
        effort = Effort(part)
        answer = self.ask(facts, asks, effort)
        self.explaining.left -= part - effort.left
        return answer


_ORDER = ("computed", "step", "high", "low", "values", "known", "combos", "check", "present")
