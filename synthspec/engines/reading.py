"""Reading: the fields of one file, or of the files of a pattern, as batches of typed columns.

The unit is taken as it was read, before any step could merge two of them.

Source: ours; PRIVACY 1 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.engines import content, csvfile, parquet
from synthspec.engines.cells import BLANKS, Reader
from synthspec.engines.files import files
from synthspec.engines.typed import read
from synthspec.terms.physical import to_physical
from synthspec.terms.view import Field, Source

UNIT = "\x00unit"


class Fields:
    """How raw columns become typed fields; `frames` says where they come from.

    Args:
        source: how its text is decoded.
        fields: what is read.
        unit: the name of the field that tells units apart; None where every row is one.
    """

    def __init__(self, source: Source, fields: Sequence[Field], unit: str | None) -> None:
        self.fields = tuple(fields)
        self.readers = tuple(Reader.of(field, source) for field in fields)
        self._unit = unit

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield, per batch, for each field its values and which are bad (`NAME.bad`), and UNIT."""
        raise NotImplementedError

    def joined(self, raw: pl.DataFrame, typed: Sequence[tuple[pl.Series, pl.Series]]) -> pl.DataFrame:
        """Return a batch, of raw columns named "0", "1", ... and of what they are read as."""
        columns: dict[str, pl.Series] = {}
        for field, (values, bad) in zip(self.fields, typed, strict=True):
            columns[field.name] = values.alias(field.name)
            columns[f"{field.name}.bad"] = bad.alias(f"{field.name}.bad")
        if self._unit is None:
            columns[UNIT] = pl.Series(UNIT, [None], dtype=pl.String).new_from_index(0, raw.height)
        else:
            i = next(i for i, field in enumerate(self.fields) if field.name == self._unit)
            columns[UNIT] = unit_text(raw[str(i)], *typed[i], self.readers[i], self.fields[i])
        return pl.DataFrame(columns)


class Reading(Fields):
    """Fields of files, ready to be read as often as needed."""

    def __init__(self, source: Source, fields: Sequence[Field], unit: str | None) -> None:
        super().__init__(source, fields, unit)
        self._source = source
        self._seen = _states(source)

    def frames(self) -> Iterator[pl.DataFrame]:
        """See `Fields.frames`.

        Raises:
            OSError: when a file cannot be read, or changed since the first pass: the bound that it found
                would not hold now.
        """
        self._same_files()
        for path, _ in self._seen:
            yield from self._parquet(path) if self._source.format == "parquet" else self._csv(path)
        self._same_files()

    def _same_files(self) -> None:
        if _states(self._source) != self._seen:
            raise OSError("the source changed while it was read")

    def _csv(self, path: Path) -> Iterator[pl.DataFrame]:
        source = self._source
        header = next(csvfile.records(path, source.encoding, source.delimiter), [])
        if not header:
            return
        wanted = [header.index(field.origin) for field in self.fields]
        for texts in csvfile.batches(path, source.encoding, source.delimiter, wanted, len(header)):
            yield self.joined(texts, [read(texts[str(i)], reader) for i, reader in enumerate(self.readers)])

    def _parquet(self, path: Path) -> Iterator[pl.DataFrame]:
        origins = list(dict.fromkeys(field.origin for field in self.fields))
        at = [str(origins.index(field.origin)) for field in self.fields]
        for raw in parquet.batches(path, origins):
            texts = pl.DataFrame([raw[name].alias(str(i)) for i, name in enumerate(at)])
            typed = [parquet.typed(raw[name], reader) for name, reader in zip(at, self.readers, strict=True)]
            yield self.joined(texts, typed)


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


def cells_of(frame: pl.DataFrame, fields: Sequence[Field]) -> NDArray[np.uint8]:
    """Return the cells of every row's content: its unit, then `fields`; shape (rows, 16 * (fields + 1))."""
    parts = [_text_cells(frame[UNIT])]
    for field in fields:
        values, bad = to_physical(frame[field.name], field.type), frame[f"{field.name}.bad"].to_numpy()
        if field.type.name in ("text", "null"):
            parts.append(_text_cells(values))
        else:
            null = values.is_null().to_numpy()
            parts.append(content.number_cells(values.fill_null(0).to_numpy(), null, bad))
    return np.concatenate(parts, axis=1)


def _text_cells(values: pl.Series) -> NDArray[np.uint8]:
    words = values.drop_nulls().unique()
    table = pl.DataFrame({"text": words, "at": pl.Series(np.arange(len(words), dtype=np.int64))})
    at = pl.DataFrame({"text": values}).join(table, on="text", how="left", maintain_order="left")["at"]
    null = values.is_null().to_numpy()
    return content.text_cells(at.fill_null(0).to_numpy(), words.to_list(), null)
