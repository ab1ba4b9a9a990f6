"""Evaluate: the report's purchases besides distances: score histograms, tails and numbers of rows.

The classifier sees released rows only (`draw.scored`), so its points, its cuts, the positive value, the
groups and the boundary of a tail are post-processing; private rows are met by the kernel's noisy counts.

Source: ours; PRIVACY 9.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from synthspec.draw.scored import (
    Classifier,
    Codes,
    Released,
    levels_of,
    points_of,
    released_counts,
    tail_of,
)
from synthspec.plan.ops import Assess, CountTail, Score
from synthspec.plan.outcomes import groups_of
from synthspec.plan.plan import PlannedColumn
from synthspec.privacy.cost import Cost
from synthspec.release.release import event_id
from synthspec.release.scored import Evaluation, Part, RowCount, Scores, Tail
from synthspec.run.kernel import Kernel
from synthspec.terms.query import Marginal, Scored


def evaluated(
    so_far: Evaluation, kernel: Kernel, op: Score | CountTail, rows: Released, part: Part
) -> Evaluation:
    """Return what was bought so far, and what `op` buys."""
    if isinstance(op, Score):
        return so_far.and_(score(kernel, op, rows.classifier(op.label), rows.columns, rows.codes, part))
    return so_far.and_(tail(kernel, op, rows.columns[op.column], rows.codes[op.column], part))


def target_of(op: Assess | Score | CountTail) -> tuple[str, ...]:
    """Return the columns that a purchase is about, for its event."""
    match op:
        case Assess():
            return ()
        case Score():
            return (op.label,) if op.group is None else (op.label, op.group)
        case CountTail():
            return (op.column,)


def score(
    kernel: Kernel,
    op: Score,
    found: Classifier,
    columns: Mapping[str, PlannedColumn],
    codes: Codes,
    part: Part,
) -> Scores:
    """Buy one score histogram.

    Args:
        kernel: private rows, with an allotment of the op's cost.
        op: says which.
        found: the classifier of its label.
        columns: the resolved columns by name.
        codes: codes of the released rows by attribute.
        part: which private rows the kernel counts.
    """
    group = None if op.group is None else groups_of(columns[op.group], codes[op.group])
    axes = (found.outcome.axis,) if group is None else (found.outcome.axis, group.axis)
    card = found.card
    query = Scored(attributes=card.attributes, tables=card.tables, cuts=card.cuts, axes=axes)
    noisy = kernel.scored(query, op.cost)
    return Scores(
        event=event_id(noisy.receipt),
        part=part,
        label=levels_of(found.outcome),
        positive=found.positive,
        group=None if group is None else levels_of(group),
        points=points_of(card),
        edges=tuple(card.cuts.tolist()),
        values=tuple(noisy.values.tolist()),
        stddev=noisy.stddev,
        released=tuple(released_counts(query, found, codes).tolist()),
    )


def tail(kernel: Kernel, op: CountTail, planned: PlannedColumn, codes: NDArray[np.int64], part: Part) -> Tail:
    """Buy the counts of private rows inside and beyond a quantile of the released ones.

    Args:
        kernel: private rows, with an allotment of the op's cost.
        op: says which.
        planned: the column, with its domain in place.
        codes: of the released rows, shape (rows,).
        part: which private rows the kernel counts.
    """
    asked = tail_of(op.quantile, planned, codes)
    noisy = kernel.measure([(Marginal(axes=(asked.levels.axis,)), op.cost)])[0]
    return Tail(
        event=event_id(noisy.receipt),
        part=part,
        column=planned.name,
        quantile=op.quantile,
        levels=asked.levels,
        boundary=asked.boundary,
        nominal=asked.nominal,
        values=tuple(noisy.values.tolist()),
        stddev=noisy.stddev,
    )


def count_rows(kernel: Kernel, cost: Cost, part: Part) -> RowCount:
    """Buy the number of kept rows."""
    noisy = kernel.measure([(Marginal(axes=()), cost)])[0]
    return RowCount(event=event_id(noisy.receipt), part=part, value=int(noisy.values[0]), stddev=noisy.stddev)
