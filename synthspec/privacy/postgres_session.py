"""Session: one connection to a ledger's server, its one transaction, and what its errors mean to us.

Everything that is sent is fixed text with bound values; names are written with their schema and the search
path is the server's own, so that no object of somebody else is called. What the server answers is never
shown: errors are told apart by their class and said in our own words.

Source: ours; DECISIONS 9, 27; PostgreSQL's documentation of explicit locking, WAL and SQLSTATE classes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, final

from synthspec.errors import BudgetError
from synthspec.privacy.address import Address
from synthspec.privacy.postgres_client import connect
from synthspec.privacy.postgres_schema import BEGIN_READ, BEGIN_WRITE, GUARDS, INSERT, MAKE, SELECT, STATE
from synthspec.privacy.store import VERSION, tampered

if TYPE_CHECKING:
    from psycopg import Connection

LOST_SERVER = "B514"
MARK = f"synthspec ledgers, version {VERSION}"
"""The comment on a table that this version made."""

REASONS = (
    ("password authentication failed", "it does not accept the credentials"),
    ("no password supplied", "it asks for a password and none was found"),
    ("authentication failed", "it does not accept the credentials"),
    ("no pg_hba.conf entry", "it does not admit this user from this machine"),
    ("certificate", "its certificate is not the one asked for"),
    ("ssl", "no encrypted connection came about"),
    ("does not exist", "it has no such user or database"),
    ("could not translate host name", "there is no such host"),
    ("name or service not known", "there is no such host"),
    ("resolve host", "there is no such host"),
    ("service", "the service is in no service file"),
    ("hot standby", "it is a standby: ledgers are kept on the primary"),
    ("session is read-only", "it is a standby: ledgers are kept on the primary"),
    ("too many", "it has no connection to spare"),
)


class Gone(Exception):
    """The connection broke: what was sent last may have been done or not."""


class Collision(Exception):
    """The server rolled the transaction back, for it crossed another: nothing of it was written."""


class Row(NamedTuple):
    """One row of the table."""

    seq: int
    content: str
    hash: str
    token: str


@final
class Session:
    """One transaction on the entries of one ledger."""

    def __init__(self, db: Connection[Any], address: Address) -> None:
        self._db = db
        self._address = address
        self._name = address.name
        self.making = False

    def begin(self, *, write: bool) -> None:
        """Begin; one that writes waits for the disk and holds locks for a bounded time."""
        self._db.execute(BEGIN_WRITE if write else BEGIN_READ)
        self._write = write

    def ready(self) -> bool:
        """Return whether the table is there and can be relied on; False when there is none.

        Raises:
            BudgetError: B506, when it is another version's or the server does not write durably; B507,
                when what keeps rows from being changed was taken away.
        """
        found = self._db.execute(STATE, (list(GUARDS),)).fetchone()
        if found is None:
            return False
        kind, kept, mark, guards, fsync = found
        if mark != MARK or (kind, kept) != ("r", "p"):
            raise _unusable(self._address, "its table is none of this version of synthspec")
        if guards != len(GUARDS):
            raise tampered()
        if self._write and fsync != "on":
            raise _unusable(self._address, "its server does not write durably (`fsync` is off)")
        return True

    def make(self) -> None:
        """Make the table, unless another process did meanwhile."""
        self.making = True
        self._lock("")
        (encoding,) = self._db.execute("SHOW server_encoding").fetchone() or ("",)
        if encoding != "UTF8":
            raise _unusable(self._address, "its database is not encoded in UTF8")
        if not self.ready():
            for statement in MAKE:
                self._db.execute(statement)
            if not self.ready():
                raise tampered()
        self.making = False

    def lock(self) -> None:
        """Wait until no other transaction writes to this ledger; held until this one ends."""
        self._lock(self._name)

    def rows(self) -> list[Row]:
        """Return the ledger's rows in order."""
        return [Row(*each) for each in self._db.execute(SELECT, (self._name,)).fetchall()]

    def insert(self, rows: Sequence[tuple[int, str, str]], token: str) -> None:
        """Insert rows (seq, content, hash) that carry `token`."""
        for seq, content, digest in rows:
            self._db.execute(INSERT, (self._name, seq, content, digest, token))

    def commit(self) -> None:
        """Commit, and return when the server has said so. Raises Collision when it rolled back."""
        if self._db.execute("COMMIT").statusmessage != "COMMIT":
            raise Collision

    def _lock(self, name: str) -> None:
        digest = hashlib.blake2b(f"synthspec ledger {name}".encode(), digest_size=8).digest()
        key = int.from_bytes(digest, "big", signed=True)
        self._db.execute("SELECT pg_catalog.pg_advisory_xact_lock(%s::bigint)", (key,))


@contextmanager
def session(address: Address) -> Iterator[Session]:
    """Connect, yield, disconnect; what was not committed is rolled back.

    Raises:
        BudgetError: B514, when no connection can be had; B515, when the role lacks a right; B506, for what
            else the server refuses; B517, without the client.
        Gone: when the connection broke.
        Collision: when the server rolled back for another transaction's sake.
    """
    import_client()
    import psycopg

    db = _connected(address)
    raised: Exception | None = None
    opened = Session(db, address)
    try:
        yield opened
    except psycopg.Error as error:
        raised = _meaning(error, db, opened, address)
    finally:
        with suppress(psycopg.Error):
            db.close()
    if raised is not None:
        raise raised from None


def import_client() -> None:
    """Import psycopg, or say how to get it (B517)."""
    missing = False
    try:
        import psycopg  # noqa: F401
    except ImportError:
        missing = True
    if missing:
        raise BudgetError(
            "B517",
            "a ledger on a PostgreSQL server needs the extra `postgres`",
            notes=("nothing was read and nothing was charged",),
            helps=("install it: `pip install 'synthspec[postgres]'`",),
        )


def absent(address: Address) -> BudgetError:
    """Return the refusal of a ledger that is not, or no longer, on its server (B506)."""
    return _unusable(address, "there is no such ledger")


def crowded(address: Address) -> BudgetError:
    """Return the refusal of a ledger that others write to all the time (B506)."""
    return _unusable(address, "other processes have held it for too long")


def _connected(address: Address) -> Connection[Any]:
    import psycopg

    reason = ""
    try:
        return connect(address, target_session_attrs="primary", tcp_user_timeout=30_000)
    except (psycopg.Error, OSError, ValueError) as error:
        said = str(error).lower()
        reason = next((ours for theirs, ours in REASONS if theirs in said), "nothing answers there")
    raise BudgetError(
        LOST_SERVER,
        f"the ledger's server cannot be used: {reason}: `{address}`",
        notes=("nothing was read and nothing was charged",),
        helps=(
            "check the address, and that the server runs",
            "credentials are taken from PGUSER, PGPASSWORD, PGPASSFILE (`~/.pgpass`) or a service file",
        ),
    )


def _meaning(error: Any, db: Connection[Any], opened: Session, address: Address) -> Exception:
    """Return what an error of the server means to us; what it says is dropped."""
    state = error.sqlstate or ""
    if db.closed or db.broken or state[:2] == "08" or state in ("57P01", "57P02", "57P03"):
        return Gone()
    if state in ("23505", "40001", "40P01"):
        return Collision()
    if state == "42501":
        return _no_right(address, "make" if opened.making else "use", db)
    if state in ("55P03", "57014"):
        return crowded(address)
    if state == "25006":
        return _unusable(address, "its server is read only")
    if state[:2] == "53":
        return _unusable(address, "its server has no space, memory or connection to spare")
    return _unusable(address, "its server refuses what was asked of it")


def _unusable(address: Address, why: str) -> BudgetError:
    return BudgetError(
        "B506",
        f"the ledger cannot be opened, read or written: {why}: `{address}`",
        notes=("nothing was read and nothing was charged",),
        helps=("`synthspec budget show` lists the ledgers there are", "ask who keeps the server"),
    )


def _no_right(address: Address, what: Literal["make", "use"], db: Connection[Any]) -> BudgetError:
    role = '"' + db.info.user.replace('"', '""') + '"'
    rights: tuple[str, ...]
    if what == "make":
        rights = (f"`GRANT CREATE ON DATABASE ... TO {role}`: the first ledger makes the schema `synthspec`",)
    else:
        rights = (
            f"`GRANT USAGE ON SCHEMA synthspec TO {role}`",
            f"`GRANT SELECT, INSERT ON synthspec.entries TO {role}`; SELECT alone is enough to read",
        )
    return BudgetError(
        "B515",
        f"the role {role} has no right to {what} this ledger: `{address}`",
        notes=("nothing was read and nothing was charged",),
        helps=("who keeps the server gives it, with", *rights),
    )
