"""PostgresStore: a ledger's entries in a table of a PostgreSQL server, for a team.

Why nothing is ever overspent: an entry is written at the place behind all entries that were seen, and
(ledger, place) is the table's primary key. Of two writers who saw the same entries one fails and decides
anew; the advisory lock that both take first only spares them the collision. Rows cannot be changed or
removed (triggers that always fire, no such right granted), so what was seen stays true.

Why nothing is forgotten: `append` returns when the server has answered COMMIT, and a transaction here waits
for the disk whatever the server's settings (`synchronous_commit`; a server without `fsync` is refused). When
the connection breaks before that answer, the entry may be there or not. Each append carries a random
token, kept beside its rows: the next connection takes the same lock, which the broken transaction held until
it ended either way, and looks for the token. Found, the append is done; else nothing of it was written and
it is decided again. When no connection can be had for a while the caller is refused (B514), which can
only leave more counted than was spent.

Source: ours; DECISIONS 9; the table is that of the SQLite store with a ledger's name and the token.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, final

from synthspec.errors import BudgetError
from synthspec.privacy.address import Address
from synthspec.privacy.postgres_session import (
    LOST_SERVER,
    Collision,
    Gone,
    Session,
    absent,
    crowded,
    session,
)
from synthspec.privacy.store import PATIENCE, Decide, chained, linked

if TYPE_CHECKING:
    from synthspec.privacy.postgres_session import Row

_PAUSE = 0.1
_UNTOLD = (LOST_SERVER, "B506", "B515")
"""Refusals after which it is still not known whether an earlier attempt was written."""


@final
class PostgresStore:
    """One ledger on a server; every method connects, works in one transaction, and leaves."""

    def __init__(self, address: Address, *, patience: float = PATIENCE) -> None:
        self._address = address
        self._patience = patience

    @property
    def place(self) -> str:
        """See `Store.place`."""
        return str(self._address)

    @property
    def address(self) -> Address:
        """Where it lies."""
        return self._address

    def exists(self) -> bool:
        """See `Store.exists`."""
        return bool(self._rows())

    def create(self, first: str) -> bool:
        """See `Store.create`; makes the table when this is the first ledger of the database."""
        if self.exists():  # and a server that is not there is said at once
            return False
        taken = False

        def decide(texts: tuple[str, ...]) -> Sequence[str]:
            nonlocal taken
            taken = bool(texts)
            return () if taken else (first,)

        self._write(decide, make=True)
        return not taken

    def read(self) -> tuple[str, ...]:
        """See `Store.read`."""
        return tuple(content for content, _ in self._rows())

    def head(self, seq: int) -> str | None:
        """See `Store.head`."""
        rows = self._rows()
        return rows[seq][1] if 0 <= seq < len(rows) else None

    def append(self, decide: Decide) -> None:
        """See `Store.append`.

        Raises:
            BudgetError: B506, B507, B514, B515; after B514 the entry may have been written, and the next
                command on this ledger shows whether it was.
        """

        def behind_the_first(texts: tuple[str, ...]) -> Sequence[str]:
            if not texts:
                raise absent(self._address)
            return decide(texts)

        self._write(behind_the_first)

    # ---- inside

    def _rows(self) -> list[tuple[str, str]]:
        try:
            with session(self._address) as opened:
                opened.begin(write=False)
                return _verified(opened.rows() if opened.ready() else [])
        except Gone:
            pass
        raise BudgetError(
            LOST_SERVER,
            f"the ledger's server went away while it was read: `{self._address}`",
            notes=("nothing was read and nothing was charged",),
            helps=("try again when it is back",),
        )

    def _write(self, decide: Decide, *, make: bool = False) -> None:
        """Attempt until an attempt is known to be written, or the patience is over.

        A server that does not answer is waited for: a run in progress outlives its being started anew.
        """
        token = secrets.token_hex(16)
        until: float | None = None
        unsure = False  # whether an attempt may have been written of which no later one could tell
        while True:
            try:
                with session(self._address) as opened:
                    self._attempt(opened, decide, token, make)
                return
            except Gone:
                unsure, last = True, _unknown(self._address)
            except Collision:
                last = crowded(self._address)
            except BudgetError as refused:
                last = _unknown(self._address) if unsure and refused.code in _UNTOLD else refused
                if refused.code != LOST_SERVER:
                    raise last from None
            until = time.monotonic() + self._patience if until is None else until
            if time.monotonic() > until:
                raise last from None
            time.sleep(_PAUSE)

    def _attempt(self, opened: Session, decide: Decide, token: str, make: bool) -> None:
        opened.begin(write=True)
        if not opened.ready():
            if not make:
                raise absent(self._address)
            opened.make()
        opened.lock()
        found = opened.rows()
        if any(row.token == token for row in found):
            return  # the attempt whose answer was lost was written
        rows = _verified(found)
        contents = decide(tuple(content for content, _ in rows))
        opened.insert(linked(rows, contents), token)
        opened.commit()


def _verified(rows: Sequence[Row]) -> list[tuple[str, str]]:
    return chained((row.seq, row.content, row.hash) for row in rows)


def _unknown(address: Address) -> BudgetError:
    return BudgetError(
        LOST_SERVER,
        f"the ledger's server went away while an entry was written, and did not come back: `{address}`",
        notes=(
            "no row was read for it",
            "whether the entry is there is not known; if it is, it counts as spent, never the other way",
        ),
        helps=(
            "when the server is back, `synthspec budget log` shows it",
            "and the same command, with `--resume` where it says so, goes on from there",
        ),
    )
