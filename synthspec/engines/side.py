"""Side: which units a random split holds out, decided by a keyed hash of each unit alone.

A named unit is hashed by its value. A row without a unit is hashed by its content and its number among
equal rows: without the number all copies would fall on one side, and a table of few columns would not be
split at random. Taking one of k equal rows away takes the last number away and leaves the others', so
that, as multisets, the two sides change by that one row and nothing else.

The key is drawn before any row is read and is never released. Under each key a query on one side has the
sensitivity that it has on all rows; the key's law does not depend on the rows; so the guarantee, which
holds under every key, holds on average over keys.

Source: ours; hash: RFC 7693.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.engines.content import KEY_BYTES, hashes
from synthspec.engines.recipe import UNIT
from synthspec.terms.view import Side, View

Batch = tuple[pl.DataFrame, NDArray[np.uint8]]
Repeated = frozenset[tuple[int, int]]


def unit_held(unit: str, share: float, key: bytes) -> bool:
    """Return whether the unit of this exact text is held out."""
    return _below(unit.encode("utf-8", "surrogatepass"), share, key, b"holdout unit")


def row_held(content: bytes, copy: int, share: float, key: bytes) -> bool:
    """Return whether a row without a unit is held out.

    Args:
        content: its keyed hash (`content.row_hash` under the same key), 16 bytes.
        copy: how many rows of the same content came before it.
        share: of the units that are held out.
        key: secret, 32 bytes.
    """
    return _below(content + copy.to_bytes(8, "big"), share, key, b"holdout row")


def _below(message: bytes, share: float, key: bytes, purpose: bytes) -> bool:
    digest = hashlib.blake2b(message, digest_size=8, key=key, person=purpose).digest()
    return int.from_bytes(digest, "big") < round(share * 2**64)


def sides_of(view: View, key: bytes) -> Sides | None:
    """Return what keeps the side of `view`, None where it has none.

    Raises:
        ValueError: for a side without a secret key, which would be a split that anybody could repeat.
    """
    if view.side is None:
        return None
    if len(key) != KEY_BYTES:
        raise ValueError("a split needs its secret key")
    return Sides(view.side, key)


class Sides:
    """Keeps the rows of one side, batch by batch, the same ones on every pass."""

    def __init__(self, side: Side, key: bytes) -> None:
        self._side = side
        self._key = key

    def __repr__(self) -> str:
        return "Sides(...)"

    def repeated(self, batches: Iterator[Batch]) -> Repeated:
        """Return the hashes of contents that more than one row without a unit has; one pass."""
        once = pl.DataFrame(schema={"high": pl.UInt64, "low": pl.UInt64, "copies": pl.UInt32})
        for frame, cells in batches:
            high, low = self._alone(frame, cells)
            here = pl.DataFrame({"high": high, "low": low}).with_columns(
                pl.lit(1, dtype=pl.UInt32).alias("copies")
            )
            once = pl.concat([once, here]).group_by("high", "low").agg(pl.col("copies").sum())
        return frozenset(once.filter(pl.col("copies") > 1).select("high", "low").iter_rows())

    def keep(self, batches: Iterator[Batch], repeated: Repeated) -> Iterator[Batch]:
        """Yield the batches with the rows of this side only."""
        copies: dict[tuple[int, int], int] = {}
        for frame, cells in batches:
            kept = self._held(frame, cells, repeated, copies) == self._side.held
            yield frame.filter(pl.Series(kept, dtype=pl.Boolean)), cells[kept]

    def _alone(self, frame: pl.DataFrame, cells: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], ...]:
        return hashes(cells[frame[UNIT].is_null().to_numpy()], self._key)

    def _held(
        self,
        frame: pl.DataFrame,
        cells: NDArray[np.uint8],
        repeated: Repeated,
        copies: dict[tuple[int, int], int],
    ) -> NDArray[np.bool_]:
        share, key = self._side.share, self._key
        units = frame[UNIT]
        named = units.drop_nulls().unique().to_list()
        table = pl.DataFrame(
            {UNIT: pl.Series(named, dtype=pl.String), "held": [unit_held(u, share, key) for u in named]},
            schema={UNIT: pl.String, "held": pl.Boolean},
        )
        joined = frame.select(UNIT).join(table, on=UNIT, how="left", maintain_order="left")
        held: NDArray[np.bool_] = joined["held"].fill_null(value=False).to_numpy().copy()
        alone = np.flatnonzero(units.is_null().to_numpy())
        for at, high, low in zip(alone, *(part.tolist() for part in self._alone(frame, cells)), strict=True):
            copy = 0
            if (high, low) in repeated:
                copy = copies.get((high, low), 0)
                copies[(high, low)] = copy + 1
            content = high.to_bytes(8, "big") + low.to_bytes(8, "big")
            held[at] = row_held(content, copy, share, key)
        return held
