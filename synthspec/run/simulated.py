"""Simulated rows: tables in memory that nobody's life is in, answered as an engine answers.

Two neighbouring tables for a game: both hold the same others, and one of them one unit more (or, under
`replace`, the same unit with other rows), with as many rows as a unit may have, all in cells that nobody else
is in: there its part of every answer is as large as the price allows for.

Source: ours; PRIVACY 10.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthspec.engines.base import Held, Part
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from synthspec.terms.query import Axis, Scored

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Simulated:
    """A table in memory; see `engines.base.Rows`.

    Attributes:
        domain: its attributes.
        codes: per attribute the rows' codes, shape (rows,).
        units: the number of each row's unit, shape (rows,).
        flagged: per label of `affected`, how many units.
        named: per text value of any column, how many units have it.
    """

    domain: Domain
    codes: Mapping[str, IntArray]
    units: IntArray
    flagged: Mapping[str, int] = field(default_factory=dict)
    named: Mapping[str, int] = field(default_factory=dict)

    def count(self, cliques: Sequence[tuple[Axis, ...]]) -> list[IntArray]:
        """See `Rows.count`."""
        return [self._count(axes) for axes in cliques]

    def scored(self, questions: Sequence[Scored]) -> list[IntArray]:
        """See `Rows.scored`."""
        return [self._scored(each) for each in questions]

    def _scored(self, question: Scored) -> IntArray:
        points = np.zeros(len(self.units), dtype=np.int64)
        for name, table in zip(question.attributes, question.tables, strict=True):
            points += table[self.codes[name]]
        bins = np.searchsorted(question.cuts, points, side="right").astype(np.int64)
        return self._count(question.axes, bins, question.bins)

    def _count(self, axes: tuple[Axis, ...], index: IntArray | None = None, bins: int = 1) -> IntArray:
        cells = prod(axis.size for axis in axes) * bins
        return np.bincount(self.cells(axes, index), minlength=cells).astype(np.int64)

    def cells(self, axes: tuple[Axis, ...], index: IntArray | None = None) -> IntArray:
        """Return each row's cell over the axes, after `index`; shape (rows,)."""
        index = np.zeros(len(self.units), dtype=np.int64) if index is None else index
        for axis in axes:
            codes = self.codes[axis.attribute]
            index = index * axis.size + (codes if axis.levels is None else axis.levels[codes])
        return index

    def affected(self, flags: Sequence[str]) -> IntArray:
        """See `Rows.affected`."""
        return np.array([self.flagged.get(flag, 0) for flag in flags], dtype=np.int64)

    def partitions(self, column: str) -> Mapping[str, int]:
        """See `Rows.partitions`."""
        return self.named

    def held(self) -> Held:
        """See `Rows.held`."""
        _, units = np.unique(self.units, return_inverse=True)
        kinds = {name: codes.astype(np.uint16) for name, codes in self.codes.items()}
        return Held(kinds, units.reshape(-1).astype(np.int64))

    def parts(self) -> Iterator[Part]:
        """See `Rows.parts`."""
        held = self.held()
        marks = np.stack([held.units, held.units], axis=1).astype(np.uint64)
        yield Part(held.codes, marks)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two neighbouring tables."""

    there: Simulated
    away: Simulated


def exposed(domain: Domain, protection: Protection, others: int = 0, seed: int = 5) -> Pair:
    """Return neighbours whose unit lies where nobody else is.

    The unit's rows are in the last cell of every attribute; under `replace` they are in the last but one of
    the other world. The others have the codes before these, the first attribute near the second.

    Args:
        domain: attributes of three codes or more.
        protection: the relation, and how many rows the unit has.
        others: how many others there are, one row each.
        seed: of their codes.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    rooms = [max(1, size - 2) for size in domain.sizes]
    first = rng.integers(0, rooms[0], others)
    codes = {}
    for name, room in zip(domain.attributes, rooms, strict=True):
        alike = rng.random(others) < 0.8
        codes[name] = np.where(alike, first % room, rng.integers(0, room, others)).astype(np.int64)
    most = protection.max_rows
    last = {name: size - 1 for name, size in zip(domain.attributes, domain.sizes, strict=True)}
    there = _with(domain, codes, others, last, most)
    if protection.neighbours == "replace":
        before = {name: code - 1 for name, code in last.items()}
        return Pair(there, _with(domain, codes, others, before, most))
    return Pair(there, _with(domain, codes, others, last, 0))


def _with(
    domain: Domain, codes: Mapping[str, IntArray], others: int, cell: Mapping[str, int], rows: int
) -> Simulated:
    """Return the others with `rows` rows of one unit in `cell`."""
    whole = {
        name: np.concatenate([column, np.full(rows, cell[name], dtype=np.int64)])
        for name, column in codes.items()
    }
    units = np.concatenate([np.arange(others), np.full(rows, others)]).astype(np.int64)
    return Simulated(domain, whole, units)
