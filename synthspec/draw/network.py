"""Network: what a plan declares about dependence, as the workload of one group; all public.

Source: ours; PRIVACY 7 of the design.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from synthspec.generators.base import Conditional
from synthspec.plan.plan import Group, KnownTable, Plan
from synthspec.terms.domain import Clique

GAP = ".missing"
ANY = "any"


def network_of(plan: Plan, group: Group, mine: frozenset[str], units: float) -> dict[str, Any]:
    """Return the parts of the group's workload that come from the network: see `Workload`.

    Args:
        plan: what was planned.
        group: one of its groups.
        mine: the coded columns that the group knows, given ones included.
        units: how many units stand behind a row that is counted, as far as it is public.
    """
    tables = [
        table
        for table in plan.known_tables
        if table.child.removesuffix(GAP) in group.columns
        and {table.child.removesuffix(GAP), *table.parents} <= mine
    ]
    whole, gaps = _families(plan, group, mine, tables)
    return {
        "edges": whole,
        "missing_edges": gaps,
        "forbidden": frozenset(forbidden_pairs(plan, sorted(mine))),
        "max_parents": plan.network.max_parents,
        "conditionals": tuple(
            Conditional(
                table.child.removesuffix(GAP),
                table.parents,
                np.array(table.rows).reshape(table.shape),
                table.strength,
                gap=table.child.endswith(GAP),
                units=units,
            )
            for table in tables
        ),
    }


def _families(
    plan: Plan, group: Group, mine: frozenset[str], tables: Sequence[KnownTable]
) -> tuple[tuple[Clique, ...], tuple[tuple[Clique, frozenset[str]], ...]]:
    """Return the cliques to measure: each declared column with its parents, parents before their child.

    The family of a fixed table is not measured; that of a table worth n units is.
    """
    parents: dict[str, dict[str, None]] = {}
    for edge in plan.network.require:
        if edge.child.removesuffix(GAP) in group.columns:
            parents.setdefault(edge.child, {}).update(dict.fromkeys(edge.parents))
    fixed = {table.child for table in tables if table.strength is None and table.parents}
    for table in tables:
        parents.setdefault(table.child, {}).update(dict.fromkeys(table.parents))
    whole: dict[Clique, None] = {}
    gaps: dict[tuple[Clique, frozenset[str]], None] = {}
    for child, above in parents.items():
        if child in fixed:
            continue
        nodes = (*above, child)
        clique = tuple(dict.fromkeys(node.removesuffix(GAP) for node in nodes))
        if len(clique) < 2 or not set(clique) <= mine or set(clique) <= set(group.given):
            continue
        lacking = frozenset(name for name in clique if name not in nodes)
        if lacking:
            gaps[clique, lacking] = None
        else:
            whole[clique] = None
    return tuple(whole), tuple(gaps)


def forbidden_pairs(plan: Plan, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return every pair (parent, child) of `names` that the spec forbids.

    A table of two columns also tells how often they are missing: an edge from or to `x.missing` that is
    forbidden forbids that of `x`. A declared edge of `x.missing` is not touched by one that forbids `x`.
    """

    def hit(listed: Sequence[str], name: str) -> bool:
        return ANY in listed or name in listed or f"{name}{GAP}" in listed

    return [
        (a, b)
        for a in names
        for b in names
        if a != b and any(hit(e.parents, a) and hit((e.child,), b) for e in plan.network.forbid)
    ]
