"""met: says of each rule how it is met, and what share of drawn rows is expected to be kept; the last pass.

The decision is that of plan/zeros; here it is put into words. Shares come from rows drawn with what the
plan states alone (domains, published tables, zeros), so that they are known before anything is spent;
rows of real data may fare better or worse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from synthspec.compile.findings import listing
from synthspec.compile.passes.differences import transformed
from synthspec.compile.passes.repairs import looked_up, repaired
from synthspec.plan.plan import Met, Plan
from synthspec.plan.resolve import imagined
from synthspec.plan.zeros import Part, Zeros, all_zeros
from synthspec.privacy.entropy import SampleRng
from synthspec.rules import AnyRule, Combos, Unique

TRIAL_ROWS = 4_000
UNLIKELY = 0.01
"""A rule that keeps fewer of the drawn rows is worth a warning (R218)."""


def met(plan: Plan) -> Plan:
    """Return the plan with how each of its rules is met."""
    zeros = all_zeros(plan, plan.columns)
    found = [_met(plan, rule, zeros) for rule in plan.rules]
    if any(each.by in ("within", "rejection") for each in found):
        kept = _kept(plan, zeros)
        found = [
            each.model_copy(update={"acceptance": kept.get(each.rule)})
            if each.by in ("within", "rejection")
            else each
            for each in found
        ]
    return plan.model_copy(update={"met": tuple(found)})


def _met(plan: Plan, rule: AnyRule, zeros: Zeros) -> Met:
    if rule.enforce == "report":
        return Met(rule=rule.name, by="unchecked", how="counted, not enforced")
    parts = [part for part in zeros.parts if part.clause.rule == rule.name]
    if (how := transformed(plan, rule)) is not None:
        return Met(rule=rule.name, by="transform", how=how, acceptance=1.0)
    if (how := looked_up(plan, rule)) is not None:
        return Met(rule=rule.name, by="construction", how=how, acceptance=1.0)
    if parts and not any(part.how == "lost" or part.open for part in parts):
        return Met(rule=rule.name, by="construction", how=_constructed(rule, parts), acceptance=1.0)
    if (how := repaired(plan, rule)) is not None:
        return Met(rule=rule.name, by="repair", how=how)
    if isinstance(rule, Unique):
        ids = {column.name for column in plan.columns if column.role == "id"}
        if set(rule.over) & ids:
            return Met(rule=rule.name, by="construction", how="generated unique", acceptance=1.0)
        return Met(rule=rule.name, by="rejection", how="rows that repeat a key are drawn again")
    if any(part.how == "lost" for part in parts):
        return Met(rule=rule.name, by="rejection", how="rows are drawn again until it holds")
    told = [part for part in parts if part.how in ("mask", "cross")]
    first = f"{_constructed(rule, told)}, then " if told else ""
    return Met(rule=rule.name, by="within", how=f"{first}values drawn again inside their codes")


def _constructed(rule: AnyRule, parts: Sequence[Part]) -> str:
    """Return how parts that no row can break are kept."""
    told = [part for part in parts if part.where is not None]
    if not told:
        return "true for every value of the domains"
    masks = list(dict.fromkeys(part.where for part in told if part.how == "mask" and part.where))
    crosses = list(dict.fromkeys(part.where for part in told if part.how == "cross" and part.where))
    words = [f"structural zeros in {_and(masks)}"] if masks else []
    if isinstance(rule, Combos) and masks:
        what = "pairs" if len(rule.over) == 2 else "tuples"
        origin = f" from {rule.text.split(' from ', 1)[1]}" if " from " in rule.text else ""
        words = [f"{len(rule.rows)} {what}{origin}, zeros in {_and(masks)}"]
    words += [f"{_and(crosses)} conditioned on it row by row"] if crosses else []
    return "; ".join(words)


def _and(groups: Sequence[str]) -> str:
    return listing(tuple(groups)).replace("`, `", "` and `") if len(groups) == 2 else listing(tuple(groups))


def _kept(plan: Plan, zeros: Zeros) -> Mapping[str, float]:
    """Return the share of rows that meets each rule, drawn from what the plan states alone."""
    from synthspec.draw.mock import stated
    from synthspec.draw.rows import Source
    from synthspec.draw.whole import Whole

    if any(group.sequence is not None for group in plan.groups):  # a row by itself is a first one
        groups = tuple(group.model_copy(update={"sequence": None}) for group in plan.groups)
        plan = plan.model_copy(update={"groups": groups})
        zeros = all_zeros(plan, plan.columns)
    rng = SampleRng(0, "met")
    columns = imagined(plan.columns)  # a table that is still to be bought: any will do for a trial
    conditions = Whole(columns, plan.rules).early()
    sure = [rule.name for rule in plan.rules if transformed(plan, rule) is not None]
    source = Source(plan, columns, stated(plan, zeros), conditions, zeros, sure=sure)
    _, masks, _ = source.lawful(TRIAL_ROWS, rng)
    return {name: round(1.0 - float(np.mean(mask)), 3) for name, mask in masks.items()}


def unlikely(plan: Plan) -> tuple[Met, ...]:
    """Return the rules that keep hardly any row."""
    return tuple(each for each in plan.met if each.acceptance is not None and each.acceptance < UNLIKELY)
