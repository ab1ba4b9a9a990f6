"""answers: the questions that the release must answer, its subgroups, and how far each column may be off."""

from __future__ import annotations

from collections.abc import Sequence

from synthspec.metrics.estimate import Estimate
from synthspec.plan.plan import Question
from synthspec.release.counted import Counted, GroupCount
from synthspec.release.level import rows_alone
from synthspec.release.release import Release
from synthspec.report.blocks import Block, Heading, Prose, Section, Table, Value
from synthspec.report.sourced import resting
from synthspec.report.uncertain import Known, count_of, events_of, known, resting_on, within
from synthspec.report.words import about, count, listed, named, near, number, percent, plain, quoted
from synthspec.terms.query import Axis
from synthspec.terms.walk import columns_of

FOLDED = 20
HEADS = (
    "Released rows",
    "Estimated count",
    "90 % interval",
    "Share of the group",
    "90 % interval of the share",
)
ESTIMATED = (
    ". Counts are estimates for the private table: the share of the released rows times the noisy number of "
    "private rows."
)
NOT_ESTIMATED = (
    ". It rests on columns that were not learned together, or on more than three, so no interval can be "
    "given."
)
NOT_BY_ROW = (
    ". It rests on columns that were not learned together row by row, or on more than three, so no interval "
    "can be given."
)
SCALED = "The paid mean distances set the scale. "
NOT_SCALED = "No paid distance sets the scale, so intervals are wider. "


def answers(release: Release) -> Section:
    """Return the section."""
    groups = known(release)
    questions = {question.name: question for question in release.plan.questions}
    blocks: list[Block] = [_how(release, groups)]
    for counted in release.counted:
        if counted.kind == "question" and counted.name in questions:
            blocks += _question(release, groups, questions[counted.name], counted)
    return Section(
        id="answers",
        title="What the rows can answer",
        question="How far may an answer from these rows be off?",
        blocks=tuple(blocks),
    )


def _how(release: Release, groups: Sequence[Known]) -> Prose:
    if not groups and release.measurements:
        what = "The noisy answers count units, or rows that share a weight"
        return Prose(parts=(f"{what}: they say nothing of how far off a number of rows is.",))
    if not groups:
        return Prose(
            parts=("Nothing was learned from noisy answers, so no error can be estimated from them.",)
        )
    scaled = all(group.scaled for group in groups)
    return Prose(
        parts=(
            "Errors are estimated from the noisy answers that were bought, without another look at private "
            "rows: from their noise, and from what tables that were not bought may hide. ",
            SCALED if scaled else NOT_SCALED,
            "The true value is expected in the interval with 90 %. That is an estimate, not a guarantee.",
        )
    )


def _question(
    release: Release, groups: Sequence[Known], question: Question, counted: Counted
) -> tuple[Block, ...]:
    found = resting_on(release, groups, (*columns_of(question.count), *question.by))
    rows = tuple(_answer(release, found, group) for group in counted.groups)
    says: list[str | Value] = ["Rows with ", quoted(question.text)]
    if question.by:
        says += [", by ", listed(question.by)]
    by_row = len(rows_alone(release)) == len(release.measurements)
    says.append(ESTIMATED if found else NOT_ESTIMATED if by_row else NOT_BY_ROW)
    title = named(question.name).text
    return (
        Heading(text=f"Question: {title}"),
        Prose(parts=tuple(says)),
        Table(
            caption=f"Answers to {title}",
            columns=(*(named(name).text for name in question.by), *HEADS),
            rows=rows,
            numeric=tuple(range(len(question.by), len(question.by) + len(HEADS))),
            folded=len(rows) > FOLDED,
        ),
    )


def _answer(
    release: Release,
    found: tuple[Known, tuple[Axis, ...]] | None,
    group: GroupCount,
) -> tuple[Value, ...]:
    head = tuple(plain("missing") if value is None else named(value) for value in group.values)
    released = number(group.rows, count(group.rows), "S")
    if found is None or not release.rows:
        share = group.rows / group.of if group.of else 0.0
        return (
            *head,
            released,
            plain("not estimated"),
            plain(""),
            number(share, percent(share), "S"),
            plain(""),
        )
    known_, axes = found
    events = events_of(release, known_, [axis.attribute for axis in axes])
    many = count_of(known_, axes, group.rows, release.rows)
    part = within(known_, axes, group.rows, group.of, release.rows)
    return (
        *head,
        released,
        _estimate(release, many, about(many.value, many.half), events),
        _estimate(release, many, f"{about(many.low, many.half)} to {about(many.high, many.half)}", events),
        _estimate(release, part, f"{_percent(part.value, part.half)} %", events),
        _estimate(
            release, part, f"{_percent(part.low, part.half)} to {_percent(part.high, part.half)} %", events
        ),
    )


def _estimate(release: Release, estimate: Estimate, text: str, events: tuple[str, ...]) -> Value:
    return resting(release, estimate.value, text, events, low=estimate.low, high=estimate.high)


def _percent(share: float, half: float) -> str:
    return near(share * 100, half * 100)
