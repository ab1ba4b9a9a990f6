"""placed: a refusal of the ledger, shown at the lines of the spec that asked for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from synthspec.errors import BudgetError, Span
from synthspec.privacy.forecast import AGAIN, CAP
from synthspec.spec.parse import Parsed, parse

if TYPE_CHECKING:
    from synthspec.plan.plan import Plan


def placed(refusal: BudgetError, plan: Plan) -> BudgetError:
    """Return the refusal B501 with the places of `epsilon` and `ledger` in the plan's spec; others as is."""
    if refusal.code != "B501":
        return refusal
    parsed = parse(plan.spec_text, plan.spec_path)
    notes = refusal.diagnostics[0].notes
    cap = next((note.removeprefix(CAP) for note in notes if note.startswith(CAP)), "")
    spans: list[Span] = []
    for key, label in (
        ("epsilon", f"asks for ε = {plan.epsilon:g} at δ = {f'{plan.delta:g}'.replace('e-0', 'e-')}"),
        ("ledger", f"cap {cap}"),
    ):
        where = ("privacy", key)
        if parsed.tree.node(where) is not None:
            spans.append(replace(_line(parsed, where), label=label, primary=not spans))
            if key == "ledger":
                notes = tuple(note for note in notes if not note.startswith(CAP))
    path = ("privacy", "epsilon")
    helps = tuple(_reusing(each, plan) for each in refusal.diagnostics[0].helps)
    shown = tuple(
        replace(each, spans=tuple(spans), path=path, notes=notes, helps=helps) for each in refusal.diagnostics
    )
    return BudgetError(refusal.code, refusal.message, diagnostics=shown)


def _reusing(help_: str, plan: Plan) -> str:
    """Return the help about released models with the command that answers this very plan, if one does."""
    from synthspec.api.reuse import reusable

    if AGAIN not in help_:
        return help_
    answers = [each for each in reusable(plan) if each.found and not each.costly]
    start = help_[: help_.index(AGAIN)]
    return f"{start}{AGAIN}`{answers[0].command(plan)}` costs nothing" if answers else help_


def _line(parsed: Parsed, path: tuple[str, ...]) -> Span:
    """Return the span of a key with its value."""
    key, value = parsed.key_span(path), parsed.span(path)
    return replace(value, line=key.line, column=key.column)
