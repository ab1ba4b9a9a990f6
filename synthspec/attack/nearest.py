"""Nearest: distances between rows of mixed columns, in pieces of bounded memory.

The distance of two rows is the mean over columns of |a - b| on the public range (ordered columns) or
of a != b (others); where one of two values is missing it is 1, where both are 0.

Source: Gower 1971, "A general coefficient of similarity and some of its properties", Biometrics 27.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthspec.attack.table import FloatArray, IntArray, Table

CELLS = 4_000_000
"""Distances held at once."""

Block = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Pieces:
    """Blocks of summed distances between targets and a base; `of` gives one column's part of a block."""

    targets: Table
    base: Table

    def blocks(self, columns: Sequence[int]) -> Iterator[tuple[slice, Block, Callable[[int], Block]]]:
        """Yield, per block of targets, which they are, the sum over `columns`, and one column's part."""
        step = max(1, CELLS // max(1, self.base.rows))
        for start in range(0, self.targets.rows, step):
            here = slice(start, min(self.targets.rows, start + step))
            total = np.zeros((here.stop - start, self.base.rows), dtype=np.float32)
            for column in columns:
                total += self._part(here, column)
            yield here, total, lambda column, here=here: self._part(here, column)  # type: ignore[misc]

    def _part(self, here: slice, column: int) -> Block:
        a = self.targets.values[here, column].astype(np.float32)[:, None]
        b = self.base.values[:, column].astype(np.float32)[None, :]
        if not self.base.attributes[column].ordered:
            unequal: Block = (a != b).astype(np.float32)
            return unequal
        gap: Block = np.abs(a - b)
        if self.base.attributes[column].missing:
            one, two = np.isnan(a), np.isnan(b)
            np.copyto(gap, np.float32(1), where=one | two)
            np.copyto(gap, np.float32(0), where=one & two)
        return gap


def nearest(targets: Table, base: Table, count: int = 1) -> FloatArray:
    """Return the `count` smallest distances of each target to rows of `base`, ascending.

    Returns:
        Shape (targets, count), distances in 0..1; where the base has fewer rows, 1.
    """
    columns = range(len(targets.attributes))
    found = np.ones((targets.rows, count))
    take = min(count, base.rows)
    if take:
        for here, total, _ in Pieces(targets, base).blocks(columns):
            least = np.partition(total, take - 1, axis=1)[:, :take] if take > 1 else total.min(1)[:, None]
            found[here, :take] = np.sort(least, axis=1) / max(1, len(columns))
    return found


def closest(targets: Table, base: Table, columns: Sequence[int], count: int) -> tuple[FloatArray, IntArray]:
    """Return the distances over `columns` and places in `base` of the `count` nearest rows, unsorted.

    Returns:
        Both of shape (targets, count), or fewer columns where the base has fewer rows.
    """
    take = min(count, base.rows)
    distances = np.ones((targets.rows, take))
    places = np.zeros((targets.rows, take), dtype=np.int64)
    if take:
        for here, total, _ in Pieces(targets, base).blocks(columns):
            order = np.argpartition(total, take - 1, axis=1)[:, :take]
            places[here] = order
            distances[here] = np.take_along_axis(total, order, axis=1) / max(1, len(columns))
    return distances, places


def exposure(targets: Table, reference: Table, count: int = 5) -> FloatArray:
    """Return how far each target lies from other people: its mean distance to the nearest few of them.

    Source: Meeus et al. 2023, "Achilles' Heels", arXiv:2306.10308.
    """
    return np.asarray(nearest(targets, reference, count).mean(axis=1))
