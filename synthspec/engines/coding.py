"""Coding: the coded columns of a view, batch by batch: which expressions give them, and in which form.

In a frame the code at place i of the view is the column `code i`, and what rows are ordered by `order i`.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.engines.before import FIRST, SECOND, before
from synthspec.engines.bound import SIZE
from synthspec.engines.matrix import WEIGHT, Chunk, narrowest
from synthspec.terms.to_polars import to_polars
from synthspec.terms.view import View


class Coding:
    """The codes of a view."""

    def __init__(self, view: View) -> None:
        self._codes = view.codes
        self._bound = view.bound
        orders = [coded.by for coded in view.codes if coded.by is not None]
        self._orders = [order for at, order in enumerate(orders) if order not in orders[:at]]

    @property
    def ordered(self) -> bool:
        """Whether an attribute is about the row before."""
        return bool(self._orders)

    def wanted(self) -> list[pl.Expr]:
        """Return the expressions over a row, of codes and of what rows are ordered by."""
        return [
            *(to_polars(coded.code).cast(pl.Int64).alias(f"code {i}") for i, coded in enumerate(self._codes)),
            *(to_polars(order).alias(f"order {i}") for i, order in enumerate(self._orders)),
        ]

    def narrow(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the frame with codes in the narrowest types, all of them inside their range."""
        codes = []
        for i, coded in enumerate(self._codes):
            # the last code of what is about the row before is that of a unit's first row
            most = coded.size if coded.by is None else coded.size - 1
            values = frame[f"code {i}"].fill_null(0).to_numpy()
            inside = np.where((values < 0) | (values >= most), 0, values)
            codes.append(pl.Series(f"code {i}", inside.astype(narrowest(coded.size))))
        return frame.with_columns(codes)

    def of_first_rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return rows that are the only ones of their units: there is no row before them."""
        return frame.with_columns(
            pl.lit(coded.size - 1, dtype=frame.schema[f"code {i}"]).alias(f"code {i}")
            for i, coded in enumerate(self._codes)
            if coded.by is not None
        )

    def with_before(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return whole units, with the codes of the row before where the view asks for them."""
        for at, order in enumerate(self._orders):
            mine = [(f"code {i}", c.size - 1) for i, c in enumerate(self._codes) if c.by == order]
            frame = before(frame, f"order {at}", mine)
        return frame

    def chunk(self, frame: pl.DataFrame) -> Chunk:
        """Return the codes by attribute, the number of rows of the unit among them if the view has it."""
        chunk = {coded.attribute: frame[f"code {i}"].to_numpy() for i, coded in enumerate(self._codes)}
        if self._bound.once is not None:
            chunk[self._bound.once] = (frame[SIZE].to_numpy() - 1).astype(narrowest(self._bound.max_rows))
        return chunk

    def weighed(self, frame: pl.DataFrame) -> Chunk:
        """Return the codes, and how often each row counts if the view weighs rows."""
        weight = self._bound.weight
        if weight is None:
            return self.chunk(frame)
        times = (weight // frame[SIZE].to_numpy()).astype(narrowest(weight + 1))
        return {**self.chunk(frame), WEIGHT: times}


def numbered(words: Sequence[NDArray[np.uint64]]) -> NDArray[np.int64]:
    """Return a number per row, equal where its two words are; 0..n-1, each of them taken."""
    together = np.concatenate([np.zeros((0, 2), dtype=np.uint64), *words])
    frame = pl.DataFrame({FIRST: together[:, 0], SECOND: together[:, 1]})
    kinds = frame.unique().sort(FIRST, SECOND).with_row_index("number")
    numbers = frame.join(kinds, on=(FIRST, SECOND), how="left", maintain_order="left")["number"]
    return numbers.to_numpy().astype(np.int64)
