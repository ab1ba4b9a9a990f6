"""Evaluate: the report's purchases besides distances: score histograms, tails and numbers of rows.

The classifier sees released rows only, so its points, its cuts, the positive value, the groups and the
boundary of a tail are post-processing; private rows are met by the kernel's noisy counts alone. Half of the
released rows, chosen by public randomness, teach it; the others say how well it does on released rows.

Source: ours; PRIVACY 9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.draw.frame import encoded
from synthspec.metrics.scorecard import Scorecard, learn
from synthspec.plan.ops import Assess, CountTail, Score
from synthspec.plan.outcomes import Told, groups_of, outcome_of
from synthspec.plan.plan import PlannedColumn
from synthspec.plan.questions import public_axis
from synthspec.plan.view import computed_in_order
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.release.release import event_id
from synthspec.release.scored import Evaluation, Levels, Part, Points, RowCount, Scores, Tail
from synthspec.run.kernel import Kernel
from synthspec.terms.query import Axis, Marginal, Scored

Codes = Mapping[str, NDArray[np.int64]]
MOST_TAUGHT = 50_000
"""Released rows that a classifier is learned on, at most."""


@dataclass(frozen=True, eq=False)
class Classifier:
    """A scorecard of one label, with the released rows that it was not learned on."""

    outcome: Told
    positive: str
    card: Scorecard
    kept_out: NDArray[np.bool_]


class Released:
    """The released rows as codes, and the classifiers learned on them, each once."""

    def __init__(self, columns: Mapping[str, PlannedColumn], codes: Codes, rng: SampleRng) -> None:
        self.columns = columns
        self.codes = codes
        self._rng = rng
        self._classifiers: dict[str, Classifier] = {}

    @classmethod
    def of(cls, frame: pl.DataFrame, columns: Sequence[PlannedColumn], rng: SampleRng) -> Self:
        """Return the codes of typed released rows, of every column that private rows are coded by."""
        coded = {c.name: c for c in columns if c.column is not None and c.role != "id"}
        counted = computed_in_order(columns)
        coded = {n: c for n, c in coded.items() if c.field is not None or c.hidden or c in counted}
        return cls(coded, {name: encoded(frame, planned) for name, planned in coded.items()}, rng)

    def classifier(self, label: str) -> Classifier:
        """Return the classifier of `label`."""
        if label not in self._classifiers:
            shown = {n: codes for n, codes in self.codes.items() if not self.columns[n].hidden}
            self._classifiers[label] = classifier(label, self.columns, shown, self._rng)
        return self._classifiers[label]


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


def classifier(label: str, columns: Mapping[str, PlannedColumn], codes: Codes, rng: SampleRng) -> Classifier:
    """Return the classifier of `label`, from every other column; a function of released rows and public seed.

    Args:
        label: a coded column.
        columns: the resolved columns by name.
        codes: codes of the released rows by attribute, shape (rows,) each.
        rng: public randomness.
    """
    outcome, positive = outcome_of(columns[label], codes[label])
    axes = {name: public_axis(columns[name]) for name in codes if name != label}
    levels = outcome.axis.levels
    assert levels is not None
    yes = levels[codes[label]]
    rows = len(yes)
    order = rng.split("classifier", label).generator.permutation(rows)
    taught = np.zeros(rows, dtype=np.bool_)
    taught[order[: min(rows // 2, MOST_TAUGHT)]] = True
    card = learn(axes, codes, yes == 1, taught & (yes < 2))
    return Classifier(outcome, positive, card, ~taught)


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
        label=_levels(found.outcome),
        positive=found.positive,
        group=None if group is None else _levels(group),
        points=tuple(
            Points(attribute=name, points=tuple(table.tolist()))
            for name, table in zip(card.attributes, card.tables, strict=True)
        ),
        edges=tuple(card.cuts.tolist()),
        values=tuple(noisy.values.tolist()),
        stddev=noisy.stddev,
        released=tuple(_released(query, found, codes).tolist()),
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
    column = planned.column
    assert column is not None
    known = column.size - column.missing
    counts = np.bincount(codes, minlength=column.size)[:known].astype(np.float64)
    shares = counts / max(1.0, counts.sum())
    upper = op.quantile >= 0.5
    beyond = np.cumsum(shares[::-1])[::-1] if upper else np.cumsum(shares)
    rare = min(op.quantile, 1 - op.quantile)
    inner = beyond[1:] if upper else beyond[:-1]  # at least one code stays inside
    at = int(np.argmin(np.abs(inner - rare))) if known > 1 else 0
    levels = np.zeros(column.size, dtype=np.int64)
    levels[slice(at + 1, known) if upper else slice(0, at + 1)] = 1
    labels = column.labels()
    names = ["inside", "beyond"]
    if column.missing:
        levels[-1] = 2
        names.append("missing")
    axis = Axis(planned.name, len(names), levels)
    noisy = kernel.measure([(Marginal(axes=(axis,)), op.cost)])[0]
    return Tail(
        event=event_id(noisy.receipt),
        part=part,
        column=planned.name,
        quantile=op.quantile,
        levels=Levels(column=planned.name, levels=tuple(levels.tolist()), names=tuple(names)),
        boundary=labels[min(at + 1, known - 1)] if upper else labels[at],
        nominal=float(inner[at]) if known > 1 else 0.0,
        values=tuple(noisy.values.tolist()),
        stddev=noisy.stddev,
    )


def count_rows(kernel: Kernel, cost: Cost, part: Part) -> RowCount:
    """Buy the number of kept rows."""
    noisy = kernel.measure([(Marginal(axes=()), cost)])[0]
    return RowCount(event=event_id(noisy.receipt), part=part, value=int(noisy.values[0]), stddev=noisy.stddev)


def _levels(told: Told) -> Levels:
    levels = told.axis.levels
    assert levels is not None
    return Levels(column=told.axis.attribute, levels=tuple(levels.tolist()), names=told.names)


def _released(query: Scored, found: Classifier, codes: Codes) -> NDArray[np.int64]:
    """Return the counts of released rows that the classifier was not learned on, in the question's cells."""
    names = (*query.attributes, *(axis.attribute for axis in query.axes))
    kept = {name: codes[name][found.kept_out] for name in names}
    index = found.card.bins(kept)
    for axis in query.axes:
        here = kept[axis.attribute]
        index = index * axis.size + (here if axis.levels is None else axis.levels[here])
    return np.bincount(index, minlength=query.cells).astype(np.int64)
