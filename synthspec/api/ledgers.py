"""ledgers: which ledger a plan is charged to, and the owner's verbs on it."""

from __future__ import annotations

import contextlib
import glob
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from synthspec.api.elsewhere import refuse_elsewhere
from synthspec.api.ledger_state import State
from synthspec.api.sources import held_sources, located, on_server, path_of, source_path
from synthspec.errors import BudgetError
from synthspec.privacy.address import is_address, read_address
from synthspec.privacy.forecast import down2, up2
from synthspec.privacy.journal import Journal
from synthspec.privacy.stores import join, refuse_called, remember

if TYPE_CHECKING:
    from synthspec.plan.plan import Plan
    from synthspec.privacy.cost import Cost

Neighbours = Literal["add-remove", "replace"]


@dataclass(frozen=True)
class Opening:
    """A new named ledger: its file or its address, and the owner's secret, which is kept nowhere."""

    name: str
    place: str
    secret: str
    on_server: bool


def source_key(value: Plan) -> str:
    """Return where a plan's source lies: the same for every working folder, and for every table of a file."""
    return located(value) if on_server(value) else str(source_path(value))


def _is_pattern(value: Plan) -> bool:
    """Return whether a plan's source is a pattern like `exports/*.csv` rather than a file."""
    if value.source is None or value.source.format not in ("csv", "parquet"):
        return False
    return glob.has_magic(str(source_path(value))) and not source_path(value).exists()


def needs_ledger(value: Plan) -> bool:
    """Return whether a plan reads private rows."""
    return value.source is not None and not value.source_public


def refuse_owned(value: Plan) -> None:
    """Refuse to read without a price a file for which budget was charged: it was private then.

    Read so are a source declared public, and every public file: code lists, lookups, rows that come out as
    they are. A file is known by its path and by its number on its device, on every ledger here.

    Raises:
        BudgetError: B554; B507, when a ledger was tampered with, and B514, when the server of one that was
            used here does not answer: what it protects is unknown then.
    """
    from synthspec.privacy.held import held_files

    public = {file.path: held_files([_beside(value, file.path)]) for file in value.files}
    if value.source is not None and value.source_public:
        public[value.source.path] = held_sources(value)
    if not public:
        return
    standing = [journal.standing() for journal in Journal.every()]
    for name, held in public.items():
        if any(each.protects(file) for file in held for each in standing):
            source = value.source is not None and value.source_public and name == value.source.path
            what = "the source is declared public" if source else f"`{name}` is read as a public file"
            raise BudgetError(
                "B554",
                f"{what}, and a ledger protects it",
                notes=("budget was charged for this very file, whatever its name is here",),
                helps=(
                    "drop `public: true`, and say under `privacy:` what may be spent"
                    if source
                    else "name a file that was published",
                    "or name the file that was published, when the table has been published since",
                )[: 2 if source else 1],
            )


def _beside(value: Plan, name: str) -> Path:
    """Return where a public file lies: beside the spec, else as it is named."""
    path = Path(name).expanduser()
    beside = Path(value.spec_path).parent / path
    return beside if beside.exists() or path.is_absolute() else path


def existing(value: Plan) -> Journal | None:
    """Return the ledger that a plan would be charged to; None for a default one not opened yet.

    Raises:
        BudgetError: B550, when the spec names a ledger that nobody opened, or names none and its source
            is a pattern or a table on a server: the default ledger is that of one file.
    """
    if value.ledger is None and on_server(value):
        raise BudgetError(
            "B550",
            "a source on a server needs a ledger by name",
            notes=("each way to write its address would be a new budget for the same rows",),
            helps=("its owner opens one with `synthspec budget open NAME`; then write `ledger: NAME`",),
        )
    if value.ledger is None and _is_pattern(value):
        raise BudgetError(
            "B550",
            "a source of several files needs a ledger by name",
            notes=("each way to write a pattern would be a new budget for the same rows",),
            helps=("its owner opens one with `synthspec budget open NAME`; then write `ledger: NAME`",),
        )
    if value.ledger is None:
        return Journal.of_source(source_key(value))
    found = Journal.find(value.ledger)
    if found is None:
        unit = value.protection.unit if value.protection is not None else "COLUMN"
        cap = f"--cap {value.epsilon:g} --delta {value.delta:g}"
        raise BudgetError(
            "B550",
            f"there is no ledger `{value.ledger}`",
            notes=(
                "a named ledger is opened by the data's owner",
                "nothing was read and nothing was charged",
            ),
            helps=(f"`synthspec budget open {value.ledger} --unit {unit} {cap}`",),
        )
    return found


def ledger_of(value: Plan) -> Journal:
    """Return the plan's ledger, opening the default one of its source with a cap equal to the plan.

    Raises:
        BudgetError: B550.
    """
    found = existing(value)
    if found is not None:
        if value.ledger is not None and is_address(value.ledger):
            remember(read_address(value.ledger))
        return found
    assert value.protection is not None
    return Journal.open_default(
        source_key(value),
        unit=value.protection.unit,
        neighbours=value.protection.neighbours,
        epsilon=value.epsilon,
        delta=value.delta,
        cap=value.most_it_can_spend,
        max_rows=value.protection.max_rows,
    )


def forecast(value: Plan) -> str:
    """Return one line on the ledger before and after a plan; empty when it needs none."""
    if not needs_ledger(value):
        return ""
    try:
        found = existing(value)
    except BudgetError as refused:
        if refused.code in ("B514", "B515", "B516", "B517"):
            return f"Ledger: not read now, {refused.message}; `train` will need it"
        return (
            f"Ledger {value.ledger or '(none named)'}: not opened yet; "
            "its owner does that with `synthspec budget open`"
        )
    if found is None:
        try:
            refuse_elsewhere(value, source_key(value))
        except BudgetError as refused:
            return f"Ledger: none named, and {refused.message}: `train` will be refused"
        return "Ledger: a default one will be opened for this source, with a cap equal to this plan"
    seen = found.forecast(value.most_it_can_spend, value.delta)
    name = value.ledger or "default"
    line = f"Ledger {name}: ε {up2(seen.spent)} → {up2(seen.after)} of cap {seen.cap:.2f}"
    if seen.fits:
        return line
    largest = f"the largest `epsilon` that does is {down2(seen.largest)}"
    return f"{line}: does not fit; {largest if seen.largest >= 0.01 else 'no `epsilon` does'}"


def charged(value: Plan) -> Cost | None:
    """Return what the releases on a plan's ledger amount to so far; None where there is none yet."""
    if not needs_ledger(value):
        return None
    try:
        found = existing(value)
    except BudgetError:
        return None
    return None if found is None else found.standing().spent


def open_named(
    name: str,
    *,
    unit: str,
    epsilon: str,
    delta: str,
    neighbours: Neighbours = "add-remove",
    owner: str = "",
    store: str | None = None,
) -> Opening:
    """Open a ledger for its owner: in a file here, or on a server, under its name here too.

    Args:
        name: its name, or its whole address.
        unit: whom it protects.
        epsilon: the cap.
        delta: what goes with it.
        neighbours: what two tables differ in.
        owner: a name for the log.
        store: the address of a server, where `name` is only the ledger's name.

    Raises:
        BudgetError: B509, B510, B516; B506, B514, B515, B517 of a server.
    """
    address = read_address(store, name=name) if store is not None else None
    if address is None and is_address(name):
        address = read_address(name)
    if address is not None:
        refuse_called(address)
    made, secret = Journal.open_named(
        name if address is None else str(address),
        unit=unit,
        neighbours=neighbours,
        epsilon_cap=_number(epsilon),
        delta_cap=_number(delta),
        owner=owner or "the owner",
    )
    if address is None:
        return Opening(name, made.place, secret, on_server=False)
    with contextlib.suppress(BudgetError):  # the secret is said in any case; `budget join` can be said again
        join(address)
    return Opening(address.name, made.place, secret, on_server=True)


def join_ledger(place: str) -> str:
    """Let a ledger on a server be called by its name here; return the name.

    Raises:
        BudgetError: B550, when there is none; B506, B509, B514, B515, B516, B517.
    """
    address = read_address(place)
    if Journal.find(str(address)) is None:
        raise BudgetError(
            "B550",
            f"there is no ledger `{address}`",
            helps=("its owner opens one with `synthspec budget open`",),
        )
    join(address)
    return address.name


def names() -> list[str]:
    """Return the names of all ledgers here; default ones by their source, joined ones by their address."""
    found = []
    for journal in Journal.every():
        if is_address(journal.place):
            found.append(f"{read_address(journal.place).name} at {journal.place}")
            continue
        opened = journal.standing().opened
        found.append(opened.name if opened.source is None else f"default of {opened.source}")
    return found


def state(name: str | None, source: str | None = None) -> State:
    """Return the state of a named ledger, or of a source's default one, its chain verified.

    Raises:
        BudgetError: B550 when there is none; B507 when it was tampered with.
    """
    journal = _found(name, source)
    journal.verify()
    standing = journal.standing()
    opened = standing.opened
    seen = journal.forecast(_nothing(), str(standing.delta))
    facts = {
        "owner": opened.owner,
        "by": opened.by,
        "source": opened.source,
        "unit": opened.unit,
        "neighbours": opened.neighbours,
        "cap": float(standing.epsilon),
        "delta": float(standing.delta),
        "raises": standing.raises,
        "spent": seen.spent,
        "largest": seen.largest,
        "file": journal.place,
    }
    charges = tuple(
        {
            "id": charge.id,
            "day": charge.day,
            "release": charge.release,
            "label": charge.label,
            "state": charge.state,
            "epsilon": str(charge.epsilon),
            "delta": str(charge.delta),
            "plan": charge.plan,
        }
        for charge in standing.charges.values()
    )
    entries = tuple(entry.model_dump(mode="json", exclude={"secret"}) for entry in journal.entries())
    return State(opened.name if opened.source is None else "default", facts, charges, entries)


def raise_named(name: str, *, epsilon: str, delta: str | None, secret: str) -> None:
    """Set a named ledger's cap. Raises: BudgetError B508, B510, B550."""
    _raise(_found(name, None), epsilon, delta, secret)


def raise_default(source: str, *, epsilon: str, delta: str | None) -> None:
    """Set the cap of a source's default ledger, which has no owner. Raises: BudgetError B510, B550."""
    _raise(_found(None, source), epsilon, delta, None)


def void(name: str | None, charge: str, *, secret: str | None = None, source: str | None = None) -> None:
    """Take back a charge for which nothing was read. Raises: BudgetError B505, B508, B550."""
    _found(name, source).void(charge, secret)


def _raise(journal: Journal, epsilon: str, delta: str | None, secret: str | None) -> None:
    kept = journal.standing().delta
    journal.cap(_number(epsilon), kept if delta is None else _number(delta), secret)


def _found(name: str | None, source: str | None) -> Journal:
    if name is not None:
        journal, what = Journal.find(name), f"there is no ledger `{name}`"
    elif source is not None:
        journal, what = (
            Journal.of_source(str(path_of(source, Path()))),
            f"`{source}` has no default ledger yet",
        )
    else:
        journal, what = None, "no ledger was named"
    if journal is None:
        raise BudgetError("B550", what, helps=("`synthspec budget show` lists the ledgers there are",))
    return journal


def _number(text: str) -> str:
    """Return `text` when it is a positive finite decimal; B510 otherwise."""
    from decimal import Decimal, InvalidOperation

    try:
        good = Decimal(text).is_finite() and Decimal(text) > 0
    except InvalidOperation:
        good = False
    if not good:
        raise BudgetError(
            "B510", f"`{text}` is not a positive number", helps=("write a number, like 3 or 1e-9",)
        )
    return text


def _nothing() -> Any:
    from synthspec.privacy.cost import FREE

    return FREE
