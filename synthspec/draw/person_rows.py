"""Person rows: the rows of persons, given what these rows share; in a sequence, each given the one before.

A sequence is drawn step by step, the rows of all persons that stand at one step together. Rows come
in the order of its column `by`: one that was drawn before them is sorted first; of one that the sequence
draws, the codes never go down (a structural zero of the model), and values inside one code are put in
order afterwards: the values alone where the rows stay lawful, else the rows.

Source: ours; a Markov chain of order 1 (LANGUAGE 2.3 of the design, `sequence`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.draw.broken import broken_rows
from synthspec.draw.drawn import Tally
from synthspec.draw.filled import Filling
from synthspec.draw.frame import encoded
from synthspec.draw.levels import Levels
from synthspec.draw.mend import Batch
from synthspec.draw.source import Source
from synthspec.draw.whole import Whole
from synthspec.generators.base import Model
from synthspec.plan.clauses import bases
from synthspec.plan.plan import Group, Plan, PlannedColumn, before
from synthspec.plan.zeros import Zeros
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.walk import columns_of

Index = NDArray[np.int64]


class PersonRows:
    """Draws the rows of persons."""

    def __init__(
        self,
        whole: Whole,
        plan: Plan,
        models: Mapping[str, Model],
        levels: Levels,
        zeros: Zeros,
        shapes: Mapping[str, Model] | None,
        sure: Collection[str],
    ) -> None:
        """Take what `Persons` takes, and its levels."""
        self._whole = whole
        self._by_name = {column.name: column for column in whole.columns}
        self._conditions = levels.row_conditions
        self._chain = [group for group in levels.row_groups if group.sequence is not None]
        early = _before_sequence(levels.row_groups, whole)
        shared = frozenset(levels.unit_names)
        known = shared | {name for group in early for name in group.columns}
        known |= {c.name for c in whole.computed if set(bases(c.name, self._by_name)) <= known}

        def filling(columns: Collection[str], known: frozenset[str], done: Collection[str]) -> Filling:
            mine = {
                n: c
                for n, c in self._conditions.items()
                if n not in done and set(columns_of(c)) <= {*columns}
            }
            shown = [c for c in whole.columns if c.name in columns and c.role != "id"]
            groups = tuple(g for g in plan.groups if set(g.columns) <= {*columns})
            part = plan.model_copy(update={"groups": groups})
            held = {group.name: models[group.name] for group in groups}
            return Filling(Source(part, shown, held, mine, zeros, shapes, sure, {}, known))

        first = [n for n, c in self._conditions.items() if set(columns_of(c)) <= known]
        self._early = filling(known, shared, ()) if early else None
        self._late = filling(set(self._by_name), frozenset(known), first if early else ())
        self._early_coded = [c for c in whole.columns if c.name in known - shared and c.column is not None]
        given = {name for group in levels.row_groups for name in group.given}
        self._guards = [c for c in whole.computed if c.name in given and c.column is not None]

    def drawn(self, start: Batch, counts: Index, rng: SampleRng, tally: Tally) -> tuple[pl.DataFrame, Index]:
        """Return the rows of the persons that could be completed, person by person, and these persons.

        Args:
            start: what the rows of each person share.
            counts: how many rows each has, shape (persons,).
            rng: public randomness.
            tally: takes note.
        """
        base = _repeated(start, np.repeat(np.arange(len(counts)), counts))
        alive = np.ones(len(counts), dtype=np.bool_)
        if self._early is not None:
            base, alive = self._sorted(base, counts, rng.split("early"), tally)
        if self._chain:
            return self._stepped(base, counts, alive, rng.split("steps"), tally)
        owner = np.repeat(np.arange(len(counts)), counts)
        frame, place = self._late.filled(base, rng.split("rows"), tally)
        return _whole_persons(frame, place, owner, alive)

    def _sorted(
        self, base: Batch, counts: Index, rng: SampleRng, tally: Tally
    ) -> tuple[Batch, NDArray[np.bool_]]:
        """Return the rows with what comes before the sequence, in its order, and the persons that have it."""
        assert self._early is not None and self._whole.by is not None
        owner = np.repeat(np.arange(len(counts)), counts)
        frame, place = self._early.filled(base, rng, tally)
        alive = np.ones(len(counts), dtype=np.bool_)
        if len(place) < len(owner):
            alive[np.unique(np.delete(owner, place))] = False
            at = np.zeros(len(owner), dtype=np.int64)  # rows of lost persons stand in for themselves
            at[place] = np.arange(len(place))
            frame = frame[at] if len(place) else frame
        if not frame.height:
            base = _repeated(base, place[:0])
            owner = owner[:0]
        order = _order(frame[self._whole.by], owner)
        frame = frame[order]
        return Batch(frame, {**base.codes, **{c.name: encoded(frame, c) for c in self._early_coded}}), alive

    def _stepped(
        self, base: Batch, counts: Index, alive: NDArray[np.bool_], rng: SampleRng, tally: Tally
    ) -> tuple[pl.DataFrame, Index]:
        first = np.cumsum(counts) - counts
        owner = np.repeat(np.arange(len(counts)), counts)
        steps = {name: self._by_name[name] for group in self._chain for name in group.columns}
        last = {n: np.full(len(counts), _size(c), dtype=np.int64) for n, c in steps.items()}
        frames, places = list[pl.DataFrame](), list[Index]()
        alive = alive.copy()
        for step in range(int(counts.max(initial=0))):
            mine = np.flatnonzero(alive & (counts > step))
            if not len(mine):
                break
            rows = first[mine] + step
            here = _repeated(base, rows)
            lagged = {before(name): codes[mine] for name, codes in last.items()}
            here = Batch(here.frame, {**here.codes, **lagged})
            frame, place = self._late.filled(here, rng.split("step", step), tally)
            alive[np.delete(mine, place)] = False
            for name, column in steps.items():
                last[name][mine[place]] = encoded(frame, column)
            frames.append(frame)
            places.append(rows[place])
        if not frames:
            return self._late.source.lawful(0, rng, _repeated(base, first[:0], steps))[0], first[:0]
        at = np.concatenate(places)
        order = np.argsort(at, kind="stable")
        found, persons = _whole_persons(pl.concat(frames)[order], at[order], owner, alive)
        return self._inside(found, np.repeat(persons, counts[persons])), persons

    def _inside(self, frame: pl.DataFrame, owner: Index) -> pl.DataFrame:
        """Return the rows of each person with what `by` is inside one code in order."""
        by = self._whole.by
        if by is None or self._by_name[by].role != "modelled" or self._early is not None:
            return frame
        order = _order(frame[by], owner)
        if bool((np.diff(order) == 1).all()):
            return frame
        moved = frame.with_columns(frame[by][order].alias(by))
        moved = self._whole.recomputed(moved, (by,))
        bad = np.zeros(frame.height, dtype=np.bool_)
        for mask in broken_rows(moved, self._conditions).values():
            bad |= mask
        for column in (*self._guards, self._by_name[by]):
            if column.column is not None:
                bad |= encoded(moved, column) != encoded(frame, column)
        if not bad.any():
            return moved
        spoilt = np.isin(owner, owner[bad])
        index = np.where(spoilt, frame.height + order, np.arange(frame.height))
        return pl.concat([moved, frame])[index]


def _before_sequence(groups: Sequence[Group], whole: Whole) -> tuple[Group, ...]:
    """Return the groups that are drawn before the sequence, since its order comes from them."""
    by = whole.by
    if by is None or any(by in group.columns for group in groups if group.sequence is not None):
        return ()
    columns = {column.name: column for column in whole.columns}
    wanted, found = {*bases(by, columns)}, list[Group]()
    while True:
        more = [g for g in groups if g not in found and set(g.columns) & wanted]
        if not more:
            break
        found += more
        wanted |= {base for g in more for name in g.given for base in bases(name, columns)}
    return () if any(g.sequence is not None for g in found) else tuple(g for g in groups if g in found)


def _whole_persons(
    frame: pl.DataFrame, place: Index, owner: Index, alive: NDArray[np.bool_]
) -> tuple[pl.DataFrame, Index]:
    """Return the rows of the persons all of whose rows there are, and these persons."""
    alive = alive.copy()
    if len(place) < len(owner):
        alive[np.unique(np.delete(owner, place))] = False
    if alive.all():
        return frame, np.arange(len(alive))
    return frame.filter(pl.Series(alive[owner[place]])), np.flatnonzero(alive)


def _repeated(start: Batch, at: Index, lagged: Collection[str] = ()) -> Batch:
    codes: Mapping[str, Index] = {name: column[at] for name, column in start.codes.items()}
    more = {before(name): np.zeros(len(at), dtype=np.int64) for name in lagged}
    return Batch(start.frame[at], {**codes, **more})


def _order(values: pl.Series, owner: Index) -> Index:
    """Return the rows in the order of `values` inside each owner; nulls first, ties as they are."""
    keys = pl.DataFrame({"owner": owner, "value": values}).with_row_index("at")
    return keys.sort("owner", "value", "at", nulls_last=False)["at"].to_numpy().astype(np.int64)


def _size(planned: PlannedColumn) -> int:
    return 1 if planned.column is None else planned.column.size
