"""A ledger's server that goes away: an entry is written once or not at all, and what is said is true."""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthspec.errors import BudgetError
from synthspec.privacy.address import read_address
from synthspec.privacy.journal import Journal
from synthspec.privacy.store_postgres import PostgresStore
from tests.postgres import Server
from tests.privacy_core import spending
from tests.privacy_core.broken_wire import Moment, Wire, wire
from tests.privacy_core.test_journal import cap, opened, promised, reserve, start

MOMENTS: tuple[Moment, ...] = ("before", "after")


@pytest.fixture
def cut(server: Server) -> Iterator[Wire]:
    """Yield a wire to the server; its folder's name is short, as those of sockets must be."""
    with tempfile.TemporaryDirectory(prefix="w") as folder, wire(Path(folder), server.folder) as made:
        yield made


def far(made: Wire, patience: float = 30.0) -> Journal:
    """Return the ledger `hospital` as seen through the wire."""
    return Journal(PostgresStore(read_address(made.address("hospital")), patience=patience))


@pytest.mark.parametrize("cuts", [["before"], ["after"], ["before", "after"], ["before", "before", "after"]])
def test_an_entry_whose_commit_got_no_answer_is_there_once(
    server: Server, cut: Wire, cuts: list[Moment]
) -> None:
    journal, _ = opened(server.address)
    cut.cuts = list(cuts)
    charge = reserve(far(cut))
    assert not cut.cuts
    assert [entry.kind for entry in journal.entries()] == ["opened-ledger", "reserve"]
    assert journal.state(charge) == "reserved"
    cut.cuts = list(cuts)
    far(cut).open(charge)
    cut.cuts = list(cuts)
    far(cut).commit(charge)
    assert [entry.kind for entry in journal.entries()] == ["opened-ledger", "reserve", "open", "commit"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_ledger_is_opened_once_when_its_answer_is_lost(server: Server, cut: Wire, moment: Moment) -> None:
    cut.cuts = [moment]
    journal, secret = opened(cut.address)
    charge = reserve(journal)
    journal.void(charge, secret)
    with pytest.raises(BudgetError, match="B509"):
        opened(server.address)


def test_what_another_wrote_meanwhile_is_seen_before_it_is_tried_again(server: Server, cut: Wire) -> None:
    """The last of the budget goes to the other; the one whose connection broke is refused, not granted."""
    journal = cap(server.address("hospital"), 1)
    cut.cuts = ["before"]

    def other() -> None:
        spending.spend(journal, "quicker")

    cut.at_cut = other
    with pytest.raises(BudgetError, match="B501"):
        spending.spend(far(cut), "cut off")
    assert journal.left().mu2 == 0
    assert [each.label for each in journal.standing().charges.values()] == ["", "quicker"]


def test_the_same_entry_of_another_process_is_not_taken_for_ones_own(server: Server, cut: Wire) -> None:
    """Two resume one charge; only one may open it, though the two entries are the same to the letter."""
    journal, _ = opened(server.address)
    charge = reserve(journal)
    cut.cuts = ["before"]
    cut.at_cut = lambda: journal.open(charge)
    with pytest.raises(BudgetError, match="B505"):
        far(cut).open(charge)
    assert [entry.kind for entry in journal.entries()] == ["opened-ledger", "reserve", "open"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_server_that_stays_away_is_a_refusal_and_never_counts_less(
    server: Server, cut: Wire, moment: Moment
) -> None:
    journal, _ = opened(server.address)
    cut.cuts, cut.for_good = [moment], True
    with pytest.raises(BudgetError, match="B514") as refused:
        reserve(far(cut, patience=0.5))
    assert "log" in refused.value.diagnostics[0].helps[0]
    assert len(journal.standing().charges) == (1 if moment == "after" else 0)
    reserve(journal, 0.2)
    journal.verify()


@pytest.mark.slow
def test_who_cannot_look_does_not_say_that_nothing_was_charged(server: Server, cut: Wire) -> None:
    """The answer is lost, and the next connection waits in vain for the lock: B514, not B506."""
    import psycopg

    journal, _ = opened(server.address)
    digest = hashlib.blake2b(b"synthspec ledger hospital", digest_size=8).digest()
    key = int.from_bytes(digest, "big", signed=True)
    with psycopg.connect(server.place) as other:

        def hold() -> None:
            other.execute("SELECT pg_advisory_xact_lock(%s::bigint)", (key,))

        cut.cuts, cut.at_cut = ["after"], hold
        with pytest.raises(BudgetError, match="B514"):
            reserve(far(cut))
    assert len(journal.standing().charges) == 1


def test_a_connection_that_breaks_while_reading_is_a_refusal(server: Server, cut: Wire) -> None:
    journal, _ = opened(server.address)
    cut.close()
    with pytest.raises(BudgetError, match="B514"):
        far(cut).spent()
    assert journal.verify() == 1


@pytest.mark.parametrize(
    ("mode", "times"),
    [
        ("immediate", 1),
        pytest.param("immediate", 5, marks=pytest.mark.slow),
        pytest.param("fast", 2, marks=pytest.mark.slow),
    ],
)
def test_a_server_that_crashes_under_a_writer_keeps_what_it_said(
    server: Server, mode: str, times: int
) -> None:
    """The writer goes on when the server is back, and every step that it was told of is there."""
    journal = cap(server.address("crash"), 5000)
    before = journal.spent()
    writer = start("steps", server.address("crash"))
    assert writer.stdout is not None
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(line.strip() for line in writer.stdout or ()))
    reader.start()
    try:
        for _ in range(times):
            seen = len(said)
            while len(said) < seen + 5:
                assert writer.poll() is None
                time.sleep(0.001)
            server.stop(mode)
            server.start()
        seen = len(said)
        while len(said) < seen + 5:
            assert writer.poll() is None
            time.sleep(0.001)
    finally:
        writer.kill()
        writer.wait()
        reader.join()
        writer.stdout.close()
    promised(journal, before.mu2, said)
    assert len({each.id for each in journal.standing().charges.values()}) == len(journal.standing().charges)
    journal.verify()


def test_a_server_that_is_not_there_is_said_at_once(server: Server) -> None:
    """Nothing was sent, so nothing is unknown: no waiting."""
    nowhere = server.address("x").replace(str(server.folder), "/nonexistent")
    begun = time.monotonic()
    with pytest.raises(BudgetError, match="B514") as refused:
        Journal.find(nowhere)
    assert time.monotonic() - begun < 5
    assert "nothing answers there" in refused.value.message
