"""gates: the conditions that the spec sets on this report."""

from __future__ import annotations

from synthspec.release.release import Release
from synthspec.report.blocks import Block, Check, Prose, Section, Status, Value, Verdict
from synthspec.report.gates import Outcome, Result, curators, judge
from synthspec.report.sections.utility import TOO_FEW
from synthspec.report.usefulness import bought
from synthspec.report.words import count, named, near, number, quoted

SIGNS: dict[Outcome, Status] = {"pass": "yes", "fail": "no", "unknown": "open"}
WORDS: dict[Outcome, str] = {"pass": "passed", "fail": "failed", "unknown": "cannot be told"}


def gates(release: Release) -> Section:
    """Return the section."""
    results = judge(release)
    blocks: tuple[Block, ...]
    if results:
        blocks = (
            Prose(
                parts=(
                    "A gate passes when the whole interval of its figure meets the bound, fails when none "
                    "of it "
                    "does, and otherwise cannot be told. No gate decided what was released.",
                )
            ),
            Verdict(checks=tuple(_check(release, result) for result in results)),
        )
    else:
        blocks = (
            Prose(
                parts=(
                    "The spec sets no gates." if not release.plan.gates else "The spec sets no public gates.",
                )
            ),
        )
    hidden = sum(curators(gate) for gate in release.plan.gates)
    if hidden:
        says = f"Judged inside only, by figures that are never published, and deciding nothing: {hidden}."
        blocks = (*blocks, Prose(parts=(says,)))
    return Section(
        id="gates", title="Gates", question="Does it meet the bar that its author set?", blocks=blocks
    )


def _check(release: Release, result: Result) -> Check:
    says: list[str | Value] = [quoted(result.gate.text), ": "]
    if result.value is None:
        few = result.gate.argument is not None and bought(release, result.gate.metric, result.gate.argument)
        says.append(f"{TOO_FEW}." if few else "the figure was not bought with this release.")
    elif result.low == result.high:
        says += [number(result.value, count(result.value), result.class_, result.events), "."]
    else:
        width = (result.high - result.low) / 2
        text = f"{near(result.value, width)} (90 %: {near(result.low, width)} to {near(result.high, width)})"
        says += [
            number(result.value, text, result.class_, result.events, low=result.low, high=result.high),
            ".",
        ]
    return Check(
        status=SIGNS[result.outcome],
        word=WORDS[result.outcome],
        what=named(result.gate.name).text,
        says=tuple(says),
    )
