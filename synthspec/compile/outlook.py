"""Outlook: what becomes of each group's model under a changed spec, and which rules are behind it; free.

A rule changes a model only when it changes its impossible cells. The answer is that of `sample --spec`;
from plans alone it supposes that the tables still fit into the models.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from synthspec.generators.refit import refits
from synthspec.plan.ops import Fit
from synthspec.plan.plan import Plan
from synthspec.plan.zeros import all_zeros

How = Literal["kept", "re-inferred", "stated", "conditioned", "unfitted"]
Effect = Literal["free: resample", "free: re-infer", "free: condition"]

_EFFECT: Mapping[How, Effect] = {
    "kept": "free: resample",
    "stated": "free: resample",
    "unfitted": "free: resample",
    "re-inferred": "free: re-infer",
    "conditioned": "free: condition",
}
_WHY: Mapping[How, str] = {
    "kept": "met as rows are drawn; no model changes",
    "stated": "{groups} is made of the spec alone",
    "unfitted": "{groups} cannot be fitted again: met as rows are drawn",
    "re-inferred": "impossible cells of {groups} change",
    "conditioned": "impossible cells of {groups} change, and its tables are too many to fit again",
}


@dataclass(frozen=True, eq=False)
class Outlook:
    """Per group what becomes of its model, and per rule the groups whose impossible cells it changes."""

    how: Mapping[str, How]
    groups: Mapping[str, tuple[str, ...]]

    def of(self, rules: tuple[str, ...]) -> tuple[Effect, str]:
        """Return the effect of changing these rules, and why."""
        touched = tuple(dict.fromkeys(group for rule in rules for group in self.groups.get(rule, ())))
        order: tuple[How, ...] = ("re-inferred", "conditioned", "unfitted", "stated")
        for how in order:
            mine = [f"`{group}`" for group in touched if self.how.get(group) == how]
            if mine:
                return _EFFECT[how], _WHY[how].format(groups=", ".join(mine))
        return _EFFECT["kept"], _WHY["kept"]


def outlook(old: Plan, new: Plan, known: Mapping[str, How] | None = None) -> Outlook:
    """Return what becomes of the models of `old` under `new`.

    Args:
        old: what was planned.
        new: what is planned now.
        known: what a release says of its groups (draw/reinfer.foretold); by default plans alone decide.
    """
    before, after = all_zeros(old, old.columns), all_zeros(new, new.columns)
    paid = {op.group for op in new.ops if isinstance(op, Fit) and op.view is not None}
    generators = {group.name: group.generator for group in new.groups}
    how: dict[str, How] = {}
    for group in new.groups:
        one, two = before.masks.get(group.name, ()), after.masks.get(group.name, ())
        same = len(one) == len(two) and all(
            a[0] == b[0] and np.array_equal(a[1], b[1]) for a, b in zip(one, two, strict=True)
        )
        if same and (known is None or known.get(group.name, "kept") == "kept"):
            how[group.name] = "kept"
        elif group.name not in paid:
            how[group.name] = "stated"
        else:
            how[group.name] = "re-inferred" if refits(generators[group.name]) else "unfitted"
    how |= {} if known is None else {name: each for name, each in known.items() if name in how}
    order = [group.name for group in new.groups]
    touched: dict[str, set[str]] = {}
    for part in (*before.parts, *after.parts):
        if part.how in ("mask", "cross") and part.where in order:
            reach = order[: order.index(part.where) + 1]  # it may hand something to earlier groups
            touched.setdefault(part.clause.rule, set()).update(g for g in reach if how[g] != "kept")
    return Outlook(how, {rule: tuple(g for g in order if g in found) for rule, found in touched.items()})
