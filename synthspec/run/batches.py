"""Batches: the coded rows of private units, and those of the units that joined one Poisson batch.

Private: for `run.gradient` only. How many rows or units there are is never said.

Source: ours; PRIVACY 8.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthspec.engines.base import Held

PIECE = 4096
"""Rows that go through the network at once; a larger batch goes piece by piece, a unit never apart."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Whole units of one batch, those with fewer rows first.

    Attributes:
        codes: shape (rows, attributes), rows of a unit together.
        counts: rows of each unit, shape (units,), not falling.
    """

    codes: NDArray[np.int64]
    counts: NDArray[np.int64]

    def __repr__(self) -> str:
        return "Piece(...)"


class Units:
    """Private coded rows, sorted by unit."""

    def __init__(self, codes: NDArray[np.unsignedinteger], starts: NDArray[np.int64]) -> None:
        self._codes = codes
        self._starts = starts

    def __repr__(self) -> str:
        return "Units(...)"

    @classmethod
    def of(cls, held: Held, attributes: Sequence[str]) -> Units:
        """Return the rows of `held`, their codes in the order of `attributes`, in their widest type."""
        order = np.argsort(held.units, kind="stable")
        kind = np.result_type(np.uint8, *(held.codes[name].dtype for name in attributes))
        codes = np.empty((len(order), len(attributes)), dtype=kind)
        for at, name in enumerate(attributes):
            codes[:, at] = held.codes[name][order]
        counts = np.bincount(held.units) if len(order) else np.zeros(0, dtype=np.int64)
        counts = counts[counts > 0]  # a number that no row has is nobody
        return cls(codes, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))

    @classmethod
    def gathered(
        cls,
        codes: Sequence[NDArray[np.unsignedinteger]],
        marks: Sequence[NDArray[np.uint64]],
        attributes: int,
    ) -> Units:
        """Return rows that came in parts, a unit where marks are equal (`engines.base.Part`)."""
        if not codes:
            return cls.none(attributes)
        marked = np.concatenate(marks)
        order = np.lexsort((marked[:, 0], marked[:, 1]))
        marked = marked[order]
        new = np.ones(len(order), dtype=bool)
        new[1:] = (marked[1:] != marked[:-1]).any(axis=1)
        starts = np.append(np.flatnonzero(new), len(order)).astype(np.int64)
        return cls(np.concatenate(codes)[order], starts)

    @classmethod
    def none(cls, attributes: int) -> Units:
        """Return no rows."""
        return cls(np.zeros((0, attributes), dtype=np.uint8), np.zeros(1, dtype=np.int64))

    def __len__(self) -> int:
        return len(self._starts) - 1

    def pieces(self, joined: NDArray[np.int64], most: int = PIECE) -> Iterator[Piece]:
        """Yield the rows of the units `joined`, at most `most` rows at a time where no unit has more."""
        counts = self._starts[joined + 1] - self._starts[joined]
        order = np.argsort(counts, kind="stable")
        units, counts = joined[order], counts[order]
        start, rows = 0, 0
        for stop, count in enumerate(counts.tolist()):
            if rows and rows + count > most:
                yield self._piece(units[start:stop], counts[start:stop])
                start, rows = stop, 0
            rows += count
        if rows:
            yield self._piece(units[start:], counts[start:])

    def _piece(self, units: NDArray[np.int64], counts: NDArray[np.int64]) -> Piece:
        ends = np.cumsum(counts)
        at = np.arange(int(ends[-1])) + np.repeat(self._starts[units] - (ends - counts), counts)
        return Piece(self._codes[at].astype(np.int64), counts)
