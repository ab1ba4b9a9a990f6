"""Families: who can learn which declared edge, and whether its table fits; known tables beside them.

A family is a column with all its declared parents. The group that generates the column learns it, so
the parents are among the group's columns or its `given`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from synthspec.compile.checked import CheckedGroup
from synthspec.compile.expressions import GAP
from synthspec.compile.findings import Findings, listing
from synthspec.compile.tables import Tables
from synthspec.generators.levels import MOST_LEVELS
from synthspec.generators.pgm.tree import build
from synthspec.plan.plan import KnownTable, PlannedColumn
from synthspec.rules import AnyRule
from synthspec.spec.model import Spec
from synthspec.spec.tree import Path_
from synthspec.terms.expr import Expr
from synthspec.terms.walk import columns_of

LEARNERS = ("marginal", "bn", "autoregressive", "vae", "ctgan")
"""Generators that learn declared edges."""
DEFAULT_CAP = 600_000


@dataclass(frozen=True, eq=False)
class Families:
    """Checks declared edges and known tables against the groups; `cases` are their typed conditions."""

    findings: Findings
    spec: Spec
    columns: Mapping[str, PlannedColumn]
    rules: Sequence[AnyRule]
    groups: Sequence[CheckedGroup]
    cases: Mapping[str, tuple[Expr | None, ...]]
    families: dict[str, dict[str, Path_]] = field(default_factory=dict)

    def check(self) -> tuple[KnownTable, ...]:
        """Return the known tables, after reporting what no group can learn or hold."""
        homes = {column: group for group in self.groups for column in group.columns}
        for at, edge in enumerate(self.spec.network.require):
            path = ("network", "require", str(at))
            for parent in edge.parents:
                self.families.setdefault(edge.child, {}).setdefault(parent, path)
        for child, parents in self.families.items():
            self._learnable(child, parents, homes)
        built = Tables(self.findings, self.columns, self.rules)
        tables = []
        for name, cases in self.cases.items():
            group = homes.get(name.removesuffix(GAP))
            if group is None:
                self._solved(
                    "N306", name.removesuffix(GAP), ("network", "known", name), f"drop `known: {name}`"
                )
            else:
                self._conditions(name, cases, group)
                table = built.build(name, self.spec.network.known[name], cases)
                tables += [table] if table is not None else []
        for group in self.groups:
            self._sizes(group, homes, tables)
        return tuple(tables)

    def _learnable(self, child: str, parents: Mapping[str, Path_], homes: Mapping[str, CheckedGroup]) -> None:
        name, path = child.removesuffix(GAP), next(iter(parents.values()))
        column = self.columns.get(name)
        if column is None or column.role == "id":
            return
        group = homes.get(name)
        if column.role == "computed" and column.value is not None and group is None:
            self.findings.report(
                "N319",
                f"an edge into the computed column `{name}`",
                path,
                "its inputs decide it",
                also=((("columns", name), "computed here"),),
                helps=(f"point the edge at a column that `{name}` is computed from, or drop it",),
            )
            return
        if group is None:
            self._solved("N319", name, path, "drop the edge")
            return
        if group.using in ("independent", "copula"):
            self._cannot(group, path, f"the edge into `{child}`")
        for parent, place in parents.items():
            self._within(name, parent.removesuffix(GAP), group, place)
        known = self.spec.network.known.get(child)
        if known is not None and known.strength is None and child in self.cases:
            reads = {each for case in self.cases[child] if case for each in columns_of(case)}
            for parent, place in parents.items():
                if reads and parent.removesuffix(GAP) not in reads:
                    self.findings.report(
                        "N320",
                        f"the fixed table of `{child}` leaves no room for the edge `{parent} -> {child}`",
                        place,
                        "required here",
                        also=((("network", "known", child), f"does not depend on `{parent}`"),),
                        helps=(
                            f"add `strength:` to the table, so that data can speak about `{parent}`",
                            "or drop the edge",
                        ),
                    )

    def _solved(self, code: str, name: str, path: Path_, way: str) -> None:
        """Report a column that an equation gives: what no group generates, or G411 would have said so."""
        if any(each.code in ("G411", "G414", "N301") for each in self.findings.found):
            return
        self.findings.report(
            code,
            f"`{name}` is computed from an equation, so that nothing else decides it",
            path,
            "no group generates it",
            also=((("columns", name), "declared here"),),
            helps=(way, f"or add `{name}` to a group"),
        )

    def _within(self, child: str, parent: str, group: CheckedGroup, path: Path_) -> None:
        """Report N318 for a parent that `group` does not know."""
        column = self.columns.get(parent)
        if column is None or column.role == "id" or parent in (*group.columns, *group.given):
            return
        helps = (f"add `{parent}` to `given:` of the group `{group.written}`",)
        self.findings.report(
            "N318",
            f"the group that generates `{child}` does not know its parent `{parent}`",
            path,
            f"`{child}` is generated by `{group.written}`",
            also=((("generate", group.written), "the group"),) if self.spec.generate else (),
            helps=helps,
        )

    def _cannot(self, group: CheckedGroup, path: Path_, what: str) -> None:
        self.findings.report(
            "N321",
            f"`{group.using}` cannot take {what}",
            path,
            f"the group `{group.written}` uses `{group.using}`",
            helps=(f"write `using: bn` or `using: marginal` for `{group.written}`",),
        )

    def _conditions(self, name: str, cases: Sequence[Expr | None], group: CheckedGroup) -> None:
        path: Path_ = ("network", "known", name)
        parents = dict.fromkeys(each for case in cases if case for each in columns_of(case))
        known = self.spec.network.known[name]
        if name.removesuffix(GAP) in parents:
            return  # a cycle of one, reported as N301
        if group.using == "copula" and (parents or known.strength is not None):
            self._cannot(group, path, f"the table of `{name}`")
        if group.using == "independent" and known.strength is not None:
            self._cannot(group, path, f"a table with `strength`, as that of `{name}`")
        for parent in parents:
            self._within(name.removesuffix(GAP), parent, group, path)

    def _sizes(
        self, group: CheckedGroup, homes: Mapping[str, CheckedGroup], tables: Sequence[KnownTable]
    ) -> None:
        """Report N316 for a family, or all of them together, over the group's cap on cells."""
        if group.using == "copula":
            return
        cap = int(getattr(group.generator, "max_cells", DEFAULT_CAP))
        names = (*group.given, *group.columns)
        place = {name: at for at, name in enumerate(names)}
        sizes = [self._size(name) for name in names]
        scopes: list[tuple[int, ...]] = []
        found = [
            (child, (*parents, child), path)
            for child, parents, path in self._mine(group, homes)
            if group.using in LEARNERS
        ]
        found += [
            (t.child, (*t.parents, t.child), ("network", "known", t.child))
            for t in tables
            if t.child.removesuffix(GAP) in place
        ]
        for child, family, path in found:
            nodes = {each.removesuffix(GAP): (2 if each.endswith(GAP) else 0) for each in family}
            nodes |= {each: 0 for each in family if not each.endswith(GAP)}
            if not set(nodes) <= set(place):
                continue
            many = {each: small or sizes[place[each]] for each, small in nodes.items()}
            if prod(many.values()) > cap:
                self._too_large(f"the family of `{child}`", many, cap, path)
                return
            scopes.append(tuple(sorted(place[each] for each in nodes)))
        if not scopes:
            return
        tree = build(sizes, scopes, frozenset(place[name] for name in group.given))
        if tree.cells > cap + sum(sizes):
            worst = max(tree.cliques, key=lambda clique: prod(sizes[at] for at in clique))
            many = {names[at]: sizes[at] for at in worst}
            self._too_large(f"the network of `{group.written}`", many, cap, found[-1][2])

    def _mine(
        self, group: CheckedGroup, homes: Mapping[str, CheckedGroup]
    ) -> list[tuple[str, tuple[str, ...], Path_]]:
        return [
            (child, tuple(parents), list(parents.values())[-1])
            for child, parents in self.families.items()
            if homes.get(child.removesuffix(GAP)) is group
        ]

    def _size(self, name: str) -> int:
        """Return how many levels a column may have at most in a model."""
        planned = self.columns.get(name)
        if planned is None:
            return 1
        if planned.discovery is not None:
            return min(planned.discovery.limit + 1, MOST_LEVELS)
        return min(planned.column.size, MOST_LEVELS + 1) if planned.column is not None else 1

    def _too_large(self, what: str, sizes: Mapping[str, int], cap: int, path: Path_) -> None:
        coarse = sorted(sizes, key=lambda each: (-sizes[each], each))[:2]
        self.findings.report(
            "N316",
            f"{what} is too large: {prod(sizes.values()):,} cells, and the cap is {cap:,}",
            path,
            " x ".join(f"{name} {size}" for name, size in sizes.items()),
            notes=("a table over many cells takes noise in each of them",),
            helps=(f"give {listing(coarse)} coarser `bins:`, like `bins: 10`", "or drop a parent"),
        )
