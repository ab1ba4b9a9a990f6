"""FileStore: a ledger's entries in one SQLite file.

Writers take SQLite's lock before they read (`BEGIN IMMEDIATE`), so that what is appended was decided on
everything before it; each commit waits for the disk (`synchronous = FULL`).

Source: ours; DECISIONS 9.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import final

from synthspec.errors import BudgetError
from synthspec.privacy.home import sync_folder
from synthspec.privacy.store import PATIENCE, VERSION, Decide, chained, linked

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS entries ("
    " seq INTEGER PRIMARY KEY CHECK (seq >= 0),"
    " content TEXT NOT NULL,"
    " hash TEXT NOT NULL UNIQUE) STRICT",
    "CREATE TRIGGER IF NOT EXISTS entries_stay BEFORE UPDATE ON entries"
    " BEGIN SELECT RAISE(ABORT, 'append only'); END",
    "CREATE TRIGGER IF NOT EXISTS entries_remain BEFORE DELETE ON entries"
    " BEGIN SELECT RAISE(ABORT, 'append only'); END",
    f"PRAGMA user_version = {VERSION}",
)


@final
class FileStore:
    """One file of entries; every method opens it, holds SQLite's lock while it works, and closes it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def place(self) -> str:
        """See `Store.place`."""
        return str(self._path)

    def exists(self) -> bool:
        """See `Store.exists`."""
        return self._path.exists() and bool(self.read())

    def create(self, first: str) -> bool:
        """See `Store.create`."""
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
        """See `Store.read`."""
        with self._guarded(), closing(self._connect()) as db:
            return tuple(content for content, _ in _rows(db))

    def head(self, seq: int) -> str | None:
        """See `Store.head`."""
        with self._guarded(), closing(self._connect()) as db:
            rows = _rows(db)
        return rows[seq][1] if 0 <= seq < len(rows) else None

    def append(self, decide: Decide) -> None:
        """See `Store.append`."""
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
    if version != VERSION:
        raise sqlite3.DatabaseError("another version of the ledger")
    return chained(db.execute("SELECT seq, content, hash FROM entries ORDER BY seq"))


def _append(db: sqlite3.Connection, rows: list[tuple[str, str]], contents: Sequence[str]) -> None:
    db.executemany("INSERT INTO entries VALUES (?, ?, ?)", linked(rows, contents))
