"""Counting coded rows over many cliques at once, in chunks.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthspec.terms.query import Axis, Scored

Chunk = Mapping[str, NDArray[np.unsignedinteger]]
CHUNK = 262_144


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
    totals = [np.zeros(prod(axis.size for axis in clique), dtype=np.int64) for clique in cliques]
    axes = {axis.identity(): axis for clique in cliques for axis in clique}
    for rows, chunk in chunks:
        for start in range(0, rows, CHUNK):
            here = slice(start, min(rows, start + CHUNK))
            levels = {key: _levels(axis, chunk, here) for key, axis in axes.items()}
            for total, clique in zip(totals, cliques, strict=True):
                _add(total, [(levels[axis.identity()], axis.size) for axis in clique], here.stop - start)
    return totals


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
                bins = np.searchsorted(question.cuts, points, side="right").astype(np.int64)
                levels = [(_levels(axis, chunk, here), axis.size) for axis in question.axes]
                _add(total, [(bins, question.bins), *levels], here.stop - start)
    return totals


def _levels(axis: Axis, chunk: Chunk, here: slice) -> NDArray[np.int64]:
    codes = chunk[axis.attribute][here]
    return codes.astype(np.int64) if axis.levels is None else np.asarray(axis.levels, dtype=np.int64)[codes]


def _add(total: NDArray[np.int64], parts: list[tuple[NDArray[np.int64], int]], rows: int) -> None:
    if not parts:
        total[0] += rows
        return
    index = parts[0][0]
    for levels, size in parts[1:]:
        index = index * size + levels
    if total.size <= 4 * rows:
        total += np.bincount(index, minlength=total.size)
    else:
        cells, times = np.unique(index, return_counts=True)
        total[cells] += times
