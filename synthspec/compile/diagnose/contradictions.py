"""Contradictions: questions about all rules together, asked before anything is spent.

Whether any row meets them (R201, else R209), whether a scenario's condition can be met (R206), whether
every value of a category can occur (R202), and whether a rule says anything new (R219).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from synthspec.columns import Category
from synthspec.compile.diagnose.answer import Answer
from synthspec.compile.diagnose.conflict import Words
from synthspec.compile.diagnose.decide import ONE, Decider
from synthspec.compile.diagnose.facts import (
    Case_,
    Fact,
    connected,
    facts_of,
    known_cases,
    known_facts,
)
from synthspec.compile.diagnose.gaps import Gaps
from synthspec.compile.diagnose.given import Given
from synthspec.compile.diagnose.search import Ask
from synthspec.compile.findings import Findings, listing
from synthspec.compile.found import Found
from synthspec.errors import Span
from synthspec.plan.plan import PlannedColumn
from synthspec.rules import AnyRule
from synthspec.spec.model import Spec
from synthspec.spec.tree import Path_
from synthspec.terms.expr import Column, Compare, Expr, Literal_
from synthspec.terms.walk import columns_of

Also = list[tuple[Path_ | Span, str]]
MOST_CASES = 60
"""Of a known table; a larger one is held against each rule cell by cell (N305), not against all at once."""
MOST_CONFLICTS = 5
MOST_DEAD = 12
"""Dead values for which a smallest set is looked for; further ones are compared with those."""


@dataclass(frozen=True, eq=False)
class Contradictions:
    """Asks the questions; `guards` are the conditions of the cases of each known table."""

    findings: Findings
    spec: Spec
    columns: Mapping[str, PlannedColumn]
    rules: Sequence[AnyRule]
    wheres: Mapping[str, Expr] = field(default_factory=dict)
    guards: Mapping[str, Sequence[Expr | None]] = field(default_factory=dict)
    decider: Decider | None = None
    given: Mapping[str, Found] = field(default_factory=dict)

    def check(self) -> None:
        """Report what the questions find; a spec without rules and conditions is asked nothing."""
        facts = facts_of(self.findings, self.spec, self.columns, self.rules)
        tables = self._tables()
        if not (
            self.wheres or self.given or tables or any(fact.rule or fact.kind == "computed" for fact in facts)
        ):
            return
        decider = self.decider or Decider(self.columns)
        known = [f for name, cases in tables.items() if self.spec.network.known[name].strength is None
                 for f in known_facts(name, self.columns[name], cases)]  # fmt: skip
        words = Words(self.findings, self.spec, decider)
        everything = (*facts, *known)
        if self._contradicted(decider, words, everything):
            return  # everything else follows from it
        narrowed, left = Gaps(self.findings, self.spec, self.columns, decider).check(everything)
        self._scenarios(decider, words, everything)
        Given(self.findings, self.columns, everything, self.wheres).check(self.given)
        lost, unsure = self._dead(decider, words, facts, narrowed)
        made = {fact.subject for fact in facts if fact.kind == "computed"}
        written = [fact for fact in facts if not (fact.kind == "present" and fact.subject in made)]
        left += unsure + self._redundant(decider, words, written, lost)  # a rule may say what is null
        self._left_open(decider, left)

    def _contradicted(self, decider: Decider, words: Words, facts: Sequence[Fact]) -> bool:
        """Report R201 for each conflict, R209 where it is not decided; returns whether there was one."""
        found = False
        left = tuple(facts)
        for _ in range(MOST_CONFLICTS):
            conflict: tuple[Fact, ...] = ()
            for part in _parts(left):
                answer = decider.ask(part)
                if answer.row is not None:
                    decider.saw(answer.row, part)
                elif answer.possible is False:
                    core, sure = decider.minimal(part)
                    words.conflict(core, sure, facts)
                    conflict, found = core, True
                    break
                elif not found:
                    self._undecided(decider, part, answer)
            if not conflict:
                break
            named = {id(fact) for fact in conflict if fact.rule or fact.kind in ("computed", "known")}
            left = tuple(fact for fact in left if id(fact) not in (named or {id(f) for f in conflict}))
        return found

    def _undecided(self, decider: Decider, facts: Sequence[Fact], answer: Answer) -> None:
        rules = [fact for fact in facts if fact.rule] or list(facts)
        names = listing(tuple(dict.fromkeys(fact.name for fact in rules)), 4)
        self.findings.report(
            "R209",
            "could not decide whether any row satisfies the rules",
            rules[0].path,
            "neither a row nor a proof that there is none",
            notes=(f"it is about {names}", _why_not(decider, answer)),
            helps=_more(decider, "go on: `synthspec mock` shows whether rows can be drawn"),
            level="note",
        )

    def _scenarios(self, decider: Decider, words: Words, facts: Sequence[Fact]) -> None:
        for name, where in self.wheres.items():
            path = ("sample", "scenarios", name, "where")
            if any(column not in self.columns for column in columns_of(where)):
                continue
            asks = (Ask(where),)
            answer = decider.ask(facts, asks)
            if answer.possible is False:
                core, _ = decider.minimal(answer.core or facts, asks)
                ruled = any(fact.rule or fact.kind in ("computed", "known") for fact in core)
                self.findings.report(
                    "R206",
                    f"no row can meet the condition of scenario `{name}`",
                    path,
                    "the rules exclude it" if ruled else "true for no value of the domains",
                    also=words.labels(core, asks),
                    helps=("correct the condition, or the rules" if ruled else "correct the condition",),
                )
            elif answer.possible is None:
                self.findings.report(
                    "R209",
                    f"could not decide whether a row can meet the condition of scenario `{name}`",
                    path,
                    "neither a row nor a proof that there is none",
                    notes=(_why_not(decider, answer),),
                    helps=_more(decider, "go on: drawing says so when no row meets it"),
                    level="note",
                )

    # known tables ---------------------------------------------------------------------------------

    def _tables(self) -> dict[str, tuple[Case_, ...]]:
        """Return the cases of the known tables that list values of a column as it is."""
        found = {}
        for name, known in self.spec.network.known.items():
            guards = self.guards.get(name, ())
            planned = self.columns.get(name)
            if planned is None or planned.role != "modelled" or len(guards) != len(known.cases):
                continue
            if len(guards) > MOST_CASES:
                continue
            cases = known_cases(known, name, planned, guards)
            if cases:
                found[name] = cases
        return found

    # values and rules -----------------------------------------------------------------------------

    def _dead(
        self, decider: Decider, words: Words, facts: Sequence[Fact], narrowed: set[str]
    ) -> tuple[set[str], list[str]]:
        """Warn of listed values that no row can take (R202), once for each reason.

        Those that computed columns keep out by being null (`narrowed`) have been told. Returns the columns
        that have such values, and those of which it is not known.
        """
        left: dict[str, None] = {}
        cores: list[tuple[str, tuple[Fact, ...], list[str]]] = []
        for name in self.columns:
            related = connected(facts, (name,))
            if not any(fact.rule or fact.kind == "computed" for fact in related):
                continue
            value = Column(name=name, type=self.columns[name].type)
            for text in self._values(name):
                if text in decider.seen.get(name, ()):
                    continue
                asks = (Ask(Compare(op="=", left=value, right=Literal_(text=text, type=value.type))),)
                answer = decider.ask(related, asks)
                if answer.row is not None:
                    decider.saw(answer.row, related)
                elif answer.possible is False:
                    self._file(decider, cores, name, text, related, answer.core, asks)
                else:
                    left[name] = None
        for name, core, dead in cores:
            if not all(fact.kind in ("computed", "present") and fact.subject in narrowed for fact in core):
                words.dead(name, core, dead)
        return {name for name, _, _ in cores}, list(left)

    def _file(
        self,
        decider: Decider,
        cores: list[tuple[str, tuple[Fact, ...], list[str]]],
        name: str,
        text: str,
        related: Sequence[Fact],
        blamed: Sequence[Fact],
        asks: Sequence[Ask],
    ) -> None:
        """Put a dead value beside those with the same reason."""
        given = [fact for fact in related if fact.kind == "present"]
        for column, core, dead in cores:
            if column == name and decider.ask((*core, *given), asks).possible is False:
                dead.append(text)
                return
        facts = (*blamed, *(fact for fact in given if fact not in blamed)) if blamed else related
        core = decider.minimal(facts, asks)[0] if len(cores) < MOST_DEAD else tuple(blamed)
        cores.append((name, core, [text]))

    def _values(self, name: str) -> tuple[str, ...]:
        planned = self.columns[name]
        if planned.discovery is not None or not isinstance(planned.column, Category):
            return ()
        return planned.column.listed()

    def _redundant(self, decider: Decider, words: Words, facts: Sequence[Fact], lost: set[str]) -> list[str]:
        """Note rules that the others imply (R219); of two equal ones the later.

        A rule over a column that lost values is let be: it may speak of them, and they were reported.
        Returns the rules of which it is not known.
        """
        open_ = []
        left = list(facts)
        for rule in reversed([fact for fact in facts if fact.rule]):
            others = [fact for fact in left if fact is not rule]
            if rule.expression is None or not lost.isdisjoint(rule.columns):
                continue
            asks = (Ask(rule.expression, true=False),)
            answer = decider.ask(others, asks)
            if answer.possible is None:
                open_.append(rule.name)
            if answer.possible is not False:
                continue
            left = others
            core = answer.core if answer.close else decider.minimal(answer.core or others, asks)[0]
            self._implied(words, rule, [fact for fact in core if fact.kind != "present"])
        return open_[::-1]

    def _left_open(self, decider: Decider, names: Sequence[str]) -> None:
        """Say once which columns and rules could not be judged, unless the whole was left open already."""
        if not names or any(each.code == "R209" for each in self.findings.found):
            return
        first = names[0]
        self.findings.report(
            "R209",
            "could not decide whether every value can occur and every rule is needed",
            ("rules", first) if self.findings.written("rules", first) else ("columns", first),
            "neither a row nor a proof that there is none",
            notes=(f"it is about {listing(tuple(dict.fromkeys(names)), 4)}", _why_not(decider, Answer(None))),
            helps=_more(decider, "go on: it changes nothing about the rows"),
            level="note",
        )

    def _implied(self, words: Words, rule: Fact, core: Sequence[Fact]) -> None:
        also: Also = words.never_missing((rule,), set())
        for fact in core:
            word = f"rule `{fact.name}`" if fact.rule else f"what `{fact.subject}` can be"
            if fact.kind == "computed":
                word = f"computes `{fact.subject}`"
            if not any(place == fact.path for place, _ in also):
                also.append((fact.path, word))
        rules = [fact for fact in core if fact.rule]
        self.findings.report(
            "R219",
            f"rule `{rule.name}` follows from what is declared elsewhere",
            rule.path,
            f"never false where {'the others hold' if rules else 'the domains hold'}",
            also=also,
            helps=("drop it, or keep it for its readers: `# synthspec: allow R219 because <reason>`",),
            level="note",
        )


def _parts(facts: Sequence[Fact]) -> list[tuple[Fact, ...]]:
    """Return the facts in groups without a column in common; groups with domains alone are left out."""
    left = list(facts)
    found = []
    while left:
        part = connected(left, left[0].columns)
        taken = {id(fact) for fact in part}
        left = [fact for fact in left if id(fact) not in taken]
        if any(fact.rule or fact.kind in ("computed", "known") for fact in part):
            found.append(part)
    return found


def _why_not(decider: Decider, answer: Answer) -> str:
    match answer.why:
        case "late":
            return "no time was left for it: all questions about one spec get 5 s together"
        case "long":
            return f"it took more than {ONE} s, the most for one question; all questions together get 5 s"
    if not decider.z3:
        return "too many values to try; without the extra `solve` only short lists and ends are tried"
    return "it depends on functions or public tables that the solver does not know"


def _more(decider: Decider, otherwise: str) -> tuple[str, ...]:
    install = "decide more of such questions: `pip install 'synthspec[solve]'`"
    return (otherwise,) if decider.z3 else (install, otherwise)
