"""Inside: drawing the values of one cell where next to none of them is lawful.

A cell of few values is tried value by value. A larger one is cut into boxes, halved again and again
where a box is lawful in part; boxes in which nothing is lawful are left out. Values are then proposed
from what is left, in proportion to the columns' densities, and tested as before: the proposal changes
how long it takes, not what is drawn.

Source: ours; bisection of boxes: Jaulin & Walter 1993 (set inversion); rejection: von Neumann 1951.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import AnyColumn, Ordered
from synthspec.plan.cells import boxes_of
from synthspec.terms.boxes import Abstract, Numbers, chosen, widened
from synthspec.terms.expr import Expr
from synthspec.terms.interval import verdict
from synthspec.terms.tabulate import Listing, tabulate

MOST_VALUES = 1 << 13
"""Combinations of values of one cell that are tried one by one."""
MOST_OF_ONE = 1 << 22
"""The same where a cell leaves one column open: the rule may ask for whole numbers, say."""
MOST_BOXES = 1 << 13
ROUNDS = 48
ENOUGH = 0.5
"""Boxes are not cut further once this share of the proposals is sure to be lawful."""

Indices = NDArray[np.int64]
Heap = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Grid indices and the share of a code below each; linear between them."""


@dataclass(frozen=True, eq=False)
class Cell:
    """Boxes of grid indices of the free columns that hold all lawful values of a cell.

    low, high: first and one past the last index, shape (boxes, columns). mass: of each box.
    """

    columns: tuple[Ordered, ...]
    heaps: tuple[Heap, ...]
    low: Indices
    high: Indices
    mass: NDArray[np.float64]

    def propose(self, count: int, rng: np.random.Generator) -> list[NDArray[np.generic]]:
        """Return physical values for `count` rows, shape (count,) per column; the cell has mass."""
        box = rng.choice(len(self.mass), size=count, p=self.mass / self.mass.sum())
        found = []
        for at, (column, (knots, heaped)) in enumerate(zip(self.columns, self.heaps, strict=True)):
            low, high = self.low[box, at], self.high[box, at]
            ends = np.interp(low, knots, heaped), np.interp(high, knots, heaped)
            drawn = np.interp(ends[0] + rng.random(count) * (ends[1] - ends[0]), heaped, knots)
            index = np.clip(drawn.astype(np.int64), low, high - 1)
            found.append(column.physical(column.lo + index * column.step))
        return found


def cell_of(
    condition: Expr, columns: Mapping[str, AnyColumn], codes: Mapping[str, int], free: Sequence[str]
) -> Cell | None:
    """Return the boxes that hold the lawful values of a cell; None when nothing in it is lawful.

    Args:
        condition: must not be false; over `columns` only.
        columns: all that it reads, resolved.
        codes: the cell.
        free: the ordered columns whose code holds several values and is not "missing".
    """
    own = tuple(column for name in free if isinstance(column := columns[name], Ordered))
    places = tuple(codes[name] for name in free)
    heaps = tuple(_density(column, code) for column, code in zip(own, places, strict=True))
    starts = [column.starts() for column in own]
    low = np.array([[s[code] for s, code in zip(starts, places, strict=True)]], dtype=np.int64)
    high = np.array([[s[code + 1] for s, code in zip(starts, places, strict=True)]], dtype=np.int64)
    if prod((high - low)[0].tolist()) <= (MOST_OF_ONE if len(free) == 1 else MOST_VALUES):
        low, high = _runs(_lawful_points(condition, columns, codes, free, low[0], high[0]))
    else:
        low, high = _halved(condition, columns, codes, free, low, high, heaps)
    mass = _mass(heaps, low, high)
    return Cell(own, heaps, low, high, mass) if mass.sum() > 0 else None


def _lawful_points(
    condition: Expr,
    columns: Mapping[str, AnyColumn],
    codes: Mapping[str, int],
    free: Sequence[str],
    low: Indices,
    high: Indices,
) -> Indices:
    """Return the lawful points, shape (points, columns)."""
    every = np.indices((high - low).tolist()).reshape(len(free), -1)
    listings, places = {}, {}
    for name, column in columns.items():
        if name in free:
            assert isinstance(column, Ordered)
            at = list(free).index(name)
            values = column.physical(column.lo + np.arange(low[at], high[at]) * column.step)
            listings[name], places[name] = Listing(column.type, values), every[at]
        else:
            listings[name] = _single(column, codes[name])
            places[name] = np.zeros(every.shape[1], dtype=np.int64)
    truth, null = tabulate(condition, listings, places)
    good = truth.astype(np.bool_) | null
    return np.asarray(every.T[good] + low)


def _runs(points: Indices) -> tuple[Indices, Indices]:
    """Return boxes that hold the points, shape (points, columns): of one column, neighbours in one box."""
    if points.shape[1] > 1 or not len(points):
        return points, points + 1
    new = np.append(True, np.diff(points[:, 0]) > 1)
    last = np.append(np.flatnonzero(new)[1:] - 1, len(points) - 1)
    return points[new], points[last] + 1


def _single(column: AnyColumn, code: int) -> Listing:
    """Return the one value of a code."""
    values, null = column.decode(np.array([code]), np.random.default_rng(0))
    listed = getattr(column, "values", None)
    if null[0]:
        return Listing(column.type, () if column.type.name == "text" else values[:0], null=True)
    if column.type.name == "text" and listed is not None:
        return Listing(column.type, (listed[int(values[0])],))
    return Listing(column.type, values)


def _halved(
    condition: Expr,
    columns: Mapping[str, AnyColumn],
    codes: Mapping[str, int],
    free: Sequence[str],
    low: Indices,
    high: Indices,
    heaps: Sequence[Heap],
) -> tuple[Indices, Indices]:
    """Return boxes without those in which nothing is lawful, halved where that tells more."""
    sure_low, sure_high = low[:0], high[:0]
    for _ in range(ROUNDS):
        row = _boxes(columns, codes, free, low, high)
        found = verdict(condition, row, len(low))
        never, always = ~found.true & ~found.null, ~found.false
        sure_low, sure_high = np.vstack([sure_low, low[always]]), np.vstack([sure_high, high[always]])
        low, high = low[~never & ~always], high[~never & ~always]
        open_, sure = _mass(heaps, low, high).sum(), _mass(heaps, sure_low, sure_high).sum()
        wide = (high - low).max(axis=1, initial=0) > 1
        if not wide.any() or sure >= ENOUGH * (open_ + sure) or len(low) + len(sure_low) > MOST_BOXES:
            break
        low, high = _cut(low, high)
    return np.vstack([sure_low, low]), np.vstack([sure_high, high])


def _cut(low: Indices, high: Indices) -> tuple[Indices, Indices]:
    """Return each box halved along its longest side; single points stay as they are."""
    side = np.argmax(high - low, axis=1)
    at = np.arange(len(low))
    middle = (low[at, side] + high[at, side]) // 2
    several = high[at, side] - low[at, side] > 1
    first_high, second_low = high.copy(), low.copy()
    first_high[at[several], side[several]] = middle[several]
    second_low[at[several], side[several]] = middle[several]
    return np.vstack([low, second_low[several]]), np.vstack([first_high, high[several]])


def _boxes(
    columns: Mapping[str, AnyColumn],
    codes: Mapping[str, int],
    free: Sequence[str],
    low: Indices,
    high: Indices,
) -> dict[str, Abstract]:
    row: dict[str, Abstract] = {}
    yes, no = np.ones(len(low), dtype=np.bool_), np.zeros(len(low), dtype=np.bool_)
    for name, column in columns.items():
        if name in free:
            assert isinstance(column, Ordered)
            at = list(free).index(name)
            ends = (column.lo + low[:, at] * column.step, column.lo + (high[:, at] - 1) * column.step)
            first, last = (column.physical(end).astype(np.float64) for end in ends)
            row[name] = Numbers(*widened(first, last), yes, no)
        else:
            row[name] = chosen(boxes_of(column), np.full(len(low), codes[name]))
    return row


def _mass(heaps: Sequence[Heap], low: Indices, high: Indices) -> NDArray[np.float64]:
    """Return the share of the cell that each box holds, by the columns' densities."""
    mass = np.ones(len(low))
    for at, (knots, heaped) in enumerate(heaps):
        mass = mass * (np.interp(high[:, at], knots, heaped) - np.interp(low[:, at], knots, heaped))
    return mass


def _density(column: Ordered, code: int) -> Heap:
    """Return how a code is spread over its grid points."""
    starts = column.starts()
    first, last = starts[code], starts[code + 1]
    if column.density is None:
        return np.array([first, last], dtype=np.float64), np.array([0.0, 1.0])
    cells, shares = column.density.on(starts)
    a, b = np.searchsorted(cells, [first, last])
    heaped = np.append(0.0, np.cumsum(shares[a:b]))
    return cells[a : b + 1].astype(np.float64), heaped / heaped[-1]
