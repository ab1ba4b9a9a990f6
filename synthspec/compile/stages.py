"""Stages: a group in which a column depends on one computed from the group's own columns is drawn in steps.

`age, bmi -> diabetes` with `bmi` computed from `height_cm` and `weight_kg` of the same group: these are
generated first, then `bmi` is computed from their values, then the rest is generated given all of it.
Each step is a group of its own, so that what depends on `bmi` follows the code of the row's real value,
and a table over it holds exactly. A step generates as late as it can; only the inputs of computed
parents, and what these themselves depend on, come earlier. A column with a fixed table over what rows
are given is drawn from that table in a step of its own, which costs nothing. The group's share of the
budget is divided by the number of columns.

Source: ours; LANGUAGE 2.3 of the design (a derived parent is computed as soon as its inputs are drawn).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from synthspec.compile.checked import CheckedGroup
from synthspec.compile.equations import Equations, apply_solutions, homes_of
from synthspec.compile.families import LEARNERS
from synthspec.compile.findings import Findings
from synthspec.compile.graph import arrows, node_of
from synthspec.generators import GENERATORS
from synthspec.plan.late import late_columns
from synthspec.plan.plan import PlannedColumn
from synthspec.rules import AnyRule, Determines
from synthspec.spec.model import Spec
from synthspec.spec.tree import Path_
from synthspec.terms.expr import Expr
from synthspec.terms.walk import columns_of

Parents = Mapping[str, Mapping[str, Path_]]
"""Per column of a group: the columns that the network makes it depend on, and where it says so."""


@dataclass(frozen=True, eq=False)
class Stages:
    """Divides the groups that need it; `gaps` may be missing, `cases` are the conditions of known tables."""

    findings: Findings
    spec: Spec
    columns: Mapping[str, PlannedColumn]
    rules: Sequence[AnyRule]
    gaps: frozenset[str]
    cases: Mapping[str, Sequence[Expr | None]]

    def split(self, groups: Sequence[CheckedGroup]) -> tuple[CheckedGroup, ...]:
        """Return the groups in order of work, each step as a group `name.1`, `name.2`, ...

        A computed parent that has no domain, or needs all rows, is reported (G418, G423). Names that no
        column has, reported before, are left out.
        """
        stated: dict[str, dict[str, Path_]] = {}
        for arrow in arrows(self.spec):
            if arrow.why in ("require", "known"):
                stated.setdefault(node_of(arrow.target), {}).setdefault(node_of(arrow.source), arrow.path)
        groups = [replace(g, columns=tuple(n for n in g.columns if n in self.columns)) for g in groups]
        made, homes = self._computed(groups), homes_of(groups)
        found: list[CheckedGroup] = []
        for at, group in enumerate(groups):
            own = [name for name in group.columns if name not in made]
            parents = {name: stated[name] for name in own if name in stated}
            earlier = {name for name, place in homes.items() if place < at}
            inputs = self._inputs(group, parents, made, earlier)
            fixed = self._fixed(group, own, inputs) if inputs or group.given else {}
            parts = [group]
            if inputs or fixed:
                parts = _Order(group, own, parents, inputs, fixed).parts()
            if len(parts) > 1:
                self._usable(inputs)
            found += parts
        return tuple(found)

    def _fixed(
        self, group: CheckedGroup, own: Sequence[str], inputs: Mapping[str, Sequence[str]]
    ) -> dict[str, tuple[str, ...]]:
        """Return the columns with a fixed conditional table that is all there is to say of them.

        A model holds such a table in its own joint distribution. Rows that are given other columns do
        not follow that distribution, so that the table is drawn from by itself.
        """
        known = {*group.given, *own, *inputs}
        found = {
            name: tuple(dict.fromkeys(each for case in cases if case for each in columns_of(case)))
            for name, cases in self.cases.items()
            if name in own and name not in self.gaps and self.spec.network.known[name].strength is None
        }
        found = {name: above for name, above in found.items() if above and set(above) <= known - {name}}
        return found if group.using in LEARNERS and len(found) < len(own) else {}

    def _computed(self, groups: Sequence[CheckedGroup]) -> dict[str, tuple[str, ...]]:
        """Return the columns that no model draws, each with those it follows from."""
        equations, homes = Equations(self.spec, self.columns, self.rules, self.gaps), homes_of(groups)
        solved = equations.at_home(homes, equations.homeless(homes)) if groups else {}
        columns, _ = apply_solutions(self.columns, groups, solved)
        made = {
            name: columns_of(column.value) for name, column in columns.items() if column.value is not None
        }
        for rule in self.rules:
            if isinstance(rule, Determines) and rule.enforce == "always":
                made.update(dict.fromkeys(rule.determined, rule.by))
        return made

    def _inputs(
        self,
        group: CheckedGroup,
        parents: Parents,
        made: Mapping[str, Sequence[str]],
        earlier: set[str],
    ) -> dict[str, tuple[str, ...]]:
        """Return the computed parents that only this group's columns make known, with these columns."""
        found: dict[str, tuple[str, ...]] = {}
        for above in parents.values():
            for parent in above:
                if parent not in made or parent in group.given or parent in found:
                    continue
                bases = _bases(parent, made)
                inside = tuple(name for name in group.columns if name in bases)
                if not inside or not bases <= {*inside, *earlier}:
                    continue  # known before, or too late: N318 says so
                found[parent] = inside
        return found

    def _usable(self, inputs: Mapping[str, Sequence[str]]) -> None:
        """Report computed parents of declared edges that no model can be conditioned on."""
        late = {column.name for column in late_columns(tuple(self.columns.values()))}
        stated = {node_of(a.source): a.path for a in arrows(self.spec) if a.why == "require"}
        for parent in inputs:
            if parent not in stated:
                continue  # a known table says so itself
            if self.columns[parent].column is None:
                self.findings.report(
                    "G418",
                    f"the derived column `{parent}` needs a domain to be a parent",
                    stated[parent],
                    "used as a parent here",
                    also=((("columns", parent), "has no `in:`"),),
                    helps=(f"add `in:` to `{parent}`, like `in: 0..120`",),
                )
            elif parent in late:
                self.findings.report(
                    "G423",
                    f"the parent `{parent}` is computed over the rows of a unit",
                    stated[parent],
                    "known when all rows are drawn",
                    also=((("columns", parent), "over a window, or from a column that is"),),
                    helps=("drop the edge, or derive a column of the same row",),
                )


def part_shares(
    shares: Sequence[tuple[str, Fraction]], groups: Sequence[CheckedGroup]
) -> tuple[tuple[str, Fraction], ...]:
    """Return the shares of the budget with those of divided groups divided by the number of columns."""
    found: list[tuple[str, Fraction]] = []
    for name, share in shares:
        parts = [group for group in groups if group.part_of == name and group.using != "rules"]
        many = sum(len(group.columns) + len(group.determined) for group in parts)
        found += [
            (part.name, share * Fraction(len(part.columns) + len(part.determined), many)) for part in parts
        ] or [(name, share)]
    return tuple(found)


def _bases(name: str, made: Mapping[str, Sequence[str]]) -> set[str]:
    """Return the columns that a model draws, and ids, that `name` follows from."""
    found: set[str] = set()
    waiting, seen = [name], {name}
    while waiting:
        here = waiting.pop()
        if here not in made:
            found.add(here)
        waiting += [each for each in made.get(here, ()) if each not in seen]
        seen.update(made.get(here, ()))
    return found


@dataclass(frozen=True, eq=False)
class _Order:
    """Which column of one group is drawn in which step.

    `own` are the columns that its model draws, `fixed` those with a fixed table that get a step of their
    own, `inputs` the columns of the group behind each computed parent.
    """

    group: CheckedGroup
    own: Sequence[str]
    parents: Parents
    inputs: Mapping[str, Sequence[str]]
    fixed: Mapping[str, Sequence[str]]

    def parts(self) -> list[CheckedGroup]:
        """Return the steps; the group itself where there is but one, or a cycle."""
        step = self._steps()
        if step is None:  # N301 says so: with the parents at hand, nothing else is said of them
            return [replace(self.group, given=(*self.group.given, *self.inputs))]
        last, given = max(step.values()), dict.fromkeys(self.group.given)
        rest = [name for name in self.own if name not in self.fixed]
        paying = max(step[name] for name in rest)
        extra = tuple(name for name in self.group.columns if name not in self.own)
        parts: list[CheckedGroup] = []
        for at in range(last + 1):
            for name in self._in_order([name for name in self.fixed if step[name] == at]):
                above = tuple(self.fixed[name])
                rules = replace(self.group, using="rules", generator=GENERATORS["rules"]())
                parts.append(replace(rules, columns=(name,), given=above))
                given[name] = None
            names = tuple(name for name in rest if step[name] == at)
            wanted = {parent for name in names for parent in self.parents.get(name, {})}
            given.update(dict.fromkeys(name for name in self.inputs if name in wanted))
            if names:
                more = extra if at == paying else ()
                parts.append(replace(self.group, columns=(*names, *more), given=tuple(given)))
            given.update(dict.fromkeys(names))
        if len(parts) == 1:
            return [self.group]
        return [
            replace(part, name=f"{self.group.name}.{at}", part_of=self.group.written)
            for at, part in enumerate(parts, 1)
        ]

    def _steps(self) -> dict[str, int] | None:
        """Return the step of each column, as late as can be; None when there is a cycle (N301 says so)."""
        needs = [
            (source, child, self._lag(source, parent, child))
            for child, above in self.parents.items()
            for parent in above
            for source in (self.inputs.get(parent) or ((parent,) if parent in self.own else ()))
        ]
        first = dict.fromkeys(self.own, 0)
        for _ in range(len(self.own) + 1):
            late = [(child, first[s] + lag) for s, child, lag in needs if first[s] + lag > first[child]]
            if not late:
                break
            for child, at in late:
                first[child] = max(first[child], at)
        else:
            return None
        step = dict.fromkeys(self.own, max(first.values(), default=0))
        for _ in self.own:
            for source, child, lag in needs:
                step[source] = min(step[source], step[child] - lag)
        return step

    def _lag(self, source: str, parent: str, child: str) -> int:
        """Return how many steps later `child` comes: a step's fixed tables are drawn before its model."""
        if source in self.fixed:
            return 0
        return int(parent in self.inputs or child in self.fixed)

    def _in_order(self, names: Sequence[str]) -> list[str]:
        """Return columns with fixed tables so that each comes after those it depends on."""
        waiting, order = list(names), list[str]()
        while waiting:
            above = {
                name: {s for p in self.fixed[name] for s in (p, *self.inputs.get(p, ()))} & set(waiting)
                for name in waiting
            }
            ready = [name for name in waiting if not above[name]] or waiting
            order.append(ready[0])
            waiting.remove(ready[0])
        return order
