"""Before: codes of the row before a row, of the same unit: rows are gathered, sorted and shifted.

Rows of a unit lie anywhere in a source, so all of them must be at hand: only rows of units with more than
one row are, and of each only its codes, what orders it, and words that stand for its unit. Where they
need more memory than they may have, they are dealt by unit to temporary files, and sorted one file at a
time. The files have no name where the system allows it: nobody can open them, and they are gone with the
process, however it ends.

The order of a unit's rows depends on its own rows and the key only.

Source: ours; PRIVACY 1.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import IO, Self

import polars as pl

FIRST, SECOND, RANK = "\x00mark 0", "\x00mark 1", "\x00rank"
"""Two words that stand for a row's unit, and one by which rows that are equal in order are ranked."""
MOST = 64
"""Files that rows are dealt to, at most."""
SORTING = 4
"""How many times its own size a table may need while it is sorted."""


class Gathered:
    """Rows of many batches; comes back sorted, whole units at a time.

    Args:
        rows: how many rows will come.
        held: bytes that the rows may take.
    """

    def __init__(self, rows: int, held: int) -> None:
        self._rows = rows
        self._held = held
        self._frames: list[pl.DataFrame] = []
        self._files: list[IO[bytes]] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._frames.clear()
        self._stack.close()

    def add(self, frame: pl.DataFrame) -> None:
        """Take in rows with the columns FIRST and SECOND."""
        if not frame.height:
            return
        if self._files is None:
            need = SORTING * self._rows * int(frame.estimated_size()) // frame.height
            count = min(MOST, need // max(1, self._held) + 1) if need > self._held else 0
            self._files = [self._stack.enter_context(_file()) for _ in range(count)]
        if not self._files:
            self._frames.append(frame)
            return
        place = (pl.col(SECOND) % len(self._files)).alias("\x00place")
        for (at, *_), part in frame.with_columns(place).partition_by("\x00place", as_dict=True).items():
            _write(self._files[int(at)], part.drop("\x00place"))

    def whole(self) -> Iterator[pl.DataFrame]:
        """Yield all rows; every unit's are in one frame."""
        if self._frames:
            frames, self._frames = self._frames, []
            yield pl.concat(frames)
        for file in self._files or ():
            found = list(_read(file))
            if found:
                yield pl.concat(found)


def _file() -> IO[bytes]:
    # unbuffered: a batch is written whole
    return tempfile.TemporaryFile(buffering=0, prefix="synthspec-")


def _write(file: IO[bytes], frame: pl.DataFrame) -> None:
    memory = io.BytesIO()
    frame.write_ipc_stream(memory)
    content = memory.getvalue()
    whole = memoryview(len(content).to_bytes(8, "big") + content)
    while len(whole):
        whole = whole[file.write(whole) or 0 :]


def _read(file: IO[bytes]) -> Iterator[pl.DataFrame]:
    file.seek(0)
    while head := file.read(8):
        yield pl.read_ipc_stream(io.BytesIO(_exactly(file, int.from_bytes(head, "big"))))
    file.seek(0)
    file.truncate()


def _exactly(file: IO[bytes], count: int) -> bytes:
    parts = []
    while count:
        part = file.read(count)
        if not part:
            raise OSError("a temporary file ended early")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def before(frame: pl.DataFrame, order: str, codes: Sequence[tuple[str, int]]) -> pl.DataFrame:
    """Return the rows in order, each with the codes of the row before it.

    Args:
        frame: whole units.
        order: the column by which the rows of a unit are ordered; nulls come first.
        codes: names of columns to replace by what the row before has, and the code of a first row.
    """
    ordered = frame.sort(FIRST, SECOND, order, RANK)
    same = (pl.col(FIRST) == pl.col(FIRST).shift(1)) & (pl.col(SECOND) == pl.col(SECOND).shift(1))
    return ordered.with_columns(
        pl.when(same.fill_null(value=False))
        .then(pl.col(name).shift(1))
        .otherwise(pl.lit(last, dtype=frame.schema[name]))
        .alias(name)
        for name, last in codes
    )
