"""Codes: a public coded table; one integer array per attribute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthspec.terms.domain import Clique, Domain

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Codes:
    """A table of codes, public by type (synthetic rows); every array has shape (rows,)."""

    domain: Domain
    columns: Mapping[str, NDArray[np.integer]]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def count(self, clique: Clique) -> IntArray:
        """Return the counts over `clique` [rows], flat in C order of `clique`."""
        index = np.zeros(self.rows, dtype=np.int64)
        for attribute in clique:
            index = index * self.domain.size(attribute) + self.columns[attribute]
        return np.bincount(index, minlength=self.domain.cells(clique))
