"""Explain levels: what is counted once per unit, what by row, and what one unit adds to each; for people."""

from __future__ import annotations

from synthspec.plan.level import Level, level_of, leveled
from synthspec.plan.ops import Bound, CountFit, Op, Sample, Scan, Split, Units, Weigh
from synthspec.plan.plan import Contribution, Plan

FIT = "fit"
FREE_OPS = (Scan, Bound, Split, Units, Weigh, Sample)
STEPS = {
    "discover": "domains",
    "tighten": "bounds",
    "determine": "determines",
    "count_fit": FIT,
    **dict.fromkeys(("assess", "count_rows", "score", "count_tail"), "report"),
}
"""What a purchase is called that is no group's."""
ESTIMATES = {
    "rows": "every row counts the same: units with many rows weigh more",
    "weights": "every unit counts the same, however many rows it has",
}


def level_lines(plan: Plan) -> list[str]:
    """Return how the budget is split between the levels; nothing where every step counts rows."""
    if plan.protection is None or plan.source_public:
        return []
    levels = _levels(plan)
    if set(levels) <= {"rows", FIT}:
        return []
    unit = plan.protection.unit
    rows = []
    for name, level in levels.items():
        most = leveled(plan.protection, level).max_rows
        words = {
            "units": (f"one row of each {unit}", "1 row"),
            "rows": ("every row kept", f"{most} rows"),
            "weights": ("every row kept, by weight", f"a weight of {most}"),
            FIT: (f"each {unit} in counters", "1 in each"),
        }[name]
        ops = [op for op in plan.ops if _counted(plan, op) == name]
        steps = dict.fromkeys(STEPS.get(op.op, getattr(op, "group", "") or "") for op in ops)
        cost = sum((op.cost.mu2 for op in ops if not isinstance(op, FREE_OPS)), start=0)
        rows.append((*words, f"{100 * cost / max(plan.budget.mu2, 1):.0f} %", ", ".join(steps)))
    title = ("Levels", f"one {unit} adds", "share", "steps")
    wide = [max(len(row[at]) for row in (title, *rows)) for at in range(3)]
    lines = []
    for row in (title, *rows):
        first = row[0].ljust(wide[0] + 2) if row is title else f"  {row[0]:<{wide[0]}}"
        lines.append(f"{first}  {row[1]:<{wide[1]}}  {row[2]:>{wide[2]}}  {row[3]}")
    return lines


def contribution_lines(plan: Plan) -> list[str]:
    """Return what noise each way of bounding what a unit adds would give, and what it estimates."""
    if plan.protection is None or not plan.contributions:
        return []
    unit, most = plan.protection.unit, plan.protection.max_rows
    rows = [(_name(each), each) for each in plan.contributions]
    wide = max(len(name) for name, _ in rows)
    lines = [
        f"  {name:<{wide}}  ± {100 * each.share:.2g} % of the whole, {ESTIMATES[each.kind]}"
        for name, each in rows
    ]
    one = plan.contributions[0]
    if plan.public_rows is not None and one.whole < plan.public_rows:
        lost = plan.public_rows - one.whole
        lines.append(
            f"  at least {lost:.0f} of {plan.public_rows} rows are lost: units have more than {most}"
        )
    many = f"{one.rows_per_unit:.2g} rows a {unit} on average"
    lines.append(f"  {many}; of a {unit} with more than {most}, {most} random ones are kept, either way")
    head = "Contribution of a unit: noise of one count bought with all of the row groups' share"
    return [head, *lines]


def _name(each: Contribution) -> str:
    return f"{each.kind} (this plan)" if each.used else each.kind


def _levels(plan: Plan) -> dict[str, Level]:
    """Return what the plan's purchases count, units first, with the level of each."""
    found: dict[str, Level] = {}
    for op in plan.ops:
        name = _counted(plan, op)
        if name is not None and not isinstance(op, FREE_OPS) and op.view is not None:
            found.setdefault(name, level_of(plan, op.view))
    return {name: found[name] for name in ("units", "rows", "weights", FIT) if name in found}


def _counted(plan: Plan, op: Op) -> str | None:
    """Return what a purchase counts; None for a step that buys nothing."""
    if isinstance(op, FREE_OPS) or op.view is None:
        return None
    return FIT if isinstance(op, CountFit) else level_of(plan, op.view).name
