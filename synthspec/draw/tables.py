"""Tables: synthetic rows into a table of a DuckDB file or of a PostgreSQL server, in one transaction.

A table that is written here says so in its comment, and only such a table is ever replaced: no name that was
typed wrongly can cost anybody a table. Rows are public, so errors may be told; the source is refused by the
caller, who knows it.

Source: ours; DECISIONS 27 and 28.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from synthspec.errors import SourceError
from synthspec.privacy.address import Server
from synthspec.privacy.table_address import TableAddress
from synthspec.terms.to_sql import DialectName, identifier

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from psycopg import Connection

MARK = "synthetic rows, written by synthspec"
_ROWS = 100_000
Progress = Callable[[int], None]


def refuse_table(address: TableAddress, *, replace: bool) -> None:
    """Refuse, as far as it can be known, a table that could not be written.

    Raises:
        SourceError: D413, D415, D417.
    """
    if isinstance(address.place, Server):
        with _connected(address) as db:
            _refuse(_seen_on_server(db, address), address, replace)
            allowed = db.execute(
                b"SELECT pg_catalog.has_schema_privilege("
                b"coalesce(%s, pg_catalog.current_schema()), 'CREATE')",
                (address.schema or None,),
            ).fetchone()
            if allowed is None or not allowed[0]:
                raise _no(address, "the role has no right to make tables in that schema")
            return
    if address.place.exists():
        with _opened(address.place, read_only=True) as file:
            _refuse(_seen_in_file(file, address), address, replace)
    elif not address.place.parent.is_dir():
        raise _no(address, "its folder does not exist")


def write_rows(frame: pl.DataFrame, address: TableAddress, *, replace: bool) -> None:
    """Write the rows to a table that is made for them, whole or not at all.

    Raises:
        SourceError: D413, D415, D417.
    """
    if isinstance(address.place, Server):
        with _connected(address) as db:
            _to_server(frame, db, address, replace)
        return
    with _opened(address.place, read_only=False) as file:
        _to_file(frame, file, address, replace)


def same_file(address: TableAddress, other: Path) -> bool:
    """Return whether a table lies in the file `other`."""
    if isinstance(address.place, Server):
        return False
    with contextlib.suppress(OSError):
        return address.place.resolve() == other.resolve() or address.place.samefile(other)
    return False


def same_table(address: TableAddress, other: TableAddress) -> bool:
    """Return whether two addresses of servers lead to one table, however they are written.

    Raises:
        SourceError: D413, D415.
    """
    found = []
    for each in (address, other):
        with _connected(each) as db:
            found.append(
                db.execute(
                    b"SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system()), "
                    b"(SELECT oid FROM pg_catalog.pg_database "
                    b"WHERE datname = pg_catalog.current_database()), pg_catalog.to_regclass(%s)::oid",
                    (_regclass(each),),
                ).fetchone()
            )
    return found[0] == found[1] and found[0] is not None and found[0][2] is not None


# ---- DuckDB


@contextmanager
def _opened(path: Path, *, read_only: bool) -> Iterator[DuckDBPyConnection]:
    duckdb = _client("duckdb", "a table in a DuckDB file")
    settings = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
    }
    problem = ""
    try:
        with contextlib.closing(duckdb.connect(str(path), read_only=read_only, config=settings)) as db:
            yield db
    except duckdb.Error as error:
        problem = str(error).split("\n")[0]
    if problem:
        raise SourceError(
            "D417",
            f"the copy cannot be written to `{path.name}`",
            notes=(problem[:200],),
            helps=("close the program that has it open", "name another file in `output.also`"),
        )


def _seen_in_file(db: DuckDBPyConnection, address: TableAddress) -> tuple[bool, bool]:
    """Return whether something has the table's name, and whether it may be replaced."""
    schema = address.schema or "main"
    here = [schema.lower(), address.table.lower()]
    tables = db.execute(
        "SELECT comment FROM duckdb_tables() WHERE database_name = current_database() "
        "AND lower(schema_name) = ? AND lower(table_name) = ?",
        here,
    ).fetchall()
    views = db.execute(
        "SELECT 1 FROM duckdb_views() WHERE database_name = current_database() "
        "AND lower(schema_name) = ? AND lower(view_name) = ?",
        here,
    ).fetchall()
    return bool(tables or views), bool(tables) and tables[0][0] == MARK


def _to_file(frame: pl.DataFrame, db: DuckDBPyConnection, address: TableAddress, replace: bool) -> None:
    name = _quoted(address, "duckdb")
    with tempfile.TemporaryDirectory(prefix="synthspec-rows-") as folder:
        rows = Path(folder) / "rows.parquet"
        _plain(frame).write_parquet(rows)
        db.execute("BEGIN")
        _refuse(_seen_in_file(db, address), address, replace)
        if address.schema:
            db.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(address.schema)}")
        db.execute(f"DROP TABLE IF EXISTS {name}")
        db.execute(f"CREATE TABLE {name} ({_columns(frame, 'duckdb')})")
        db.execute(f"INSERT INTO {name} SELECT * FROM read_parquet(?)", [str(rows)])
        db.execute(f"COMMENT ON TABLE {name} IS '{MARK}'")
        db.execute("COMMIT")


# ---- PostgreSQL


@contextmanager
def _connected(address: TableAddress) -> Iterator[Connection[Any]]:
    psycopg = _client("postgres", "a table on a PostgreSQL server")
    from synthspec.privacy.table_address import no_server

    assert isinstance(address.place, Server)
    problem, state = "", ""
    try:
        db = psycopg.connect(
            "", connect_timeout=10, client_encoding="UTF8", application_name="synthspec",
            prepare_threshold=None, **address.place.settings(),
        )  # fmt: skip
    except (psycopg.Error, OSError, ValueError) as error:
        raise no_server(address, str(error)) from None
    try:
        with contextlib.closing(db):
            yield db
    except psycopg.Error as error:
        problem, state = str(error).split("\n")[0], error.sqlstate or ""
    if problem:
        raise SourceError(
            "D417",
            f"the copy cannot be written: `{address}`",
            notes=(problem[:200],),
            helps=("the role needs the right to make tables there",) if state == "42501" else (),
        )


def _seen_on_server(db: Connection[Any], address: TableAddress) -> tuple[bool, bool]:
    found = db.execute(
        b"SELECT c.relkind = 'r', pg_catalog.obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c "
        b"WHERE c.oid = pg_catalog.to_regclass(%s)",
        (_regclass(address),),
    ).fetchone()
    return found is not None, found is not None and bool(found[0]) and found[1] == MARK


def _to_server(frame: pl.DataFrame, db: Connection[Any], address: TableAddress, replace: bool) -> None:
    name = _quoted(address, "postgres")
    plain = _plain(frame)
    with db.transaction():
        there, ours = _seen_on_server(db, address)
        _refuse((there, ours), address, replace)
        if there:
            db.execute(f"DROP TABLE {name}".encode())
        db.execute(f"CREATE TABLE {name} ({_columns(frame, 'postgres')})".encode())
        db.execute(f"COMMENT ON TABLE {name} IS '{MARK}'".encode())
        with db.cursor().copy(f"COPY {name} FROM STDIN".encode()) as copy:
            for part in plain.iter_slices(_ROWS):
                for row in part.iter_rows():
                    copy.write_row(row)


def _regclass(address: TableAddress) -> str:
    return _quoted(address, "postgres")


# ---- both


def _refuse(seen: tuple[bool, bool], address: TableAddress, replace: bool) -> None:
    there, ours = seen
    if there and not ours:
        raise _no(address, "there is a table or view of that name which synthspec did not write")
    if there and not replace:
        raise _no(address, "it is there already, and would be replaced", "`--replace` replaces it")


def _no(address: TableAddress, why: str, *helps: str) -> SourceError:
    return SourceError(
        "D417",
        f"the copy cannot be written to `{address}`: {why}",
        helps=(*helps, "name another table in `output.also`"),
    )


def _client(name: str, what: str) -> Any:
    import importlib

    from synthspec.privacy.table_address import missing_extra

    module = {"duckdb": "duckdb", "postgres": "psycopg"}[name]
    found = None
    with contextlib.suppress(ImportError):
        found = importlib.import_module(module)
    if found is None:
        raise missing_extra(what, name)
    return found


def _quoted(address: TableAddress, dialect: DialectName) -> str:
    return ".".join(identifier(part, dialect) for part in (address.schema, address.table) if part)


def _columns(frame: pl.DataFrame, dialect: DialectName) -> str:
    kinds = ((name, _type(dtype, dialect)) for name, dtype in frame.schema.items())
    return ", ".join(f"{identifier(name, dialect)} {kind}" for name, kind in kinds)


def _type(dtype: pl.DataType, dialect: DialectName) -> str:
    text, double = ("TEXT", "DOUBLE PRECISION") if dialect == "postgres" else ("VARCHAR", "DOUBLE")
    if isinstance(dtype, pl.Decimal):
        return f"DECIMAL({dtype.precision or 38}, {dtype.scale})"
    if dtype.is_integer():
        return "BIGINT"
    if dtype.is_float():
        return double
    if dtype == pl.Boolean:
        return "BOOLEAN"
    if dtype == pl.Date:
        return "DATE"
    return "TIMESTAMP" if dtype.base_type() == pl.Datetime else text


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with lists of names as texts."""
    names = [
        name
        for name, dtype in frame.schema.items()
        if dtype.base_type() in (pl.Enum, pl.Categorical, pl.Null)
    ]
    return frame.with_columns(pl.col(name).cast(pl.String) for name in names)
