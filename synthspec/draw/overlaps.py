"""Overlaps: the intervals of a unit moved apart, each keeping its length and, if it can, its start.

Rows are taken in the order of their starts; each begins no earlier than the one before it ends. What
that pushes over the end of the domain is pushed back from the end. A unit whose intervals do not fit
in, or whose moved rows break another rule, is left as it is, to be drawn anew.

Source: ours.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.columns import Ordered
from synthspec.draw.broken import overlapping
from synthspec.draw.whole import Whole, replaced, whole_units
from synthspec.plan.plan import PlannedColumn
from synthspec.rules import NoOverlap
from synthspec.terms.physical import from_physical, to_physical
from synthspec.terms.walk import columns_of

Whole64 = NDArray[np.int64]


def moved_apart(frame: pl.DataFrame, rule: NoOverlap, whole: Whole) -> tuple[pl.DataFrame, int]:
    """Return the frame with intervals moved apart where they overlap, and how many rows moved."""
    columns = {column.name: column for column in whole.columns}
    start, end = columns[rule.start], columns[rule.end]
    movable = _movable(start, end, whole)
    if not movable:
        return frame, 0
    bad = whole_units(frame, overlapping(frame, rule), rule.per)
    place = np.flatnonzero(bad)
    rows = frame.filter(pl.Series(bad)).with_row_index("\x00at").sort(rule.per, rule.start, rule.end)
    known = rows.filter(pl.col(rule.start).is_not_null() & pl.col(rule.end).is_not_null())
    shift, fits = _shifts(known, rule, start, end)
    moved = _shifted(known, {name: columns[name] for name in movable}, shift, whole)
    good = fits & whole.lawful(moved) & _kept_lengths(known, moved, rule, start)
    spoilt = whole_units(moved, ~good, rule.per)
    changed = ~spoilt & (shift != 0)
    if not changed.any():
        return frame, 0
    mask = np.zeros(frame.height, dtype=np.bool_)
    mask[place[moved.filter(pl.Series(changed))["\x00at"].to_numpy()]] = True
    new = moved.filter(pl.Series(changed)).sort("\x00at").drop("\x00at")
    return replaced(frame, mask, new, whole), int(changed.sum())


def _movable(start: PlannedColumn, end: PlannedColumn, whole: Whole) -> tuple[str, ...]:
    """Return the columns to shift so that the whole interval shifts; none when that is not possible."""
    if not isinstance(start.column, Ordered) or not isinstance(end.column, Ordered):
        return ()
    if start.type.name == "float" or "unit" in (start.per, end.per):
        return ()
    if start.value is None and end.value is None:
        return (start.name, end.name)
    if start.value is None and end.value is not None and start.name in columns_of(end.value):
        return (start.name,)
    if end.value is None and start.value is not None and end.name in columns_of(start.value):
        return (end.name,)
    return ()


def _shifts(
    rows: pl.DataFrame, rule: NoOverlap, start: PlannedColumn, end: PlannedColumn
) -> tuple[Whole64, NDArray[np.bool_]]:
    """Return how far each interval moves [physical units] and whether its unit fits in the domain."""
    own, other = start.column, end.column
    assert isinstance(own, Ordered) and isinstance(other, Ordered)
    begins, ends = (_numbers(rows[planned.name], planned) for planned in (start, end))
    codes = rows[rule.per].rle_id().to_numpy().astype(np.int64)
    first = np.flatnonzero(np.diff(codes, prepend=-1))
    nth = np.arange(len(codes)) - first[codes]
    units, most = (int(codes[-1]) + 1, int(nth.max()) + 1) if len(codes) else (0, 0)
    top = own.lo + (own.points - 1) * own.step
    at = np.full((units, most), top, dtype=np.int64)
    length = np.zeros((units, most), dtype=np.int64)
    there = np.zeros((units, most), dtype=np.bool_)
    at[codes, nth], length[codes, nth], there[codes, nth] = begins, ends - begins, True
    for p in range(1, most):
        earliest = at[:, p - 1] + length[:, p - 1]
        late = -((own.lo - earliest) // own.step) * own.step + own.lo
        at[:, p] = np.where(there[:, p] & (at[:, p] < earliest), late, at[:, p])
    room = np.full(units, other.hi, dtype=np.int64)
    for p in range(most - 1, -1, -1):
        latest = (np.minimum(room - length[:, p], top) - own.lo) // own.step * own.step + own.lo
        at[:, p] = np.where(there[:, p], np.minimum(at[:, p], latest), at[:, p])
        room = np.where(there[:, p], at[:, p], room)
    fits = ((at >= own.lo) | ~there).all(axis=1).reshape(-1)
    return at[codes, nth] - begins, fits[codes]


def _shifted(
    rows: pl.DataFrame, columns: dict[str, PlannedColumn], shift: Whole64, whole: Whole
) -> pl.DataFrame:
    moved = [
        from_physical(pl.Series(_numbers(rows[name], planned) + shift), planned.type).alias(name)
        for name, planned in columns.items()
    ]
    return whole.recomputed(rows.with_columns(moved), tuple(columns))


def _kept_lengths(
    before: pl.DataFrame, after: pl.DataFrame, rule: NoOverlap, start: PlannedColumn
) -> NDArray[np.bool_]:
    """Return where the interval is as long as it was: an end that is computed otherwise would not be."""
    was, now = (
        _numbers(frame[rule.end], start) - _numbers(frame[rule.start], start) for frame in (before, after)
    )
    return np.asarray(was == now, dtype=np.bool_)


def _numbers(values: pl.Series, planned: PlannedColumn) -> Whole64:
    return to_physical(values, planned.type).fill_null(0).to_numpy().astype(np.int64)
