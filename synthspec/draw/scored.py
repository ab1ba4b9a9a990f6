"""Scored: the public half of the report's purchases: classifiers and tails, from released rows alone.

Half of the released rows, chosen by public randomness, teach a classifier; the others say how well it does
on released rows. Whoever has the rows and the seed comes to the same questions.

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
from synthspec.plan.outcomes import Told, outcome_of
from synthspec.plan.plan import PlannedColumn
from synthspec.plan.questions import public_axis
from synthspec.plan.view import computed_in_order
from synthspec.privacy.entropy import SampleRng
from synthspec.release.scored import Levels, Points
from synthspec.terms.query import Scored

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
        coded = {
            n: c for n, c in coded.items() if c.field is not None or c.from_source is not None or c in counted
        }
        return cls(coded, {name: encoded(frame, planned) for name, planned in coded.items()}, rng)

    def classifier(self, label: str) -> Classifier:
        """Return the classifier of `label`."""
        if label not in self._classifiers:
            shown = {n: codes for n, codes in self.codes.items() if not self.columns[n].hidden}
            self._classifiers[label] = classifier(label, self.columns, shown, self._rng)
        return self._classifiers[label]


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


@dataclass(frozen=True)
class Beyond:
    """A tail: the level of each code, the nearest boundary to the quantile, the share of released rows."""

    levels: Levels
    boundary: str
    nominal: float


def tail_of(quantile: float, planned: PlannedColumn, codes: NDArray[np.int64]) -> Beyond:
    """Return the tail at a quantile of released rows; under 0.5 the lower one.

    Args:
        quantile: of the rows with a value.
        planned: the column, with its domain in place.
        codes: of the released rows, shape (rows,).
    """
    column = planned.column
    assert column is not None
    known = column.size - column.missing
    counts = np.bincount(codes, minlength=column.size)[:known].astype(np.float64)
    shares = counts / max(1.0, counts.sum())
    upper = quantile >= 0.5
    beyond = np.cumsum(shares[::-1])[::-1] if upper else np.cumsum(shares)
    rare = min(quantile, 1 - quantile)
    inner = beyond[1:] if upper else beyond[:-1]  # at least one code stays inside
    at = int(np.argmin(np.abs(inner - rare))) if known > 1 else 0
    levels = np.zeros(column.size, dtype=np.int64)
    levels[slice(at + 1, known) if upper else slice(0, at + 1)] = 1
    labels = column.labels()
    names = ["inside", "beyond"]
    if column.missing:
        levels[-1] = 2
        names.append("missing")
    return Beyond(
        levels=Levels(column=planned.name, levels=tuple(levels.tolist()), names=tuple(names)),
        boundary=labels[min(at + 1, known - 1)] if upper else labels[at],
        nominal=float(inner[at]) if known > 1 else 0.0,
    )


def points_of(card: Scorecard) -> tuple[Points, ...]:
    """Return the points of a scorecard, as a release keeps them."""
    return tuple(
        Points(attribute=name, points=tuple(table.tolist()))
        for name, table in zip(card.attributes, card.tables, strict=True)
    )


def levels_of(told: Told) -> Levels:
    """Return the levels of an outcome or of groups, as a release keeps them."""
    levels = told.axis.levels
    assert levels is not None
    return Levels(column=told.axis.attribute, levels=tuple(levels.tolist()), names=told.names)


def released_counts(query: Scored, found: Classifier, codes: Codes) -> NDArray[np.int64]:
    """Return the counts of released rows that the classifier was not learned on, in the question's cells."""
    names = (*query.attributes, *(axis.attribute for axis in query.axes))
    kept = {name: codes[name][found.kept_out] for name in names}
    index = found.card.bins(kept)
    for axis in query.axes:
        here = kept[axis.attribute]
        index = index * axis.size + (here if axis.levels is None else axis.levels[here])
    return np.bincount(index, minlength=query.cells).astype(np.int64)
