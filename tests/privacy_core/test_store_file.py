"""A ledger in a file: its rights, its tampering, its disk."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from synthspec.errors import BudgetError
from synthspec.privacy.journal import Journal
from synthspec.privacy.store_file import FileStore
from tests.privacy_core import spending
from tests.privacy_core.test_journal import cap, here, opened, reserve, start


def test_files_are_for_their_owner_only_and_days_have_no_hours() -> None:
    journal, secret = opened(here)
    reserve(journal)
    assert Path(journal.place).stat().st_mode & 0o777 == 0o600
    assert Path(journal.place).parent.stat().st_mode & 0o777 == 0o700
    raw = b"".join(each.read_bytes() for each in Path(journal.place).parent.iterdir())
    assert secret.encode() not in raw
    assert all(len(entry.day) == len("2025-01-14") for entry in journal.entries())


def _sql(journal: Journal, *statements: str) -> None:
    db = sqlite3.connect(Path(journal.place))
    try:
        for statement in statements:
            db.execute(statement)
        db.commit()
    finally:
        db.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entries SET content = replace(content, '\"mu2\":', '\"mu2\":0') WHERE seq = 1",
        "UPDATE entries SET content = content || ' ' WHERE seq = 0",
        "DELETE FROM entries WHERE seq = 1",
        "DELETE FROM entries WHERE seq = 0",
    ],
)
def test_a_changed_ledger_is_refused_everywhere(change: str) -> None:
    journal, secret = opened(here)
    charge = reserve(journal)
    reserve(journal)
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        _sql(journal, change)
    assert journal.verify() == 3
    _sql(journal, "DROP TRIGGER entries_stay", "DROP TRIGGER entries_remain", change)
    for use in (
        journal.verify,
        journal.spent,
        lambda: reserve(journal),
        lambda: journal.open(charge),
        lambda: journal.cap(9, 1e-9, secret),
        lambda: Journal.find("hospital"),
    ):
        with pytest.raises(BudgetError, match="B507"):
            use()


def test_an_appended_entry_is_on_the_disk_before_the_call_returns() -> None:
    """SQLite's own word for it: a log that is synced at each commit."""
    journal, _ = opened(here)
    with closing(FileStore(Path(journal.place))._connect()) as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_entries_taken_off_the_end_are_seen_by_who_remembers_them() -> None:
    journal, _ = opened(here)
    reserve(journal)
    seq, digest = journal.head()
    assert journal.holds(seq, digest)
    _sql(journal, "DROP TRIGGER entries_remain", f"DELETE FROM entries WHERE seq = {seq}")
    assert journal.verify() == 1
    assert not journal.holds(seq, digest)


def test_a_file_that_is_no_ledger_reads_nothing_and_charges_nothing() -> None:
    journal, _ = opened(here)
    Path(journal.place).write_bytes(b"not a database at all, but long enough to look at" * 50)
    for use in (
        lambda: reserve(journal),
        journal.spent,
        lambda: Journal.find("hospital"),
        lambda: opened(here),
    ):
        with pytest.raises(BudgetError, match="B506"):
            use()


def test_an_unusable_folder_is_a_clear_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("SYNTHSPEC_HOME", str(blocked))
    with pytest.raises(BudgetError, match="B506"):
        opened(here)
    assert Journal.find("hospital") is None


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everything")
def test_a_read_only_ledger_is_a_clear_refusal() -> None:
    journal, _ = opened(here)
    Path(journal.place).chmod(0o400)
    with pytest.raises(BudgetError, match="B506"):
        reserve(journal)


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on file sizes there")
def test_a_full_disk_refuses_and_what_was_granted_is_still_there() -> None:
    journal = cap("full", 5000)
    granted, code = start("full", "full").communicate(timeout=60)[0].split()
    assert code == "B506"
    assert int(granted) > 3
    assert journal.verify() >= int(granted) + 2
    spending.spend(journal, "with room again")
