"""Plan: lower, passes, verification and predictions, in one step."""

from __future__ import annotations

from synthspec.compile.checked import Checked
from synthspec.compile.lower import lower, lower_mock
from synthspec.compile.passes import PASSES
from synthspec.compile.predict import with_predictions
from synthspec.compile.unbuilt import refuse_unbuilt
from synthspec.plan.plan import Plan
from synthspec.plan.verify import verify


def compile_plan(checked: Checked, epsilon: float | None = None) -> Plan:
    """Return the verified plan of a checked spec; nothing is read but what checking has read.

    Args:
        checked: a spec without errors.
        epsilon: plan with another epsilon than the spec says.

    Raises:
        SpecError: G490, when the spec uses keys that are not built yet.
    """
    refuse_unbuilt(checked)
    return with_predictions(_passed(lower(checked, epsilon)))


def mock_plan(checked: Checked, rows: int | None = None, seed: int | None = None) -> Plan:
    """Return the verified plan that makes rows without any source: epsilon 0.

    Raises:
        SpecError: G490, when the spec uses keys that are not built yet.
    """
    refuse_unbuilt(checked)
    return _passed(lower_mock(checked, rows, seed))


def _passed(plan: Plan) -> Plan:
    verify(plan)
    for each in PASSES:
        plan = verify(each(plan))
    return plan
