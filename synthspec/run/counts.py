"""Counts: exact counts of the rows of one view, in passes of bounded memory, kept for a while.

Exact answers: for `run.kernel` only.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from synthspec.engines.base import Rows
from synthspec.terms.query import Axis, Marginal

MOST_CELLS = 1 << 25
"""Cells counted in one pass, and cells kept for the next question; a larger clique goes alone."""

Result = TypeVar("Result")


class Counts:
    """Exact counts by clique."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._kept: dict[str, NDArray[np.int64]] = {}
        self._cells = 0

    def __repr__(self) -> str:
        return "Counts(...)"

    def fold(
        self, cliques: Sequence[tuple[Axis, ...]], reduce: Callable[[int, NDArray[np.int64]], Result]
    ) -> list[Result]:
        """Return `reduce(i, counts of cliques[i])` for each clique, in order."""
        found: list[Result] = []
        for start, stop in _groups([Marginal(axes=clique).cells for clique in cliques]):
            counts = self._count(cliques[start:stop])
            found += [reduce(start + i, count) for i, count in enumerate(counts)]
        return found

    def _count(self, cliques: Sequence[tuple[Axis, ...]]) -> list[NDArray[np.int64]]:
        keys = [Marginal(axes=clique).digest() for clique in cliques]
        missing = {key: clique for key, clique in zip(keys, cliques, strict=True) if key not in self._kept}
        held = {key: self._kept[key] for key in keys if key in self._kept}
        fresh = dict(zip(missing, self._rows.count(list(missing.values())) if missing else [], strict=True))
        cells = sum(count.size for count in fresh.values())
        if self._cells + cells > MOST_CELLS:
            self._kept, self._cells = {}, 0
        if cells <= MOST_CELLS:
            self._kept.update(fresh)
            self._cells += cells
        return [fresh[key] if key in fresh else held[key] for key in keys]


def _groups(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Return slices of consecutive sizes that add up to MOST_CELLS at most, or hold one."""
    groups: list[tuple[int, int]] = []
    start, total = 0, 0
    for i, size in enumerate(sizes):
        if i > start and total + size > MOST_CELLS:
            groups.append((start, i))
            start, total = i, 0
        total += size
    return [*groups, (start, len(sizes))] if sizes else []
