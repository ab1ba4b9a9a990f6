"""bool: false (code 0) or true (code 1)."""

from __future__ import annotations

from typing import Literal

from synthspec.columns.listed import Listed
from synthspec.terms.types import BOOL, Type


class Boolean(Listed):
    """A truth value."""

    kind: Literal["bool"] = "bool"

    @property
    def type(self) -> Type:
        """See `ColumnType.type`."""
        return BOOL

    def listed(self) -> tuple[str, ...]:
        """See `Listed.listed`."""
        return ("false", "true")
