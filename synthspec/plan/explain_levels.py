"""Explain levels: what is counted once per unit, what by row, and what one unit adds to each; for people."""

from __future__ import annotations

from collections.abc import Sequence

from synthspec.plan.level import Level, level_of, leveled
from synthspec.plan.plan import Contribution, Plan, Prediction

FIT = "fit"
ESTIMATES = {
    "rows": "every row counts the same: units with many rows weigh more",
    "weights": "every unit counts the same, however many rows it has",
}


def level_lines(plan: Plan) -> list[str]:
    """Return how the budget is split between the levels; nothing where every step counts rows."""
    levels = _levels(plan)
    if plan.protection is None or plan.source_public or set(levels) <= {"rows"}:
        return []
    unit = plan.protection.unit
    rows = []
    for name, level in levels.items():
        most = leveled(plan.protection, level).max_rows
        words = {
            "units": (f"one row of each {unit}", "1 row"),
            "rows": ("every row kept", f"{most} rows"),
            "weights": ("every row kept, by weight", f"a weight of {most}"),
        }[name]
        steps = [each for each in plan.predictions if each.level == name and each.step != FIT]
        rows.append((*words, _share(steps), ", ".join(each.step for each in steps)))
    fit = [each for each in plan.predictions if each.step == FIT]
    if fit:
        rows.append((f"each {unit} in counters", "1 in each", _share(fit), FIT))
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
    """Return the levels that steps of the plan read, the units' first."""
    found: dict[str, Level] = {}
    for op in plan.ops:
        view = getattr(op, "view", None)
        if isinstance(view, int) and getattr(op, "cost", None) is not None:
            level = level_of(plan, view)
            found.setdefault(level.name, level)
    return {name: found[name] for name in ("units", "rows", "weights") if name in found}


def _share(steps: Sequence[Prediction]) -> str:
    return f"{100 * sum(each.share for each in steps):.0f} %"
