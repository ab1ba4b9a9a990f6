"""Store: an append-only, hash-chained list of texts; what every kind of ledger store promises.

Each row's hash is BLAKE2b over the previous hash, the row's place and its text, so that a changed,
removed or moved row breaks every hash after it. Removing the *last* rows can be seen only by who
remembers a later hash: a release keeps the hash of its own entry (`Journal.holds`).

Source: ours; DECISIONS 9.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from synthspec.errors import BudgetError

PATIENCE = 30.0
"""How long one process waits for another, in seconds."""

VERSION = 1
"""The version of what is stored; another one is refused."""

Decide = Callable[[tuple[str, ...]], Sequence[str]]


class Store(Protocol):
    """One ledger's entries, in a file or on a server.

    What the ledger's promise rests on: `append` writes behind exactly the entries that `decide` saw, or
    not at all; what it returned from is durable; nobody changes an entry without the chain showing it.
    """

    @property
    def place(self) -> str:
        """Where it lies, in words that hold no credential."""

    def exists(self) -> bool:
        """Return whether there is at least one entry.

        Raises:
            BudgetError: B506, B507, and of a server B514, B515.
        """

    def create(self, first: str) -> bool:
        """Write `first` as the first entry; return False, and write nothing, when there are entries."""

    def read(self) -> tuple[str, ...]:
        """Return all entries in order, their chain verified.

        Raises:
            BudgetError: B506, when they cannot be read; B507, when the chain is broken; of a server also
                B514 and B515.
        """

    def head(self, seq: int) -> str | None:
        """Return the hash of entry `seq`, None when there is none."""

    def append(self, decide: Decide) -> None:
        """Append what `decide` returns when it sees all entries; no other process can come between.

        Durable on return. Nothing is written when `decide` raises. `decide` may be called again, on newer
        entries, after an attempt of which nothing was written.
        """


def link(previous: str, seq: int, content: str) -> str:
    """Return the hash of the entry `content` at place `seq` after `previous`, in hex."""
    state = hashlib.blake2b(digest_size=32)
    for part in (previous, str(seq), content):
        data = part.encode()
        state.update(len(data).to_bytes(8, "big") + data)
    return state.hexdigest()


def chained(rows: Iterable[tuple[int, str, str]]) -> list[tuple[str, str]]:
    """Return (content, hash) of rows (seq, content, hash) in order, the chain verified; B507."""
    found: list[tuple[str, str]] = []
    previous = ""
    for place, (seq, content, digest) in enumerate(rows):
        if seq != place or digest != link(previous, seq, content):
            raise tampered()
        previous = digest
        found.append((content, digest))
    return found


def linked(rows: Sequence[tuple[str, str]], contents: Iterable[str]) -> list[tuple[int, str, str]]:
    """Return the rows (seq, content, hash) of `contents` behind `rows` (content, hash)."""
    previous, seq = (rows[-1][1] if rows else ""), len(rows)
    made = []
    for content in contents:
        previous = link(previous, seq, content)
        made.append((seq, content, previous))
        seq += 1
    return made


def tampered() -> BudgetError:
    """Return the refusal of a ledger whose entries are not what was written (B507)."""
    return BudgetError(
        "B507",
        "the ledger's chain of entries is broken: it was changed by something else than synthspec",
        notes=("nothing was read and nothing was charged",),
        helps=("put back a copy of the ledger that `synthspec budget verify` accepts",),
    )
