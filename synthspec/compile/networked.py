"""Networked: groups that leave a network nothing to learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synthspec.compile.checked import CheckedGroup
from synthspec.compile.findings import Findings
from synthspec.generators.neural.network import Network
from synthspec.plan.plan import PlannedColumn


def check_networked(
    findings: Findings, columns: Mapping[str, PlannedColumn], groups: Sequence[CheckedGroup]
) -> None:
    """Report G472 for each group of a network with one column and none given, or of single values only."""
    for group in groups:
        if not isinstance(group.generator, Network) or not group.columns:
            continue
        path = ("generate", group.name, "using")
        own = [columns[name] for name in group.columns if name in columns]
        if len(group.columns) + len(group.given) == 1:
            findings.report(
                "G472",
                f"the group `{group.name}` has one column, and a network learns how columns go together",
                path,
                f"nothing for `{group.using}` to learn",
                helps=("write `using: independent`", "or put columns together in one group"),
            )
        elif own and all(_single(column) for column in own):
            findings.report(
                "G472",
                f"every column of the group `{group.name}` has one possible value",
                path,
                f"nothing for `{group.using}` to learn",
                helps=("write `using: independent`", "or widen the domains"),
            )


def _single(column: PlannedColumn) -> bool:
    return column.discovery is None and column.column is not None and column.column.size == 1
