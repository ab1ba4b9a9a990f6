"""Found: public rows that a scenario names, as far as they are known before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from synthspec.plan.scenario import Rows

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, eq=False)
class Found:
    """Public rows of a scenario, how many there are, and the values of those that are known by now."""

    rows: Rows
    count: int
    frame: pl.DataFrame | None = None
