"""Repair: rows that break a rule which says what may be changed, brought within it, nothing else touched.

Source: ours; LANGUAGE 2.7 of the design ("shrink the named column, then resample the unit").
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.columns import Ordered
from synthspec.draw.broken import broken_rows
from synthspec.draw.overlaps import moved_apart
from synthspec.draw.whole import Mask, Redraw, Whole, replaced, whole_units
from synthspec.plan.late import windows_behind
from synthspec.plan.plan import PlannedColumn
from synthspec.privacy.entropy import SampleRng
from synthspec.rules import Check, NoOverlap
from synthspec.terms.physical import from_physical, to_physical
from synthspec.terms.walk import columns_of

TRIES = 50
PASSES = 80
SCALINGS = 14
"""Halvings of the share that all values of a unit are shrunk to."""


def repaired(
    frame: pl.DataFrame, whole: Whole, broken: Mapping[str, Mask], redraw: Redraw, rng: SampleRng
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the frame with what can be repaired repaired, and the number of rows changed per rule.

    Args:
        frame: typed rows, late columns included.
        whole: the rules.
        broken: the rows that break each rule.
        redraw: gives fresh rows, whose values of the named columns are taken.
        rng: public randomness.
    """
    counts: dict[str, int] = {}
    for rule in whole.rules:
        if rule.name not in broken:
            continue
        before = frame
        if isinstance(rule, NoOverlap):
            frame, changed = moved_apart(frame, rule, whole)
        elif isinstance(rule, Check) and rule.repair and whole.unit_of(rule) is not None:
            frame, changed = _shrunk(frame, rule, whole)
        elif isinstance(rule, Check) and rule.repair:
            frame, changed = _taken(frame, rule, whole, redraw, rng.split(rule.name))
        else:
            continue
        counts[rule.name] = changed
        if frame is not before:
            frame = whole.with_late(frame)
    return frame, counts


def free_columns(rule: Check, whole: Whole) -> tuple[str, ...]:
    """Return the columns that a model draws behind those that the rule names under `repair`.

    A column that is computed from a hidden difference changes by that difference.
    """
    columns = {column.name: column for column in whole.columns}
    found: dict[str, None] = {}
    for name in rule.repair:
        value = columns[name].value
        parts = (name,) if value is None else columns_of(value)
        found.update(dict.fromkeys(p for p in parts if value is None or columns[p].hidden))
    return tuple(found)


def _taken(
    frame: pl.DataFrame, rule: Check, whole: Whole, redraw: Redraw, rng: SampleRng
) -> tuple[pl.DataFrame, int]:
    """Return the frame with the named columns of fresh rows in the rows that break `rule`."""
    names = free_columns(rule, whole)
    if whole.per_unit & set(names):  # all rows of the person would have to change
        return frame, 0
    bad = np.flatnonzero(broken_rows(frame, {rule.name: rule.expression})[rule.name])
    place, done = [bad[:0]], list[pl.DataFrame]()
    for turn in range(TRIES):
        if not len(bad):
            break
        rows = frame[bad].drop(sorted(whole.late_names))
        donor = redraw(rows, rng.split("try", turn))
        rows = whole.recomputed(rows.with_columns(donor.select(names)), names)
        good = whole.lawful(rows)
        done.append(rows.filter(pl.Series(good)))
        place.append(bad[good])
        bad = bad[~good]
    where = np.concatenate(place)
    if not len(where):
        return frame, 0
    return _put(frame, where, pl.concat(done), whole), len(where)


def _put(frame: pl.DataFrame, where: NDArray[np.int64], rows: pl.DataFrame, whole: Whole) -> pl.DataFrame:
    """Return the frame with `rows` at the places `where`, in their order."""
    order = np.argsort(where)
    mask = np.zeros(frame.height, dtype=np.bool_)
    mask[where] = True
    return replaced(frame, mask, rows[order], whole)


def _shrunk(frame: pl.DataFrame, rule: Check, whole: Whole) -> tuple[pl.DataFrame, int]:
    """Return the frame with the named number brought towards zero where a running value is over its limit.

    In each unit the first row that breaks the rule, in the order of the window, is shrunk as little as
    makes it hold, then the next one; other rules of the row keep holding. Where that leaves a later row no
    room, all rows of the unit are shrunk alike.
    """
    unit = whole.unit_of(rule)
    numbers = [name for name in free_columns(rule, whole) if _is_number(whole, name)]
    numbers = [name for name in numbers if name not in whole.per_unit]
    if unit is None or not numbers:
        return frame, 0
    mask = whole_units(frame, _breaks(frame, rule), unit)
    place = np.flatnonzero(mask)
    rows = frame.filter(pl.Series(mask))
    start = rows[numbers[0]]
    touched = np.zeros(rows.height, dtype=np.bool_)
    hopeless: set[str] = set()
    for _ in range(PASSES):
        first = _first(rows, rule, whole, unit, hopeless)
        if not first.any():
            break
        rows, held = _least_shrunk(rows, first, rule, whole, numbers[0])
        touched |= first & held
        hopeless |= set(rows[unit].filter(pl.Series(first & ~held)))
    left = rows[unit].is_in(pl.Series(sorted(hopeless), dtype=pl.String).implode()).fill_null(value=False)
    if left.any():
        rows, scaled = _scaled(rows, left.to_numpy(), rule, whole, unit, start)
        touched = np.where(scaled, rows[start.name].ne_missing(start).to_numpy(), touched)
    if not touched.any():
        return frame, 0
    return _put(frame, place, rows, whole), int(touched.sum())


def _scaled(
    rows: pl.DataFrame, units: Mask, rule: Check, whole: Whole, unit: str, values: pl.Series
) -> tuple[pl.DataFrame, Mask]:
    """Return the rows with `values` shrunk alike in all rows of a unit, and the rows of units that then hold.

    For units in which shrinking one row leaves the next no room: the largest share of all values that does.
    """
    planned = next(column for column in whole.columns if column.name == values.name)
    start = to_physical(values, planned.type).to_numpy().astype(np.float64)
    fine, rough = _Grid(planned, rough=False), _Grid(planned, rough=True)

    def tried(share: NDArray[np.float64]) -> tuple[NDArray[np.float64], Mask]:
        values = fine.between(start, share)
        loose = units & ~whole.lawful(_with(rows, units, values, planned, whole))
        values = np.where(loose, rough.between(start, share), values) if loose.any() else values
        changed = _with(rows, units, values, planned, whole)
        bad = units & (_breaks(changed, rule) | ~whole.lawful(changed))
        return values, units & ~whole_units(changed, bad, unit)

    low, high = np.zeros(rows.height), np.ones(rows.height)
    final, good = tried(low)
    for _ in range(SCALINGS if good.any() else 0):
        middle = (low + high) / 2
        found, better = tried(middle)
        better &= good
        final = np.where(better, found, final)
        low, high = np.where(better, middle, low), np.where(better, high, middle)
    return _with(rows, good, final, planned, whole), good


def _breaks(rows: pl.DataFrame, rule: Check) -> Mask:
    return broken_rows(rows, {rule.name: rule.expression})[rule.name]


def _first(rows: pl.DataFrame, rule: Check, whole: Whole, unit: str, hopeless: set[str]) -> Mask:
    """Return the first row of each unit that breaks the rule, in the order of its window."""
    windows = windows_behind(rule.columns, whole.late)
    order = next((window.order for window in windows if window.order), ())
    bad = rows.with_row_index("\x00at").filter(
        pl.Series(_breaks(rows, rule))
        & ~rows[unit].is_in(pl.Series(sorted(hopeless), dtype=pl.String).implode())
    )
    found = bad.sort(*order, "\x00at", nulls_last=True).unique(unit, keep="first", maintain_order=True)
    mask = np.zeros(rows.height, dtype=np.bool_)
    mask[found["\x00at"].to_numpy()] = True
    return mask


def _least_shrunk(
    rows: pl.DataFrame, first: Mask, rule: Check, whole: Whole, name: str
) -> tuple[pl.DataFrame, Mask]:
    """Return the rows with `name` shrunk at `first`, and where that made the rule hold.

    The way to the value nearest to zero is halved, keeping an end that holds, on the column's grid;
    where that end breaks another rule (yen have no cents), the same on whole numbers.
    """
    planned = next(column for column in whole.columns if column.name == name)
    start = to_physical(rows[name], planned.type).to_numpy().astype(np.float64)
    final, held = start.copy(), np.zeros(rows.height, dtype=np.bool_)
    for rough in (False, True):
        grid = _Grid(planned, rough=rough)
        todo = first & ~held
        low, high = np.zeros(rows.height), np.ones(rows.height)
        good = _holds(rows, todo, grid.between(start, low), planned, rule, whole)
        for _ in range(grid.halvings(start[good])):
            middle = (low + high) / 2
            better = _holds(rows, good, grid.between(start, middle), planned, rule, whole)
            low, high = np.where(better, middle, low), np.where(better, high, middle)
        final, held = np.where(good, grid.between(start, low), final), held | good
    return _with(rows, held, final, planned, whole), held


def _holds(
    rows: pl.DataFrame,
    where: Mask,
    values: NDArray[np.float64],
    planned: PlannedColumn,
    rule: Check,
    whole: Whole,
) -> Mask:
    """Return, within `where`, the rows that meet the rule and every row rule with these values."""
    changed = _with(rows, where, values, planned, whole)
    return where & ~_breaks(changed, rule) & whole.lawful(changed)


def _with(
    rows: pl.DataFrame, where: Mask, values: NDArray[np.float64], planned: PlannedColumn, whole: Whole
) -> pl.DataFrame:
    physical = np.where(where, np.nan_to_num(values), 0)
    made = pl.Series(physical if planned.type.name == "float" else np.rint(physical).astype(np.int64))
    column = pl.Series(planned.name, rows[planned.name]).zip_with(
        pl.Series(~where), from_physical(made, planned.type).alias(planned.name)
    )
    return whole.with_late(whole.recomputed(rows.with_columns(column), (planned.name,)))


class _Grid:
    """Values of an ordered column in physical form: those of its grid, or the whole numbers among them."""

    def __init__(self, planned: PlannedColumn, *, rough: bool) -> None:
        column = planned.column
        assert isinstance(column, Ordered)
        self._scale = 10 ** getattr(column, "scale", 0) if planned.type.name == "float" else 1
        top = column.lo + (column.points - 1) * column.step
        self._lo, self._hi, self._step = column.lo, top, column.step
        unit = column.unit
        if rough and unit % column.step == 0 and column.lo <= top // unit * unit:
            self._lo, self._hi, self._step = -(-column.lo // unit) * unit, top // unit * unit, unit

    def halvings(self, start: NDArray[np.float64]) -> int:
        """Return how often the way to zero is halved until a step of the grid is left of the longest."""
        if not len(start):
            return 0
        longest = float(np.abs(start * self._scale - np.clip(0, self._lo, self._hi)).max())
        return math.ceil(math.log2(longest / self._step + 2))

    def between(self, start: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the value at `share` of the way from the one nearest to zero to `start`, towards zero."""
        places = np.floor((np.clip(0, self._lo, self._hi) - self._lo) / self._step)
        zero = self._lo + places * self._step
        wanted = zero + (start * self._scale - zero) * share
        steps = (wanted - self._lo) / self._step
        steps = np.where(wanted >= zero, np.floor(steps + 1e-9), np.ceil(steps - 1e-9))
        grid: NDArray[np.float64] = (
            self._lo + np.clip(steps, 0, (self._hi - self._lo) // self._step) * self._step
        )
        return grid / self._scale


def _is_number(whole: Whole, name: str) -> bool:
    planned = next(column for column in whole.columns if column.name == name)
    return isinstance(planned.column, Ordered) and planned.type.name in ("int", "decimal", "float")
