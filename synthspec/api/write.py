"""write_table: public rows to a CSV or Parquet file, written aside and renamed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.errors import SpecError

if TYPE_CHECKING:
    import polars as pl


def write_table(frame: pl.DataFrame, path: str | Path) -> Path:
    """Write `frame` to `path` by its ending, whole or not at all.

    Raises:
        SpecError: S152, when the ending says neither CSV nor Parquet.
        ReleaseError: Q641, when it would lie in a signed release.
    """
    file = Path(path)
    if file.suffix not in (".csv", ".parquet"):
        raise SpecError(
            "S152", f"`{file.name}` ends neither in .csv nor in .parquet", helps=("name it `rows.parquet`",)
        )
    from synthspec.draw import table
    from synthspec.release.attestation import refuse_within

    refuse_within(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.stem}.partial{file.suffix}")
    try:
        table.write_table(frame, aside)
        aside.replace(file)
    finally:
        aside.unlink(missing_ok=True)
    return file
