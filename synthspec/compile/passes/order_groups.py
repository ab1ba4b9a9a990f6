"""order_groups: groups are listed in the order in which they are learnt and drawn."""

from __future__ import annotations

from synthspec.plan.ops import Fit
from synthspec.plan.plan import Plan


def order_groups(plan: Plan) -> Plan:
    """Return the plan with its groups listed in the order of their fits, which is the order of work."""
    order = [op.group for op in plan.ops if isinstance(op, Fit)]
    groups = {group.name: group for group in plan.groups}
    if list(groups) == order or set(groups) != set(order):
        return plan
    return plan.model_copy(update={"groups": tuple(groups[name] for name in order)})
