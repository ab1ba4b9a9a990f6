"""The certificate of a drawn table: every rule, counted again on the released rows.

Source: ours.
"""

from __future__ import annotations

from synthspec.draw.rows import Drawn
from synthspec.plan.plan import Plan
from synthspec.release.release import Certificate, RuleCheck, Strategy
from synthspec.rules import AnyRule, Unique


def certificate(plan: Plan, drawn: Drawn) -> Certificate:
    """Return what the rows of `drawn` obey; public, from synthetic rows only."""
    checks = tuple(_check(rule, plan, drawn) for rule in plan.rules)
    return Certificate(rows=drawn.frame.height, rules=checks, acceptance=drawn.acceptance)


def _check(rule: AnyRule, plan: Plan, drawn: Drawn) -> RuleCheck:
    return RuleCheck(
        name=rule.name,
        kind=rule.kind,
        text=rule.text,
        because=rule.because,
        enforce=rule.enforce,
        strategy=_strategy(rule, plan),
        violations=drawn.violations.get(rule.name, 0),
        acceptance=drawn.accepted.get(rule.name),
    )


def _strategy(rule: AnyRule, plan: Plan) -> Strategy:
    if rule.enforce == "report":
        return "unchecked"
    surrogate = {column.name for column in plan.columns if column.role == "id"}
    return "construction" if isinstance(rule, Unique) and set(rule.over) & surrogate else "rejection"
