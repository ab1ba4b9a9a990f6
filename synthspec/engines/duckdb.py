"""The DuckDB engine: a table of a database file, counted where it lies; nothing is written into the file.

The file is attached read only to a new database in memory. Then every way out is closed and the configuration
locked: no other file, no network, no extension; what does not fit in memory goes to a private folder that is
wiped.

Source: ours; DECISIONS 14 and 27; DuckDB's documentation of securing it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from synthspec.engines.sql.dialects import DUCKDB, SqlDialect
from synthspec.engines.sql.engine import Declared, SqlEngine, TableSession
from synthspec.engines.sql.rows import Secrets
from synthspec.engines.sql.spill import spill_folder
from synthspec.errors import SourceError
from synthspec.privacy.table_address import TableAddress, missing_extra, read_table_address
from synthspec.terms.view import Source

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHARE = 0.5
"""Of the machine's memory that DuckDB may use."""
_ATTACHED = "attached"
_ROWS = 131_072


class DuckdbEngine(SqlEngine):
    """See `engines.base.Engine`."""

    format = "duckdb"

    @contextmanager
    def session(self, source: Source) -> Iterator[TableSession]:
        """See `SqlEngine.session`."""
        address = read_table_address(source.path)
        assert isinstance(address.place, Path)
        with spill_folder() as folder, contextlib.closing(connected(folder)) as db:
            _attach(db, address.place)
            _lock(db)
            session = DuckdbSession(db, address)
            if not session.columns():
                raise SourceError(
                    "D414",
                    f"there is no table `{address.name}` in the database file, or it cannot be used",
                    notes=("a view that reads other files is not run",),
                    helps=("check what stands behind the `#` of the source",),
                )
            yield session


class DuckdbSession:
    """See `sql.engine.TableSession`."""

    def __init__(self, db: DuckDBPyConnection, address: TableAddress) -> None:
        self._db = db
        names = (_ATTACHED, address.schema or "main", address.table)
        self._table = ".".join(DUCKDB.terms.identifier(name) for name in names)

    @property
    def dialect(self) -> SqlDialect:
        """See `Session.dialect`."""
        return DUCKDB

    @property
    def table(self) -> str:
        """See `TableSession.table`."""
        return self._table

    def columns(self) -> Mapping[str, Declared]:
        """See `TableSession.columns`; nothing where there is no such table."""
        import duckdb

        try:
            found = self._db.execute(f"DESCRIBE SELECT * FROM {self._table}").fetchall()
        except duckdb.Error:
            return {}
        return {name: Declared(str(type_), DUCKDB.kind(str(type_))) for name, type_, *_ in found}

    def fetch(self, statement: str, secrets: Secrets | None) -> Iterator[pl.DataFrame]:
        """See `Session.fetch`."""
        with contextlib.closing(self._db.cursor()) as answer:
            answer.execute(statement, list(secrets) if secrets is not None else None)
            kinds = {name: _polars(str(type_)) for name, type_, *_ in answer.description or ()}
            while lines := answer.fetchmany(_ROWS):
                yield pl.DataFrame(lines, schema=kinds, orient="row")

    def keep(self, name: str, statement: str, secrets: Secrets) -> bool:
        """See `Session.keep`: in memory, and in the private folder."""
        self._db.execute(f"CREATE TABLE {name} AS {statement}", list(secrets))
        return True


def connected(folder: Path) -> DuckDBPyConnection:
    """Return a new database in memory that spills to `folder`.

    Raises:
        SourceError: D413, without the extra `duckdb`.
    """
    missing = False
    try:
        import duckdb
    except ImportError:
        missing = True
    if missing:
        raise missing_extra("a DuckDB file", "duckdb")
    settings: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "temp_directory": str(folder),
        "memory_limit": f"{max(256, int(_memory() * SHARE) >> 20)}MiB",
        "preserve_insertion_order": "false",
    }
    return duckdb.connect(":memory:", config=settings)


def _attach(db: DuckDBPyConnection, path: Path) -> None:
    import duckdb

    problem = False
    try:
        db.execute(f"ATTACH {DUCKDB.terms.text(str(path))} AS {_ATTACHED} (TYPE duckdb, READ_ONLY)")
    except (duckdb.Error, RuntimeError):
        problem = True
    if problem:
        raise SourceError(
            "D406",
            f"`{path.name}` is not a DuckDB file that can be read now",
            notes=("another program may hold it open to write, or a newer DuckDB may have made it",),
            helps=("close the program that writes to it", "check the file behind `duckdb:`"),
        )


def _lock(db: DuckDBPyConnection) -> None:
    db.execute("SET enable_progress_bar = false")
    db.execute("SET enable_external_access = false")
    db.execute("SET lock_configuration = true")


def _memory() -> int:
    """Return the machine's memory in bytes, or 8 GiB where it does not say."""
    with contextlib.suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 8 << 30


def _polars(declared: str) -> pl.DataType:
    name = declared.upper()
    if name in ("VARCHAR", "STRING"):
        return pl.String()
    if name == "DOUBLE":
        return pl.Float64()
    if name in ("BOOLEAN", "BOOL"):
        return pl.Boolean()
    return pl.Int64()
