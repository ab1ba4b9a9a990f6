"""Repairs: which rules a plan meets by changing rows of a unit once they are drawn; how, in one line."""

from __future__ import annotations

from synthspec.compile.findings import listing
from synthspec.plan.late import late_columns, windows_behind
from synthspec.plan.plan import Plan
from synthspec.rules import AnyRule, Check, Determines, NoOverlap


def repaired(plan: Plan, rule: AnyRule) -> str | None:
    """Return how rows that break `rule` are changed, or None when it is met otherwise."""
    if rule.enforce != "always":
        return None
    if isinstance(rule, NoOverlap):
        return f"intervals of one `{rule.per}` are moved apart, else its rows are drawn anew"
    late = late_columns(plan.columns)
    running = bool({column.name for column in late} & set(rule.columns))
    changed = listing(rule.repair) if isinstance(rule, Check) and rule.repair else ""
    if running:
        windows = windows_behind(rule.columns, late)
        unit = f"one `{windows[0].partition}`" if windows else "a unit"
        shrunk = f"{changed} shrunk as little as it takes, else " if changed else ""
        return f"{shrunk}the rows of {unit} drawn anew"
    return f"{changed} drawn again where it does not hold" if changed else None


def looked_up(plan: Plan, rule: AnyRule) -> str | None:
    """Return how a `determines` rule holds by construction, or None for other rules."""
    if not isinstance(rule, Determines) or rule.enforce != "always":
        return None
    table = "table that its group buys" if plan.source is not None else "made-up table"
    return f"{listing(rule.determined)} looked up in a {table}"
