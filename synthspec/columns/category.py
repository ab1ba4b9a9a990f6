"""category: one of a public list of texts."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from synthspec.columns.listed import Listed
from synthspec.terms.types import TEXT, Type


class Category(Listed):
    """Texts, in the order of the list; the order means nothing."""

    kind: Literal["category"] = "category"
    values: tuple[str, ...]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if not self.values or len(set(self.values)) != len(self.values):
            raise ValueError("a category needs distinct values, one at least")
        return self

    @property
    def type(self) -> Type:
        """See `ColumnType.type`."""
        return TEXT

    def listed(self) -> tuple[str, ...]:
        """See `Listed.listed`."""
        return self.values
