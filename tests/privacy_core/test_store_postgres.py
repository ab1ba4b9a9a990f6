"""A ledger on a PostgreSQL server: its rights, its tampering, its settings, what an address may be."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.errors import BudgetError, SynthspecError
from synthspec.privacy.address import read_address
from synthspec.privacy.home import private_folder
from synthspec.privacy.journal import Journal
from synthspec.privacy.postgres_session import session
from synthspec.privacy.store_postgres import PostgresStore
from tests.postgres import Server, running
from tests.privacy_core.test_journal import ROOT, opened, reserve


@contextmanager
def sql(server: Server, user: str = "tester") -> Iterator[Any]:
    """Yield a connection of `user`."""
    import psycopg

    with psycopg.connect(server.place.replace("tester", user), autocommit=True) as db:
        yield db


def run(server: Server, *statements: str, user: str = "tester") -> None:
    """Run statements as `user`."""
    with sql(server, user) as db:
        for statement in statements:
            db.execute(statement)


@pytest.fixture
def roles(server: Server) -> Server:
    """Return the server with a reader, a trainer and a stranger."""
    names = ("reader", "trainer", "stranger")
    run(server, *(f"DROP ROLE IF EXISTS {name}" for name in names))
    run(server, *(f"CREATE ROLE {name} LOGIN" for name in names))
    opened(server.address)
    run(
        server,
        "GRANT USAGE ON SCHEMA synthspec TO reader, trainer",
        "GRANT SELECT ON synthspec.entries TO reader, trainer",
        "GRANT INSERT ON synthspec.entries TO trainer",
    )
    return server


def seen_by(server: Server, user: str) -> Journal:
    """Return the ledger `hospital` as `user` reaches it."""
    return Journal(PostgresStore(read_address(server.address("hospital", user))))


def test_who_may_read_reads_and_who_may_insert_trains(roles: Server) -> None:
    charge = reserve(seen_by(roles, "trainer"))
    assert seen_by(roles, "reader").state(charge) == "reserved"
    with pytest.raises(BudgetError, match="B515") as refused:
        reserve(seen_by(roles, "reader"))
    assert 'GRANT SELECT, INSERT ON synthspec.entries TO "reader"' in "".join(
        refused.value.diagnostics[0].helps
    )
    for use in (lambda j: j.spent(), reserve, lambda j: j.open(charge)):
        with pytest.raises(BudgetError, match="B515"):
            use(seen_by(roles, "stranger"))
    with pytest.raises(BudgetError, match="B515"):
        Journal.find(roles.address("hospital", "stranger"))


def test_who_may_not_make_the_first_ledger_is_told_what_it_takes(roles: Server) -> None:
    run(roles, "DROP SCHEMA synthspec CASCADE")
    with pytest.raises(BudgetError, match="B515") as refused:
        opened(lambda name: roles.address(name, "stranger"))
    assert "GRANT CREATE ON DATABASE" in "".join(refused.value.diagnostics[0].helps)


CHANGES = (
    "UPDATE synthspec.entries SET content = replace(content, '\"mu2\":', '\"mu2\":0') WHERE seq = 1",
    "UPDATE synthspec.entries SET content = content || ' ' WHERE seq = 0",
    "UPDATE synthspec.entries SET ledger = 'other' WHERE seq = 2",
    "DELETE FROM synthspec.entries WHERE seq = 1",
    "DELETE FROM synthspec.entries WHERE seq = 0",
    "TRUNCATE synthspec.entries",
)


@pytest.mark.parametrize("change", CHANGES)
def test_nobody_changes_a_row_in_passing(roles: Server, change: str) -> None:
    """Neither a trainer, nor the table's owner, nor a superuser in a session that turns triggers off."""
    import psycopg

    reserve(seen_by(roles, "trainer"))
    reserve(seen_by(roles, "trainer"))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(roles, change, user="trainer")
    for before in ("SET session_replication_role = origin", "SET session_replication_role = replica"):
        with pytest.raises(psycopg.errors.RaiseException, match="append only"):
            run(roles, before, change)
    assert seen_by(roles, "reader").verify() == 3


@pytest.mark.parametrize("change", CHANGES[:2] + CHANGES[3:5])
def test_a_changed_row_is_found_by_every_use(server: Server, change: str) -> None:
    journal, secret = opened(server.address)
    charge = reserve(journal)
    reserve(journal)
    off, on = (
        "ALTER TABLE synthspec.entries DISABLE TRIGGER",
        "ALTER TABLE synthspec.entries ENABLE ALWAYS TRIGGER",
    )
    run(server, f"{off} entries_stay", change, f"{on} entries_stay")
    for use in (
        journal.verify,
        journal.spent,
        lambda: reserve(journal),
        lambda: journal.open(charge),
        lambda: journal.cap(9, 1e-9, secret),
        lambda: Journal.find(server.address("hospital")),
    ):
        with pytest.raises(BudgetError, match="B507"):
            use()


def test_entries_taken_off_the_end_are_seen_by_who_remembers_them(server: Server) -> None:
    journal, _ = opened(server.address)
    reserve(journal)
    seq, digest = journal.head()
    assert journal.holds(seq, digest)
    off, on = (
        "ALTER TABLE synthspec.entries DISABLE TRIGGER",
        "ALTER TABLE synthspec.entries ENABLE ALWAYS TRIGGER",
    )
    run(
        server,
        f"{off} entries_stay",
        f"DELETE FROM synthspec.entries WHERE seq = {seq}",
        f"{on} entries_stay",
    )
    assert journal.verify() == 1
    assert not journal.holds(seq, digest)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("ALTER TABLE synthspec.entries DISABLE TRIGGER entries_stay", "B507"),
        ("ALTER TABLE synthspec.entries ENABLE TRIGGER entries_remain", "B507"),
        ("DROP TRIGGER entries_follow ON synthspec.entries", "B507"),
        ("COMMENT ON TABLE synthspec.entries IS 'synthspec ledgers, version 2'", "B506"),
        ("COMMENT ON TABLE synthspec.entries IS NULL", "B506"),
        ("ALTER TABLE synthspec.entries SET UNLOGGED", "B506"),
        ("ALTER TABLE synthspec.entries RENAME COLUMN token TO other", "B506"),
        ("DROP SCHEMA synthspec CASCADE", "B506"),
    ],
)
def test_a_table_that_cannot_be_relied_on_is_refused(server: Server, change: str, code: str) -> None:
    journal, _ = opened(server.address)
    run(server, change)
    with pytest.raises(BudgetError, match=code):
        reserve(journal)
    if "DROP SCHEMA" not in change:
        with pytest.raises(BudgetError, match=code):
            journal.spent()


def test_rows_that_a_policy_hides_are_no_smaller_sum(roles: Server) -> None:
    """Row security would show a trainer a shorter ledger with more left: refused, not filtered."""
    reserve(seen_by(roles, "trainer"))
    run(
        roles,
        "CREATE POLICY first ON synthspec.entries USING (seq = 0)",
        "ALTER TABLE synthspec.entries ENABLE ROW LEVEL SECURITY",
    )
    for use in (lambda j: j.spent(), reserve):
        with pytest.raises(BudgetError, match="B515"):
            use(seen_by(roles, "trainer"))


def test_a_stranger_to_the_chain_cannot_leave_a_gap(roles: Server) -> None:
    import psycopg

    with pytest.raises(psycopg.errors.UniqueViolation, match="not behind"):
        run(
            roles,
            "INSERT INTO synthspec.entries VALUES ('hospital', 7, 'x', 'y', 'z')",
            user="trainer",
        )


def test_the_server_waits_for_the_disk_whatever_a_role_is_set_to(roles: Server) -> None:
    run(roles, "ALTER ROLE trainer SET synchronous_commit = off", "ALTER ROLE trainer SET search_path = evil")
    with session(read_address(roles.address("hospital", "trainer"))) as opened_session:
        opened_session.begin(write=True)
        found = [
            opened_session._db.execute(f"SHOW {name}").fetchone()
            for name in ("synchronous_commit", "search_path", "row_security")
        ]
    assert found == [("on",), ("pg_catalog",), ("off",)]


@pytest.mark.slow
def test_a_server_that_does_not_write_durably_is_refused() -> None:
    with running() as careless, pytest.raises(BudgetError, match=r"B506.*fsync"):
        opened(careless.address)


def test_ledgers_of_one_database_do_not_mix(server: Server) -> None:
    first, _ = opened(server.address, "first")
    second, _ = opened(server.address, "second")
    reserve(first)
    assert second.spent().mu2 == 0
    assert (first.verify(), second.verify()) == (2, 1)


@pytest.mark.parametrize(
    "name", ["'; DROP TABLE entries; --", "Robert\\'); --", "a\nb", "émile 🦆", "\udce9", "%s %d", "a" * 5000]
)
def test_hostile_words_are_only_words(server: Server, name: str) -> None:
    journal, _ = Journal.open_named(
        server.address("x"), unit=name, neighbours="add-remove", epsilon_cap=1, delta_cap=1e-9, owner=name
    )
    kept = name.encode(errors="backslashreplace").decode()
    charge = reserve(journal, 0.1, unit=kept, label=kept, release=kept)
    standing = journal.standing()
    assert (standing.opened.owner, standing.opened.unit) == (kept, kept)
    assert standing.charges[charge].label == kept
    assert journal.verify() == 2


SECRET = "hunter2-canary"
BAD = (
    f"postgres://olga:{SECRET}@db.example/ledgers#hospital",
    f"postgres://:{SECRET}@db.example/ledgers#hospital",
    f"postgres://olga%3A{SECRET}@db.example/ledgers#hospital",
    f"postgres://olga:{SECRET}/x@db.example/ledgers#hospital",
    f"postgres://olga:{SECRET}@x@db.example/ledgers#hospital",
    f"postgres://db.example/ledgers?password={SECRET}#hospital",
    f"postgres://db.example/ledgers?sslpassword={SECRET}#hospital",
    f"postgres://db.example/ledgers?options=-c%20{SECRET}#hospital",
    f"postgres://db.example/ledgers?user=a&user={SECRET}#hospital",
    f"postgres://db.example/ledgers?{SECRET}#hospital",
    f"postgres://db.example:{SECRET}/ledgers#hospital",
    f"postgres://[{SECRET}/ledgers#hospital",
    f"postgres://db.example/{SECRET}\x00#hospital",
    f"postgres://db.example/{SECRET}",
    f"postgres://db.example/led gers{SECRET}#hospital",
    f"mysql://olga:{SECRET}@db.example/ledgers#hospital",
    f"POSTGRES:{SECRET}//olga@db.example/ledgers#hospital",
)


@pytest.mark.parametrize("address", BAD)
def test_an_address_that_cannot_be_used_is_refused_and_not_quoted(address: str) -> None:
    for use in (Journal.find, lambda text: opened(lambda _: text)):
        with pytest.raises(BudgetError, match=r"B516|B509") as refused:
            use(address)
        assert SECRET not in repr(refused.value.diagnostics) + str(refused.value)


@settings(max_examples=200)
@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_refusal_that_quotes_nothing(text: str) -> None:
    try:
        read = read_address(f"postgres://{text}")
    except SynthspecError as refused:
        assert refused.code in ("B509", "B516")
        assert len(text) < 6 or text not in str(refused)
    else:
        assert read_address(str(read)) == read
        assert "password" not in read.settings()


@pytest.mark.parametrize(
    "address",
    [
        "postgres://db.example/ledgers#hospital",
        "postgres://olga@db.example:5433/ledgers?sslmode=verify-full&sslrootcert=/etc/ca.pem#hospital",
        "postgres:///?service=ledgers#hospital",
        "postgres://[::1]:5432/ledgers#hospital",
        "postgres://o%40lga@/led%23gers?host=/var/run/postgresql#hospital",
    ],
)
def test_an_address_is_read_and_written_alike(address: str) -> None:
    assert str(read_address(address)) == address
    assert str(read_address(address.replace("postgres:", "postgresql:"))) == address


def test_without_the_client_the_install_command_is_said(server: Server) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from synthspec.cli.main import run\n"
        f"sys.exit(run(['budget', 'show', {server.address('x')!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 4
    assert "error[B517]" in done.stderr and "pip install 'synthspec[postgres]'" in done.stderr


def test_nothing_of_the_client_is_imported_for_a_ledger_in_a_file(tmp_path: Path) -> None:
    code = (
        "import sys, synthspec.privacy.journal as j; j.Journal.find('x'); sys.exit('psycopg' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode
        == 0
    )


@pytest.mark.parametrize(
    "content", ["", "no address", "postgres://olga:x@db.example/l#hospital", "\ufeff\x00"]
)
def test_a_damaged_note_of_where_a_ledger_lies_is_a_refusal(content: str) -> None:
    """Not a new ledger in a file: that would be a second budget."""
    folder = private_folder("ledgers")
    (folder / "named-hospital.address").write_text(content)
    for use in (lambda: Journal.find("hospital"), lambda: opened(lambda name: name), Journal.every):
        with pytest.raises(BudgetError, match="B506"):
            use()
