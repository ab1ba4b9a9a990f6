"""Cells: what a condition says of each cell of a table of codes: never, always, or some of its values.

With few combinations of values all are tried, so that the verdict is exact and the lawful share of each
cell is known; else cells are judged as boxes (terms/interval), and "some" is said when unsure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import AnyColumn, Boolean, Id, Listed, Ordered
from synthspec.terms.boxes import Abstract, Bools, Numbers, Texts, Truths, chosen, hull, widened
from synthspec.terms.expr import Expr
from synthspec.terms.interval import verdict
from synthspec.terms.tabulate import Listing, tabulate
from synthspec.terms.types import BOOL

MOST_VALUES = 2_000_000
"""Combinations of values that are tried one by one."""
MOST_CELLS = 3_000_000
"""Cells of a table of verdicts."""
AT_ONCE = 1 << 16


@dataclass(frozen=True, eq=False)
class Cells:
    """Verdicts over the codes of `columns`; arrays have one axis per column.

    never: the condition is false for every combination of values inside. some: it is false for a part
    of them. lawful: the share of values for which it is not false, None where cells were judged as boxes.
    """

    columns: tuple[str, ...]
    never: Bools
    some: Bools
    lawful: NDArray[np.float64] | None = None


def cells_of(expression: Expr, columns: Sequence[AnyColumn]) -> Cells | None:
    """Return the verdict on each cell, None when there are too many.

    Args:
        expression: a condition over `columns` only.
        columns: resolved, none of them an id.
    """
    sizes = [column.size for column in columns]
    if prod(sizes) > MOST_CELLS:
        return None
    if prod(values_of(column) for column in columns) <= MOST_VALUES:
        return _tried(expression, columns)
    return _judged(expression, columns)


def cells_through(
    expression: Expr,
    columns: Sequence[AnyColumn],
    computed: Mapping[str, tuple[int, Expr]],
    keep: Sequence[str],
) -> Cells | None:
    """Return the verdict on each cell over codes of `keep` and of computed columns, by trying all values.

    Args:
        expression: a condition over `columns` only.
        columns: those of `keep`, and what else the condition and the computed columns read.
        computed: the size of each computed column, and its code as an expression over `columns`.
        keep: which of `columns` are axes of the table; they come first, computed ones after them.

    Returns:
        None when there are too many values or cells. A cell that no values fall into is impossible.
    """
    lists = {column.name: listing_of(column) for column in columns if values_of(column) <= MOST_VALUES}
    sizes = [column.size for name in keep for column in columns if column.name == name]
    shape = (*sizes, *(size for size, _ in computed.values()))
    if len(lists) < len(columns) or prod(shape) > MOST_CELLS:
        return None
    counts = [len(listing) for listing, _, _ in lists.values()]
    if prod(counts) > MOST_VALUES:
        return None
    every = dict(zip(lists, np.indices(counts, dtype=np.int32).reshape(len(counts), -1), strict=True))
    listings = {name: listing for name, (listing, _, _) in lists.items()}
    truth, null = tabulate(expression, listings, every)
    good = truth.astype(np.bool_) | null
    cell = np.zeros(len(good), dtype=np.int64)
    for name, size in zip(keep, sizes, strict=True):
        cell = cell * size + lists[name][1][every[name]]
    for size, code in computed.values():
        found = tabulate(code, listings, every)[0].astype(np.int64)
        cell = cell * size + np.where((found < 0) | (found >= size), 0, found)
    count = np.bincount(cell, weights=good, minlength=prod(shape)).reshape(shape)
    whole = np.bincount(cell, minlength=prod(shape)).reshape(shape)
    never = count == 0
    return Cells((*keep, *computed), never, ~never & (count < whole))


def values_of(column: AnyColumn) -> int:
    """Return how many values a column has, null among them."""
    match column:
        case Ordered():
            return column.points + column.missing
        case _:
            return column.size


def listing_of(column: AnyColumn) -> tuple[Listing, NDArray[np.int64], NDArray[np.float64]]:
    """Return the values of a column, the code of each, and its share within the code."""
    gap = int(column.missing)
    match column:
        case Ordered():
            starts = column.starts()
            values = column.physical(column.lo + np.arange(column.points, dtype=np.int64) * column.step)
            width = np.diff(starts)
            codes = np.repeat(np.arange(column.codes), width)
            if column.density is None or column.cuts is None:
                shares = 1.0 / width[codes]
            else:
                cells, inside = column.density.on(starts)
                shares = np.repeat(inside / np.diff(cells), np.diff(cells))
            listing = Listing(column.type, values, column.missing)
        case Boolean():
            listing = Listing(BOOL, np.array([0, 1]), column.missing)
            codes, shares = np.arange(2), np.ones(2)
        case Listed():
            listing = Listing(column.type, column.listed(), column.missing)
            codes, shares = np.arange(len(column.listed())), np.ones(len(column.listed()))
        case Id():
            raise TypeError("an id has no values")
    codes = np.concatenate([codes, np.full(gap, column.size - 1)]).astype(np.int64)
    return listing, codes, np.concatenate([shares, np.ones(gap)])


def _tried(expression: Expr, columns: Sequence[AnyColumn]) -> Cells:
    lists = [listing_of(column) for column in columns]
    shape = [len(listing) for listing, _, _ in lists]
    every = np.indices(shape, dtype=np.int32).reshape(len(shape), -1)
    names = [column.name for column in columns]
    truth, null = tabulate(
        expression,
        {name: listing for name, (listing, _, _) in zip(names, lists, strict=True)},
        dict(zip(names, every, strict=True)),
    )
    good = truth.astype(np.bool_) | null
    sizes = tuple(column.size for column in columns)
    cell = np.zeros(every.shape[1], dtype=np.int64)
    share = np.ones(every.shape[1])
    for size, place, (_, codes, shares) in zip(sizes, every, lists, strict=True):
        cell = cell * size + codes[place]
        share *= shares[place]
    count = np.bincount(cell, weights=good, minlength=prod(sizes)).reshape(sizes)
    whole = np.bincount(cell, minlength=prod(sizes)).reshape(sizes)
    lawful = np.bincount(cell, weights=np.where(good, share, 0.0), minlength=prod(sizes)).reshape(sizes)
    never = count == 0
    return Cells(tuple(names), never, ~never & (count < whole), np.where(count == whole, 1.0, lawful))


def _judged(expression: Expr, columns: Sequence[AnyColumn]) -> Cells:
    """Judge cells as boxes; one verdict is enough where it holds for all codes of the columns left."""
    order = sorted(columns, key=lambda column: column.size)
    boxes = {column.name: boxes_of(column) for column in columns}
    row = {name: hull(box) for name, box in boxes.items()}
    sizes = [column.size for column in order]
    never, some = np.zeros(prod(sizes), dtype=np.bool_), np.zeros(prod(sizes), dtype=np.bool_)
    open_ = np.zeros(1, dtype=np.int64)
    for told in range(len(order) + 1):
        if told:
            size = sizes[told - 1]
            open_ = (open_[:, None] * size + np.arange(size)).reshape(-1)
        inside = prod(sizes[told:])
        left = []
        for start in range(0, len(open_), AT_ONCE):
            part = open_[start : start + AT_ONCE]
            places = np.unravel_index(part, sizes[:told]) if told else ()
            mine = {name: chosen(box, np.zeros(len(part), dtype=np.int64)) for name, box in row.items()}
            mine |= {
                column.name: chosen(boxes[column.name], at)
                for column, at in zip(order[:told], places, strict=True)
            }
            found = verdict(expression, mine, len(part))
            bad = ~found.true & ~found.null
            unsure = found.false & ~bad
            never.reshape(-1, inside)[part[bad]] = True
            left.append(part[unsure])
        open_ = np.concatenate(left) if left else open_[:0]
    some[open_] = True
    axes = [order.index(column) for column in columns]
    return Cells(
        tuple(column.name for column in columns),
        never.reshape(sizes).transpose(axes),
        some.reshape(sizes).transpose(axes),
    )


def boxes_of(column: AnyColumn) -> Abstract:
    """Return what a column is in each of its codes."""
    size, gap = column.size, int(column.missing)
    null = np.arange(size) >= size - gap
    match column:
        case Ordered():
            starts = column.starts()
            low = column.physical(column.lo + starts[:-1] * column.step).astype(np.float64)
            high = column.physical(column.lo + (starts[1:] - 1) * column.step).astype(np.float64)
            low, high = widened(np.append(low, np.zeros(gap)), np.append(high, np.zeros(gap)))
            return Numbers(low, high, ~null, null)
        case Boolean():
            codes = np.arange(size)
            return Truths(codes == 1, codes == 0, null)
        case Listed():
            names = column.listed()
            may = np.zeros((size, len(names)), dtype=np.bool_)
            may[np.arange(len(names)), np.arange(len(names))] = True
            return Texts(names, may, ~null, null)
        case Id():
            raise TypeError("an id has no values")
