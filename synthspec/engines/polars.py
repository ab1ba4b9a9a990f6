"""The polars engine: streaming scans of CSV and Parquet, coded rows held compactly or read again.

Source: ours; PRIVACY 5, DECISIONS 14.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.engines import csvfile, parquet
from synthspec.engines.base import Held, Part
from synthspec.engines.bound import Limits, Tally
from synthspec.engines.content import KEY_BYTES, hashes
from synthspec.engines.files import files, looks_like_text
from synthspec.engines.marks import marks
from synthspec.engines.matrix import Chunk, count, narrowest, scored
from synthspec.engines.recipe import UNIT, Recipe, flag
from synthspec.engines.side import Batch, Repeated, sides_of
from synthspec.privacy.entropy import NoiseSource
from synthspec.terms.query import Axis, Scored
from synthspec.terms.to_polars import to_polars
from synthspec.terms.view import Field, Source, View

HELD = 512 << 20
"""Codes are held in memory up to this many bytes; beyond it every pass reads the source again."""

_NONE = np.zeros(0, dtype=np.uint64)


class PolarsEngine:
    """See `engines.base.Engine`."""

    def __init__(self, held: int = HELD) -> None:
        self._held = held

    def header(self, source: Source) -> tuple[tuple[str, ...], ...]:
        """See `Engine.header`."""
        return tuple(_names(source, i) for i in range(len(files(source))))

    def unreadable(self, source: Source, fields: Sequence[Field]) -> tuple[str, ...]:
        """See `Engine.unreadable`."""
        if source.format != "parquet":
            return ()
        found = (name for path in files(source) for name in parquet.unreadable(path, fields))
        return tuple(dict.fromkeys(found))

    @contextmanager
    def open(self, view: View, noise: NoiseSource, split: bytes = b"") -> Iterator[PolarsRows]:
        """See `Engine.open`."""
        rows = PolarsRows(view, noise.bytes(KEY_BYTES), self._held, split)
        try:
            yield rows
        finally:
            rows.forget()


def _names(source: Source, position: int) -> tuple[str, ...]:
    path = files(source)[position]
    if source.format == "parquet":
        try:
            return parquet.names(path)
        except pl.exceptions.PolarsError as error:
            raise ValueError("not a Parquet file") from error
    if not looks_like_text(path, source.encoding):
        raise ValueError("not a text file")
    return tuple(next(csvfile.records(path, source.encoding, source.delimiter), []))


class PolarsRows:
    """See `engines.base.Rows`."""

    def __init__(self, view: View, key: bytes, held: int, split: bytes = b"") -> None:
        self._view = view
        self._sides = sides_of(view, split)
        self._repeated: Repeated | None = None
        self._recipe = Recipe(view)
        self._key = key
        self._held = held
        self._tally: Tally | None = None
        self._limits: Limits | None = None
        self._chunks: list[tuple[int, Chunk]] | None = None
        self._too_large = False

    def __repr__(self) -> str:
        return "PolarsRows(...)"

    def forget(self) -> None:
        """Let go of the rows and the key."""
        self._chunks, self._tally, self._limits, self._key = None, None, None, b""
        self._sides, self._repeated = None, None

    def count(self, cliques: Sequence[tuple[Axis, ...]]) -> list[NDArray[np.int64]]:
        """See `Rows.count`."""
        return count(self._coded(), cliques)

    def scored(self, questions: Sequence[Scored]) -> list[NDArray[np.int64]]:
        """See `Rows.scored`."""
        return scored(self._coded(), questions)

    def affected(self, flags: Sequence[str]) -> NDArray[np.int64]:
        """See `Rows.affected`."""
        tally, bound = self._first_pass(), self._view.bound
        known = dict(zip(self._recipe.flags, tally.flagged().tolist(), strict=True))
        known[bound.kept] = tally.units_kept()
        known[bound.over] = 0 if bound.unit is None else tally.units_over()
        return np.array([known[label] for label in flags], dtype=np.int64)

    def partitions(self, column: str) -> Mapping[str, int]:
        """See `Rows.partitions`."""
        value = pl.col(column).cast(pl.String).alias("value")
        once = pl.DataFrame(schema={"value": pl.String, UNIT: pl.String})
        alone: dict[str, int] = {}
        for frame in self._kept([value]):
            known = frame.filter(pl.col("value").is_not_null())
            for word, times in known.filter(pl.col(UNIT).is_null()).group_by("value").len().iter_rows():
                alone[word] = alone.get(word, 0) + times
            once = pl.concat([once, known.filter(pl.col(UNIT).is_not_null()).select("value", UNIT)]).unique()
        for word, times in once.group_by("value").len().iter_rows():
            alone[word] = alone.get(word, 0) + times
        return alone

    def held(self) -> Held:
        """See `Rows.held`; one pass, and as much memory as the codes and one number per row."""
        chunks: list[Chunk] = []
        names: list[pl.Series] = []
        for frame in self._kept(self._wanted()):
            chunks.append(self._chunk(frame))
            names.append(frame[UNIT])
        codes = {
            coded.attribute: np.concatenate(
                [np.zeros(0, dtype=narrowest(coded.size)), *(chunk[coded.attribute] for chunk in chunks)]
            )
            for coded in self._view.codes
        }
        return Held(codes, _numbered(names))

    def parts(self) -> Iterator[Part]:
        """See `Rows.parts`; one pass, and as much memory as a chunk."""
        alone = 0
        for frame in self._kept(self._wanted()):
            yield Part(self._chunk(frame), marks(frame[UNIT], self._key, alone))
            alone += frame[UNIT].null_count()

    def _run(self, wanted: Sequence[pl.Expr], *, cells: bool) -> Iterator[Batch]:
        """Yield the batches of the recipe, of this view's side where it has one."""
        if self._sides is None:
            yield from self._recipe.run(wanted, cells=cells)
            return
        if self._repeated is None:
            self._repeated = self._sides.repeated(self._recipe.run([], cells=True))
        yield from self._sides.keep(self._recipe.run(wanted, cells=True), self._repeated)

    def _first_pass(self) -> Tally:
        if self._tally is None:
            bound = self._view.bound
            tally = Tally(bound, self._recipe.flags, self._view.source.duplicates == "drop")
            marks = [pl.col(flag(i)) for i in range(len(self._recipe.flags))]
            for frame, cells in self._run(marks, cells=bound.unit is not None):
                tally.add(frame, *(hashes(cells, self._key) if bound.unit is not None else (_NONE, _NONE)))
            self._tally = tally
        return self._tally

    def _second_pass(self) -> Limits:
        if self._limits is None:
            self._limits = (
                self._first_pass().limits() if self._view.bound.unit is not None else self._unbounded()
            )
        return self._limits

    def _unbounded(self) -> Limits:
        return Limits(self._view.bound, pl.DataFrame(), {})

    def _kept(self, wanted: Sequence[pl.Expr]) -> Iterator[pl.DataFrame]:
        """Yield `wanted` and UNIT of the rows that the bound leaves."""
        limits = self._second_pass()
        left: dict[tuple[int, int], int] = {}
        for frame, cells in self._run(wanted, cells=limits.needs_hashes):
            high, low = hashes(cells, self._key) if limits.needs_hashes else (_NONE, _NONE)
            yield frame.filter(pl.Series(limits.keep(frame, high, low, left)))

    def _wanted(self) -> list[pl.Expr]:
        codes = enumerate(self._view.codes)
        return [to_polars(coded.code).cast(pl.Int64).alias(f"code {i}") for i, coded in codes]

    def _chunk(self, frame: pl.DataFrame) -> Chunk:
        codes = enumerate(self._view.codes)
        return {coded.attribute: _coded(frame[f"code {i}"], coded.size) for i, coded in codes}

    def _read_codes(self) -> Iterator[tuple[int, Chunk]]:
        for frame in self._kept(self._wanted()):
            yield frame.height, self._chunk(frame)

    def _coded(self) -> Iterator[tuple[int, Chunk]]:
        """Yield the codes chunk by chunk, from memory where they fit."""
        if self._chunks is not None:
            yield from self._chunks
            return
        held: list[tuple[int, Chunk]] = []
        size = 0
        for rows, chunk in self._read_codes():
            size += sum(codes.nbytes for codes in chunk.values())
            if not self._too_large and size <= self._held:
                held.append((rows, chunk))
            else:
                self._too_large = True
                held.clear()
            yield rows, chunk
        if not self._too_large:
            self._chunks = held


def _coded(codes: pl.Series, size: int) -> NDArray[np.unsignedinteger]:
    values = codes.fill_null(0).to_numpy()
    return np.where((values < 0) | (values >= size), 0, values).astype(narrowest(size))


def _numbered(names: Sequence[pl.Series]) -> NDArray[np.int64]:
    """Return a number per row, equal where the unit is; a row without a unit is one by itself."""
    together = pl.concat([pl.Series(UNIT, [], dtype=pl.String), *names])
    alone = together.is_null().to_numpy()
    numbers = np.zeros(len(together), dtype=np.int64)
    named = together.drop_nulls().rank("dense").cast(pl.Int64).to_numpy() - 1
    numbers[~alone] = named
    numbers[alone] = (int(named.max()) + 1 if named.size else 0) + np.arange(int(alone.sum()))
    return numbers
