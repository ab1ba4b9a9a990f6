"""date: calendar days; grid integers are days since 1970-01-01."""

from __future__ import annotations

from typing import Literal

from synthspec.columns.grid import Whole
from synthspec.columns.literal import day_text
from synthspec.terms.types import DATE, Type


class Date(Whole):
    """Days lo..hi by `step` days."""

    kind: Literal["date"] = "date"

    @property
    def type(self) -> Type:
        """See `ColumnType.type`."""
        return DATE

    @property
    def unit(self) -> int:
        """See `Ordered.unit`: 0, since no day is a natural origin."""
        return 0

    def grid_text(self, grid: int) -> str:
        """See `Ordered.grid_text`."""
        return day_text(grid)
