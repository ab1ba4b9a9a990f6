"""Blocks: few joint tables out of which many overlapping tables are summed.

All pairs of 20 columns are 190 tables, but 35 tables of four columns hold every one of them: counting is
reading rows, and a row that is put into a table of four columns is put into six pairs at once. A block is
counted as a table of its own and summed into its parts in the end; the sums are the same whole numbers.

Source: Gray et al. 1997 (data cube: small tables are sums of larger ones); the cover is ours, greedy.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

CELLS = 1 << 16
"""A block's cells, at most: its table stays in the processor's cache."""
ROOM = 1 << 22
"""Cells of all blocks together, at most; what does not fit is counted by itself."""

Block = tuple[int, ...]


def cover(cliques: Sequence[tuple[int, ...]], sizes: Sequence[int], cells: int = CELLS) -> list[Block]:
    """Return blocks of axes so that every clique lies in one of them.

    Args:
        cliques: numbers of the axes of each clique.
        sizes: levels of each axis.
        cells: of a block, at most, where the clique itself is not larger.
    """
    wanted = sorted({tuple(sorted(set(clique))) for clique in cliques}, key=lambda c: (-len(c), c))
    left = np.zeros((len(sizes), len(sizes)), dtype=np.bool_)
    for clique in wanted:
        if len(clique) == 2:
            left[clique[0], clique[1]] = left[clique[1], clique[0]] = True
    blocks: list[Block] = []
    over: dict[int, list[int]] = {}
    room = ROOM
    for clique in wanted:
        if _inside(clique, blocks, over, left):
            continue
        block = list(clique)
        _grow(block, sizes, left, min(cells, room))
        room -= prod(sizes[axis] for axis in block)
        left[np.ix_(block, block)] = False
        for axis in block:
            over.setdefault(axis, []).append(len(blocks))
        blocks.append(tuple(block))
    return blocks


def _inside(
    clique: Block, blocks: Sequence[Block], over: dict[int, list[int]], left: NDArray[np.bool_]
) -> bool:
    """Return whether a block has the clique already."""
    if not clique:
        return bool(blocks)
    if len(clique) == 2:
        return not left[clique[0], clique[1]]
    return any(set(clique) <= set(blocks[at]) for at in over.get(clique[0], ()))


def _grow(block: list[int], sizes: Sequence[int], left: NDArray[np.bool_], cells: int) -> None:
    """Add the axes that bring most new pairs into the block, as long as it stays small."""
    size = prod(sizes[axis] for axis in block)
    counts = np.asarray(sizes)
    while len(block) > 1:
        gained = np.where(counts * size <= cells, left[block].sum(axis=0), 0)
        gained[block] = 0
        best = int(gained.argmax())
        if not gained[best]:
            return
        block.append(best)
        size *= sizes[best]


def summed(
    table: NDArray[np.int64], block: Block, sizes: Sequence[int], clique: Sequence[int]
) -> NDArray[np.int64]:
    """Return the table of `clique`, flat in C order, out of its block's.

    Args:
        table: of the block, flat in C order.
        block: numbers of its axes.
        sizes: levels of each axis.
        clique: axes of the block, in any order; one that is there twice is counted against itself.

    Returns:
        `table` itself where it is what was asked for: large tables are not copied.
    """
    once = tuple(dict.fromkeys(clique))
    gone = tuple(at for at, axis in enumerate(block) if axis not in once)
    kept = [axis for axis in block if axis in once]
    shaped = table.reshape([sizes[axis] for axis in block])
    shaped = shaped.sum(axis=gone) if gone else shaped
    found = np.ascontiguousarray(shaped.transpose([kept.index(axis) for axis in once]), dtype=np.int64)
    if len(once) == len(clique):
        return found.reshape(-1)
    cells = np.indices(found.shape).reshape(len(once), -1)
    out = np.zeros([sizes[axis] for axis in clique], dtype=np.int64)
    out[tuple(cells[once.index(axis)] for axis in clique)] = found.reshape(-1)
    return out.reshape(-1)
