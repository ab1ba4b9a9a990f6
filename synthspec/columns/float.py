"""float: measurements; grid points are exact decimals (integer / 10**scale), values float64."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from synthspec.columns.grid import Ordered
from synthspec.terms.types import FLOAT, Type


class Float(Ordered):
    """Float values on a decimal grid; a value belongs to the nearest point.

    Edges lie halfway between grid points, so that rounding of binary fractions never moves a
    grid value across an edge.
    """

    kind: Literal["float"] = "float"
    scale: int = Field(default=0, ge=0, le=30)

    @property
    def type(self) -> Type:
        """See `ColumnType.type`."""
        return FLOAT

    @property
    def unit(self) -> int:
        """See `Ordered.unit`."""
        return int(10**self.scale)

    def grid_text(self, grid: int) -> str:
        """See `Ordered.grid_text`."""
        return repr(grid / 10**self.scale)

    def physical(self, grid: NDArray[np.int64]) -> NDArray[np.generic]:
        """See `Ordered.physical`: the float nearest to each decimal."""
        return grid / np.float64(10**self.scale)

    def edges(self) -> tuple[float, ...]:
        """See `Ordered.edges`."""
        return tuple((2 * point - self.step) / (2 * 10**self.scale) for point in self.cut_points())
