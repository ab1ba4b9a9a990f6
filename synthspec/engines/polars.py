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
from synthspec.engines.before import FIRST, RANK, SECOND, Gathered
from synthspec.engines.bound import SIZE, Limits, Tally
from synthspec.engines.coding import Coding, numbered
from synthspec.engines.content import KEY_BYTES, hashes
from synthspec.engines.files import files, looks_like_text
from synthspec.engines.marks import marks
from synthspec.engines.matrix import Chunk, count, narrowest, scored
from synthspec.engines.recipe import UNIT, Recipe, flag
from synthspec.engines.side import Batch, Repeated, sides_of
from synthspec.privacy.entropy import NoiseSource
from synthspec.terms.query import Axis, Scored
from synthspec.terms.view import Field, Source, View

HELD = 512 << 20
"""Codes are held in memory up to this many bytes; beyond it every pass reads the source again."""

STAYS = "\x00stays"
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

    def __init__(
        self, view: View, key: bytes, held: int, split: bytes = b"", recipe: Recipe | None = None
    ) -> None:
        self._view = view
        self._sides = sides_of(view, split)
        self._repeated: Repeated | None = None
        self._recipe = recipe or Recipe(view, key)
        self._coding = Coding(view)
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
        """See `Rows.held`; one pass, and as much memory as the codes and two words per row."""
        parts = list(self.parts())
        domain = self._view.domain
        codes = {
            name: np.concatenate([np.zeros(0, dtype=narrowest(size)), *(part.codes[name] for part in parts)])
            for name, size in zip(domain.attributes, domain.sizes, strict=True)
        }
        return Held(codes, numbered([part.marks for part in parts]))

    def parts(self) -> Iterator[Part]:
        """See `Rows.parts`; one pass, and as much memory as a chunk."""
        for frame in self._coded_frames(marked=True):
            words = np.stack([frame[name].to_numpy() for name in (FIRST, SECOND)], axis=1)
            yield Part(self._coding.chunk(frame), words)

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

    def _bounded(self, wanted: Sequence[pl.Expr], *, ranked: bool = False) -> Iterator[pl.DataFrame]:
        """Yield `wanted` and UNIT of the rows that the bound leaves.

        Also, where the view needs them: SIZE, the number of rows left of the unit; STAYS, whether a row is
        the one that stays of it; RANK, a row's hash.
        """
        limits, bound = self._second_pass(), self._view.bound
        left: dict[tuple[int, int], int] = {}
        seen: set[tuple[int, int]] = set()
        once = bound.once is not None
        hashed = limits.needs_hashes or ((ranked or once) and limits.sizes.height > 0)
        for frame, cells in self._run(wanted, cells=hashed):
            high, low = hashes(cells, self._key) if hashed else (_NONE, _NONE)
            kept = limits.keep(frame, high, low, left)
            rows = frame.filter(pl.Series(kept))
            high, low = (high[kept], low[kept]) if hashed else (high, low)
            extra: list[pl.Series] = []
            if once or ranked or bound.weight is not None:
                extra.append(pl.Series(SIZE, limits.sized(rows)[0]))
            if once:
                extra.append(pl.Series(STAYS, limits.first(rows, high, low, seen)))
            if ranked:
                extra.append(pl.Series(RANK, high if hashed else np.zeros(rows.height, dtype=np.uint64)))
            yield rows.with_columns(extra)

    def _kept(self, wanted: Sequence[pl.Expr]) -> Iterator[pl.DataFrame]:
        """Yield `wanted`, UNIT and perhaps SIZE of the rows that are left in the end."""
        for frame in self._bounded(wanted):
            yield self._staying(frame)

    def _staying(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame if self._view.bound.once is None else frame.filter(STAYS)

    def _coded_frames(self, *, marked: bool = False) -> Iterator[pl.DataFrame]:
        """Yield the codes of the rows that are left, with SIZE and the words of their units where needed."""
        coding, alone = self._coding, 0
        if not coding.ordered:
            for frame in self._kept(coding.wanted()):
                yield coding.narrow(self._marked(frame, alone) if marked else frame)
                alone += frame[UNIT].null_count()
            return
        rows = 0 if self._view.bound.unit is None else self._first_pass().rows_of_many()
        with Gathered(rows, self._held) as gathered:
            for frame in self._bounded(coding.wanted(), ranked=True):
                coded = coding.narrow(self._marked(frame, alone)).drop(UNIT)
                alone += frame[UNIT].null_count()
                gathered.add(coded.filter(pl.col(SIZE) > 1))
                yield self._staying(coding.of_first_rows(coded.filter(pl.col(SIZE) == 1)))
            for whole in gathered.whole():
                yield self._staying(coding.with_before(whole))

    def _marked(self, frame: pl.DataFrame, alone: int) -> pl.DataFrame:
        words = marks(frame[UNIT], self._key, alone)
        return frame.with_columns(pl.Series(FIRST, words[:, 0]), pl.Series(SECOND, words[:, 1]))

    def _coded(self) -> Iterator[tuple[int, Chunk]]:
        """Yield the codes chunk by chunk, from memory where they fit."""
        if self._chunks is not None:
            yield from self._chunks
            return
        held: list[tuple[int, Chunk]] = []
        size = 0
        for frame in self._coded_frames():
            rows, chunk = frame.height, self._coding.weighed(frame)
            size += sum(codes.nbytes for codes in chunk.values())
            if not self._too_large and size <= self._held:
                held.append((rows, chunk))
            else:
                self._too_large = True
                held.clear()
            yield rows, chunk
        if not self._too_large:
            self._chunks = held
