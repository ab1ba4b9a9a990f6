"""figures: what the `report` share bought, asked again: the same rows give the same questions.

Each paid distance, score histogram and tail compares private rows with public tables that follow from the
released rows, the seed and the noisy number of rows. Made again, they must have the digests of the events:
so a figure cannot be one of other rows, of fewer columns, or of a kinder classifier.

Source: ours; PRIVACY 9 of the design.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthspec.draw.distances import GRID, Asked, Total, asked_of, total_of
from synthspec.draw.frame import typed
from synthspec.draw.scored import Released, levels_of, points_of, released_counts, tail_of
from synthspec.plan.ops import Assess, CountRows, CountTail, Score, Split
from synthspec.plan.outcomes import groups_of
from synthspec.privacy.entropy import SampleRng
from synthspec.release.level import rows_alone
from synthspec.release.release import NORMAL_95, Assessment, Release
from synthspec.release.scored import Part, Scores, Tail
from synthspec.verify.rows import Again
from synthspec.verify.standalone import Check

NAME = "paid figures"
CLOSE = 1e-9


class Unlike(Exception):
    """A figure is not what follows from the release; the text says which."""


@dataclass(frozen=True)
class Known:
    """Noisy counts of a release as `total_of` takes them."""

    values: NDArray[np.int64]
    stddev: float


def check_figures(release: Release, again: Again) -> Check:
    """Return whether every paid figure is about these rows, with the interval that its noise gives."""
    evaluation = release.evaluation
    if release.certificate.problem is not None:
        return Check(NAME, "passed", "there are no rows, and nothing was compared with them")
    many = len(release.assessments) + len(evaluation.scores) + len(evaluation.tails)
    wanted = any(isinstance(op, Assess | Score | CountTail | CountRows) for op in release.plan.ops)
    if not many and not evaluation.rows and not wanted:
        return Check(NAME, "passed", "nothing was bought for the report")
    if again.rows > again.most:
        return Check(NAME, "not done", f"more than {again.most:,} rows are not drawn again")
    try:
        said = _checked(release, again)
    except Unlike as why:
        if again.loose and not again.exact:
            return Check(NAME, "not done", f"{why}: a network's rows may differ on another kind of machine")
        return Check(NAME, "failed", str(why))
    return Check(NAME, "passed", said, {"figures": many})


def _checked(release: Release, again: Again) -> str:
    plan, evaluation = release.plan, release.evaluation
    rng = SampleRng(plan.seed)
    rows = Released.of(typed(again.drawn().frame, release.columns), release.columns, rng)
    parts = {
        kind: [part_of(release, op.view) for op in plan.ops if isinstance(op, kind)]
        for kind in (CountRows, Score, CountTail)
    }
    for kind, found in (
        (CountRows, evaluation.rows),
        (Score, evaluation.scores),
        (CountTail, evaluation.tails),
    ):
        if [each.part for each in found] != parts[kind]:
            raise Unlike("other figures were released, or about other rows, than the plan bought")
    asked = [op for op in plan.ops if isinstance(op, Score)]
    for score, wanted in zip(evaluation.scores, asked, strict=True):
        _score(score, wanted, rows)
    for tail, op in zip(evaluation.tails, (o for o in plan.ops if isinstance(o, CountTail)), strict=True):
        _tail(tail, op, rows)
    if not any(isinstance(op, Assess) for op in plan.ops):
        if release.assessments:
            raise Unlike("distances were released that the plan does not buy")
        return "asked again of the released rows: the same questions"
    return _distances(release, asked_of(release.columns, set(rows.codes), rng.split("assess")), rows)


def part_of(release: Release, view: int) -> Part:
    """Return which private rows a view of the plan holds."""
    op = release.plan.ops[view]
    if not isinstance(op, Split):
        return "all"
    return "held out" if op.held else "learned from"


def _score(score: Scores, op: Score, rows: Released) -> None:
    name = f"the scores of `{op.label}`"
    found = rows.classifier(op.label)
    group = None if op.group is None else groups_of(rows.columns[op.group], rows.codes[op.group])
    levels = (levels_of(found.outcome), None if group is None else levels_of(group))
    if (score.label, score.group, score.positive) != (*levels, found.positive):
        raise Unlike(f"{name} are of another label, group or positive value")
    card = found.card
    own, said = points_of(card), score.points
    if [each.attribute for each in own] != [each.attribute for each in said]:
        raise Unlike(f"{name} are of a classifier over other columns")
    apart = [np.subtract(a.points, b.points) for a, b in zip(own, said, strict=True)]
    if any(int(np.abs(each).max(initial=0)) > 1 for each in apart):
        raise Unlike(f"{name} are of another classifier than these rows teach")
    if any(each.any() for each in apart):
        return  # the last digit of a logarithm on another kind of machine: the answer is to its own points
    if tuple(card.cuts.tolist()) != score.edges:
        raise Unlike(f"{name} are counted in other bins")
    if tuple(released_counts(score.query(), found, rows.codes).tolist()) != score.released:
        raise Unlike(f"{name} compare with other released rows")


def _tail(tail: Tail, op: CountTail, rows: Released) -> None:
    made = tail_of(op.quantile, rows.columns[op.column], rows.codes[op.column])
    own = (op.column, op.quantile, made.levels, made.boundary)
    if (
        own != (tail.column, tail.quantile, tail.levels, tail.boundary)
        or abs(made.nominal - tail.nominal) > CLOSE
    ):
        raise Unlike(f"the tail of `{op.column}` lies elsewhere in these rows")


def _distances(release: Release, asked: Asked, rows: Released) -> str:
    figures = release.assessments
    if [(each.order, each.worst) for each in figures] != list(asked.kinds):
        raise Unlike("other distances were released than the plan bought")
    if not figures:
        return "no column is compared"
    total = _total(release, figures)
    events = {event.id: event for event in release.events}
    queries = asked.queries(rows.codes, figures[0].n_hat)
    for each, query in zip(figures, queries, strict=True):
        event = events[each.event]
        if event.query != query.digest() or each.n_hat != figures[0].n_hat:
            raise Unlike(f"`{each.name}` was bought for other rows, columns or number of rows than these")
        if total is not None and abs(each.n_hat - max(1.0, total.rows)) > CLOSE * each.n_hat:
            raise Unlike(f"`{each.name}` rests on a number of rows that the measurements do not give")
        if total is not None and not _interval(each, event.stddev or 0.0, total):
            raise Unlike(f"`{each.name}` has another interval than its noise gives")
    said = f"{len(figures)} distances asked again of the released rows: the same questions"
    return said if total is not None else f"{said}; the number of rows rests on counts that are not kept"


def _total(release: Release, figures: tuple[Assessment, ...]) -> Total | None:
    """Return the number of rows that the answers before the distances give; None where some are not kept."""
    if any(event.stage in ("tighten", "determine") for event in release.events):
        return None
    held = [
        (each.event, Known(np.array([each.value], dtype=np.int64), each.stddev))
        for each in release.evaluation.rows
        if each.part != "held out"
    ]
    held += [(each.event, Known(np.array(each.values), each.stddev)) for each in release.evaluation.tails]
    held += [(each.event, Known(each.values, each.stddev)) for each in rows_alone(release)]
    first = min(_place(each.event) for each in figures)
    early = [pair for pair in held if _place(pair[0]) < first]
    return total_of([known for _, known in sorted(early, key=lambda pair: _place(pair[0]))])


def _place(event: str) -> int:
    """Return the place of an event in the ledger's order; ids are `e` and that number."""
    return int(event.removeprefix("e"))


def _interval(figure: Assessment, stddev: float, total: Total) -> bool:
    """Return whether an interval is the one that the noise gives; cut off at 0 or 1 it may be shorter."""
    scale = GRID * (1 if figure.worst else figure.cliques)
    half = NORMAL_95 * (stddev / scale + total.stddev) / (2 * max(1.0, total.rows))
    if figure.value <= 0.0 or figure.value >= 1.0:
        return figure.high - figure.low <= 2 * half + CLOSE
    low, high = max(0.0, figure.value - half), min(1.0, figure.value + half)
    return abs(figure.low - low) <= CLOSE and abs(figure.high - high) <= CLOSE
