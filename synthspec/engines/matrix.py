"""Counting coded rows over many cliques at once, in chunks.

Cliques that overlap are counted together in joint tables (`engines.blocks`) and summed apart in the end.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthspec.engines.blocks import CELLS, cover, summed
from synthspec.terms.query import Axis, Scored

Codes = NDArray[np.unsignedinteger]
Chunk = Mapping[str, Codes]
CHUNK = 262_144
WEIGHT = "\x00weight"
"""Where a chunk has it, each row counts so many times."""


def narrowest(size: int) -> type[np.unsignedinteger]:
    """Return the smallest unsigned type that holds the codes 0..size-1."""
    return np.uint8 if size <= 1 << 8 else np.uint16 if size <= 1 << 16 else np.uint32


def count(
    chunks: Iterable[tuple[int, Chunk]], cliques: Sequence[tuple[Axis, ...]]
) -> list[NDArray[np.int64]]:
    """Return the counts of each clique, flat in C order.

    Args:
        chunks: number of rows and codes by attribute, each of shape (rows,).
        cliques: what to count.
    """
    axes = {axis.identity(): axis for clique in cliques for axis in clique}
    number = {key: at for at, key in enumerate(axes)}
    sizes = [axis.size for axis in axes.values()]
    wanted = [tuple(number[axis.identity()] for axis in clique) for clique in cliques]
    blocks: list[tuple[int, ...]] = []
    totals: list[NDArray[np.int64]] = []
    for rows, chunk in chunks:
        for start in range(0, rows, CHUNK):
            here = slice(start, min(rows, start + CHUNK))
            if not blocks:  # few rows are not worth large tables
                blocks = cover(wanted, sizes, min(CELLS, rows))
                totals = [np.zeros(prod(sizes[at] for at in block), dtype=np.int64) for block in blocks]
            levels, times = [_levels(axis, chunk, here) for axis in axes.values()], _times(chunk, here)
            for total, block in zip(totals, blocks, strict=True):
                _add(total, [(levels[at], sizes[at]) for at in block], here.stop - start, times)
    if not blocks:
        return [np.zeros(prod(axis.size for axis in clique), dtype=np.int64) for clique in cliques]
    return _apart(totals, blocks, sizes, wanted)


def _apart(
    totals: Sequence[NDArray[np.int64]],
    blocks: Sequence[tuple[int, ...]],
    sizes: Sequence[int],
    wanted: Sequence[tuple[int, ...]],
) -> list[NDArray[np.int64]]:
    """Return the table of each clique, out of the least block that has it."""
    over: dict[int, list[int]] = {}
    for at, block in enumerate(blocks):
        for axis in block:
            over.setdefault(axis, []).append(at)
    found: list[NDArray[np.int64]] = []
    handed: dict[int, list[NDArray[np.int64]]] = {}
    for clique in wanted:
        having = [at for at in over.get(clique[0], ()) if set(clique) <= set(blocks[at])] if clique else [0]
        at = min(having, key=lambda at: totals[at].size)
        table = summed(totals[at], blocks[at], sizes, clique)
        shared = any(np.may_share_memory(table, each) for each in handed.get(at, ()))
        found.append(table.copy() if shared else table)
        handed.setdefault(at, []).append(table)
    return found


def scored(chunks: Iterable[tuple[int, Chunk]], questions: Sequence[Scored]) -> list[NDArray[np.int64]]:
    """Return the counts of each question by score bin and level, flat in C order; see `Scored`."""
    totals = [np.zeros(question.cells, dtype=np.int64) for question in questions]
    for rows, chunk in chunks:
        for start in range(0, rows, CHUNK):
            here = slice(start, min(rows, start + CHUNK))
            for total, question in zip(totals, questions, strict=True):
                points = np.zeros(here.stop - start, dtype=np.int64)
                for attribute, table in zip(question.attributes, question.tables, strict=True):
                    points += np.asarray(table, dtype=np.int64)[chunk[attribute][here]]
                bins = np.searchsorted(question.cuts, points, side="right").astype(narrowest(question.bins))
                levels = [(_levels(axis, chunk, here), axis.size) for axis in question.axes]
                _add(total, [(bins, question.bins), *levels], here.stop - start, _times(chunk, here))
    return totals


def _levels(axis: Axis, chunk: Chunk, here: slice) -> Codes:
    codes = chunk[axis.attribute][here]
    return codes if axis.levels is None else axis.levels.astype(narrowest(axis.size))[codes]


def _times(chunk: Chunk, here: slice) -> Codes | None:
    return chunk[WEIGHT][here] if WEIGHT in chunk else None


def _add(
    total: NDArray[np.int64], parts: list[tuple[Codes, int]], rows: int, times: Codes | None = None
) -> None:
    """Count rows by cell; the cell's number is made in the narrowest type that holds all of them."""
    if not parts:
        total[0] += rows if times is None else int(times.sum(dtype=np.int64))
        return
    wide = np.uint16 if total.size < 1 << 16 else np.uint32 if total.size < 1 << 32 else np.int64
    index = parts[0][0].astype(wide)
    for levels, size in parts[1:]:
        np.multiply(index, wide(size), out=index)
        np.add(index, levels, out=index)
    # sums of weights in a chunk stay far below 2**53: whole numbers, exactly
    if total.size <= 4 * rows:
        total += np.bincount(index, times, total.size).astype(np.int64, copy=False)
    elif times is None:
        cells, counts = np.unique(index, return_counts=True)
        total[cells] += counts
    else:
        cells, at = np.unique(index, return_inverse=True)
        total[cells] += np.bincount(at.reshape(-1), times, cells.size).astype(np.int64)
