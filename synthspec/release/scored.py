"""Scored: noisy score histograms, tails and numbers of rows, as a release keeps them (`scores.json`).

Everything needed to ask the same question again is public: points per code, cuts, levels per code. So
anybody can add up the scores of released rows, and check the digest of the question against its event.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field

from synthspec.metrics.estimate import NINETY, Estimate, ratio
from synthspec.metrics.histogram import ROUNDING, FloatArray, Histogram
from synthspec.terms.frozen import Frozen
from synthspec.terms.query import Axis, Marginal, Scored

Part = Literal["all", "learned from", "held out"]
"""Which private rows were counted."""


class Points(Frozen):
    """The points that each code of an attribute adds to a score."""

    attribute: str
    points: tuple[int, ...]


class Levels(Frozen):
    """The level of each code of a column, and the name of each level."""

    column: str
    levels: tuple[int, ...]
    names: tuple[str, ...]

    @property
    def axis(self) -> Axis:
        """The axis of a query."""
        return Axis(self.column, len(self.names), np.array(self.levels, dtype=np.int64))


class Scores(Frozen):
    """Noisy counts of private rows by score bin, label and group; flat, C order [rows].

    `label` has the levels no, yes and, where the column may be missing, missing; `positive` is the value
    that counts as yes. The classifier adds up `points` and was learned on released rows; `released` counts,
    in the same cells, those that it was not learned on. `edges` part the bins: a score at an edge is above.
    """

    event: str
    part: Part
    label: Levels
    positive: str
    group: Levels | None = None
    points: tuple[Points, ...]
    edges: tuple[int, ...]
    values: tuple[int, ...]
    stddev: float = Field(ge=0)
    released: tuple[int, ...]

    def query(self) -> Scored:
        """Return the question that was asked."""
        axes = (self.label.axis,) if self.group is None else (self.label.axis, self.group.axis)
        return Scored(
            attributes=tuple(each.attribute for each in self.points),
            tables=tuple(np.array(each.points, dtype=np.int64) for each in self.points),
            cuts=np.array(self.edges, dtype=np.int64),
            axes=axes,
        )

    def counted(self, group: int | None = None, rows: float | None = None) -> Histogram:
        """Return the noisy counts of all groups together, or of one.

        With `rows`, about how many rows were counted, the released ones predict every count.
        """
        found = self._histogram(self.values, group, self.stddev)
        return replace(
            found, expected=self._predicted(self._histogram(self.released, group, 0.0).cells, rows)
        )

    def others(self, group: int, rows: float | None = None) -> Histogram:
        """Return the noisy counts of all groups but one; `rows` as above."""
        left, released = (
            np.delete(self._cells(values), group, axis=2) for values in (self.values, self.released)
        )
        stddev = _summed(self.stddev, left.shape[2])
        return Histogram(left.sum(axis=2), stddev, self._predicted(released.sum(axis=2), rows))

    def _predicted(self, released: FloatArray, rows: float | None) -> FloatArray | None:
        total = sum(self.released)
        return None if rows is None or not total else released * (max(0.0, rows) / total)

    def kept_out(self, group: int | None = None) -> Histogram:
        """Return the exact counts of released rows that the classifier was not learned on."""
        return self._histogram(self.released, group, 0.0)

    def _cells(self, values: tuple[int, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Return counts by bin, outcome (no, yes) and group."""
        groups = 1 if self.group is None else len(self.group.names)
        shape = (len(self.edges) + 1, len(self.label.names), groups)
        return np.array(values, dtype=np.float64).reshape(shape)[:, :2]

    def _histogram(self, values: tuple[int, ...], group: int | None, stddev: float) -> Histogram:
        cells = self._cells(values)
        if group is not None:
            return Histogram(cells[:, :, group], stddev)
        return Histogram(cells.sum(axis=2), _summed(stddev, cells.shape[2]))


def _summed(stddev: float, parts: int) -> float:
    """Return the noise of a sum of `parts` cells, before the rounding of one; 0 for exact counts."""
    if stddev == 0:
        return 0.0
    return math.sqrt(max(0.0, parts * (stddev**2 + ROUNDING) - ROUNDING))


class Tail(Frozen):
    """Noisy counts of private rows that lie inside, beyond and, where there are such, without a value [rows].

    `quantile` under 0.5 asks for the lower tail. `nominal` is the share of released rows with a value that
    lie beyond `boundary`, the nearest that the column's codes allow to the quantile.
    """

    event: str
    part: Part
    column: str
    quantile: float
    levels: Levels
    boundary: str
    nominal: float
    values: tuple[int, ...]
    stddev: float = Field(ge=0)

    def query(self) -> Marginal:
        """Return the question that was asked."""
        return Marginal(axes=(self.levels.axis,))

    def ratio(self) -> Estimate | None:
        """Return the share of private rows beyond, over the nominal one; None for too few rows."""
        inside, beyond = float(self.values[0]), float(self.values[1])
        v = Histogram(np.zeros((1, 2)), self.stddev).variance
        if self.nominal <= 0:
            return None
        share = ratio(beyond, inside + beyond, v, v, 2 * v, widest=1.0)
        if share is None:
            return None
        return Estimate(share.value / self.nominal, share.low / self.nominal, share.high / self.nominal)


class RowCount(Frozen):
    """The noisy number of private rows [rows], after row rules and the bound on rows per unit."""

    event: str
    part: Part
    value: int
    stddev: float = Field(ge=0)

    def query(self) -> Marginal:
        """Return the question that was asked."""
        return Marginal(axes=())

    def estimate(self) -> Estimate:
        """Return the number with its 90 % interval; never negative."""
        half = NINETY * math.sqrt(Histogram(np.zeros((1, 2)), self.stddev).variance)
        return Estimate(*(max(0.0, self.value + shift) for shift in (0.0, -half, half)))


class Evaluation(Frozen):
    """Everything that the `report` share bought besides distances."""

    scores: tuple[Scores, ...] = ()
    tails: tuple[Tail, ...] = ()
    rows: tuple[RowCount, ...] = ()

    def and_(self, answer: Scores | Tail | RowCount) -> Evaluation:
        """Return this with one more answer."""
        match answer:
            case Scores():
                return self.model_copy(update={"scores": (*self.scores, answer)})
            case Tail():
                return self.model_copy(update={"tails": (*self.tails, answer)})
            case RowCount():
                return self.model_copy(update={"rows": (*self.rows, answer)})

    @property
    def answers(self) -> tuple[Scores | Tail | RowCount, ...]:
        """All of them."""
        return (*self.scores, *self.tails, *self.rows)


UNEVALUATED = Evaluation()
"""Of a release that bought nothing of the kind."""


def check_answer(answer: Scores | Tail | RowCount, asked: str | None) -> None:
    """Refuse an answer whose shape or question is not that of its event.

    Args:
        answer: as it was read.
        asked: the digest of the question that the event names.

    Raises:
        ValueError: when it is not.
    """
    query = answer.query()
    values = (answer.value,) if isinstance(answer, RowCount) else answer.values
    if len(values) != query.cells or (isinstance(answer, Scores) and len(answer.released) != query.cells):
        raise ValueError("a paid answer has another shape than its question")
    if query.digest() != asked:
        raise ValueError("a paid answer is not to the question of its event")
