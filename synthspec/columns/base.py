"""The contract of a column type: from typed values to codes (as Expr) and back (as arrays).

A shelf entry is a *resolved* column: its domain is public and complete. Physical values are those of
terms/types.py: int64 for int, decimal (scaled), date (days), datetime (seconds), bool (0/1) and
category (index into `values`); float64 for float.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from synthspec.terms.expr import Expr
from synthspec.terms.frozen import Frozen
from synthspec.terms.types import Type


class ColumnType(Frozen, ABC):
    """A column's type, public domain and coding.

    Codes run from 0 to `size` - 1; when `missing` is true the last code means "missing".
    """

    name: str
    missing: bool = False

    @property
    @abstractmethod
    def type(self) -> Type:
        """The value type in the expression language."""

    @property
    @abstractmethod
    def size(self) -> int:
        """The number of codes, the missing code included."""

    @property
    @abstractmethod
    def ordinal(self) -> bool:
        """Whether codes (the missing one aside) are ordered."""

    @abstractmethod
    def inside(self, value: Expr) -> Expr:
        """Return a boolean expression: the (non-null) value lies in the domain; unknown when null."""

    @abstractmethod
    def clamp(self, value: Expr) -> Expr:
        """Return the value brought into the domain (ordered types), or unchanged."""

    @abstractmethod
    def encode(self, value: Expr) -> Expr:
        """Return the code of a value that is in the domain or null; null gives the missing code."""

    @abstractmethod
    def decode(
        self, codes: NDArray[np.integer], rng: np.random.Generator
    ) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
        """Return physical values drawn on the column's grid inside each code, and where they are null.

        Args:
            codes: shape (rows,).
            rng: public randomness.

        Returns:
            Values of shape (rows,) in physical form (undefined where null), and nulls of shape (rows,).
        """

    @abstractmethod
    def encode_physical(self, values: NDArray[np.generic], null: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the codes of physical values; the inverse of `decode`, shape (rows,)."""

    @abstractmethod
    def labels(self) -> tuple[str, ...]:
        """Return one short label per code, for plans and reports."""

    @abstractmethod
    def domain_text(self) -> str:
        """Return the domain as a person would write it after `in:`."""
