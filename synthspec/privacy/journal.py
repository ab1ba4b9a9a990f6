"""Journal: the data owner's ledger across runs; what is charged here stays charged.

A charge is reserved (counted), opened (durable before the first private read), committed. Only a
reserved one may be voided. Every entry is decided on all entries before it, under the store's lock, so that
two processes at once can never spend more than the cap.

Source: ours; DECISIONS 9, 22-24; the fixed thresholds: Smith & Thakurta 2022, arXiv:2210.17520.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import final

from synthspec.errors import BudgetError
from synthspec.privacy.accountant import Number, cap_cost
from synthspec.privacy.address import is_address, read_address
from synthspec.privacy.certified import exact
from synthspec.privacy.cost import Cost
from synthspec.privacy.entries import (
    Cap,
    Charge,
    ChargeState,
    Commit,
    LedgerEntry,
    Open,
    Opened,
    Reserve,
    Standing,
    Void,
    read_entries,
    stand,
)
from synthspec.privacy.forecast import Forecast, forecast, overspend
from synthspec.privacy.held import HeldFile
from synthspec.privacy.home import private_folder
from synthspec.privacy.secret import new_secret, opens
from synthspec.privacy.step_counter import Block, counted, wrong_state
from synthspec.privacy.store import Store
from synthspec.privacy.stores import FOLDER, every_store, store_of, store_of_source
from synthspec.terms.protection import Neighbours


@final
class Journal:
    """One ledger, in whichever store it lies."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # ---- finding and opening

    @classmethod
    def find(cls, name: str) -> Journal | None:
        """Return the ledger of this name or address, None when it was never opened.

        Raises:
            BudgetError: B509, B516; B514, B515 of a ledger on a server.
        """
        return cls._at(store_of(name))

    @classmethod
    def of_source(cls, source: str) -> Journal | None:
        """Return the default ledger of `source` (its resolved absolute path), None when there is none."""
        return cls._at(store_of_source(source))

    @classmethod
    def every(cls) -> tuple[Journal, ...]:
        """Return all ledgers of this home, named ones first; those on servers unread."""
        return tuple(cls(store) for store in every_store())

    @classmethod
    def open_named(
        cls,
        name: str,
        *,
        unit: str,
        neighbours: Neighbours,
        epsilon_cap: Number,
        delta_cap: Number,
        owner: str,
        max_rows: int | None = None,
    ) -> tuple[Journal, str]:
        """Open a ledger for its owner; return it and the owner's secret, which is kept nowhere.

        Raises:
            BudgetError: B509 for an unusable or taken name; B510 for an impossible cap.
        """
        store, cap = store_of(name), _thresholds(epsilon_cap, delta_cap)
        secret, kept = new_secret()
        first = Opened(
            day=_today(),
            name=read_address(name).name if is_address(name) else name,
            unit=_text(unit),
            neighbours=neighbours,
            max_rows=max_rows,
            owner=_text(owner),
            by="owner",
            epsilon=_decimal(epsilon_cap),
            delta=_decimal(delta_cap),
            cap=cap,
            secret=kept,
        )
        private_folder(FOLDER)
        if not store.create(first.canonical().decode()):
            raise BudgetError(
                "B509",
                f"there is a ledger `{name}` already",
                helps=(f"see it with `synthspec budget show {name}`", "or choose another name"),
            )
        return cls(store), secret

    @classmethod
    def open_default(
        cls,
        source: str,
        *,
        unit: str,
        neighbours: Neighbours,
        epsilon: Number,
        delta: Number,
        cap: Cost,
        max_rows: int | None = None,
        operator: str = "operator",
    ) -> Journal:
        """Return the default ledger of `source`, opening it with exactly this plan's `cap` when new.

        When it exists its own cap and unit stay: whoever comes second is refused by `reserve`.
        """
        first = Opened(
            day=_today(),
            name="default",
            source=_text(source),
            unit=unit,
            neighbours=neighbours,
            max_rows=max_rows,
            owner=operator,
            by="operator",
            epsilon=_decimal(epsilon),
            delta=_decimal(delta),
            cap=cap,
        )
        private_folder(FOLDER)
        store = store_of_source(source)
        store.create(first.canonical().decode())
        return cls(store)

    # ---- reading

    @property
    def place(self) -> str:
        """Where the ledger lies: its file, or its address, which holds no credential."""
        return self._store.place

    def entries(self) -> tuple[LedgerEntry, ...]:
        """Return every entry in order, the chain verified."""
        return read_entries(self._store.read())

    def standing(self) -> Standing:
        """Return what the entries add up to."""
        return stand(self.entries())

    def spent(self) -> Cost:
        """Return what is reserved, opened and committed."""
        return self.standing().spent

    def left(self) -> Cost:
        """Return what may still be charged."""
        return self.standing().left

    def state(self, charge: str) -> ChargeState | None:
        """Return where `charge` stands, None when this ledger does not know it."""
        found = self.standing().charges.get(charge)
        return None if found is None else found.state

    def charge_of(self, release: str) -> Charge | None:
        """Return the last charge made for `release` that was not voided."""
        made = [each for each in self.standing().charges.values() if each.release == release]
        return next((each for each in reversed(made) if each.state != "voided"), None)

    def forecast(self, cost: Cost, delta: Number) -> Forecast:
        """Return where the ledger stands and where `cost`, of a spec with `delta`, would bring it."""
        return forecast(self.standing(), cost, delta)

    def verify(self) -> int:
        """Re-hash the chain and replay the states; return the number of entries.

        Raises:
            BudgetError: B507, when something else than synthspec wrote to the file.
        """
        entries = self.entries()
        stand(entries)
        return len(entries)

    def head(self) -> tuple[int, str]:
        """Return place and hash of the last entry, for a release to remember."""
        seq = len(self._store.read()) - 1
        return seq, self._store.head(seq) or ""

    def holds(self, seq: int, digest: str) -> bool:
        """Return whether entry `seq` has this hash: false when entries were taken off the end."""
        return self._store.head(seq) == digest

    # ---- writing

    def reserve(
        self,
        cost: Cost,
        *,
        unit: str,
        neighbours: Neighbours,
        release: str,
        plan: str,
        label: str,
        epsilon: Number,
        delta: Number,
        columns: tuple[str, ...] = (),
        folder: str = "",
        sources: tuple[HeldFile, ...] = (),
    ) -> str:
        """Count `cost` as spent, all or nothing, and return the charge's id.

        `columns` and `folder` are public facts of the release to be, for later plans to point at;
        `sources` are the files that are read for it, which cannot be declared public from here on.

        Raises:
            BudgetError: B501, when it does not fit the cap; B503, when the ledger protects
                something else; B506 and B507, when the ledger cannot be used. Nothing is charged.
        """
        charge = secrets.token_hex(8)

        def decide(standing: Standing) -> LedgerEntry:
            _same_protection(standing.opened, unit, neighbours)
            if not cost.fits(standing.left):
                raise overspend(standing, cost, delta)
            return Reserve(
                day=_today(),
                charge=charge,
                release=release,
                plan=plan,
                label=label,
                epsilon=_decimal(epsilon),
                delta=_decimal(delta),
                cost=cost,
                columns=columns,
                folder=_text(folder),
                sources=sources,
            )

        self._append(decide)
        return charge

    def open(self, charge: str) -> None:
        """Write, durably, that private rows are about to be read for `charge`; only if reserved (B505)."""
        self._move(charge, "reserved", Open(day=_today(), charge=charge))

    def count_steps(self, block: Block) -> None:
        """Write, durably, that the steps of `block` are about to be taken. Raises B505, B511."""
        self._append(lambda standing: counted(standing, block, _today()))

    def commit(self, charge: str) -> None:
        """Write that the release of `charge` exists; only if opened (B505)."""
        self._move(charge, "opened", Commit(day=_today(), charge=charge))

    def void(self, charge: str, secret: str | None = None) -> None:
        """Take back a charge for which nothing was read; only if reserved (B505), by the owner (B508)."""
        entry = Void(day=_today(), charge=charge)
        self._move(charge, "reserved", entry, lambda opened: _permit(opened, secret))

    def cap(self, epsilon: Number, delta: Number, secret: str | None = None) -> None:
        """Set new thresholds, by the owner; on a default ledger by whoever operates it.

        Raises:
            BudgetError: B508, when the secret is not the owner's; B510, when the cap is impossible.
        """
        cap = _thresholds(epsilon, delta)

        def decide(standing: Standing) -> LedgerEntry:
            _permit(standing.opened, secret)
            by = standing.opened.by
            return Cap(day=_today(), by=by, epsilon=_decimal(epsilon), delta=_decimal(delta), cap=cap)

        self._append(decide)

    # ---- inside

    @classmethod
    def _at(cls, store: Store) -> Journal | None:
        return cls(store) if store.exists() else None

    def _append(self, decide: Callable[[Standing], LedgerEntry]) -> None:
        def write(texts: tuple[str, ...]) -> tuple[str]:
            entries = read_entries(texts)
            entry = decide(stand(entries))
            stand((*entries, entry))  # what could not be read again is not written
            return (entry.canonical().decode(),)

        self._store.append(write)

    def _move(
        self,
        charge: str,
        needed: ChargeState,
        entry: LedgerEntry,
        permit: Callable[[Opened], None] = lambda opened: None,
    ) -> None:
        def decide(standing: Standing) -> LedgerEntry:
            permit(standing.opened)
            found = standing.charges.get(charge)
            if found is None or found.state != needed:
                raise wrong_state(entry.kind, found, needed)
            return entry

        self._append(decide)


def _text(told: str) -> str:
    """Return what was told as text that can be written, whatever bytes a shell or a file system gave."""
    return told.encode(errors="backslashreplace").decode()


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _decimal(value: Number) -> Decimal:
    number = exact(value)
    return Decimal(number.numerator) / Decimal(number.denominator)


def _thresholds(epsilon: Number, delta: Number) -> Cost:
    cap = Cost()
    with contextlib.suppress(ValueError, ArithmeticError):
        cap = cap_cost(epsilon, delta)
    if cap.mu2 < 1:
        raise BudgetError(
            "B510",
            "a cap needs a positive `epsilon` and a `delta` between 0 and 1",
            helps=("for example an epsilon of 3 and a delta of 1e-9",),
        )
    return cap


def _same_protection(opened: Opened, unit: str, neighbours: Neighbours) -> None:
    if (opened.unit, opened.neighbours) != (unit, neighbours):
        raise BudgetError(
            "B503",
            f"the ledger `{opened.name}` protects `{opened.unit}` under {opened.neighbours} neighbours, "
            f"the spec `{unit}` under {neighbours}",
            notes=("costs of different units do not add up", "nothing was read and nothing was charged"),
            helps=(f"write `unit: {opened.unit}` and `neighbours: {opened.neighbours}`",),
        )


def _permit(opened: Opened, secret: str | None) -> None:
    if opened.secret is not None and (secret is None or not opens(opened.secret, secret)):
        raise BudgetError(
            "B508",
            f"only the owner of the ledger `{opened.name}` may do this, and the secret is not the owner's",
            helps=("give the secret that `synthspec budget open` printed once",),
        )
