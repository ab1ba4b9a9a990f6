"""Advice: what a plan would gain from another declaration, with figures; public facts only."""

from __future__ import annotations

from dataclasses import replace
from math import ceil, sqrt

from synthspec.compile.checked import Checked
from synthspec.compile.passes.met import TRIAL_ROWS, unlikely
from synthspec.compile.plan import compile_plan
from synthspec.errors import Diagnostic
from synthspec.plan.plan import Plan, Prediction
from synthspec.terms.query import Marginal

WORTH = 0.02
"""A predicted error below it needs no advice."""
GAIN = 0.8
"""Advice is given when the error falls to less than this part of what it is."""


def advice(checked: Checked, plan: Plan) -> tuple[Diagnostic, ...]:
    """Return warnings about the plan: P410 and R218; a comment that allows one silences it."""
    found = (*_fewer_rows(checked, plan), *_hard_rules(checked, plan))
    return tuple(each for each in found if checked.parsed.reason(each) is None)


def _hard_rules(checked: Checked, plan: Plan) -> tuple[Diagnostic, ...]:
    """Return R218 for each rule that keeps hardly any of the rows drawn from what the spec states."""
    found = []
    for each in unlikely(plan):
        path = ("rules", each.rule)
        if checked.parsed.tree.node(path) is None:
            path = ("columns", each.rule.removeprefix("domain of "))
        span = replace(checked.parsed.span(path), label="met by drawing rows again", primary=True)
        kept = f"about {each.acceptance:.1%}" if each.acceptance else "none"
        found.append(
            Diagnostic(
                code="R218",
                message=f"hardly any row meets rule `{each.rule}`",
                level="warning",
                path=path,
                spans=(span,),
                notes=(f"{kept} of {TRIAL_ROWS} rows drawn from the spec alone met it; nothing was read",),
                helps=(
                    "compute one of its columns with `derive:`, or put its columns into one group",
                    "or keep it with a reason: `# synthspec: allow R218 because <reason>`",
                ),
            )
        )
    return tuple(found)


def _fewer_rows(checked: Checked, plan: Plan) -> tuple[Diagnostic, ...]:
    """Return P410 when a half, a quarter, ... of `max_rows` would lower the worst error much.

    None below the public mean of rows per unit is tried, and nothing is said where errors are not
    predicted.
    """
    privacy, protection = checked.spec.privacy, plan.protection
    if privacy is None or privacy.max_rows is None or protection is None or plan.public_rows is None:
        return ()
    mean = ceil(plan.public_rows / plan.public_units) if plan.public_units else 1
    worst = max(_learnt(plan), key=lambda step: step.error or 0.0, default=None)
    if worst is None or worst.error is None or worst.error < WORTH:
        return ()
    better, fewer = None, privacy.max_rows // 2
    while better is None and fewer >= max(mean, 1):
        better, fewer = _with(checked, plan, fewer, worst), fewer // 2
    if better is None:
        return ()
    most, lower = better
    reach = Marginal(axes=()).sensitivity(protection).l2_squared
    single = Marginal(axes=()).sensitivity(protection.model_copy(update={"max_rows": 1})).l2_squared
    path = ("privacy", "max_rows")
    span = replace(checked.parsed.span(path), label="further rows of a unit are dropped", primary=True)
    found = Diagnostic(
        code="P410",
        message=(
            f"`max_rows: {privacy.max_rows}` makes the noise {sqrt(reach / single):.3g} times that of one row"
        ),
        level="warning",
        path=path,
        spans=(span,),
        notes=("the noise hides all rows of a unit at once, those of units with few rows too",),
        helps=(
            f"`max_rows: {most}` would bring the worst error in `{worst.step}` from {worst.error:.3f} to "
            f"{lower:.3f} (longer histories are cut)",
            "or keep it with a reason: `# synthspec: allow P410 because <reason>`",
        ),
    )
    return (found,)


def _with(checked: Checked, plan: Plan, most: int, worst: Prediction) -> tuple[int, float] | None:
    """Return `most` and the error of the step `worst` with it, when that is much lower."""
    privacy = checked.spec.privacy
    if privacy is None or worst.error is None:
        return None
    spec = checked.spec.model_copy(update={"privacy": privacy.model_copy(update={"max_rows": most})})
    steps = _learnt(compile_plan(replace(checked, spec=spec), plan.epsilon))
    lower = next((each.error for each in steps if each.step == worst.step), None)
    return (most, lower) if lower is not None and lower <= GAIN * worst.error else None


def _learnt(plan: Plan) -> list[Prediction]:
    return [each for each in plan.predictions if each.error is not None]
