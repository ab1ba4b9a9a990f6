"""Given: partial rows of a public file that no lawful row can complete (R207), found before training.

The file is public, so its rows may be named by their numbers, and rules by what they say of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synthspec.compile.diagnose.decide import Decider
from synthspec.compile.diagnose.facts import Fact
from synthspec.compile.diagnose.search import Ask
from synthspec.compile.findings import Findings, listing
from synthspec.compile.found import Found
from synthspec.plan.plan import PlannedColumn
from synthspec.terms.expr import Column, Compare, Expr, IsNull, Literal_, Scalar
from synthspec.terms.literal import text_of

MOST_ROWS = 300
"""Different rows of a file that are completed on trial; of further ones only whole rules are tested."""
SECONDS = 2.0
"""For all rows of all files."""
MOST_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Given:
    """Tests the rows of each `given` against what every row has to meet."""

    findings: Findings
    columns: Mapping[str, PlannedColumn]
    facts: Sequence[Fact]
    wheres: Mapping[str, Expr]

    def check(self, given: Mapping[str, Found]) -> None:
        """Report R207, once per file and reason."""
        trial = Decider(self.columns, seconds=SECONDS)
        for name, found in given.items():
            if found.frame is None or not found.frame.height:
                continue
            told = self._broken(name, found)
            if not told:
                self._impossible(trial, name, found)

    def _broken(self, name: str, found: Found) -> bool:
        """Report rules of which all columns are given and that rows break; returns whether there are any."""
        from synthspec.draw.broken import broken_rows
        from synthspec.draw.public_rows import positions

        frame = found.frame
        if frame is None:
            return False
        known = set(frame.columns)
        tests = {
            fact.name: fact.expression
            for fact in self.facts
            if fact.rule and fact.expression is not None and known.issuperset(fact.columns)
        }
        masks = {rule: mask for rule, mask in broken_rows(frame, tests).items() if mask.any()}
        for rule, mask in masks.items():
            fact = next(each for each in self.facts if each.name == rule)
            self._report(name, found, positions(mask, MOST_SHOWN), int(mask.sum()), [fact])
        return bool(masks)

    def _impossible(self, trial: Decider, name: str, found: Found) -> None:
        """Report the first row that domains, rules and computed columns together leave no way to complete."""
        if found.frame is None:
            return
        seen = set[tuple[Scalar, ...]]()
        for at, row in enumerate(found.frame.iter_rows(named=True), 1):
            key = tuple(row.values())
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > MOST_ROWS:
                return
            asks = [Ask(self._is(column, value)) for column, value in row.items()]
            if name in self.wheres:
                asks.append(Ask(self.wheres[name]))
            answer = trial.ask(self.facts, asks)
            if answer.why == "late":
                return
            if answer.possible is False:
                core = trial.minimal(answer.core or self.facts, asks)[0]
                self._report(name, found, str(at), 1, core)
                return

    def _is(self, name: str, value: Scalar) -> Expr:
        column = Column(name=name, type=self.columns[name].type)
        if value is None:
            return IsNull(arg=column)
        literal = Literal_(text=text_of(value), type=column.type)
        return Compare(op="=", left=column, right=literal)

    def _report(self, name: str, found: Found, rows: str, count: int, core: Sequence[Fact]) -> None:
        rules = [fact for fact in core if fact.rule]
        blamed = rules or list(core)
        which = f"row {rows}" if count == 1 else f"rows {rows}"
        breaks = "breaks" if count == 1 else "break"
        what = f"rule {listing(tuple(fact.name for fact in rules), 2)}" if rules else "what is declared"
        self.findings.report(
            "R207",
            f"{which} of `{found.rows.path}` {breaks} {what}",
            ("sample", "scenarios", name, "given"),
            "these rows come out as they are",
            also=[(fact.path, "holds in every row") for fact in dict.fromkeys(blamed)],
            helps=(f"correct {'it' if count == 1 else 'them'} in the file, or leave {which} out",),
        )
