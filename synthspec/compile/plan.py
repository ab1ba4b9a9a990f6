"""Plan: lower, passes, verification and predictions, in one step."""

from __future__ import annotations

from synthspec.compile.affordable import refuse_unaffordable
from synthspec.compile.budget import budget_of
from synthspec.compile.checked import Checked
from synthspec.compile.lower import lower, lower_mock
from synthspec.compile.passes import PASSES, differences, met
from synthspec.compile.predict import with_predictions
from synthspec.compile.unbuilt import refuse_unbuilt
from synthspec.plan.plan import Plan
from synthspec.plan.verify import verify
from synthspec.plan.view import domain_rule


def compile_plan(checked: Checked, epsilon: float | None = None, *, transforms: bool = True) -> Plan:
    """Return the verified plan of a checked spec; nothing is read but what checking has read.

    Args:
        checked: a spec without errors.
        epsilon: plan with another epsilon than the spec says.
        transforms: whether columns may be modelled through others (differences).

    Raises:
        SpecError: G490, when the spec uses keys that are not built yet.
        BudgetError: B504, when a step's share is too small for what it measures.
    """
    refuse_unbuilt(checked)
    refuse_unaffordable(checked, budget_of(checked, epsilon))
    return with_predictions(_passed(lower(checked, epsilon), transforms=transforms))


def mock_plan(checked: Checked, rows: int | None = None, seed: int | None = None) -> Plan:
    """Return the verified plan that makes rows without any source: epsilon 0.

    Raises:
        SpecError: G490, when the spec uses keys that are not built yet.
    """
    refuse_unbuilt(checked)
    return _passed(lower_mock(checked, rows, seed))


def with_models_of(plan: Plan, old: Plan) -> Plan:
    """Return `plan`, made without transforms, over the columns and groups that `old` was learned with.

    Rules on the domains of columns that `old` computes stay with them.
    """
    named = {rule.name for rule in plan.rules}
    domains = {domain_rule(column.name) for column in old.columns}
    mine = tuple(rule for rule in old.rules if rule.name in domains - named)
    held = {
        "columns": old.columns,
        "groups": old.groups,
        "ops": old.ops,
        "rules": (*mine, *plan.rules),
        "holdout": old.holdout,
    }
    return verify(met(plan.model_copy(update=held)))


def _passed(plan: Plan, *, transforms: bool = True) -> Plan:
    verify(plan)
    for each in PASSES:
        if transforms or each is not differences:
            plan = verify(each(plan))
    return plan
