"""Every engine with a way to hand it a table: one line in `BACKENDS` puts another under all laws."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from synthspec.engines.base import Engine
from synthspec.terms.view import Source
from tests.postgres import running

Texts = Sequence[Sequence[str | None]]
"""Rows of a table whose columns are all of texts; None is a null."""
Load = Callable[[Sequence[str], Texts], Source]
"""Stores a table under these names of columns, in the place of the last; returns the source it is."""


@contextmanager
def _stdlib(folder: Path) -> Iterator[tuple[Engine, Load]]:
    from synthspec.engines.stdlib import StdlibEngine

    yield StdlibEngine(), lambda names, rows: _csv(folder, names, rows)


@contextmanager
def _polars_csv(folder: Path) -> Iterator[tuple[Engine, Load]]:
    from synthspec.engines.polars import PolarsEngine

    yield PolarsEngine(), lambda names, rows: _csv(folder, names, rows)


@contextmanager
def _polars_parquet(folder: Path) -> Iterator[tuple[Engine, Load]]:
    from synthspec.engines.polars import PolarsEngine

    def load(names: Sequence[str], rows: Texts) -> Source:
        frame(names, rows).write_parquet(folder / "t.parquet")
        return Source(path=str(folder / "t.parquet"), format="parquet")

    yield PolarsEngine(), load


@contextmanager
def _polars_glob(folder: Path) -> Iterator[tuple[Engine, Load]]:
    from synthspec.engines.polars import PolarsEngine

    def load(names: Sequence[str], rows: Texts) -> Source:
        for at in range(3):
            frame(names, rows[at::3]).write_parquet(folder / f"part {at}.parquet")
        return Source(path=str(folder / "part *.parquet"), format="parquet")

    yield PolarsEngine(), load


@contextmanager
def _duckdb(folder: Path) -> Iterator[tuple[Engine, Load]]:
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed: `duckdb` extra")
    from synthspec.engines.duckdb import DuckdbEngine

    def load(names: Sequence[str], rows: Texts) -> Source:
        file = folder / "t.duckdb"
        file.unlink(missing_ok=True)
        with duckdb.connect(str(file)) as db:
            columns = ", ".join(f'"{name}" VARCHAR' for name in names)
            db.execute(f"CREATE TABLE t ({columns})")
            if rows:
                lines = ", ".join("(" + ", ".join(map(_literal, row)) + ")" for row in rows)
                db.execute(f"INSERT INTO t VALUES {lines}")
        return Source(path=f"duckdb:{file}#t", format="duckdb")

    yield DuckdbEngine(), load


@contextmanager
def _postgres(folder: Path) -> Iterator[tuple[Engine, Load]]:
    from synthspec.engines.postgres import PostgresEngine

    with running() as server:
        import psycopg

        def load(names: Sequence[str], rows: Texts) -> Source:
            with psycopg.connect(server.place, autocommit=True) as db:
                columns = ", ".join(f'"{name}" TEXT' for name in names)
                db.execute("DROP TABLE IF EXISTS t")
                db.execute(f"CREATE TABLE t ({columns})".encode())
                if rows:
                    marks = ", ".join(["%s"] * len(names))
                    db.cursor().executemany(f"INSERT INTO t VALUES ({marks})".encode(), rows)
            return Source(path=server.address("t"), format="postgres")

        yield PostgresEngine(), load


@contextmanager
def _spark(folder: Path) -> Iterator[tuple[Engine, Load]]:
    from tests.spark.place import sparkling

    with sparkling():
        from synthspec.engines.spark import SparkEngine

        def load(names: Sequence[str], rows: Texts) -> Source:
            file = folder / f"t{len(list(folder.iterdir()))}.parquet"
            frame(names, rows).write_parquet(file)
            return Source(path=f"spark:parquet.`{file}`", format="spark")

        yield SparkEngine(), load


BACKENDS: Mapping[str, Callable[[Path], Any]] = {
    "polars, CSV": _polars_csv,
    "polars, Parquet": _polars_parquet,
    "polars, a pattern": _polars_glob,
    "duckdb": _duckdb,
    "postgres": _postgres,
    "spark": _spark,
}
"""Every engine but the reference."""
MARKS: Mapping[str, Sequence[pytest.MarkDecorator]] = {
    "polars, Parquet": (pytest.mark.slow,),
    "polars, a pattern": (pytest.mark.slow,),
    "spark": (pytest.mark.slow, pytest.mark.timeout(1800), pytest.mark.filterwarnings("ignore")),
}
"""Of the engines that the gate does without."""
REFERENCE = _stdlib


def frame(names: Sequence[str], rows: Texts) -> pl.DataFrame:
    """Return a table of texts."""
    return pl.DataFrame(
        {name: pl.Series([row[i] for row in rows], dtype=pl.String) for i, name in enumerate(names)}
    )


def _literal(cell: str | None) -> str:
    return "NULL" if cell is None else "'" + cell.replace("'", "''") + "'"


def _csv(folder: Path, names: Sequence[str], rows: Texts) -> Source:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([names, *([cell or "" for cell in row] for row in rows)])
    (folder / "t.csv").write_text(text.getvalue(), newline="")
    return Source(path=str(folder / "t.csv"))
