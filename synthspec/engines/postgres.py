"""The PostgreSQL engine: a table on a server, counted there; a role that may only SELECT is enough.

Everything that one view asks is asked in one transaction, REPEATABLE READ and READ ONLY: one consistent
state, and nothing that could be written. The search path is the server's own, so that nobody's function is
called in the place of one that we name. Credentials are found as libpq finds them and are never repeated.

The server's own log is its owner's: where it logs statements, it has ours, with the secret key of the bound.
The guarantee holds under every key, so it rests on nothing that stands there.

Source: ours; DECISIONS 14 and 27; PostgreSQL's documentation of transaction isolation.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl

from synthspec.engines.sql.dialects import POSTGRES, SqlDialect
from synthspec.engines.sql.engine import Declared, SqlEngine, TableSession
from synthspec.engines.sql.rows import Secrets
from synthspec.errors import SourceError
from synthspec.privacy.address import Server
from synthspec.privacy.postgres_client import connect
from synthspec.privacy.table_address import TableAddress, missing_extra, no_server, read_table_address
from synthspec.terms.view import Source

if TYPE_CHECKING:
    from psycopg import Connection

_ROWS = 50_000
_PATIENCE = """
SELECT pg_catalog.set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name IN
    ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')
"""
"""Nothing that a run asks takes too long; not every version has each of these."""
_SETTINGS = (
    "SET search_path = pg_catalog",
    "SET default_transaction_read_only = on",
    "SET standard_conforming_strings = on",
    "SET extra_float_digits = 1",
    "SET timezone = 'UTC'",
    "SET datestyle = 'ISO, YMD'",
    "SET cursor_tuple_fraction = 1",
    "SET work_mem = '128MB'",
    "SET jit = off",
)
_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_FIND = """
SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = pg_catalog.to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
_COLUMNS = """
WITH RECURSIVE base AS (
    SELECT a.attname, a.attnum, a.atttypid AS shown, a.atttypmod, a.atttypid AS held
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
    AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')
    UNION ALL
    SELECT b.attname, b.attnum, b.shown, b.atttypmod, t.typbasetype
    FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.held WHERE t.typtype = 'd'
)
SELECT b.attname, pg_catalog.format_type(b.shown, b.atttypmod),
    CASE WHEN t.typtype = 'e' THEN 'enum'
        WHEN n.nspname = 'pg_catalog' OR t.typname = 'citext' THEN t.typname END
FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.held
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype <> 'd' ORDER BY b.attnum
"""


class PostgresEngine(SqlEngine):
    """See `engines.base.Engine`."""

    format = "postgres"

    @contextmanager
    def session(self, source: Source) -> Iterator[TableSession]:
        """See `SqlEngine.session`."""
        address = read_table_address(source.path)
        assert isinstance(address.place, Server)
        with contextlib.closing(connected(address)) as db:
            yield _opened(db, address)


class PostgresSession:
    """See `sql.engine.TableSession`."""

    def __init__(self, db: Connection[Any], table: str, columns: Mapping[str, Declared]) -> None:
        self._db = db
        self._table = table
        self._columns = columns
        self._cursors = itertools.count()

    @property
    def dialect(self) -> SqlDialect:
        """See `Session.dialect`."""
        return POSTGRES

    @property
    def table(self) -> str:
        """See `TableSession.table`."""
        return self._table

    def columns(self) -> Mapping[str, Declared]:
        """See `TableSession.columns`."""
        return self._columns

    def fetch(self, statement: str, secrets: Secrets | None) -> Iterator[pl.DataFrame]:
        """See `Session.fetch`; through a cursor of the server."""
        import psycopg

        with psycopg.RawServerCursor(self._db, f"rows_{next(self._cursors)}") as answer:
            answer.execute(statement.encode(), secrets)
            kinds = {each.name: _polars(each.type_code) for each in answer.description or ()}
            while lines := answer.fetchmany(_ROWS):
                yield pl.DataFrame(lines, schema=kinds, orient="row")

    def keep(self, name: str, statement: str, secrets: Secrets) -> bool:
        """See `Session.keep`: a role that may only read cannot."""
        return False


def connected(address: TableAddress) -> Connection[Any]:
    """Return a connection to the server of a table.

    Raises:
        SourceError: D413, without the extra `postgres`; D415, when none can be had.
    """
    missing, said = False, ""
    try:
        import psycopg
    except ImportError:
        missing = True
    if missing:
        raise missing_extra("a table on a PostgreSQL server", "postgres")
    assert isinstance(address.place, Server)
    try:
        return connect(address.place)
    except (psycopg.Error, OSError, ValueError) as error:
        said = str(error)
    raise no_server(address, said)


def _opened(db: Connection[Any], address: TableAddress) -> PostgresSession:
    """Return a session in a new transaction; what the server says of a failure is dropped."""
    import psycopg

    named = ".".join(POSTGRES.terms.identifier(part) for part in (address.schema, address.table) if part)
    lost = False
    found: tuple[Any, ...] | None = None
    columns: dict[str, Declared] = {}
    try:
        asked = psycopg.RawCursor(db)
        asked.execute(_PATIENCE.encode())
        asked.execute(_BEGIN.encode())
        found = asked.execute(_FIND.encode(), (named,)).fetchone()
        for setting in _SETTINGS:
            asked.execute(setting.encode())
        if found is not None:
            lines = asked.execute(_COLUMNS.encode(), (found[0],)).fetchall()
            columns = {name: Declared(shown, POSTGRES.kind(held or "")) for name, shown, held in lines}
    except psycopg.Error as error:
        lost = db.closed or db.broken or (error.sqlstate or "")[:2] in ("08", "57", "53")
    if lost:
        raise SourceError(
            "D415",
            f"the server of the table went away: `{address}`",
            notes=("nothing was read and nothing was charged",),
            helps=("try again when it is back",),
        )
    if found is None or not columns:
        role = '"' + db.info.user.replace('"', '""') + '"'
        raise SourceError(
            "D414",
            f"the role {role} sees no table `{address.name}` there, or no column of it: `{address}`",
            helps=(
                "check what stands behind the `#` of the source, upper and lower case included",
                f"who keeps the server gives the right, with `GRANT SELECT ON {named} TO {role}`",
            ),
        )
    table = ".".join(POSTGRES.terms.identifier(name) for name in found[1:])
    return PostgresSession(db, table, columns)


def _polars(code: int) -> pl.DataType:
    """Return the dtype of a column of an answer by its type's number in the server's catalog."""
    known: dict[int, pl.DataType] = {16: pl.Boolean(), 701: pl.Float64(), 20: pl.Int64(), 21: pl.Int64()}
    return known.get(code, pl.Int64() if code == 23 else pl.String())
