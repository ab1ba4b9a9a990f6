"""Recipe: the view's fields and steps, run batch by batch by polars.

Every batch keeps all its rows, each with whether it is `alive`: flags count rows that a later step
drops. The unit is taken as it was read, before any step could merge two of them.

Source: ours; PRIVACY 1 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import assert_never

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.engines import content, csvfile, parquet
from synthspec.engines.cells import BLANKS, Reader
from synthspec.engines.files import files
from synthspec.engines.typed import read
from synthspec.terms.physical import to_physical
from synthspec.terms.to_polars import to_polars
from synthspec.terms.view import Drop, Field, Flag, Let, Source, View

ALIVE, UNIT = "\x00alive", "\x00unit"
CELLS = "\x00cells"


def flag(position: int) -> str:
    """Return the name of the column that holds the view's flag at `position`."""
    return f"\x00flag{position}"


class Recipe:
    """The view, ready to be run over its files as often as needed."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.readers = tuple(Reader.of(field, view.source) for field in view.fields)
        self.flags = tuple(dict.fromkeys(step.label for step in view.steps if isinstance(step, Flag)))
        self._seen = _states(view.source)

    def run(
        self, wanted: Sequence[pl.Expr], *, cells: bool = False
    ) -> Iterator[tuple[pl.DataFrame, NDArray[np.uint8]]]:
        """Yield, per batch, the columns `wanted` beside ALIVE and UNIT, and the rows' cells if asked for."""
        for frame in self._frames():
            bytes_ = self._cells(frame) if cells else np.zeros((0, 0), dtype=np.uint8)
            yield self._stepped(frame, wanted), bytes_

    def _frames(self) -> Iterator[pl.DataFrame]:
        self._same_files()
        for path, _ in self._seen:
            yield from self._parquet(path) if self.view.source.format == "parquet" else self._csv(path)
        self._same_files()

    def _same_files(self) -> None:
        """Refuse files that changed since the first pass: the bound that it found would not hold now."""
        if _states(self.view.source) != self._seen:
            raise OSError("the source changed while it was read")

    def _csv(self, path: Path) -> Iterator[pl.DataFrame]:
        source = self.view.source
        header = next(csvfile.records(path, source.encoding, source.delimiter), [])
        if not header:
            return
        wanted = [header.index(field.origin) for field in self.view.fields]
        for texts in csvfile.batches(path, source.encoding, source.delimiter, wanted, len(header)):
            yield self._joined(texts, [read(texts[str(i)], reader) for i, reader in enumerate(self.readers)])

    def _parquet(self, path: Path) -> Iterator[pl.DataFrame]:
        origins = list(dict.fromkeys(field.origin for field in self.view.fields))
        at = [str(origins.index(field.origin)) for field in self.view.fields]
        for raw in parquet.batches(path, origins):
            texts = pl.DataFrame([raw[name].alias(str(i)) for i, name in enumerate(at)])
            typed = [parquet.typed(raw[name], reader) for name, reader in zip(at, self.readers, strict=True)]
            yield self._joined(texts, typed)

    def _joined(self, raw: pl.DataFrame, typed: list[tuple[pl.Series, pl.Series]]) -> pl.DataFrame:
        columns: dict[str, pl.Series] = {}
        for field, (values, bad) in zip(self.view.fields, typed, strict=True):
            columns[field.name] = values.alias(field.name)
            columns[f"{field.name}.bad"] = bad.alias(f"{field.name}.bad")
        unit = self.view.bound.unit
        if unit is None:
            columns[UNIT] = pl.Series(UNIT, [None], dtype=pl.String).new_from_index(0, raw.height)
        else:
            i = next(i for i, field in enumerate(self.view.fields) if field.name == unit)
            columns[UNIT] = unit_text(raw[str(i)], *typed[i], self.readers[i], self.view.fields[i])
        return pl.DataFrame(columns)

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

    def _cells(self, frame: pl.DataFrame) -> NDArray[np.uint8]:
        """Return the cells of every row's content, shape (rows, 16 * (fields + 1))."""
        parts = [_text_cells(frame[UNIT])]
        for field in self.view.fields:
            values, bad = to_physical(frame[field.name], field.type), frame[f"{field.name}.bad"].to_numpy()
            if field.type.name in ("text", "null"):
                parts.append(_text_cells(values))
            else:
                null = values.is_null().to_numpy()
                parts.append(content.number_cells(values.fill_null(0).to_numpy(), null, bad))
        return np.concatenate(parts, axis=1)


def _states(source: Source) -> tuple[tuple[Path, tuple[int, ...]], ...]:
    """Return the files of `source`, each with what changes when somebody writes to it."""
    found = ((path, path.stat()) for path in files(source))
    return tuple((path, (s.st_dev, s.st_ino, s.st_size, s.st_mtime_ns)) for path, s in found)


def unit_text(raw: pl.Series, values: pl.Series, bad: pl.Series, reader: Reader, field: Field) -> pl.Series:
    """Return the exact unit of each row as text, null where it is null.

    Texts are taken before labels, and unreadable values by their text, so that no two units merge.
    """
    texts = parquet.texts(raw).str.strip_chars(BLANKS)
    null = values.is_null() & ~bad
    if field.type.name in ("text", "null"):
        exact = texts
    else:
        exact = pl.select(
            pl.when(pl.lit(bad))
            .then(pl.lit("?" + texts))
            .otherwise(pl.lit(to_physical(values, field.type).cast(pl.String)))
        ).to_series()
    return exact.set(null, None).alias(UNIT)


def _text_cells(values: pl.Series) -> NDArray[np.uint8]:
    words = values.drop_nulls().unique()
    table = pl.DataFrame({"text": words, "at": pl.Series(np.arange(len(words), dtype=np.int64))})
    at = pl.DataFrame({"text": values}).join(table, on="text", how="left", maintain_order="left")["at"]
    null = values.is_null().to_numpy()
    return content.text_cells(at.fill_null(0).to_numpy(), words.to_list(), null)
