"""id: a name for a row or a unit, never read into codes and never released; fresh surrogates instead."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthspec.columns.base import ColumnType
from synthspec.terms.expr import Expr, IsNull, Literal_, Not
from synthspec.terms.types import INT, TEXT, Type


class Id(ColumnType):
    """One code that says nothing; physical values are texts."""

    kind: Literal["id"] = "id"

    @property
    def type(self) -> Type:
        """See `ColumnType.type`."""
        return TEXT

    @property
    def size(self) -> int:
        """See `ColumnType.size`."""
        return 1

    @property
    def ordinal(self) -> bool:
        """See `ColumnType.ordinal`."""
        return False

    def inside(self, value: Expr) -> Expr:
        """See `ColumnType.inside`: any text is an id."""
        return Not(arg=IsNull(arg=value))

    def clamp(self, value: Expr) -> Expr:
        """See `ColumnType.clamp`."""
        return value

    def encode(self, value: Expr) -> Expr:
        """See `ColumnType.encode`: always 0, whatever the value."""
        return Literal_(text="0", type=INT)

    def decode(
        self, codes: NDArray[np.integer], rng: np.random.Generator
    ) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
        """See `ColumnType.decode`: the surrogates of `surrogates`, counted from 1."""
        return self.surrogates(len(codes)), np.zeros(len(codes), dtype=np.bool_)

    def surrogates(self, rows: int, start: int = 1) -> NDArray[np.generic]:
        """Return `rows` distinct texts, numbered from `start`; they depend on no value of the source."""
        return np.arange(start, start + rows).astype(np.str_)

    def encode_physical(self, values: NDArray[np.generic], null: NDArray[np.bool_]) -> NDArray[np.int64]:
        """See `ColumnType.encode_physical`."""
        return np.zeros(len(values), dtype=np.int64)

    def labels(self) -> tuple[str, ...]:
        """See `ColumnType.labels`."""
        return ("any",)

    def domain_text(self) -> str:
        """See `ColumnType.domain_text`."""
        return "id"
