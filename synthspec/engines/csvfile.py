"""CSV files as batches of text columns; whatever the bytes are, reading ends normally.

Records are those of RFC 4180 as Python's `csv` reads them: a quote opens only at the start of a field,
blank lines are no records, missing fields are empty texts, surplus fields are ignored. Bytes that the
encoding cannot read become `\\xNN`, so that different bytes stay different texts.

Blocks of text without any quote are split by polars, the others by `csv`; both give the same texts.

Source: RFC 4180.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

BLOCK = 8 << 20
QUOTE = '"'
_GAPS = re.compile("\n{2,}")
_LONGEST_FIELD = 2**31 - 1


def records(path: Path, encoding: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the records of a file one by one, the header first; plain Python."""
    csv.field_size_limit(_LONGEST_FIELD)
    with path.open(encoding=encoding, errors="backslashreplace", newline="") as lines:
        for number, record in enumerate(csv.reader(lines, delimiter=delimiter)):
            if number == 0 and record:
                record[0] = record[0].removeprefix("\ufeff")
            if record:
                yield record


def batches(
    path: Path, encoding: str, delimiter: str, wanted: Sequence[int], width: int
) -> Iterator[pl.DataFrame]:
    """Yield the texts of the columns at positions `wanted`, without the header, as columns "0", "1", ...

    Args:
        path: the file.
        encoding: a Python codec.
        delimiter: one character.
        wanted: positions in the header.
        width: the number of columns in the header.
    """
    csv.field_size_limit(_LONGEST_FIELD)
    feed = _Feed(_pieces(path, encoding))
    reader = csv.reader(feed, delimiter=delimiter)
    next((record for record in reader if record), None)
    simple = len(delimiter.encode()) == 1
    while feed.load():
        if simple and QUOTE not in feed.current:
            frame = _split(feed.take(), delimiter, wanted, width)
        else:
            frame = _transposed(_records_here(reader, feed), wanted)
        if frame is not None:
            yield frame


class _Feed:
    """Lines for `csv.reader`, of one piece of text at a time."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._lines = io.StringIO("", newline="")
        self.current = ""

    def load(self) -> bool:
        """Make sure that there is text left in the current piece; False at the end of the file."""
        if not self.empty:
            if self._lines.tell():
                self._set(self._lines.read())
            return True
        piece = next(self._pieces, None)
        self._set(piece or "")
        return piece is not None

    def _set(self, text: str) -> None:
        self.current = text
        self._lines = io.StringIO(text, newline="")

    @property
    def empty(self) -> bool:
        """Whether the current piece is used up."""
        return self._lines.tell() >= len(self.current)

    def take(self) -> str:
        """Return the current piece and leave nothing of it."""
        text = self.current
        self._set("")
        return text

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.empty and not self.load():
            raise StopIteration
        return self._lines.readline()


def _pieces(path: Path, encoding: str) -> Iterator[str]:
    """Yield the text in pieces that end where a line ends."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="backslashreplace")
    rest, first = "", True
    with path.open("rb") as handle:
        while True:
            block = handle.read(BLOCK)
            text = rest + decoder.decode(block, final=not block)
            if first:
                text, first = text.removeprefix("\ufeff"), not block
            cut = text.rfind("\n") + 1 or text.rfind("\r", 0, len(text) - 1) + 1
            if not block:
                cut = len(text)
            if cut:
                yield text[:cut]
            rest = text[cut:]
            if not block:
                return


def _records_here(reader: Iterator[list[str]], feed: _Feed) -> list[list[str]]:
    """Return the records that start in the current piece; the last may reach into the next one."""
    found = []
    for record in reader:
        if record:
            found.append(record)
        if feed.empty:
            break
    return found


def _transposed(rows: list[list[str]], wanted: Sequence[int]) -> pl.DataFrame | None:
    if not rows:
        return None
    return pl.DataFrame(
        {
            str(i): pl.Series([row[at] if at < len(row) else "" for row in rows], dtype=pl.String)
            for i, at in enumerate(wanted)
        }
    )


def _split(text: str, delimiter: str, wanted: Sequence[int], width: int) -> pl.DataFrame | None:
    """Split text without quotes; a first line is put before it so that polars knows the width."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\n\n" in text:
        text = _GAPS.sub("\n", text)
    text = text.lstrip("\n")
    if not text:
        return None
    first = delimiter.join("x" * width) + "\n"
    frame = pl.read_csv(
        io.BytesIO((first + text).encode("utf-8", "replace")),
        has_header=False,
        separator=delimiter,
        quote_char=None,
        infer_schema=False,
        truncate_ragged_lines=True,
        columns=sorted(set(wanted)),
    )
    ordered = {at: frame.columns[i] for i, at in enumerate(sorted(set(wanted)))}
    return frame.slice(1).select(
        pl.col(ordered[at]).fill_null("").alias(str(i)) for i, at in enumerate(wanted)
    )
