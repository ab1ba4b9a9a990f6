"""Recipe: the view's fields and steps, run batch by batch by polars.

Every batch keeps all its rows, each with whether it is `alive`: flags count rows that a later step
drops. The unit is taken as it was read, before any step could merge two of them.

Source: ours; PRIVACY 1 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.engines.reading import UNIT, Fields, Reading, cells_of
from synthspec.engines.unit_table import UnitRows
from synthspec.terms.to_polars import to_polars
from synthspec.terms.view import Drop, Flag, Let, View

__all__ = ["ALIVE", "UNIT", "Recipe", "flag"]

ALIVE = "\x00alive"


def flag(position: int) -> str:
    """Return the name of the column that holds the view's flag at `position`."""
    return f"\x00flag{position}"


class Recipe:
    """The view, ready to be run over its files as often as needed.

    Args:
        view: the recipe.
        key: secret; chooses among several rows of one unit in a table of units.
        reading: gives the fields of the rows; None for the source's files.
        of_units: gives those of the table of units (`view.fields_of_units`); None for its files.
    """

    def __init__(
        self, view: View, key: bytes = b"", reading: Fields | None = None, of_units: Fields | None = None
    ) -> None:
        self.view = view
        self.flags = tuple(dict.fromkeys(step.label for step in view.steps if isinstance(step, Flag)))
        here = view.fields_of_rows
        self._reading = reading or Reading(view.source, here, view.bound.unit)
        self._units = UnitRows(view, key, of_units) if len(here) < len(view.fields) else None

    def run(
        self, wanted: Sequence[pl.Expr], *, cells: bool = False
    ) -> Iterator[tuple[pl.DataFrame, NDArray[np.uint8]]]:
        """Yield, per batch, the columns `wanted` beside ALIVE and UNIT, and the rows' cells if asked for."""
        for read in self._reading.frames():
            frame = read if self._units is None else self._units.joined(read)
            bytes_ = cells_of(frame, self.view.fields) if cells else np.zeros((0, 0), dtype=np.uint8)
            yield self._stepped(frame, wanted), bytes_

    def _stepped(self, frame: pl.DataFrame, wanted: Sequence[pl.Expr]) -> pl.DataFrame:
        marks = [pl.lit(value=False).alias(flag(i)) for i in range(len(self.flags))]
        lazy = frame.lazy().with_columns(pl.lit(value=True).alias(ALIVE), *marks)
        for step in self.view.steps:
            match step:
                case Let():
                    lazy = lazy.with_columns(to_polars(step.value).alias(step.name))
                case Flag():
                    name = flag(self.flags.index(step.label))
                    when = to_polars(step.when).fill_null(value=False)
                    lazy = lazy.with_columns((pl.col(name) | (pl.col(ALIVE) & when)).alias(name))
                case Drop():
                    when = to_polars(step.when).fill_null(value=False)
                    lazy = lazy.with_columns((pl.col(ALIVE) & ~when).alias(ALIVE))
                case _:
                    assert_never(step)
        return lazy.select(pl.col(ALIVE), pl.col(UNIT), *wanted).collect()
