"""Persons: whole units, each with its rows; what the rows of a unit share is drawn once.

First how many rows each person has, then what their rows share given that number, then the rows given
both (draw/person_rows). A row that no lawful values continue makes its person drawn anew, with as many
rows: the learned numbers of rows stay. Rules across rows are met inside each person (draw/finish).

A condition on what rows share picks persons; one on rows picks rows, as a filter of a longer table would:
a person keeps the rows that meet it, and one without any is not there.

Source: ours; the two levels are those of LANGUAGE 2.3 of the design.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.draw.broken import copies, true_rows
from synthspec.draw.candidates import surrogates
from synthspec.draw.drawn import Tally
from synthspec.draw.filled import Filling
from synthspec.draw.finish import finished
from synthspec.draw.frame import encoded
from synthspec.draw.leaning import Leaning
from synthspec.draw.levels import Levels, levels_of
from synthspec.draw.mend import Batch
from synthspec.draw.person_rows import PersonRows
from synthspec.draw.source import TOLD, WHERE, Source, impossible
from synthspec.draw.whole import Whole, certain
from synthspec.generators.base import Model
from synthspec.plan.plan import Plan
from synthspec.plan.zeros import all_zeros
from synthspec.privacy.entropy import SampleRng
from synthspec.rules import Unique
from synthspec.terms.expr import Expr

RENEWALS = 60
"""How often persons that could not be completed are drawn anew."""
STALE = 8
"""After so many turns in which none of them was completed, none will be."""
HOPELESS = 20_000
"""After so many rows none of which belongs to a completed person, none will."""
SPREAD = 256
COPIES = 64
"""Persons, and copies of one, that are tried together when few are left."""
TRIES = 400
"""Rows drawn per wanted row under a condition on rows, at most (and at least LEAST in all)."""
LEAST = 40_000
MOST = 20_000
"""Persons that are looked at together under a condition on rows."""

Index = NDArray[np.int64]


class Persons:
    """Draws persons with their rows; see `partition.Maker`."""

    def __init__(
        self,
        whole: Whole,
        plan: Plan,
        models: Mapping[str, Model],
        told: Sequence[Expr] = (),
        shapes: Mapping[str, Model] | None = None,
        leanings: Mapping[str, Sequence[Leaning]] | None = None,
        *,
        units: bool = False,
    ) -> None:
        """Take what `draw` takes; `told` and `leanings` are about the persons' own columns.

        units: whether parts have so many whole persons, rather than so many rows.
        """
        assert whole.unit is not None, "rows are drawn one by one"
        self._units = units
        self._unit = whole.unit
        self._levels: Levels = levels_of(whole, plan)
        self._whole = Whole(whole.columns, whole.rules, by=whole.by)
        zeros = all_zeros(plan, whole.columns)
        sure = [each.rule for each in plan.met if each.by == "transform"]
        level = self._levels
        counter = level.counter.name
        parts = {f"{TOLD} {at}": certain(part) for at, part in enumerate(told)}
        self._counts = models[level.counting.name]
        self._persons = Filling(
            Source(
                plan.model_copy(update={"groups": (level.counting, *level.unit_groups)}),
                level.unit_columns,
                {g.name: models[g.name] for g in (level.counting, *level.unit_groups)},
                {**level.unit_conditions, **parts},
                zeros,
                shapes,
                sure,
                leanings or {},
                frozenset({counter}),
            ),
            level.unit_where,
            rows=False,
        )
        self._conditions = {**level.unit_conditions, **parts, **level.row_conditions}
        self._rows = PersonRows(whole, plan, models, level, zeros, shapes, sure)
        self._ids = [column for column in whole.columns if column.role == "id"]
        keys = [rule for rule in plan.rules if isinstance(rule, Unique) and rule.enforce == "always"]
        self._keys = [rule for rule in keys if not set(rule.over) & whole.ids]

    @property
    def filters(self) -> bool:
        """Whether a condition picks rows of persons."""
        return self._levels.row_where is not None

    def part(
        self, at: int, size: int, full: int, rng: SampleRng, beside: SampleRng, tally: Tally
    ) -> tuple[pl.DataFrame, dict[str, int]]:
        """See `partition.Maker.part`."""
        if self.filters and size:
            return self._filtered(at, size, full, rng, beside, tally)
        counts = self._numbers(size, rng)
        frame = self._named(self._made(counts, rng, tally), counts, *self._first(at, full))
        redraw = partial(self.again, tally=tally)
        return finished(frame, self._whole, redraw, beside.split("whole"), drawn=True)

    def again(self, rows: pl.DataFrame, rng: SampleRng, *, tally: Tally, anew: bool = False) -> pl.DataFrame:
        """See `whole.Redraw`: rows that cannot be drawn again around what they share stay as they are."""
        lengths = rows[self._unit].rle().struct.field("len").to_numpy().astype(np.int64)
        if anew:
            return self._made(lengths, rng, tally)
        rows = rows.drop(name for name in self._whole.late_names if name in rows.columns)
        shared = [name for name in self._levels.unit_names if name in rows.columns]
        if self._whole.by is None:
            lengths = np.ones(rows.height, dtype=np.int64)
        first = np.cumsum(lengths) - lengths
        fresh, place = self._rows.drawn(self._start(rows.select(shared)[first]), lengths, rng, tally)
        if len(place) == len(lengths):
            return fresh
        kept = np.repeat(~np.isin(np.arange(len(lengths)), place), lengths)
        index = np.arange(rows.height)
        index[~kept] = rows.height + np.arange(fresh.height)
        return pl.concat([rows.select(fresh.columns), fresh])[index]

    def _numbers(self, size: int, rng: SampleRng) -> Index:
        """Return how many rows each person has: of `size` persons, or of as many as have `size` rows."""
        counts = self._drawn_numbers(size, rng.split("numbers"))
        if self._units or not size:
            return counts
        total = np.cumsum(counts)
        last = int(np.searchsorted(total, size))
        counts = counts[: last + 1].copy()
        counts[last] -= total[last] - size
        return counts

    def _drawn_numbers(self, persons: int, rng: SampleRng) -> Index:
        counter = self._levels.counter
        if not persons:
            return np.zeros(0, dtype=np.int64)
        found = self._counts.sample(persons, rng, None).columns[counter.name]
        return np.asarray(found, dtype=np.int64) + 1

    def _made(self, counts: Index, rng: SampleRng, tally: Tally) -> pl.DataFrame:
        """Return the rows of one person per count, in order, which meet every condition on single rows."""
        left = np.arange(len(counts))
        found: list[pl.DataFrame] = []
        owners: list[Index] = []
        stale = 0
        for turn in range(RENEWALS):
            times = 1 if not turn else int(np.clip(SPREAD // len(left), 1, COPIES))
            places = np.repeat(left, times)
            stream = rng.split("persons", turn)
            shared, place = self._shared(counts[places], stream, tally)
            places = places[place]
            frame, mine = self._rows.drawn(self._start(shared), counts[places], stream, tally)
            done, first = np.unique(places[mine], return_index=True)
            if len(done) < len(mine):
                chosen = np.isin(np.arange(len(mine)), first)
                frame = frame.filter(pl.Series(np.repeat(chosen, counts[places[mine]])))
                mine = mine[chosen]
            found.append(frame)
            owners.append(np.repeat(places[mine], counts[places[mine]]))
            left = np.setdiff1d(left, done, assume_unique=True)
            stale = 0 if len(done) else stale + 1
            if not len(left) or stale >= STALE or (stale == turn + 1 and tally.drawn > HOPELESS):
                break
        if len(left):
            raise impossible(tally, self._conditions)
        if len(found) == 1:
            return found[0]
        return pl.concat(found)[np.argsort(np.concatenate(owners), kind="stable")]

    def _shared(self, counts: Index, rng: SampleRng, tally: Tally) -> tuple[pl.DataFrame, Index]:
        """Return what the rows of each person share, and the persons that could be drawn."""
        counter = self._levels.counter.name
        known = pl.DataFrame([pl.Series(counter, counts, dtype=pl.Int64)])
        return self._persons.filled(Batch(known, {counter: counts - 1}), rng.split("shared"), tally)

    def _start(self, shared: pl.DataFrame) -> Batch:
        return Batch(
            shared, {c.name: encoded(shared, c) for c in self._levels.coded if c.name in shared.columns}
        )

    def _first(self, at: int, full: int) -> tuple[int, int]:
        """Return the numbers of the first person and of the first row of part number `at`."""
        return at * full + 1, at * full * (self._levels.most if self._units else 1) + 1

    def _named(self, frame: pl.DataFrame, counts: Index, person: int, row: int) -> pl.DataFrame:
        """Return the rows with ids: persons are counted from `person`, rows from `row`."""
        owner = np.repeat(np.arange(len(counts)), counts)
        made = [
            surrogates(column, len(counts), person)[owner]
            if column.name in self._whole.per_unit
            else surrogates(column, frame.height, row)
            for column in self._ids
        ]
        return frame.with_columns(made)

    def _filtered(
        self, at: int, size: int, full: int, rng: SampleRng, beside: SampleRng, tally: Tally
    ) -> tuple[pl.DataFrame, dict[str, int]]:
        """Return a part of the rows that meet the condition on rows: longer tables, filtered."""
        kept: list[pl.DataFrame] = []
        have = seen = persons = 0
        repaired: dict[str, int] = {}
        while have < size:
            if seen >= LEAST and (seen > TRIES * size or have * TRIES < seen / 2):
                raise impossible(tally, {}, TRIES)
            share = max(have, 1) / max(seen, 1) if seen else 1.0
            many = int(np.clip((size - have) / share * 1.1 + 32, 32, MOST))
            stream = rng.split("longer", seen)
            counts = self._drawn_numbers(many, stream.split("numbers"))
            frame = self._named(self._made(counts, stream, tally), counts, persons + 1, 1)
            redraw = partial(self.again, tally=tally)
            frame, changed = finished(frame, self._whole, redraw, beside.split("longer", seen), drawn=True)
            persons += many
            seen += many if self._units else frame.height
            for name, count in changed.items():
                repaired[name] = repaired.get(name, 0) + count
            assert self._levels.row_where is not None
            good = true_rows(frame, self._levels.row_where)
            tally.test(frame.height, {WHERE: int((~good).sum())}, {})
            found = pl.concat([*kept, frame.filter(pl.Series(good))])
            again = np.logical_or.reduce(
                [np.zeros(found.height, np.bool_), *(copies(found, k) for k in self._keys)]
            )
            kept = [found.filter(pl.Series(~again))]
            have = kept[0][self._unit].n_unique() if self._units else kept[0].height
        return self._cut(kept[0], size, at, full, tally), repaired

    def _cut(self, frame: pl.DataFrame, size: int, at: int, full: int, tally: Tally) -> pl.DataFrame:
        """Return the first rows, or persons, with ids of their own."""
        owner = frame[self._unit].rle_id()
        frame = frame.filter(owner < size) if self._units else frame.head(size)
        tally.kept = frame.height
        lengths = frame[self._unit].rle().struct.field("len").to_numpy().astype(np.int64)
        return self._named(frame, lengths, *self._first(at, full))
