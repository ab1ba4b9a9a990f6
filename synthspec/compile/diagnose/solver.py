"""Solver: z3 on the facts of one spec; "no" is a proof, "yes" a row that was evaluated.

Source: de Moura and Bjorner 2008, Z3: an efficient SMT solver.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from synthspec.columns import Ordered
from synthspec.compile.diagnose.answer import Answer
from synthspec.compile.diagnose.facts import Fact, base_columns
from synthspec.compile.diagnose.search import Ask
from synthspec.compile.diagnose.translate import Translator
from synthspec.plan.plan import PlannedColumn
from synthspec.terms.evaluate import evaluate
from synthspec.terms.expr import Scalar
from synthspec.terms.walk import columns_of

GRACE = 0.1
"""Seconds that z3 may go beyond its timeout before it is interrupted."""
ROUNDS = 12
"""Models that turn out to be no rows, before the question is given up."""


class Solver:
    """One context of z3 with every fact behind a switch of its own; made when first needed."""

    def __init__(self, columns: Mapping[str, PlannedColumn]) -> None:
        import z3

        self._z3 = z3
        self._columns = columns
        self._context = z3.Context()
        self._solver = z3.Solver(ctx=self._context)
        self._terms = Translator(z3, self._context, columns)
        self._switches: dict[str, Any] = {}
        self._facts: dict[str, Fact] = {}
        self._told = 0
        self.slow = False

    def ask(self, facts: Sequence[Fact], asks: Sequence[Ask], seconds: float) -> Answer:
        """Return whether a row meets all facts and asks, within so many seconds."""
        self.slow = False
        end = time.monotonic() + seconds
        switches = []
        for fact in facts:
            switches.append(self._switch(fact))
            if time.monotonic() > end:  # large public tables take long to be told
                self.slow = True
                return Answer(None)
        asked = [self._terms.true(a.expression) if a.true else self._terms.false(a.expression) for a in asks]
        self._tell()
        self._solver.push()
        try:
            self._solver.add(*asked)
            done: set[object] = set()
            for _ in range(ROUNDS):
                left = end - time.monotonic()
                if left <= 0.01:
                    self.slow = True
                    return Answer(None)
                said = self._check(switches, left)
                if said == self._z3.unsat:
                    names = {str(each) for each in self._solver.unsat_core()}
                    core = tuple(f for f in facts if f"fact {f.name}" in names)
                    return Answer(False, core=core, close=True)
                if said != self._z3.sat:
                    self.slow = True
                    return Answer(None)
                model = self._solver.model()
                row = self._row(model, facts, asks)
                if all(f.holds(row) for f in facts) and all(a.holds(row) for a in asks):
                    return Answer(True, row)
                if not self._refine(row, facts, done):
                    return Answer(None)
            return Answer(None)
        finally:
            self._solver.pop()

    def _check(self, switches: Sequence[Any], seconds: float) -> Any:
        """Return what z3 says; its own clock is not looked at in every step, so ours stops it too."""
        self._solver.set("timeout", max(1, int(seconds * 1000)))
        watch = threading.Timer(seconds + GRACE, self._context.interrupt)
        watch.daemon = True
        watch.start()
        try:
            return self._solver.check(*switches)
        except self._z3.Z3Exception:
            return self._z3.unknown  # stopped in the middle of something
        finally:
            watch.cancel()
            watch.join()

    def _switch(self, fact: Fact) -> Any:
        if fact.name not in self._switches:
            switch = self._z3.Bool(f"fact {fact.name}", self._context)
            self._switches[fact.name] = switch
            self._solver.add(self._z3.Implies(switch, self._terms.fact(fact)))
        return self._switches[fact.name]

    def _tell(self) -> None:
        """Add what the terms made since the last time are known to obey."""
        self._solver.add(*self._terms.limits[self._told :])
        self._told = len(self._terms.limits)

    def _row(self, model: Any, facts: Sequence[Fact], asks: Sequence[Ask]) -> dict[str, Scalar]:
        """Return the row of a model; computed columns are computed, floats moved to their grid."""
        groups = [fact.columns for fact in facts] + [columns_of(ask.expression) for ask in asks]
        values = {fact.subject: fact.value for fact in facts if fact.value is not None}
        names = list(dict.fromkeys(name for group in groups for name in group))
        row: dict[str, Scalar] = {}
        waiting = [name for name in names if name in values]
        for name in names:
            if name not in values:
                row[name] = self._snapped(name, self._terms.value_in(model, name))
        while waiting:
            name = next((n for n in waiting if set(columns_of(values[n])) <= row.keys()), waiting[0])
            waiting.remove(name)
            row[name] = evaluate(values[name], row)
        return row

    def _snapped(self, name: str, value: Scalar) -> Scalar:
        grid = self._columns[name].column
        if not isinstance(value, float) or not isinstance(grid, Ordered):
            return value
        index = round((value * grid.unit - grid.lo) / grid.step)
        return (grid.lo + index * grid.step) / grid.unit

    def _refine(self, row: Mapping[str, Scalar], facts: Sequence[Fact], done: set[object]) -> bool:
        """Pin what was left loose, for the row that was no answer; returns whether anything was new.

        First floats are put on the grid that rows are drawn on; then terms without a translation get
        their true values where the columns are as in this row. Both hold for this question only.
        """
        terms, z3 = self._terms, self._z3
        bases = [name for name in row if not any(f.value is not None and f.subject == name for f in facts)]
        lemmas = []
        if "grid" not in done:
            done.add("grid")
            for name in bases:
                grid = self._columns[name].column
                if isinstance(row[name], float) and isinstance(grid, Ordered):
                    value = terms.column(name).value
                    lemmas.append(terms.on_grid(value, grid.lo, grid.step, grid.unit, grid.type))
        for expression, term in terms.loose:
            names = base_columns(columns_of(expression), facts)
            key = (id(expression), *(row.get(name) for name in names))
            if key in done or not set(names) | set(columns_of(expression)) <= row.keys():
                continue
            done.add(key)
            same = [terms.same(name, row[name]) for name in names]
            lemmas.append(z3.Implies(z3.And(*same), terms.equal(term, evaluate(expression, row))))
        self._solver.add(*lemmas)
        return bool(lemmas)
