"""Explain risk: what the best possible attacker would reach against a plan, in lines of text.

The same figures as in the report's section about the claim: they follow from the plan's price alone.
"""

from __future__ import annotations

from synthspec.plan.plan import Plan
from synthspec.privacy import risk
from synthspec.privacy.cost import Cost

FAMILY = 4
"""How many units the family of the lines has."""

HEAD = ("Best possible attack, at most", "found at 1 % false alarms", "guess right, from 50 %")


def risk_lines(plan: Plan, before: Cost | None = None) -> list[str]:
    """Return a line each for one unit, a family, members of subgroups, and all releases of the ledger.

    Args:
        plan: a plan; one without private rows has no lines.
        before: what earlier releases on the plan's ledger amount to, where there are any.
    """
    if plan.protection is None or plan.source is None or plan.source_public:
        return []
    mu, slack = risk.of_cost(plan.most_it_can_spend)
    one = "one row" if plan.protection.unit == "row" else f"one {plan.protection.unit}"
    rows = [_row(one, risk.risk(mu, slack)), _row(f"a family of {FAMILY}", risk.risk(mu, slack, FAMILY))]
    if before is not None and before.mu2:
        mu, slack = risk.of_cost(before + plan.most_it_can_spend)
        rows.append(_row(f"{one}, earlier releases included", risk.risk(mu, slack)))
        rows.append(_row(f"a family of {FAMILY}, earlier releases included", risk.risk(mu, slack, FAMILY)))
    groups = ", ".join(f"`{name}`" for name in plan.subgroups)
    lead = max(len(HEAD[0]), *(len(row[0]) + 2 for row in rows))
    widths = [len(text) for text in HEAD[1:]]
    lines = [
        "  " * (at > 0) + row[0].ljust(lead - 2 * (at > 0)) + "".join(
            f"  {cell.rjust(width)}" for cell, width in zip(row[1:], widths, strict=True)
        )
        for at, row in enumerate([HEAD, *rows])
    ]  # fmt: skip
    if groups:
        lines.append(f"  a member of any group of {groups}: as {one}, however small the group")
    lines.append("  guessing finds 1 % at 1 % false alarms, and is right half the time")
    return lines


def _row(name: str, found: risk.Risk) -> tuple[str, str, str]:
    return name, share(found.found[1]), share(found.right[-1])


def share(value: float) -> str:
    """Return a bound in percent, rounded up to one decimal."""
    return f"{min(100.0, -(-value * 1000 // 1) / 10):.1f} %"
