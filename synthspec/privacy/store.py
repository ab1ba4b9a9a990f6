"""Store: an append-only, hash-chained list of texts in one SQLite file.

Each row's hash is BLAKE2b over the previous hash, the row's place and its text, so that a changed,
removed or moved row breaks every hash after it. Removing the *last* rows can be seen only by who
remembers a later hash: a release keeps the hash of its own entry (`Journal.holds`).

Source: ours; DECISIONS 9.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import final

from synthspec.errors import BudgetError
from synthspec.privacy.home import sync_folder

PATIENCE = 30.0
"""How long one process waits for another, in seconds."""

_VERSION = 1

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS entries ("
    " seq INTEGER PRIMARY KEY CHECK (seq >= 0),"
    " content TEXT NOT NULL,"
    " hash TEXT NOT NULL UNIQUE) STRICT",
    "CREATE TRIGGER IF NOT EXISTS entries_stay BEFORE UPDATE ON entries"
    " BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER IF NOT EXISTS entries_remain BEFORE DELETE ON entries"
    " BEGIN SELECT RAISE(ABORT, 'append only'); END",
    f"PRAGMA user_version = {_VERSION}",
)


def link(previous: str, seq: int, content: str) -> str:
    """Return the hash of the entry `content` at place `seq` after `previous`, in hex."""
    state = hashlib.blake2b(digest_size=32)
    for part in (previous, str(seq), content):
        data = part.encode()
        state.update(len(data).to_bytes(8, "big") + data)
    return state.hexdigest()


@final
class Store:
    """One file of entries; every method opens it, holds SQLite's lock while it works, and closes it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def exists(self) -> bool:
        """Return whether there is a file with at least one entry."""
        return self._path.exists() and bool(self.read())

    def create(self, first: str) -> bool:
        """Write `first` as the first entry of a new file; return False when there are entries already."""
        with self._guarded():
            try:
                os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
                sync_folder(self._path.parent)
            except FileExistsError:
                pass
            with closing(self._connect()) as db:
                _use_wal(db)
                with _transaction(db):
                    for statement in _SCHEMA:
                        db.execute(statement)
                    if _rows(db):
                        return False
                    _append(db, [], [first])
        return True

    def read(self) -> tuple[str, ...]:
        """Return all entries in order, their chain verified.

        Raises:
            BudgetError: B506, when the file cannot be read; B507, when the chain is broken.
        """
        with self._guarded(), closing(self._connect()) as db:
            return tuple(content for content, _ in _rows(db))

    def head(self, seq: int) -> str | None:
        """Return the hash of entry `seq`, None when there is none."""
        with self._guarded(), closing(self._connect()) as db:
            rows = _rows(db)
        return rows[seq][1] if 0 <= seq < len(rows) else None

    def append(self, decide: Callable[[tuple[str, ...]], Sequence[str]]) -> None:
        """Append what `decide` returns when it sees all entries; no other process can come between.

        Durable on return. Nothing is written when `decide` raises.
        """
        with self._guarded(), closing(self._connect()) as db, _transaction(db):
            rows = _rows(db)
            _append(db, rows, decide(tuple(content for content, _ in rows)))

    def _connect(self) -> sqlite3.Connection:
        uri = self._path.absolute().as_uri() + "?mode=rw"
        db = sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None)
        db.execute("PRAGMA synchronous = FULL")
        return db

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        failed = False
        try:
            yield
        except (sqlite3.Error, OSError):
            failed = True
        if failed:
            raise BudgetError(
                "B506",
                f"the ledger file `{self._path}` cannot be opened, read or written; nothing was read",
                helps=("check that it is a ledger, that you may write to it, and that the disk is not full",),
            )


def _use_wal(db: sqlite3.Connection) -> None:
    """Turn to write-ahead logging; SQLite does not wait by itself when two processes do so at once."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.rollback()
        raise
    db.execute("COMMIT")


def _rows(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return (content, hash) in order; empty for a file that was never filled."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'").fetchall():
        return []
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version != _VERSION:
        raise sqlite3.DatabaseError("another version of the ledger")
    rows = db.execute("SELECT seq, content, hash FROM entries ORDER BY seq").fetchall()
    previous = ""
    for place, (seq, content, found) in enumerate(rows):
        if seq != place or found != link(previous, seq, content):
            raise tampered()
        previous = found
    return [(content, found) for _, content, found in rows]


def tampered() -> BudgetError:
    """Return the refusal of a ledger whose entries are not what was written (B507)."""
    return BudgetError(
        "B507",
        "the ledger's chain of entries is broken: its file was changed by something else than synthspec",
        notes=("nothing was read and nothing was charged",),
        helps=("put back a copy of the ledger that `synthspec budget verify` accepts",),
    )


def _append(db: sqlite3.Connection, rows: list[tuple[str, str]], contents: Sequence[str]) -> None:
    previous, seq = (rows[-1][1] if rows else ""), len(rows)
    for content in contents:
        previous = link(previous, seq, content)
        db.execute("INSERT INTO entries VALUES (?, ?, ?)", (seq, content, previous))
        seq += 1
