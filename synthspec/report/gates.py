"""Gates: public conditions on the report's figures, judged by their intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, assert_never

from synthspec.errors import GateError
from synthspec.metrics.figures import FIGURES
from synthspec.plan.plan import Gate
from synthspec.release.manifest import Class
from synthspec.release.release import Release
from synthspec.report.usefulness import gate_figure

Outcome = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True)
class Result:
    """How a gate came out; `value` None when no figure is known, then the interval is empty."""

    gate: Gate
    outcome: Outcome
    value: float | None
    low: float
    high: float
    class_: Class
    events: tuple[str, ...] = ()


def judge(release: Release) -> tuple[Result, ...]:
    """Return the outcome of each public gate of the plan, in order."""
    return tuple(_judge(release, gate) for gate in release.plan.gates if not curators(gate))


def curators(gate: Gate) -> bool:
    """Return whether a gate is judged in the internal edition only, by a figure that nobody paid for."""
    return gate.metric in FIGURES and FIGURES[gate.metric].class_ == "I"


def require(release: Release) -> None:
    """Raise when a gate failed; one that cannot be told does not count as failed.

    Raises:
        GateError: Q606, naming the gates.
    """
    failed = [result.gate for result in judge(release) if result.outcome == "fail"]
    if failed:
        names = ", ".join(f"`{gate.name}`" for gate in failed)
        raise GateError(
            "Q606",
            f"the release does not pass {'gate' if len(failed) == 1 else 'gates'} {names}",
            notes=tuple(f"`{gate.name}` asks for {gate.text}" for gate in failed),
            helps=("`synthspec report RELEASE` shows the figures with their intervals",),
        )


def _judge(release: Release, gate: Gate) -> Result:
    if gate.metric == "violations":
        value = float(release.certificate.violations)
        return Result(gate, _outcome(gate, value, value), value, value, value, "S")
    for assessment in release.assessments:
        if assessment.name == gate.metric and gate.argument is None:
            low, high = assessment.low, assessment.high
            return Result(
                gate, _outcome(gate, low, high), assessment.value, low, high, "B", (assessment.event,)
            )
    known = None if gate.argument is None else gate_figure(release, gate.metric, gate.argument)
    if known is not None:
        found, events = known
        outcome = _outcome(gate, found.low, found.high)
        return Result(gate, outcome, found.value, found.low, found.high, "B", events)
    return Result(gate, "unknown", None, 0.0, 0.0, "S")


def _outcome(gate: Gate, low: float, high: float) -> Outcome:
    """Return whether all, none or some of the values in low..high meet the gate."""
    first, last = gate.bounds[0], gate.bounds[-1]
    match gate.op:
        case "<=":
            every, some = high <= first, low <= first
        case "<":
            every, some = high < first, low < first
        case ">=":
            every, some = low >= first, high >= first
        case ">":
            every, some = low > first, high > first
        case "between":
            every, some = first <= low and high <= last, low <= last and high >= first
        case "=":
            every, some = low == high == first, low <= first <= high
        case "<>":
            every, some = not low <= first <= high, not low == high == first
        case _:
            assert_never(gate.op)
    return "pass" if every else "unknown" if some else "fail"
