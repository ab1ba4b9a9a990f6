"""Conflict: the words of a contradiction: what each declaration asks of every row, and a way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from synthspec.columns import Ordered
from synthspec.compile.diagnose.decide import Decider
from synthspec.compile.diagnose.facts import Fact, certain
from synthspec.compile.diagnose.gaps import Cause, culprit
from synthspec.compile.diagnose.search import Ask
from synthspec.compile.diagnose.values import values_of
from synthspec.compile.findings import Findings, listing
from synthspec.errors import Span
from synthspec.spec.model import CheckRule, IfRule, RangeDomain, Spec
from synthspec.spec.tree import Path_
from synthspec.terms.evaluate import physical
from synthspec.terms.expr import Column, Compare, Expr, In, IsNull, Literal_, Not
from synthspec.terms.literal import text_of
from synthspec.terms.types import Type
from synthspec.terms.walk import walk

Also = list[tuple[Path_ | Span, str]]
_LONGEST = 60
_DOMAIN = ("low", "high", "step", "values")
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, eq=False)
class Words:
    """Writes findings about sets of facts."""

    findings: Findings
    spec: Spec
    decider: Decider

    def conflict(self, core: Sequence[Fact], sure: bool, facts: Sequence[Fact]) -> None:
        """Report R201 for a smallest set of facts that excludes every row."""
        places = self.labels(core, ())
        primary = self._primary(core)
        label = next(text for place, text in places if place == primary.path)
        also = [(place, text) for place, text in places if place != primary.path]
        also += self.never_missing(core, {fact.path for fact in core})
        count = len(places)
        message = (
            f"no row can satisfy rule `{primary.name}`"
            if count == 1 and primary.rule
            else f"no row can satisfy {'these' if count > 1 else 'this'} "
            f"{f'{count} declarations together' if count > 1 else 'declaration'}"
        )
        self.findings.report(
            "R201",
            message,
            primary.path,
            label,
            also=also,
            notes=(*self._minimal(core, count, sure, facts), *self._rest(core, facts)),
            helps=self._way_out(core, primary, facts),
        )

    def dead(self, name: str, core: Sequence[Fact], values: Sequence[str]) -> None:
        """Report R202 for values of a column that a set of facts excludes."""
        rules = [fact for fact in core if fact.rule]
        primary = (rules or list(core))[0]
        shown = listing(tuple(values), 3)
        alone = len(core) == 1 and bool(rules)
        tuples = alone and primary.combos is not None
        label = f"no tuple holds {shown}" if tuples else f"false for {shown}"
        it = "it" if len(values) == 1 else "them"
        drop = f"drop {it} from the domain"
        also: Also = [(("columns", name), f"`{name}` is declared here")]
        also += [(p, t) for p, t in self.labels(core, ()) if p not in (primary.path, ("columns", name, "in"))]
        self.findings.report(
            "R202",
            f"{f'rule `{primary.name}` leaves' if len(rules) == 1 else 'the rules leave'} values of `{name}` "
            "that no row can take",
            primary.path,
            label if alone else f"with the others, excludes {shown}",
            also=also,
            helps=(f"add tuples with {it}, or {drop}" if tuples else f"{drop}, or correct the rule",),
            level="warning",
        )

    # labels ---------------------------------------------------------------------------------------

    def labels(self, core: Sequence[Fact], asks: Sequence[Ask]) -> Also:
        """Return what each declaration asks of every row, in the order of the text.

        The condition of an if/then rule that the others make true is left out of what it asks for.
        """
        found: dict[Path_, str] = {}
        for fact in core:
            if fact.kind in ("low", "high"):
                found[fact.path] = self._ends([f for f in core if f.path == fact.path and f.column])
            else:
                found[fact.path] = self._label(fact, core, asks)
        order = sorted(found, key=lambda path: self.findings.parsed.span(path).line)
        return [(path, found[path]) for path in order]

    def _label(self, fact: Fact, core: Sequence[Fact], asks: Sequence[Ask]) -> str:
        match fact.kind:
            case "values":
                count = len(fact.expression.values) if isinstance(fact.expression, In) else 0
                return f"allows only {self._listed(fact) if count <= 3 else f'these {count} values'}"
            case "step":
                return f"allows only steps of {self.spec.columns[fact.subject].step}"
            case "computed":
                cause = self.null(fact, core)
                never = f", null where {cause.where}, and `{fact.subject}` is never missing" if cause else ""
                return f"computes `{fact.subject}`{never}"
            case "combos":
                return "allows only its tuples"
            case "known":
                given = fact.then.values if isinstance(fact.then, In) else ()
                return f"gives a share to {listing(tuple(v.text or '' for v in given), 3)} alone"
        return self._rule(fact, core, asks)

    def null(self, fact: Fact, core: Sequence[Fact]) -> Cause | None:
        """Return why a computed column is null in the rows that all else of a conflict allows."""
        present = [given for each in core for given in self._given(each) if given.subject != fact.subject]
        row = self.decider.ask((*core, *present)).row
        value = fact.value
        if row is None or value is None or row.get(fact.subject) is not None:
            return None
        return culprit(value, row)[1]

    def _rule(self, fact: Fact, core: Sequence[Fact], asks: Sequence[Ask]) -> str:
        rule = self.spec.rules.get(fact.name)
        if isinstance(rule, IfRule) and fact.when is not None:
            others = [f for f in core if f is not fact]
            must = self.decider.ask(
                (*others, *self._given(fact)), (*asks, Ask(certain(fact.when), true=False))
            )
            then = _short(rule.then)
            if must.possible is False:
                who = "such a row needs" if asks else "every row needs"
                return f"so {who} {then or 'this'}"
            return f"requires {then or 'this'} where {_short(rule.if_) or 'its condition holds'}"
        text = rule.check if isinstance(rule, CheckRule) else ""
        match fact.expression:
            case Compare(op="=", left=Column(type=Type(name="text")), right=Literal_(text=value)):
                return f"makes every row {value}"
        return f"requires {_short(text) or 'this'}"

    def _given(self, fact: Fact) -> list[Fact]:
        """Return that the columns of a fact are present, which is part of every conflict."""
        return [
            Fact(f"{name} is present", "present", name, ("columns", name), Not(arg=IsNull(arg=column)))
            for name, column in _columns(fact).items()
            if self.spec.columns[name].missing == "never"
        ]

    def _ends(self, ends: Sequence[Fact]) -> str:
        name = ends[0].subject
        domain = self.spec.columns[name].domain
        lo, hi = (domain.lo, domain.hi) if isinstance(domain, RangeDomain) else ("", "")
        kinds = {fact.kind for fact in ends}
        if kinds == {"low", "high"}:
            return f"requires {name} between {lo} and {hi}"
        return f"requires {name} >= {lo}" if kinds == {"low"} else f"requires {name} <= {hi}"

    def _listed(self, fact: Fact) -> str:
        values = fact.expression.values if isinstance(fact.expression, In) else ()
        return listing(tuple(value.text or "" for value in values))

    def _primary(self, core: Sequence[Fact]) -> Fact:
        """Return the fact to point at: a rule that stands alone, else any rule, else a computed column."""
        plain = [f for f in core if f.kind == "check" and f.when is None]
        ruled = [f for f in core if f.rule]
        made = [f for f in core if f.kind in ("known", "computed")]
        return (plain or ruled or made or list(core))[0]

    def never_missing(self, core: Sequence[Fact], shown: set[Path_]) -> Also:
        """Return the columns that a rule tests for a gap and that never have one."""
        tested = {
            node.arg.name
            for fact in core
            if fact.rule and fact.expression is not None and fact.combos is None
            for node in walk(fact.expression)
            if isinstance(node, IsNull) and isinstance(node.arg, Column)
        }
        return [
            (self.findings.parsed.key_span(("columns", name)), f"`{name}` is never missing")
            for name in sorted(tested)
            if self.spec.columns[name].missing == "never" and ("columns", name, "in") not in shown
        ]

    # notes and helps ------------------------------------------------------------------------------

    def _minimal(
        self, core: Sequence[Fact], count: int, sure: bool, facts: Sequence[Fact]
    ) -> tuple[str, ...]:
        if count == 1:
            return ()
        if not sure:
            return ("one of them may not be needed for it: that could not be decided",)
        number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
        alone = all(self.decider.ask([f for f in facts if f.path != fact.path]).possible for fact in core)
        if alone:
            which = "either of the two" if count == 2 else f"any one of the {number}"
            return (f"this is a minimal set: removing {which} makes the spec satisfiable",)
        return (f"this is a minimal set: without any one of the {number}, rows satisfy the others",)

    def _rest(self, core: Sequence[Fact], facts: Sequence[Fact]) -> tuple[str, ...]:
        involved = {fact.path for fact in core}
        rules = set(self.spec.rules) - {fact.name for fact in core if fact.rule}
        domains = {f.path for f in facts if f.kind in ("low", "values")} - involved
        if not rules and not domains:
            return ()
        parts = " and ".join(
            noun if len(each) == 1 else f"{len(each)} {noun}s"
            for each, noun in ((rules, "rule"), (domains, "domain"))
            if each
        )
        one = len(rules) + len(domains) == 1
        return (f"the other {parts} {'is' if one else 'are'} not part of the conflict",)

    def _way_out(self, core: Sequence[Fact], primary: Fact, facts: Sequence[Fact]) -> tuple[str, ...]:
        """Return the smallest widening of a domain that makes rows possible; else what to change.

        All of the domains in question hold in these rows, the ends that are no part of the conflict too.
        """
        present = [f for fact in core for f in self._given(fact)]
        named = {name for fact in core for name in fact.columns}
        present += [f for f in facts if f.kind in _DOMAIN and f.subject in named and f not in core]
        for fact in core:
            others = [f for f in core if f.path != fact.path]
            if fact.kind in ("low", "high"):
                ends = [f for f in (*core, *present) if f.path == fact.path and f.kind in _DOMAIN]
                outside = [f for f in present if f.path != fact.path]
                widened = self._widened(fact, others, ends, outside)
                if widened is not None:
                    return (widened,)
            if fact.kind == "values":
                value = self._added(fact, (*others, *(f for f in present if f.path != fact.path)))
                if value is not None:
                    return (f"add `{value}` to the values of `{fact.subject}`, or change the rule",)
        gone = next((fact for fact in core if fact.kind == "computed" and self.null(fact, core)), None)
        if gone is not None:
            return (f"write `missing: derived` under `{gone.subject}`, or change one of the others",)
        rules = [fact for fact in core if fact.rule]
        steps = [fact for fact in core if fact.kind == "step"]
        if steps and primary.rule:
            return (f"allow finer steps of `{steps[0].subject}`, or change rule `{primary.name}`",)
        if len(rules) > 1:
            return (f"change or drop one of {listing(tuple(rule.name for rule in rules), 4)}",)
        return (f"change rule `{primary.name}`" if primary.rule else "change one of them",)

    def _widened(
        self, fact: Fact, others: Sequence[Fact], ends: Sequence[Fact], present: Sequence[Fact]
    ) -> str | None:
        domain, grid = self.spec.columns[fact.subject].domain, fact.column
        planned = self.decider.columns[fact.subject]
        if not isinstance(domain, RangeDomain) or grid is None:
            return None
        kept = [f for f in ends if f.kind != fact.kind]
        others = (*others, *kept, *present)
        tried = [f for f in others if fact.subject in f.columns]
        end = grid.lo if fact.kind == "low" else grid.hi
        options = [v for v in values_of(planned, tried, ()).values if v is not None]
        value = Column(name=fact.subject, type=planned.type)
        for option in sorted(options, key=lambda v: abs(_place(grid, v) - end)):
            is_option = Compare(op="=", left=value, right=Literal_(text=text_of(option), type=planned.type))
            if self.decider.ask(others, (Ask(is_option),)).possible:
                text = _plain(text_of(option) or "")
                lo, hi = (text, domain.hi) if fact.kind == "low" else (domain.lo, text)
                return f"allow {text} for `{fact.subject}`: `in: {lo}..{hi}`"
        return None

    def _added(self, fact: Fact, others: Sequence[Fact]) -> str | None:
        answer = self.decider.ask(others)
        value = answer.row.get(fact.subject) if answer.row else None
        return value if isinstance(value, str) and not value.startswith("(") else None


def _place(grid: Ordered, value: Any) -> float:
    found = physical(value, grid.type)
    return found * grid.unit if isinstance(found, float) else float(found)


def _plain(text: str) -> str:
    """Return a number without zeros at its end, and a midnight as a date."""
    if "T" in text:
        return text.removesuffix("T00:00:00")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _short(text: str) -> str:
    """Return a piece of an expression for a label; nothing when it is long."""
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else ""


def _columns(fact: Fact) -> dict[str, Expr]:
    if fact.expression is None:
        return {}
    nodes = [node for node in walk(fact.expression) if isinstance(node, Column)]
    return {node.name: node for node in nodes}
