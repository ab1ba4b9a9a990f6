"""The certificate of a drawn table: every rule, counted again on the released rows.

Source: ours.
"""

from __future__ import annotations

from synthspec.draw.recount import Recount
from synthspec.draw.rows import Drawn
from synthspec.errors import InternalError
from synthspec.plan.plan import Plan
from synthspec.release.release import Certificate, RuleCheck, Strategy
from synthspec.rules import AnyRule


def certificate(
    plan: Plan, drawn: Drawn, again: Recount, problem: str | None = None, rows: int | None = None
) -> Certificate:
    """Return what the rows of `drawn` obey; public, from synthetic rows only.

    Args:
        plan: what was planned.
        drawn: the rows, with the counts of the engine that drew them.
        again: the counts of the second engine, on the written file.
        problem: why there are no rows, if there are none.
        rows: how many were drawn, where `drawn` says of many parts together and does not hold their rows.

    Raises:
        InternalError: I333, when the second engine saw another number of rows.
    """
    height = drawn.frame.height if rows is None else rows
    if again.rows != height:
        raise InternalError("I333", "the second engine read another number of rows than were drawn")
    checks = tuple(_check(rule, plan, drawn, again, height) for rule in plan.rules)
    return Certificate(
        rows=height,
        rules=checks,
        acceptance=drawn.acceptance,
        engine=again.engine,
        problem=problem,
    )


def _check(rule: AnyRule, plan: Plan, drawn: Drawn, again: Recount, rows: int) -> RuleCheck:
    return RuleCheck(
        name=rule.name,
        kind=rule.kind,
        text=rule.text,
        because=rule.because,
        enforce=rule.enforce,
        strategy=_strategy(rule, plan),
        violations=drawn.violations.get(rule.name, 0),
        recounted=again.broken[rule.name],
        acceptance=drawn.accepted.get(rule.name),
        repaired=_repaired(rule, drawn, rows),
        mended=drawn.mended.get(rule.name),
    )


def _repaired(rule: AnyRule, drawn: Drawn, rows: int) -> float | None:
    """Return the share of rows changed because of a rule; None for a rule that never changes any."""
    if rule.name not in drawn.repaired:
        return None
    return min(1.0, drawn.repaired[rule.name] / max(1, rows))


def _strategy(rule: AnyRule, plan: Plan) -> Strategy:
    """Return how the plan said that the rule would be met."""
    said = next((each.by for each in plan.met if each.rule == rule.name), None)
    if said is not None:
        return said
    return "unchecked" if rule.enforce == "report" else "rejection"
