"""Contradictions: rules that no row can satisfy, found by trying every value that matters.

For a few columns at a time, each is replaced by a finite list of candidates: all its values when they
are few; else, when every rule only compares the column with constants, its ends and the grid points
at and beside each constant (a rule is constant between neighbouring constants, so these decide). What
cannot be decided this way is left alone: silence is no proof that rows exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR
from itertools import combinations, product
from math import prod

from synthspec.columns import Category, Listed, Ordered
from synthspec.columns.literal import day, number, second
from synthspec.compile.findings import Findings, listing, plural
from synthspec.errors import Span
from synthspec.plan.plan import PlannedColumn
from synthspec.rules import AnyRule, Check, Combos
from synthspec.spec.tree import Path_
from synthspec.terms.evaluate import evaluate
from synthspec.terms.expr import Column, Compare, Expr, In, IsNull, Literal_, Logic, Not, Scalar
from synthspec.terms.literal import value_of
from synthspec.terms.walk import columns_of, walk

WHERE = "where"
MOST_VALUES = 512
MOST_CELLS = 2048
MOST_TRIALS = 12_000
"""Rule evaluations per spec, about a quarter of a second; sets of columns beyond it are left undecided."""


@dataclass(frozen=True, eq=False)
class Contradictions:
    """Looks for sets of rules without a common row."""

    findings: Findings
    columns: Mapping[str, PlannedColumn]
    rules: Sequence[AnyRule]
    wheres: Mapping[str, Expr] = field(default_factory=dict)

    def check(self) -> None:
        """Report R201 for minimal sets of rules that exclude every row, R202 for dead values, R206."""
        reported: list[frozenset[str]] = []
        single: list[tuple[str, Sequence[AnyRule], Sequence[Mapping[str, Scalar]]]] = []
        trials = 0
        for name, where in self.wheres.items():
            self._possible(name, where)
        for names in self._sets():
            rules = [rule for rule in self._row_rules() if set(rule.columns) <= set(names)]
            lists = [self._candidates(name, rules) for name in names]
            known = [values for values in lists if values is not None]
            cells = prod(len(values) for values in known)
            if len(known) < len(names) or cells > MOST_CELLS or trials + cells * len(rules) > MOST_TRIALS:
                continue
            trials += cells * len(rules)
            rows = [dict(zip(names, values, strict=True)) for values in product(*known)]
            minimal = _minimal(rules, rows)
            found = frozenset(rule.name for rule in minimal)
            if minimal and not any(old <= found for old in reported):
                reported.append(found)
                self._report(minimal, names)
            elif not minimal and len(names) == 1:
                single.append((names[0], rules, rows))
        if not reported:  # else the values are dead for the reason just given
            for each in single:
                self._dead(*each)

    def _dead(self, name: str, rules: Sequence[AnyRule], rows: Sequence[Mapping[str, Scalar]]) -> None:
        """Warn of listed values that a rule over this column alone excludes."""
        column = self.columns[name].column
        if not isinstance(column, Category):
            return
        for rule in rules:
            expression = rule.row_expression()
            path = self._path(rule)
            if (
                expression is None
                or rule.columns != (name,)
                or isinstance(rule, Combos)
                or path[0] != "rules"
            ):
                continue
            dead = [
                str(row[name]) for row in rows if evaluate(expression, row) is False and row[name] is not None
            ]
            if dead:
                self.findings.report(
                    "R202",
                    f"rule `{rule.name}` leaves values of `{name}` that no row can take",
                    path,
                    f"false for {listing(dead, 3)}",
                    also=((("columns", name), f"`{name}` is declared here"),),
                    helps=(f"drop {'it' if len(dead) == 1 else 'them'} from the domain",),
                    level="warning",
                )

    def _possible(self, scenario: str, where: Expr) -> None:
        """Report R206 when no row that the rules allow meets a scenario's condition."""
        wanted = tuple(sorted(columns_of(where)))
        path = ("sample", "scenarios", scenario, "where")
        sets = [wanted, *(names for names in self._sets() if set(names) & set(wanted))]
        for names in dict.fromkeys(tuple(sorted({*wanted, *names})) for names in sets):
            if len(names) > 3 or not all(self._usable(name) for name in names):
                continue
            rules = [rule for rule in self._row_rules() if set(rule.columns) <= set(names)]
            asked = Check(name=WHERE, text="", expression=where)
            lists = [self._candidates(name, [*rules, asked]) for name in names]
            known = [values for values in lists if values is not None]
            if len(known) < len(names) or prod(len(values) for values in known) > MOST_CELLS:
                continue
            rows = [dict(zip(names, values, strict=True)) for values in product(*known)]
            rows = [row for row in rows if evaluate(where, row) is True]
            minimal = _minimal(rules, rows)
            if not rows or minimal:
                self.findings.report(
                    "R206",
                    f"no row can meet the condition of scenario `{scenario}`",
                    path,
                    "the rules exclude it" if minimal else "true for no value of the domains",
                    also=[(self._path(rule), f"rule `{rule.name}`") for rule in minimal],
                    helps=("correct the condition, or the rules",),
                )
                return

    def _row_rules(self) -> list[AnyRule]:
        return [
            rule
            for rule in self.rules
            if rule.enforce == "always" and rule.row_expression() is not None and self._plain(rule)
        ]

    def _plain(self, rule: AnyRule) -> bool:
        return all(self._usable(name) for name in rule.columns)

    def _usable(self, name: str) -> bool:
        column = self.columns.get(name)
        return (
            column is not None
            and column.column is not None
            and column.role != "id"
            and column.discovery is None
        )

    def _sets(self) -> Iterator[tuple[str, ...]]:
        """Yield the sets of at most three columns that some rule reads, and unions of two such sets."""
        own = list(dict.fromkeys(tuple(sorted(rule.columns)) for rule in self._row_rules() if rule.columns))
        joined = (tuple(sorted({*a, *b})) for a, b in combinations(own, 2) if {*a} & {*b})
        yield from (names for names in dict.fromkeys((*sorted(own, key=len), *joined)) if len(names) <= 3)

    def _candidates(self, name: str, rules: Sequence[AnyRule]) -> list[Scalar] | None:
        """Return values of the column that decide the rules, null among them if it may be missing."""
        column = self.columns[name].column
        gap: list[Scalar] = [None] if column is not None and column.missing else []
        if isinstance(column, Listed):
            return [*(value_of(text, column.type) for text in column.listed()), *gap]
        if not isinstance(column, Ordered):
            return None
        if column.points <= MOST_VALUES:
            grid: Sequence[int] = range(column.lo, column.hi + 1, column.step)
        else:
            found = _critical(name, column, rules)
            if found is None:
                return None
            grid = found
        return [*(value_of(column.grid_text(point), column.type) for point in grid), *gap]

    def _report(self, rules: Sequence[AnyRule], names: tuple[str, ...]) -> None:
        written = [rule for rule in rules if self._path(rule)[0] == "rules"]
        first = written[-1] if written else rules[-1]
        used = sorted({name for rule in rules for name in rule.columns})
        others: list[tuple[Path_ | Span, str]] = [
            (self._path(rule), f"rule `{rule.name}`") for rule in rules if rule is not first
        ]
        domains: list[tuple[Path_ | Span, str]] = [
            (("columns", name, "in"), f"the values of `{name}`") for name in used
        ]
        count = plural(len(rules), "rule")
        self.findings.report(
            "R201",
            "no row can satisfy these declarations together"
            if len(rules) == 1
            else f"no row can satisfy these {len(rules)} rules together",
            self._path(first),
            "false for every value that is left" if others else "false for every value",
            also=[*others, *domains],
            notes=(
                f"this is a minimal set: {count} over the domains of {', '.join(f'`{n}`' for n in used)}",
            ),
            helps=("change the rule, or widen a domain",),
        )

    def _path(self, rule: AnyRule) -> Path_:
        path = ("rules", rule.name)
        if self.findings.parsed.tree.node(path) is not None:
            parts = ((*path, key) for key in ("then", "check"))
            return next((part for part in parts if self.findings.parsed.tree.node(part) is not None), path)
        return ("columns", rule.name.removeprefix("domain of "), "in")


def _minimal(rules: Sequence[AnyRule], rows: Sequence[Mapping[str, Scalar]]) -> list[AnyRule]:
    """Return a smallest-by-deletion set of rules that no row satisfies, or []."""
    held: dict[str, set[int]] = {}
    for rule in rules:
        expression = rule.row_expression()
        if expression is not None:
            held[rule.name] = {at for at, row in enumerate(rows) if evaluate(expression, row) is not False}
    left = [rule for rule in rules if rule.name in held]
    everything = set(range(len(rows)))
    if not left or everything.intersection(*(held[rule.name] for rule in left)):
        return []
    for rule in tuple(left):
        fewer = [other for other in left if other is not rule]
        if fewer and not everything.intersection(*(held[other.name] for other in fewer)):
            left = fewer
    return left


def _critical(name: str, column: Ordered, rules: Sequence[AnyRule]) -> list[int] | None:
    """Return the grid integers that decide the rules, or None when a rule does more than compare."""
    points = {column.lo, column.lo + (column.points - 1) * column.step}
    for rule in rules:
        expression = rule.row_expression()
        if name not in rule.columns or expression is None:
            continue
        constants = _constants(name, expression)
        if constants is None:
            return None
        for text in constants:
            grid = _grid(column, text)
            if grid is None:
                return None
            index = (grid - column.lo) // column.step
            points |= {
                column.lo + i * column.step for i in range(index - 1, index + 3) if 0 <= i < column.points
            }
    return sorted(points)


def _constants(name: str, expression: Expr) -> list[str] | None:
    """Return the constants that `name` is compared with, or None when it is used in any other way."""
    found: list[str] = []
    decided = 0
    for node in walk(expression):
        match node:
            case Compare(left=Column(name=left), right=Literal_(text=text)) if left == name:
                found.append(text or "")
                decided += 1
            case Compare(left=Literal_(text=text), right=Column(name=right)) if right == name:
                found.append(text or "")
                decided += 1
            case In(arg=Column(name=member), values=values) if member == name:
                found += [value.text or "" for value in values]
                decided += 1
            case IsNull(arg=Column(name=member)) if member == name:
                decided += 1
            case Not() | Logic() | Compare() | In() | IsNull() | Column() | Literal_():
                pass
            case _:
                if any(isinstance(part, Column) and part.name == name for part in walk(node)):
                    return None
    uses = sum(isinstance(node, Column) and node.name == name for node in walk(expression))
    return found if uses == decided else None


def _grid(column: Ordered, text: str) -> int | None:
    """Return the grid integer at or below a constant."""
    if column.kind == "date":  # type: ignore[attr-defined]
        return day(text[:10])
    if column.kind == "datetime":  # type: ignore[attr-defined]
        return second(text)
    value = number(text)
    return None if value is None else int((value * column.unit).to_integral_value(rounding=ROUND_FLOOR))
