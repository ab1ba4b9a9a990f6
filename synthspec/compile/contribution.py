"""Contribution: the noise that each way of bounding what a unit adds would give, from public facts only.

A count bought for mu2 has noise m / sqrt(mu2) where up to m rows of a unit count, out of n rows; or
W / sqrt(mu2) where they share a weight W, out of W for each of u units. As shares of the whole: m / (n
sqrt(mu2)) and 1 / (u sqrt(mu2)). There are at most m u rows to count, so that weights are never noisier;
what they estimate is another thing: a random row of a random unit, in the place of a random row.

Source: PRIVACY 3 of the design.
"""

from __future__ import annotations

from math import sqrt

from synthspec.compile.weights import shared_weight
from synthspec.plan.level import level_of_group
from synthspec.plan.ops import Fit, Weigh
from synthspec.plan.plan import Contribution, Plan
from synthspec.privacy.cost import MU2_UNIT
from synthspec.terms.query import Marginal


def contributions(plan: Plan) -> tuple[Contribution, ...]:
    """Return both choices; none where a unit has one row, or where `rows` and `units` are not public."""
    protection, rows, units = plan.protection, plan.public_rows, plan.public_units
    if protection is None or plan.source_public or protection.max_rows == 1 or not rows or not units:
        return ()
    mu2 = sum(
        float(op.cost.mu2 * MU2_UNIT)
        for op in plan.ops
        if isinstance(op, Fit) and op.view is not None and not level_of_group(plan, op.group).once
    )
    if mu2 == 0:
        return ()
    kept, weight = min(rows, units * protection.max_rows), shared_weight(protection.max_rows)
    used = any(isinstance(op, Weigh) for op in plan.ops)
    found = []
    for kind, most, whole in (
        ("rows", protection.max_rows, float(kept)),
        ("weights", weight, float(units * weight)),
    ):
        reach = Marginal(axes=()).sensitivity(protection.model_copy(update={"max_rows": most})).l2_squared
        sigma = sqrt(reach / mu2)
        found.append(
            Contribution(
                kind="rows" if kind == "rows" else "weights",
                stddev=sigma,
                whole=whole,
                share=sigma / whole,
                rows_per_unit=rows / units,
                used=(kind == "weights") is used,
            )
        )
    return tuple(found)
