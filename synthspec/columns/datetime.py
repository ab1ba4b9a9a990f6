"""datetime: naive wall-clock instants; grid integers are seconds since 1970-01-01T00:00:00."""

from __future__ import annotations

from typing import Literal

from synthspec.columns.grid import Whole
from synthspec.columns.literal import second_text
from synthspec.terms.types import DATETIME, Type


class Datetime(Whole):
    """Instants lo..hi by `step` seconds."""

    kind: Literal["datetime"] = "datetime"

    @property
    def type(self) -> Type:
        """See `ColumnType.type`."""
        return DATETIME

    @property
    def unit(self) -> int:
        """See `Ordered.unit`: 0, since no instant is a natural origin."""
        return 0

    def grid_text(self, grid: int) -> str:
        """See `Ordered.grid_text`."""
        return second_text(grid)
