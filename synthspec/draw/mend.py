"""Mend: rows that break a rule get other values inside the codes they were drawn with.

A model gives codes; rules can be finer than these. The values of a row that breaks a rule are drawn
anew inside its codes, all columns that rules tie together at once, until the rules hold: the cells
keep their probabilities, and inside a cell the values are those of the column's own density, conditional
on the rules. Codes of computed columns that a later group was given must stay what they were.
Rows whose cells hold next to nothing lawful are drawn from the lawful part of the cell (draw/inside);
what is left has nothing lawful in it, and is for whoever draws whole rows.

Source: ours (rejection sampling: von Neumann 1951).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.columns import Ordered
from synthspec.draw.broken import Mask, broken_rows
from synthspec.draw.frame import decoded, encoded
from synthspec.draw.inside import Cell
from synthspec.draw.narrow import Lawful
from synthspec.plan.clauses import bases
from synthspec.plan.late import early_computed
from synthspec.plan.plan import Group, PlannedColumn
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.expr import Expr
from synthspec.terms.physical import from_physical
from synthspec.terms.to_polars import to_polars
from synthspec.terms.walk import columns_of

TRIES = 8
"""Times that values are drawn again before the lawful part of a cell is looked for."""
PROPOSALS = 200
"""Times that values are proposed from there."""
TURNS = 3
"""Times that further cells are looked into for one batch."""
MORE_TRIES = 24
"""Times that values are drawn again between these."""

Codes = Mapping[str, NDArray[np.int64]]
Mended = tuple[NDArray[np.int64], pl.DataFrame]
"""Rows, and their new values."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Candidate rows with the codes they were drawn with, those of given columns included."""

    frame: pl.DataFrame
    codes: Codes


@dataclass(frozen=True, eq=False)
class Knot:
    """Columns that rules tie together.

    free: those with codes of several values. tested: computed columns that follow from these and that
    conditions or guards look at, in order; others: the rest of what follows. guards: given computed
    columns whose code must not change. conditions: by rule. reads: all columns looked at.
    """

    sources: tuple[str, ...]
    free: tuple[str, ...]
    tested: tuple[PlannedColumn, ...]
    others: tuple[PlannedColumn, ...]
    guards: tuple[str, ...]
    conditions: Mapping[str, Expr]
    reads: tuple[str, ...]

    @property
    def changed(self) -> list[str]:
        """The columns that get new values."""
        return [*self.free, *(column.name for column in (*self.tested, *self.others))]


class Mender:
    """Mends the rows of batches; what is tied to what is found once."""

    def __init__(
        self, columns: Sequence[PlannedColumn], groups: Sequence[Group], conditions: Mapping[str, Expr]
    ) -> None:
        """Take `columns` as they are decoded (densities in place), and the `conditions` that must hold."""
        self._columns = {column.name: column for column in columns}
        self.conditions = conditions
        given = dict.fromkeys(name for group in groups for name in group.given)
        self._guards = {
            name: bases(name, self._columns) for name in given if self._columns[name].role == "computed"
        }
        self.knots = self._knots()
        self._lawful = {
            knot.free: Lawful(self._columns, knot.conditions, knot.guards, knot.free) for knot in self.knots
        }

    def mend(
        self, batch: Batch, masks: Mapping[str, Mask], rng: SampleRng
    ) -> tuple[pl.DataFrame, dict[str, Mask]]:
        """Return the rows with other values where they broke a rule, and which rows still break which."""
        frame, left = batch.frame, {name: mask.copy() for name, mask in masks.items()}
        for at, knot in enumerate(self.knots):
            mine = [left[name] for name in knot.conditions if name in left]
            rows = np.flatnonzero(np.logical_or.reduce(mine)) if mine else np.zeros(0, dtype=np.int64)
            if not len(rows) or not knot.free:
                continue
            good, patch = self._knot(knot, frame[rows], batch.codes, rows, rng.split("knot", at))
            if not len(good):
                continue
            frame = _patched(frame, good, patch)
            for name in knot.conditions:
                if name in left:
                    left[name][good] = False
        return frame, left

    def _knot(
        self, knot: Knot, part: pl.DataFrame, codes: Codes, rows: NDArray[np.int64], rng: SampleRng
    ) -> tuple[NDArray[np.int64], pl.DataFrame]:
        """Return the rows that could be mended, and their new values."""
        part = part.select(name for name in part.columns if name in knot.reads)
        generator = rng.generator
        found, part, rows = self._retried(knot, part, codes, rows, generator, TRIES)
        if len(rows):
            found += self._narrowed(knot, part, codes, rows, generator)
        patch = pl.concat([part.clear(), *(values for _, values in found)])
        return (
            np.concatenate([np.zeros(0, dtype=np.int64), *(at for at, _ in found)]),
            computed_anew(patch, knot.others).select(knot.changed),
        )

    def _retried(
        self,
        knot: Knot,
        part: pl.DataFrame,
        codes: Codes,
        rows: NDArray[np.int64],
        rng: np.random.Generator,
        tries: int,
    ) -> tuple[list[Mended], pl.DataFrame, NDArray[np.int64]]:
        """Return rows mended by other values of their codes, and the rows that still are not."""
        found: list[Mended] = []
        for _ in range(tries):
            if not len(rows):
                break
            part = part.with_columns(
                decoded(codes[name][rows], self._columns[name], rng) for name in knot.free
            )
            part = computed_anew(part, knot.tested)
            bad = self._bad(knot, part, codes, rows)
            good = ~bad
            if good.any():
                found.append((rows[good], part.filter(pl.Series(good))))
                part, rows = part.filter(pl.Series(bad)), rows[bad]
        return found, part, rows

    def _bad(self, knot: Knot, part: pl.DataFrame, codes: Codes, rows: NDArray[np.int64]) -> Mask:
        none = np.zeros(part.height, dtype=np.bool_)
        bad = np.logical_or.reduce([none, *broken_rows(part, knot.conditions).values()])
        for name in knot.guards:
            bad = bad | (encoded(part, self._columns[name]) != codes[name][rows])
        return np.asarray(bad)

    def _narrowed(
        self, knot: Knot, part: pl.DataFrame, codes: Codes, rows: NDArray[np.int64], rng: np.random.Generator
    ) -> list[Mended]:
        """Return rows mended by proposals from the lawful parts of their cells.

        Cells are looked into those of most rows first, so many at a time; the rows of all others are
        tried as before meanwhile: a row must not be lost because few rows share its cell.
        """
        lawful = self._lawful[knot.free]
        every: list[Mended] = []
        for turn in range(TURNS):
            if turn:
                found, part, rows = self._retried(knot, part, codes, rows, rng, MORE_TRIES)
                every += found
            if not len(rows):
                break
            _, first, cell = np.unique(
                np.stack([codes[name][rows] for name in lawful.reads]),
                axis=1,
                return_index=True,
                return_inverse=True,
            )
            cell = cell.reshape(-1)
            cells, later = lawful.cells(
                {name: codes[name][rows[first]] for name in lawful.reads}, np.bincount(cell)
            )
            alive = np.array([bool(each) for each in cells], dtype=np.bool_)[cell]
            every += self._from_cells(
                knot, part.filter(pl.Series(alive)), codes, rows[alive], (cells, cell[alive]), rng
            )
            part, rows = part.filter(pl.Series(later[cell])), rows[later[cell]]
        return every

    def _from_cells(
        self,
        knot: Knot,
        part: pl.DataFrame,
        codes: Codes,
        rows: NDArray[np.int64],
        places: tuple[Sequence[tuple[Cell, ...] | None], NDArray[np.int64]],
        rng: np.random.Generator,
    ) -> list[Mended]:
        """Return rows mended by proposals; `places` are the parts of all cells, and the cell of each row."""
        cells, cell = places
        found: list[Mended] = []
        for _ in range(PROPOSALS):
            if not len(rows):
                break
            part = computed_anew(_proposed(part, cells, cell, rng), knot.tested)
            bad = self._bad(knot, part, codes, rows)
            found.append((rows[~bad], part.filter(pl.Series(~bad))))
            part, rows, cell = part.filter(pl.Series(bad)), rows[bad], cell[bad]
        return found

    def _knots(self) -> tuple[Knot, ...]:
        """Return the columns that conditions and guards tie together, each set with its conditions."""
        ties = {name: self._sources(columns_of(c)) for name, c in self.conditions.items()}
        parts: list[set[str]] = []
        for tie in (*ties.values(), *({*sources} for sources in self._guards.values())):
            touching = [part for part in parts if part & tie]
            parts = [part for part in parts if not part & tie]
            parts.append(set(tie).union(*touching))
        found = []
        for part in parts:
            conditions = {n: self.conditions[n] for n, tie in ties.items() if tie & part}
            if conditions:
                found.append(self._knot_of(part, conditions))
        return tuple(found)

    def _sources(self, names: Sequence[str]) -> set[str]:
        return {source for name in names for source in bases(name, self._columns)}

    def _knot_of(self, part: set[str], conditions: Mapping[str, Expr]) -> Knot:
        sources = tuple(name for name in self._columns if name in part)
        free = tuple(name for name in sources if _several(self._columns[name]))
        computed = [
            column
            for column in early_computed(tuple(self._columns.values()))
            if set(bases(column.name, self._columns)) & set(free)
        ]
        guards = tuple(name for name, tied in self._guards.items() if set(tied) & set(free))
        reads = {*sources, *guards, *(name for c in conditions.values() for name in columns_of(c))}
        for column in computed:
            reads |= {column.name, *(columns_of(column.value) if column.value is not None else ())}
        looked = {*guards, *(name for c in conditions.values() for name in columns_of(c))}
        for column in reversed(in_order(computed)):
            if column.name in looked and column.value is not None:
                looked |= set(columns_of(column.value))
        return Knot(
            sources,
            free,
            in_order([column for column in computed if column.name in looked]),
            in_order([column for column in computed if column.name not in looked]),
            guards,
            conditions,
            tuple(name for name in self._columns if name in reads),
        )


def _proposed(
    part: pl.DataFrame,
    cells: Sequence[tuple[Cell, ...] | None],
    cell: NDArray[np.int64],
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Return the rows with proposed values in the free columns that their cell leaves open."""
    order = np.argsort(cell, kind="stable")
    ends = np.cumsum(np.bincount(cell, minlength=len(cells)))
    made: dict[str, list[tuple[NDArray[np.int64], NDArray[np.generic]]]] = {}
    types = {}
    for place in np.unique(cell).tolist():
        mine = order[ends[place - 1] if place else 0 : ends[place]]
        for held in cells[place] or ():
            for column, values in zip(held.columns, held.propose(len(mine), rng), strict=True):
                made.setdefault(column.name, []).append((mine, values))
                types[column.name] = column.type
    new = []
    for name, pieces in made.items():
        fresh = from_physical(pl.Series(np.concatenate([values for _, values in pieces])), types[name])
        at = np.arange(part.height)
        at[np.concatenate([mine for mine, _ in pieces])] = part.height + np.arange(len(fresh))
        new.append(pl.concat([part[name], fresh.alias(name)]).gather(at))
    return part.with_columns(new)


def _several(planned: PlannedColumn) -> bool:
    """Return whether some code of a modelled column stands for several values."""
    return (
        planned.role == "modelled" and isinstance(planned.column, Ordered) and planned.column.cuts is not None
    )


def in_order(columns: Sequence[PlannedColumn]) -> tuple[PlannedColumn, ...]:
    """Return computed columns, each after those among them that it reads."""
    waiting, order = list(columns), list[PlannedColumn]()
    while waiting:
        names = {column.name for column in waiting}
        ready = [c for c in waiting if c.value is None or not names & set(columns_of(c.value))]
        if not ready:
            break
        order += ready
        waiting = [column for column in waiting if column not in ready]
    return tuple(order)


def computed_anew(frame: pl.DataFrame, computed: Sequence[PlannedColumn]) -> pl.DataFrame:
    """Return the frame with computed columns computed again, in the order given."""
    for column in computed:
        if column.value is not None:
            frame = frame.with_columns(to_polars(column.value).alias(column.name))
    return frame


def _patched(frame: pl.DataFrame, rows: NDArray[np.int64], patch: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with `patch` in place of the values of `rows`."""
    at = np.arange(frame.height)
    at[rows] = frame.height + np.arange(len(rows))
    whole = pl.concat([frame.select(patch.columns), patch])
    return frame.with_columns(whole[at])
