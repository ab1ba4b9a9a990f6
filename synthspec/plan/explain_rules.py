"""Explain rules: every rule of a plan on a line of its own: its class, what is kept, how it is met."""

from __future__ import annotations

from collections.abc import Mapping

from synthspec.plan.plan import Met, Plan

CLASSES: Mapping[str, str] = {
    "construction": "by construction",
    "transform": "exact transform",
    "repair": "bounded repair",
    "within": "bounded rejection",
    "rejection": "rejection",
    "unchecked": "reported only",
}
"""Words for how a rule is met, as the report uses them too."""


def rule_lines(plan: Plan) -> list[str]:
    """Return the block of rules: one line each, all of them, none cut: how a rule is met is what is asked."""
    if not plan.met:
        return []
    enforced = sum(each.by != "unchecked" for each in plan.met)
    told = f"{enforced} enforced" + (
        f", {len(plan.met) - enforced} reported" if enforced < len(plan.met) else ""
    )
    head = (f"Rules: {told}", "class", "kept", "met by")
    rows = [(f"  {each.rule}", CLASSES[each.by], _kept(each), each.how) for each in plan.met]
    names, classes = (max(len(row[at]) for row in (head, *rows)) for at in (0, 1))
    lines = [
        f"{name:<{names}}  {class_:<{classes}}  {kept:>4}  {how}".rstrip()
        for name, class_, kept, how in (head, *rows)
    ]
    if any(each.by in ("within", "rejection") for each in plan.met):
        lines.append("  kept: the share of drawn rows that is not thrown away, estimated without data")
    return lines


def _kept(met: Met) -> str:
    match met.by:
        case "construction" | "transform" | "repair":
            return "all"
        case "unchecked":
            return ""
        case _:
            return "?" if met.acceptance is None else _share(met.acceptance)


def _share(kept: float) -> str:
    """Return a share, never rounded up to all of it.

    >>> _share(1.0), _share(0.9996), _share(0.004)
    ('all', '0.99', '<.01')
    """
    if kept == 1.0:
        return "all"
    return "<.01" if kept < 0.01 else f"{min(kept, 0.99):.2f}"
