"""int: whole numbers lo..hi."""

from __future__ import annotations

from typing import Literal

from synthspec.columns.grid import Whole
from synthspec.terms.types import INT, Type


class Integer(Whole):
    """Whole numbers on lo, lo + step, ..."""

    kind: Literal["int"] = "int"

    @property
    def type(self) -> Type:
        """See `ColumnType.type`."""
        return INT

    @property
    def unit(self) -> int:
        """See `Ordered.unit`."""
        return 1

    def grid_text(self, grid: int) -> str:
        """See `Ordered.grid_text`."""
        return str(grid)
