"""Protection: whom the guarantee protects: the unit, its rows, and what a neighbouring table is.

Source: PRIVACY claim of the design; Dwork & Roth 2014, ch. 2 (neighbouring databases).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from synthspec.terms.frozen import Frozen

Neighbours = Literal["add-remove", "replace"]


class Protection(Frozen):
    """The privacy unit, at most how many rows one unit may have, and the neighbour relation.

    `unit` is "row" or the name of a column; with "row", `max_rows` is 1.
    """

    unit: str
    max_rows: int = Field(ge=1, le=10_000)
    neighbours: Neighbours = "add-remove"
