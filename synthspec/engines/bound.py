"""The contribution bound: which rows of each unit stay, and how many units each flag touches.

Two passes. The first keeps, per unit, its rows' smallest hashes with their numbers of copies; the
second keeps a row when its hash lies at or under its unit's threshold, and of the copies at the
threshold as many as fit. Which rows of a unit stay depends on that unit's rows and the key only: so does
how many they are, and which of them comes first.

Source: ours; PRIVACY 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.engines.recipe import ALIVE, UNIT, flag
from synthspec.terms.view import Bound

HIGH, LOW, COPIES, SIZE = "\x00high", "\x00low", "\x00copies", "\x00size"
SOON = 2_000_000
"""Rows gathered before they are reduced."""

_EMPTY = {UNIT: pl.String, HIGH: pl.UInt64, LOW: pl.UInt64, COPIES: pl.Int64}


@dataclass
class Tally:
    """The first pass: per unit its smallest hashes, and which flags it has."""

    bound: Bound
    labels: tuple[str, ...]
    distinct: bool
    kept_alone: int = 0
    _ranked: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_EMPTY))
    _fresh: list[pl.DataFrame] = field(default_factory=list)
    _gathered: int = 0
    _flagged: pl.DataFrame | None = None
    _flags_alone: NDArray[np.int64] | None = None

    def add(self, frame: pl.DataFrame, high: NDArray[np.uint64], low: NDArray[np.uint64]) -> None:
        """Take in a batch with ALIVE, UNIT and one column per flag; hashes of shape (rows,) or empty."""
        self._add_flags(frame)
        if self.bound.unit is None:
            self.kept_alone += int(frame[ALIVE].sum())
            return
        ranked = frame.select(UNIT, ALIVE).with_columns(
            pl.Series(HIGH, high, dtype=pl.UInt64),
            pl.Series(LOW, low, dtype=pl.UInt64),
            pl.lit(1, dtype=pl.Int64).alias(COPIES),
        )
        ranked = ranked.filter(ALIVE).drop(ALIVE)
        alone = ranked[UNIT].null_count()
        self.kept_alone += alone if self.bound.unit_null == "own" else 0
        self._fresh.append(ranked.filter(pl.col(UNIT).is_not_null()))
        self._gathered += ranked.height - alone
        if self._gathered > max(SOON, self._ranked.height):
            self._reduce()

    def _reduce(self) -> None:
        together = pl.concat([self._ranked, *self._fresh])
        self._fresh, self._gathered = [], 0
        grouped = together.group_by(UNIT, HIGH, LOW).agg(pl.col(COPIES).sum()).sort(UNIT, HIGH, LOW)
        before = _rank(self.distinct).cum_sum().over(UNIT) - _rank(self.distinct)
        self._ranked = grouped.filter(before <= self.bound.max_rows)

    def limits(self) -> Limits:
        """Return what the second pass needs."""
        self._reduce()
        m, weight = self.bound.max_rows, _rank(self.distinct)
        table = self._ranked.with_columns((weight.cum_sum().over(UNIT) - weight).alias("before"))
        total = (pl.col("before") + weight).max().over(UNIT)
        table = table.with_columns(total.alias("total"))
        ends = table.filter((pl.col("before") < m) & (pl.col("before") + weight >= m) & (pl.col("total") > m))
        limited = {
            (high, low): m - before
            for high, low, before, copies in ends.select(HIGH, LOW, "before", COPIES).iter_rows()
            if not self.distinct and copies > m - before
        }
        if self.distinct:
            twice = table.filter((pl.col("before") < m) & (pl.col(COPIES) > 1))
            limited = dict.fromkeys(twice.select(HIGH, LOW).iter_rows(), 1)
        thresholds = ends.select(UNIT, pl.col(HIGH).alias("th"), pl.col(LOW).alias("tl"))
        many = table.filter((pl.col("before") == 0) & (pl.col("total") > 1))
        sizes = many.select(UNIT, HIGH, LOW, COPIES, pl.col("total").clip(upper_bound=m).alias(SIZE))
        return Limits(self.bound, thresholds, limited, sizes)

    def rows_of_many(self) -> int:
        """Return how many rows are left of units that have more than one."""
        self._reduce()
        totals = self._ranked.group_by(UNIT).agg(_rank(self.distinct).sum().alias("n"))
        return int(totals.filter(pl.col("n") > 1)["n"].clip(upper_bound=self.bound.max_rows).sum())

    def units_over(self) -> int:
        """Return how many units have more than max_rows rows."""
        self._reduce()
        totals = self._ranked.group_by(UNIT).agg(_rank(self.distinct).sum().alias("n"))
        return totals.filter(pl.col("n") > self.bound.max_rows).height

    def units_kept(self) -> int:
        """Return how many units have a row that is left."""
        self._reduce()
        return self.kept_alone + self._ranked[UNIT].n_unique()

    def flagged(self) -> NDArray[np.int64]:
        """Return how many units have each flag, shape (labels,)."""
        alone = (
            self._flags_alone if self._flags_alone is not None else np.zeros(len(self.labels), dtype=np.int64)
        )
        if self._flagged is None:
            return alone
        names = [flag(i) for i in range(len(self.labels))]
        return alone + np.array([int(self._flagged[name].sum()) for name in names], dtype=np.int64)

    def _add_flags(self, frame: pl.DataFrame) -> None:
        names = [flag(i) for i in range(len(self.labels))]
        if not names:
            return
        null = frame[UNIT].is_null()
        counted = self.bound.unit is None or self.bound.unit_null == "own"
        here = np.array([int((frame[name] & null).sum()) if counted else 0 for name in names], dtype=np.int64)
        self._flags_alone = here if self._flags_alone is None else self._flags_alone + here
        if self.bound.unit is None:
            return
        known = frame.filter(~null & pl.any_horizontal(names)).select(UNIT, *names)
        parts = [known] if self._flagged is None else [self._flagged, known]
        self._flagged = pl.concat(parts).group_by(UNIT).agg(pl.col(name).any() for name in names)


_NO_SIZES = {**_EMPTY, SIZE: pl.Int64}


@dataclass
class Limits:
    """The second pass: which alive rows of each batch stay; use a fresh `left` per pass.

    Attributes:
        bound: as in the view.
        thresholds: of the units that are cut, the hash of the last row that stays.
        limited: of how many copies of a hash may stay, where not all do.
        sizes: of the units with more than one row left, how many are, and the hash of the first of them.
    """

    bound: Bound
    thresholds: pl.DataFrame
    limited: dict[tuple[int, int], int]
    sizes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_NO_SIZES))

    @property
    def needs_hashes(self) -> bool:
        """Whether any row can go."""
        return bool(self.limited) or self.thresholds.height > 0

    @cached_property
    def _repeated(self) -> frozenset[tuple[int, int]]:
        """Hashes of first rows that have copies."""
        return frozenset(self.sizes.filter(pl.col(COPIES) > 1).select(HIGH, LOW).iter_rows())

    def sized(self, frame: pl.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.uint64]]:
        """Return the number of rows left of each row's unit, and the first one's hash (0 for one row)."""
        if not self.sizes.height:
            none = np.zeros(frame.height, dtype=np.uint64)
            return np.ones(frame.height, dtype=np.int64), none, none
        found = frame.select(UNIT).join(self.sizes, on=UNIT, how="left", maintain_order="left")
        high, low = (found[name].fill_null(0).to_numpy() for name in (HIGH, LOW))
        return found[SIZE].fill_null(1).to_numpy(), high, low

    def first(
        self,
        frame: pl.DataFrame,
        high: NDArray[np.uint64],
        low: NDArray[np.uint64],
        seen: set[tuple[int, int]],
    ) -> NDArray[np.bool_]:
        """Return which of the rows that stay are the first of their unit; use a fresh `seen` per pass."""
        size, first_high, first_low = self.sized(frame)
        alone: NDArray[np.bool_] = size == 1
        if not self.sizes.height:
            return alone
        found: NDArray[np.bool_] = alone | ((high == first_high) & (low == first_low))
        for i in np.flatnonzero(found & ~alone) if self._repeated else ():
            key = (int(high[i]), int(low[i]))
            if key in self._repeated:
                found[i] = key not in seen
                seen.add(key)
        return found

    def keep(
        self,
        frame: pl.DataFrame,
        high: NDArray[np.uint64],
        low: NDArray[np.uint64],
        left: dict[tuple[int, int], int],
    ) -> NDArray[np.bool_]:
        """Return which rows stay, shape (rows,); `left` counts down the copies of limited hashes."""
        alive = frame[ALIVE].to_numpy().copy()
        if self.bound.unit is None:
            return alive
        null = frame[UNIT].is_null().to_numpy()
        if self.bound.unit_null == "drop":
            alive &= ~null
        if not self.needs_hashes:
            return alive
        ends = frame.select(UNIT).join(self.thresholds, on=UNIT, how="left", maintain_order="left")
        free = ends["th"].is_null().to_numpy()
        th, tl = (ends[name].fill_null(0).to_numpy() for name in ("th", "tl"))
        under = (high < th) | ((high == th) & (low <= tl))
        alive &= free | under
        self._count_down(alive, null, high, low, left)
        return alive

    def _count_down(
        self,
        alive: NDArray[np.bool_],
        null: NDArray[np.bool_],
        high: NDArray[np.uint64],
        low: NDArray[np.uint64],
        left: dict[tuple[int, int], int],
    ) -> None:
        if not self.limited:
            return
        highs = np.array([key[0] for key in self.limited], dtype=np.uint64)
        for i in np.flatnonzero(alive & ~null & np.isin(high, highs)):
            key = (int(high[i]), int(low[i]))
            allowed = left.get(key, self.limited.get(key))
            if allowed is not None:
                alive[i] = allowed > 0
                left[key] = allowed - 1


def _rank(distinct: bool) -> pl.Expr:
    """Return how many rows a group of copies stands for."""
    return pl.lit(1, dtype=pl.Int64) + 0 * pl.col(COPIES) if distinct else pl.col(COPIES)
