"""Curator gates: gates of a spec, judged by exact figures; they decide no exit code and no release.

Choosing between releases by them would be a choice made on private rows without a price.

Source: ours; LANGUAGE.md 1 of the design (two audiences of metrics).
"""

from __future__ import annotations

from collections.abc import Sequence

from synthspec.attack.evaluation import CuratorGate
from synthspec.attack.exact.fidelity import Fidelity
from synthspec.attack.exact.separation import Separation
from synthspec.attack.exact.utility import Utility
from synthspec.attack.outcome import Outcome
from synthspec.plan.plan import Gate


def curator_gates(
    gates: Sequence[Gate], exact: Fidelity, apart: Separation, useful: Utility, outcomes: Sequence[Outcome]
) -> tuple[CuratorGate, ...]:
    """Return each gate whose figure is known exactly, with whether it is met."""
    found = []
    for gate in gates:
        if gate.metric == "violations":
            continue  # counted over released rows only: the public report has it
        value = _value(gate, exact, apart, useful, outcomes)
        outcome = "not known" if value is None else "met" if _meets(gate, value) else "not met"
        found.append(CuratorGate(name=gate.name, text=gate.text, value=value, outcome=outcome))
    return tuple(found)


def _value(
    gate: Gate, exact: Fidelity, apart: Separation, useful: Utility, outcomes: Sequence[Outcome]
) -> float | None:
    if gate.metric == "attacks_found":
        judged = [each for each in outcomes if each.verdict != "not judged"]
        return float(sum(each.verdict == "found" for each in judged)) if judged else None
    if gate.metric == "c2st_auc":
        return apart.released.auc.value
    if gate.metric == "tstr_gap":
        return _tstr_gap(useful, gate.argument or "")
    for order in exact.orders:
        if gate.metric == f"mean_tvd_{order.order}way":
            return order.mean
        if gate.metric == f"max_tvd_{order.order}way":
            return order.worst
    return None


def _tstr_gap(useful: Utility, label: str) -> float | None:
    """Return how much area the best model loses by learning from released rows instead of people."""
    best: dict[str, float] = {}
    for score in useful.scores:
        if score.label == label and score.auc is not None:
            best[score.trained_on] = max(best.get(score.trained_on, 0.0), score.auc)
    if len(best) < 2:
        return None
    return best["people of the table"] - best["released rows"]


def _meets(gate: Gate, value: float) -> bool:
    first, last = gate.bounds[0], gate.bounds[-1]
    match gate.op:
        case "<=":
            return value <= first
        case "<":
            return value < first
        case ">=":
            return value >= first
        case ">":
            return value > first
        case "=":
            return value == first
        case "<>":
            return value != first
        case "between":
            return first <= value <= last
