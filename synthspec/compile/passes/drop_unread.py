"""drop_unread: a plan whose every priced step is gone has no use for the source: it does not read it."""

from __future__ import annotations

from synthspec.plan.ops import Bound, Fit, Op, Sample, Scan, Split
from synthspec.plan.plan import Plan
from synthspec.plan.verify import price


def drop_unread(plan: Plan) -> Plan:
    """Return the plan without `scan`, `bound` and `split` when nothing is bought from them."""
    scans = any(isinstance(op, Scan) for op in plan.ops)
    if not scans or any(price(op) is not None and _reads(op) for op in plan.ops):
        return plan
    kept = [at for at, op in enumerate(plan.ops) if not isinstance(op, Scan | Bound | Split)]
    place = {old: new for new, old in enumerate(kept)}
    return plan.model_copy(
        update={"ops": tuple(_moved(plan.ops[old], place) for old in kept), "holdout": None}
    )


def _reads(op: Op) -> bool:
    return not isinstance(op, Fit) or op.view is not None


def _moved(op: Op, place: dict[int, int]) -> Op:
    if isinstance(op, Sample):
        return op.model_copy(update={"models": tuple(place[ref] for ref in op.models)})
    return op
