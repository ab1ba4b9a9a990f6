"""Determined: columns that `determines` takes out of the model; a table that is bought gives their values.

The table is the marginal of the determined column by the others, bought once from the group's budget:
its sensitivity is that of any marginal. The likeliest value per cell is post-processing.

Source: ours; LANGUAGE 2.7 of the design ("DP argmax table").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from synthspec.compile.checked import CheckedGroup
from synthspec.compile.findings import Findings
from synthspec.compile.graph import node_of
from synthspec.plan.plan import PlannedColumn
from synthspec.rules import AnyRule, Determines
from synthspec.spec.model import Spec
from synthspec.terms.walk import columns_of


@dataclass(frozen=True, eq=False)
class Determined:
    """Reads the enforced `determines` rules against the groups."""

    findings: Findings
    spec: Spec
    columns: Mapping[str, PlannedColumn]
    rules: Sequence[AnyRule]
    groups: Sequence[CheckedGroup]

    def check(self) -> None:
        """Report R232 for a column whose group, or whose parents, leave no place for its table."""
        homes = {name: at for at, group in enumerate(self.groups) for name in group.columns}
        found: dict[str, str] = {}
        for rule, name in _determined(self.rules):
            where = ("rules", rule.name, "determines")
            if name in found:
                self._refuse(rule, where, name, f"rule `{found[name]}` determines it as well")
            elif name not in homes:
                self._refuse(rule, where, name, "no group generates it")
            elif set(self.groups[homes[name]].columns) <= {each for _, each in _determined(self.rules)}:
                self._refuse(rule, where, name, f"its group `{self.groups[homes[name]].name}` has no other")
            elif name in self._nodes():
                self._refuse(rule, where, name, "`network` has it as a node")
            else:
                self._parents(rule, name, homes)
            found.setdefault(name, rule.name)

    def _parents(self, rule: Determines, name: str, homes: Mapping[str, int]) -> None:
        taken = {each for _, each in _determined(self.rules)}
        for parent in rule.by:
            if parent in taken:
                what = "is determined itself"
            elif any(homes.get(base, 0) > homes[name] for base in self._bases(parent)):
                what = "is drawn in a later group"
            elif name in self._bases(parent):
                what = f"is computed from `{name}`"
            else:
                continue
            self._refuse(rule, ("rules", rule.name, "by"), parent, f"`{parent}` {what}")

    def _bases(self, name: str) -> set[str]:
        value = self.columns[name].value if name in self.columns else None
        if value is None:
            return {name}
        parts = [self._bases(part) for part in columns_of(value) if part != name]
        return {name}.union(*parts)

    def _nodes(self) -> set[str]:
        network = self.spec.network
        edges = (*network.require, *network.forbid)
        found = {node_of(name) for edge in edges for name in (*edge.parents, edge.child)}
        return found | {node_of(name) for name in network.known}

    def _refuse(self, rule: Determines, path: tuple[str, ...], column: str, label: str) -> None:
        self.findings.report(
            "R232",
            f"rule `{rule.name}` cannot compute its column from a bought table",
            path,
            label,
            also=((("columns", column), "declared here"),),
            helps=("generate it in a group with the columns under `by:`, or after them",),
        )


def take_out(
    columns: Mapping[str, PlannedColumn], rules: Sequence[AnyRule], groups: Sequence[CheckedGroup]
) -> tuple[dict[str, PlannedColumn], tuple[CheckedGroup, ...]]:
    """Return columns and groups with determined columns computed; their group pays `tables` shares."""
    by = {name: rule.by for rule, name in _determined(rules)}
    made = {
        name: column.model_copy(update={"role": "computed", "determined_by": by[name]})
        if name in by
        else column
        for name, column in columns.items()
    }
    left = tuple(
        replace(
            group,
            columns=tuple(name for name in group.columns if name not in by),
            determined=tuple(name for name in group.columns if name in by),
        )
        for group in groups
    )
    return made, left


def table_share(group: CheckedGroup) -> Fraction:
    """Return the share of a group's budget that one determined column's table takes: a column's part."""
    return Fraction(1, len(group.columns) + len(group.determined))


def _determined(rules: Sequence[AnyRule]) -> list[tuple[Determines, str]]:
    return [
        (rule, name)
        for rule in rules
        if isinstance(rule, Determines) and rule.enforce == "always"
        for name in rule.determined
    ]
