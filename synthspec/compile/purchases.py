"""Purchases: what the `report` share buys, and how wide its 90 % intervals will be, from public facts only.

The area under the ROC curve: with bins that a score without skill fills evenly, its noise has the variance
sigma^2 bins/12 (1/yes^2 + 1/no^2), sigma the noise of a cell once histograms of the same rows are pooled
(see metrics/histogram.py); a score with skill has less. A quarter of the rows is taken to be positive.
"""

from __future__ import annotations

from math import sqrt

from synthspec.metrics.estimate import LEAST, NINETY, WIDEST
from synthspec.metrics.scorecard import BINS
from synthspec.plan.ops import Assess, CountRows, CountTail, Op, Score
from synthspec.plan.outcomes import MOST_GROUPS
from synthspec.plan.plan import Plan, Purchase
from synthspec.privacy.cost import MU2_UNIT, Cost
from synthspec.terms.query import Marginal

FIGURES_BOUGHT = 6
"""Mean and worst total variation over 1-, 2- and 3-way tables."""

POSITIVE = 0.25


def purchases(plan: Plan) -> tuple[Purchase, ...]:
    """Return the plan's purchases for the report, in order; nothing where it buys none."""
    found = [_purchase(plan, op) for op in plan.ops if isinstance(op, CountRows | Assess | CountTail)]
    scores = [op for op in plan.ops if isinstance(op, Score)]
    found += [_scored(plan, label, scores) for label in dict.fromkeys(op.label for op in scores)]
    return tuple(found)


def step_of(plan: Plan) -> tuple[str, float, float | None, str | None]:
    """Return what the whole share buys, the noise of a distance, and the width of its interval."""
    found = purchases(plan)
    distances = next((each for each in found if each.what.startswith(str(FIGURES_BOUGHT))), None)
    rest = "" if len(found) < 2 else ", see below"
    if distances is None:
        return "figures of the report", found[0].stddev, None, found[0].width
    return f"{FIGURES_BOUGHT} distances{rest}", distances.stddev, None, distances.width


def _purchase(plan: Plan, op: CountRows | Assess | CountTail) -> Purchase:
    rows = plan.scored_rows if _held(plan, op.view) else plan.learned_rows
    width = None
    match op:
        case CountRows():
            held = "all" if plan.holdout is None else "held out" if _held(plan, op.view) else "learned from"
            what, sigma = f"number of rows, {held}", _sigma(plan, op.cost)
            width = f"± {_short(NINETY * sigma)} rows"
        case Assess():
            what, sigma = f"{FIGURES_BOUGHT} total variation distances", _distance(plan, op.cost)
            half = None if rows is None else NINETY * sigma / (2 * rows)
            width = None if half is None else f"± {half:.2g}" if half < 1 else "no distance can be told"
        case CountTail():
            rare = min(op.quantile, 1 - op.quantile)
            end = "beyond" if op.quantile >= 0.5 else "below"
            what, sigma = f"rows {end} the {op.quantile:g} quantile of {op.column}", _sigma(plan, op.cost)
            if rows is not None:
                enough = rows > LEAST * sqrt(2) * sigma  # as `Tail.ratio` has it
                half = NINETY * sigma / (rows * rare)
                width = f"ratio ± {half:.2g}" if enough else "too few rows for a ratio"
    return Purchase(what=what, share=_share(plan, op.cost), stddev=sigma, width=width)


def _scored(plan: Plan, label: str, every: list[Score]) -> Purchase:
    ops = [op for op in every if op.label == label]
    mu2, precision = sum(op.cost.mu2 for op in ops), 0.0
    for op in ops:
        precision += 1 / (_groups(plan, op) * _sigma(plan, op.cost) ** 2)
    rows = plan.scored_rows
    width = None
    if rows is not None:
        spread = sqrt(1 / precision) / rows * sqrt(1 / POSITIVE**2 + 1 / (1 - POSITIVE) ** 2)
        half = NINETY * sqrt(BINS / 12) * spread
        enough = half < WIDEST and LEAST * sqrt(BINS) * spread < 1  # as the report decides it
        width = f"AUC ± {half:.2g}" if enough else "too few rows for an AUC"
    by = [op.group for op in ops if op.group is not None]
    what = f"scores of {label}" + (f" by {', '.join(by)}" if by else "")
    what += "" if plan.holdout is None else ", rows held out"
    sigma = _sigma(plan, ops[0].cost)
    return Purchase(what=what, share=_share(plan, Cost(mu2=mu2)), stddev=sigma, width=width)


def _groups(plan: Plan, op: Score) -> int:
    if op.group is None:
        return 1
    column = plan.column(op.group)
    if column.discovery is not None:
        return min(column.discovery.limit + 1, MOST_GROUPS)
    return min(column.column.size if column.column is not None else 1, MOST_GROUPS)


def _held(plan: Plan, view: int) -> bool:
    return bool(getattr(plan.ops[view], "held", False))


def _share(plan: Plan, cost: Cost) -> float:
    return float(cost.mu2) / float(plan.budget.mu2) if plan.budget.mu2 else 0.0


def _sigma(plan: Plan, cost: Cost) -> float:
    """Return the noise of a count of rows."""
    if plan.protection is None or cost.mu2 == 0:
        return 0.0
    return sqrt(Marginal(axes=()).sensitivity(plan.protection).l2_squared / float(cost.mu2 * MU2_UNIT))


def _distance(plan: Plan, cost: Cost) -> float:
    protection = plan.protection
    step = (protection.max_rows * (2 if protection.neighbours == "replace" else 1)) if protection else 1
    return step / sqrt(float(cost.mu2 * MU2_UNIT) / FIGURES_BOUGHT)


def _short(number: float) -> str:
    return f"{number:.2g}" if number < 10 else f"{number:.0f}"


def bought_for_report(op: Op) -> bool:
    """Return whether an op is paid from the `report` share."""
    return isinstance(op, Assess | CountRows | Score | CountTail)


__all__ = ["FIGURES_BOUGHT", "bought_for_report", "purchases", "step_of"]
