"""Fixed: candidate rows in which some columns have values already, finer than their codes or not.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.draw.broken import Mask
from synthspec.draw.candidates import Candidates
from synthspec.draw.frame import decoded, encoded
from synthspec.draw.mend import PROPOSALS, Batch, Codes, Knot, Mended, Mender
from synthspec.plan.late import early_computed
from synthspec.plan.plan import Group, PlannedColumn
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes as Coded
from synthspec.terms.domain import Domain
from synthspec.terms.expr import Expr
from synthspec.terms.to_polars import to_polars
from synthspec.terms.walk import columns_of


def known_columns(columns: Sequence[PlannedColumn], partial: pl.DataFrame) -> pl.DataFrame:
    """Return the modelled columns of `partial` with everything that follows from them.

    Hidden columns follow from the columns they are made of, computed ones from what they read.
    """
    by_name = {column.name: column for column in columns}
    modelled = [name for name in partial.columns if by_name[name].role == "modelled"]
    frame = partial.with_columns(pl.Series(ROW, np.zeros(partial.height, dtype=np.uint8))).select(
        ROW, *modelled
    )
    has = set(partial.columns)
    for column in columns:
        if column.from_source is not None and set(columns_of(column.from_source)) <= has:
            made = partial.select(to_polars(column.from_source).alias(column.name))
            frame = frame.with_columns(made[column.name])
    for column in early_computed(tuple(columns)):
        if column.value is not None and set(columns_of(column.value)) <= set(frame.columns):
            frame = frame.with_columns(to_polars(column.value).alias(column.name))
    return frame


ROW = "\x00row"
"""A column of `known_columns` that holds its number of rows, whatever else it has."""


SPREAD = 4_000
"""Rows that are tried together when few of them are left."""
PLACE = "\x00place"


class Fixed:
    """Draws candidates around the columns that are known."""

    def __init__(self, candidates: Candidates, names: frozenset[str]) -> None:
        self._candidates = candidates
        self._names = names
        self._columns = {column.name: column for column in candidates.columns}

    def batch(self, known: pl.DataFrame, rng: SampleRng) -> tuple[Batch, Mask]:
        """Return one candidate per row of `known`, and in which of them codes agree with its values.

        They always do where the models were conditioned on them.
        """
        rows = known.height
        frame = known
        codes: dict[str, NDArray[np.int64]] = {}
        same = np.ones(rows, dtype=np.bool_)
        for work in self._candidates.order:
            if isinstance(work, PlannedColumn):
                if work.name not in self._names and work.value is not None:
                    frame = frame.with_columns(to_polars(work.value).alias(work.name))
                continue
            frame, agree = self._group(work, frame, codes, rng)
            same &= agree
        return Batch(frame, codes), same

    def _group(
        self, group: Group, frame: pl.DataFrame, codes: dict[str, NDArray[np.int64]], rng: SampleRng
    ) -> tuple[pl.DataFrame, Mask]:
        """Return the frame with the columns of a group; their codes are added to `codes`."""
        mine = [name for name in group.columns if name in self._names]
        wanted = {name: encoded(frame, self._columns[name]) for name in mine}
        for name in group.given:
            if name not in codes:
                codes[name] = encoded(frame, self._columns[name])
        same = np.ones(frame.height, dtype=np.bool_)
        if len(mine) == len(group.columns):
            codes.update(wanted)
            return frame, same
        model = self._candidates.models[group.name]
        asked = [*group.given, *(name for name in mine if name in model.given)]
        sizes = tuple(column.size for name in asked if (column := self._columns[name].column) is not None)
        held = {name: wanted.get(name, codes.get(name)) for name in asked}
        given = {name: column for name, column in held.items() if column is not None}
        conditions = Coded(Domain(attributes=tuple(asked), sizes=sizes), given) if asked else None
        drawn = model.sample(frame.height, rng.split("group", group.name), conditions, {**codes, **wanted})
        generator = rng.split("decode", group.name).generator
        for name in group.columns:
            if name in model.given:
                codes[name] = wanted[name]
                continue
            codes[name] = np.asarray(drawn.columns[name], dtype=np.int64)
            if name in wanted:
                same &= codes[name] == wanted[name]
            else:
                frame = frame.with_columns(decoded(codes[name], self._columns[name], generator))
        return frame, same


class Firm(Mender):
    """Mends values inside codes, those of some columns never."""

    def __init__(
        self,
        columns: Sequence[PlannedColumn],
        groups: Sequence[Group],
        conditions: Mapping[str, Expr],
        firm: frozenset[str],
    ) -> None:
        """Take what `Mender` does, and the columns that stay as they are."""
        super().__init__(columns, groups, conditions)
        self.knots = tuple(
            replace(
                knot,
                free=tuple(name for name in knot.free if name not in firm),
                tested=tuple(column for column in knot.tested if column.name not in firm),
                others=tuple(column for column in knot.others if column.name not in firm),
            )
            for knot in self.knots
        )

    def _narrowed(
        self, knot: Knot, part: pl.DataFrame, codes: Codes, rows: NDArray[np.int64], rng: np.random.Generator
    ) -> list[Mended]:
        """Return rows mended by further tries: a cell's lawful part is not that of a row's own values."""
        return self._retried(knot, part, codes, rows, rng, PROPOSALS)[0]


class Held(Firm):
    """Mends as `Firm` does, and looks into the cells of those columns that no known value touches."""

    def __init__(
        self,
        columns: Sequence[PlannedColumn],
        groups: Sequence[Group],
        conditions: Mapping[str, Expr],
        firm: frozenset[str],
    ) -> None:
        """Take what `Firm` does."""
        super().__init__(columns, groups, conditions, firm)
        self._firm = firm

    def _narrowed(
        self, knot: Knot, part: pl.DataFrame, codes: Codes, rows: NDArray[np.int64], rng: np.random.Generator
    ) -> list[Mended]:
        """See `Mender`; where a known value has a say, see `Firm`."""
        if self._firm & set(knot.sources):
            return self._spread(knot, part, codes, rows, rng)
        return super(Firm, self)._narrowed(knot, part, codes, rows, rng)

    def _spread(
        self, knot: Knot, part: pl.DataFrame, codes: Codes, rows: NDArray[np.int64], rng: np.random.Generator
    ) -> list[Mended]:
        """Return rows mended by further tries, several at once where few rows are left."""
        found: list[Mended] = []
        left, tries = np.arange(len(rows)), 0
        while len(left) and tries < PROPOSALS:
            times = int(np.clip(SPREAD // len(left), 1, PROPOSALS - tries))
            at = np.repeat(left, times)
            here = part[at].with_columns(pl.Series(PLACE, at))
            tries += times
            for _, values in self._retried(knot, here, codes, rows[at], rng, 1)[0]:
                first = values.unique(PLACE, keep="first", maintain_order=True)
                mine = first[PLACE].to_numpy().astype(np.int64)
                found.append((rows[mine], first.drop(PLACE)))
                left = np.setdiff1d(left, mine, assume_unique=True)
        return found
