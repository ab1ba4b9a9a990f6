"""Table: rows as attacks see them: coded columns, and values on each column's public range.

Nothing here knows where rows come from. An attack is handed released rows, rows of people who are in
the private table and rows of people who are not, all in this form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Attribute:
    """One column: its number of codes, whether they are ordered, whether the last means "missing"."""

    name: str
    size: int
    ordered: bool = False
    missing: bool = False


@dataclass(frozen=True, eq=False)
class Table:
    """Rows over `attributes`.

    Attributes:
        attributes: the columns.
        codes: shape (rows, columns).
        values: shape (rows, columns); of ordered columns the place in the public range, 0..1, NaN where
            missing; of others the code.
    """

    attributes: tuple[Attribute, ...]
    codes: IntArray
    values: FloatArray

    def __repr__(self) -> str:
        return "Table(...)"  # its size is private

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.codes)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of codes of each column."""
        return tuple(attribute.size for attribute in self.attributes)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(attribute.name for attribute in self.attributes)

    def take(self, index: IntArray | BoolArray) -> Table:
        """Return the rows at `index`, or where it is true."""
        return Table(self.attributes, self.codes[index], self.values[index])

    def join(self, other: Table) -> Table:
        """Return these rows followed by those of `other`."""
        return Table(
            self.attributes,
            np.concatenate([self.codes, other.codes]),
            np.concatenate([self.values, other.values]),
        )

    def some(self, most: int, rng: np.random.Generator) -> Table:
        """Return at most `most` rows, chosen at random without repeats."""
        if self.rows <= most:
            return self
        return self.take(np.sort(rng.choice(self.rows, size=most, replace=False)))


def exact_keys(table: Table) -> NDArray[np.void]:
    """Return one key per row, equal exactly where two rows agree in every value; shape (rows,)."""
    held = np.ascontiguousarray(np.nan_to_num(table.values, nan=-1.0)) + 0.0  # no negative zeros
    return held.view(np.dtype((np.void, held.dtype.itemsize * held.shape[1]))).ravel()


def cells_of(codes: IntArray, sizes: Sequence[int], clique: Sequence[int]) -> IntArray:
    """Return the flat cell (C order) of each row over the columns `clique`; shape (rows,)."""
    index = np.zeros(len(codes), dtype=np.int64)
    for column in clique:
        index = index * sizes[column] + codes[:, column]
    return index
