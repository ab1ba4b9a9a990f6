"""Listed: what column types with an explicit list of values share; the physical value is the index."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from synthspec.columns.base import ColumnType
from synthspec.columns.grid import or_missing
from synthspec.terms.expr import Expr, In, Index, Literal_


class Listed(ColumnType, ABC):
    """A column with one code per listed value."""

    @abstractmethod
    def listed(self) -> tuple[str, ...]:
        """Return the canonical literal text of each value, in code order."""

    @property
    def size(self) -> int:
        """See `ColumnType.size`."""
        return len(self.listed()) + self.missing

    @property
    def ordinal(self) -> bool:
        """See `ColumnType.ordinal`."""
        return False

    def inside(self, value: Expr) -> Expr:
        """See `ColumnType.inside`."""
        return In(arg=value, values=tuple(Literal_(text=text, type=self.type) for text in self.listed()))

    def clamp(self, value: Expr) -> Expr:
        """See `ColumnType.clamp`."""
        return value

    def encode(self, value: Expr) -> Expr:
        """See `ColumnType.encode`."""
        return or_missing(value, Index(arg=value, values=self.listed()), self.size, self.missing)

    def decode(
        self, codes: NDArray[np.integer], rng: np.random.Generator
    ) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
        """See `ColumnType.decode`: the physical value is the code itself."""
        last = len(self.listed())
        null = np.asarray(codes) == last if self.missing else np.zeros(len(codes), dtype=np.bool_)
        return np.where(null, 0, codes).astype(np.int64), null

    def encode_physical(self, values: NDArray[np.generic], null: NDArray[np.bool_]) -> NDArray[np.int64]:
        """See `ColumnType.encode_physical`."""
        last = len(self.listed()) if self.missing else 0
        return np.where(null, last, np.asarray(values)).astype(np.int64)

    def labels(self) -> tuple[str, ...]:
        """See `ColumnType.labels`."""
        return (*self.listed(), "missing") if self.missing else self.listed()

    def domain_text(self) -> str:
        """See `ColumnType.domain_text`: the list, shortened in the middle when long."""
        values = self.listed()
        if len(values) > 12:
            return f"[{', '.join(values[:3])}, ... {len(values)} values]"
        return f"[{', '.join(values)}]"
