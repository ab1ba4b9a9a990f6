"""decimal: exact numbers with a fixed number of decimals; grid integers are value * 10**scale."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from synthspec.columns.grid import Whole
from synthspec.columns.literal import scaled_text
from synthspec.terms.types import Type
from synthspec.terms.types import decimal as decimal_type


class Decimal(Whole):
    """Decimals with `scale` digits after the point."""

    kind: Literal["decimal"] = "decimal"
    scale: int = Field(ge=0, le=12)

    @property
    def type(self) -> Type:
        """See `ColumnType.type`."""
        return decimal_type(self.scale)

    @property
    def unit(self) -> int:
        """See `Ordered.unit`."""
        return int(10**self.scale)

    def grid_text(self, grid: int) -> str:
        """See `Ordered.grid_text`."""
        return scaled_text(grid, self.scale)
