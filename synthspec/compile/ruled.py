"""Ruled: columns that rules give: an equation is solved for one, a bought table determines another.

Such a column follows from the others, which is an edge of the dependency graph like that of `derive`.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from synthspec.compile.equations import Equations, solution
from synthspec.compile.graph import Arrow
from synthspec.plan.plan import PlannedColumn
from synthspec.rules import AnyRule, Determines
from synthspec.spec.model import Spec
from synthspec.terms.expr import Expr
from synthspec.terms.walk import columns_of


def ruled(
    spec: Spec,
    columns: Mapping[str, PlannedColumn],
    rules: Sequence[AnyRule],
    gaps: frozenset[str],
    refused: Collection[str] = (),
) -> tuple[Arrow, ...]:
    """Return the arrows of columns in no group that an equation gives, and of those a table determines.

    Args:
        spec: the spec.
        columns: its columns, none of them solved.
        rules: its rules.
        gaps: the columns that may be missing.
        refused: names of rules that are in error themselves.
    """
    homes = {name: 0 for group in spec.generate.values() for name in group.columns}
    solved = Equations(spec, columns, rules, gaps).homeless(homes) if spec.generate else {}
    return (*solved_arrows(rules, solved), *(a for a in determined(rules) if a.path[1] not in refused))


def solved_arrows(rules: Sequence[AnyRule], solved: Mapping[str, Expr]) -> tuple[Arrow, ...]:
    """Return the arrows into solved columns; their paths name the equation."""
    return tuple(
        Arrow(source, name, "equation", ("rules", rule))
        for name, value in solved.items()
        for rule in [each.name for each in rules if solution(each, name) == value][:1]
        for source in columns_of(value)
    )


def determined(rules: Sequence[AnyRule]) -> tuple[Arrow, ...]:
    """Return the arrows into columns that a bought table gives."""
    return tuple(
        Arrow(source, name, "determines", ("rules", rule.name, "determines"))
        for rule in rules
        if isinstance(rule, Determines) and rule.enforce == "always"
        for name in rule.determined
        for source in rule.by
    )
