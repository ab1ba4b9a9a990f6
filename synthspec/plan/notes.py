"""Notes: what a plan's reader would otherwise take for more than it is; lines of `explain`.

What each published table is worth, and which rules say nothing while every row is a unit of its own.
"""

from __future__ import annotations

from synthspec.plan.ops import Fit
from synthspec.plan.plan import Plan
from synthspec.rules import NoOverlap, Unique
from synthspec.terms.expr import Window
from synthspec.terms.walk import walk

GAP = ".missing"


def published_lines(plan: Plan) -> list[str]:
    """Return a line per published table: of what, given what, exact or worth how much, and its citation."""
    tables: list[tuple[str, tuple[str, ...], float | None]] = [(name, (), None) for name, _ in plan.known]
    tables += [(table.child, table.parents, table.strength) for table in plan.known_tables]
    cited = dict(plan.citations)
    lines = []
    for child, parents, strength in tables:
        of = f"{child} given {', '.join(parents)}" if parents else child
        lines.append(f"  {of}: {_worth(plan, child, strength)}; {cited.get(child) or 'no citation'}")
    return ["Published tables", *lines] if lines else []


def _worth(plan: Plan, child: str, strength: float | None) -> str:
    if strength is None:
        return "exact, not measured"
    units = f"worth {strength:,.10g} unit{'' if strength == 1 else 's'}"
    if not _learned(plan, child):
        return f"{units}, and holds in full: no data to weigh it against"
    many = plan.public_units or plan.public_rows
    if not many:
        return f"{units} beside those of the source"
    share = 100 * strength / (strength + many)
    what = "units" if plan.public_units else "rows"
    return f"{units} beside about {many:,} {what} of the source ({share:.2g} %)"


def _learned(plan: Plan, child: str) -> bool:
    """Return whether the group of a column is fitted to rows."""
    home = next((group.name for group in plan.groups if child.removesuffix(GAP) in group.columns), None)
    return any(isinstance(op, Fit) and op.group == home and op.view is not None for op in plan.ops)


def vacuous_lines(plan: Plan) -> list[str]:
    """Return which rules and window functions say nothing, since every row gets ids of its own."""
    ids = [column.name for column in plan.columns if column.role == "id"]
    found: dict[str, list[str]] = {}
    for rule in plan.rules:
        if isinstance(rule, NoOverlap):
            found.setdefault(rule.per, []).append(f"`{rule.name}` holds of itself")
        elif isinstance(rule, Unique) and len(rule.over) > 1:
            for name in [each for each in ids if each in rule.over][:1]:
                found.setdefault(name, []).append(f"`{rule.name}` holds of itself")
    for column in plan.columns:
        windows = [node for node in walk(column.value) if isinstance(node, Window)] if column.value else []
        for name in dict.fromkeys(node.partition for node in windows):
            if name in ids:
                found.setdefault(name, []).append(f"`{column.name}` sees one row at a time")
    return [
        f"  note: every row gets a `{name}` of its own: {', '.join(says)}"
        for name, says in found.items()
        if name != plan.unit  # whole units are drawn, each with its rows
    ]
