"""A drawn table as a file: Parquet, or CSV in which every cell is plain text.

Cells that a spreadsheet would read as formulas are left as they are: values come from public
domains, and changing them would break rules that hold; quoting follows RFC 4180.

Source: RFC 4180.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write `frame` as Parquet or CSV, by the path's suffix; a disk that is full is an OSError."""
    if path.suffix == ".csv":
        path.write_bytes(to_csv(frame).encode())
    else:
        buffer = io.BytesIO()
        frame.write_parquet(buffer, compression="zstd", statistics=False)
        path.write_bytes(buffer.getbuffer())


def to_csv(frame: pl.DataFrame) -> str:
    """Return `frame` as CSV text with a header; null is an empty cell, an empty text is `""`."""
    return frame.write_csv(quote_style="necessary", datetime_format="%Y-%m-%d %H:%M:%S")


@contextmanager
def written_aside(frame: pl.DataFrame, suffix: str) -> Iterator[Path]:
    """Yield a file of synthetic rows in a private temporary folder, removed in the end."""
    with tempfile.TemporaryDirectory(prefix="synthspec-rows-") as folder:
        path = Path(folder) / f"rows.{suffix}"
        write_table(frame, path)
        yield path
