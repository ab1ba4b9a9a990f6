"""placed: a refusal of the ledger, shown at the lines of the spec that asked for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from synthspec.errors import BudgetError, Span
from synthspec.spec.parse import parse

if TYPE_CHECKING:
    from synthspec.plan.plan import Plan


def placed(refusal: BudgetError, plan: Plan) -> BudgetError:
    """Return the refusal B501 with the places of `epsilon` and `ledger` in the plan's spec; others as is."""
    if refusal.code != "B501":
        return refusal
    parsed = parse(plan.spec_text, plan.spec_path)
    spans: list[Span] = []
    for key, label in (
        ("epsilon", f"asks for ε = {plan.epsilon:g} at δ = {plan.delta:g}"),
        ("ledger", "its cap is the owner's"),
    ):
        where = ("privacy", key)
        if parsed.tree.node(where) is not None:
            spans.append(replace(parsed.span(where), label=label, primary=not spans))
    path = ("privacy", "epsilon")
    shown = tuple(replace(each, spans=tuple(spans), path=path) for each in refusal.diagnostics)
    return BudgetError(refusal.code, refusal.message, diagnostics=shown)
