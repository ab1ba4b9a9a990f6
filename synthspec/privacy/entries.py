"""Entries of an owner's ledger, and the state that they add up to.

Amounts are integers; epsilon and delta are kept as the decimals that were asked for. Dates are to
the day (DECISIONS 25).

Source: ours; DECISIONS 22-24.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Literal, assert_never

from pydantic import Field, SerializerFunctionWrapHandler, TypeAdapter, ValidationError, model_serializer

from synthspec.privacy.cost import FREE, Cost
from synthspec.privacy.held import HeldFile
from synthspec.privacy.store import tampered
from synthspec.terms.frozen import Frozen
from synthspec.terms.protection import Neighbours

ChargeState = Literal["reserved", "opened", "committed", "voided"]

_LATER = ("columns", "folder", "sources")
"""Keys that entries of the first versions do not have."""


class Opened(Frozen):
    """The first entry: what the ledger protects and its two fixed thresholds."""

    kind: Literal["opened-ledger"] = "opened-ledger"
    day: str
    name: str
    source: str | None = None
    unit: str
    neighbours: Neighbours
    max_rows: int | None = None
    owner: str
    by: Literal["owner", "operator"]
    epsilon: Decimal
    delta: Decimal
    cap: Cost
    secret: str | None = None


class Reserve(Frozen):
    """A charge: counted as spent from here on, unless voided before it is opened.

    `columns` are the columns of the source that its release is made of, `folder` is where that was to lie:
    so that a later plan can say that the release answers it already. `sources` are the files that are
    read, by place and number: they cannot be declared public later. Older entries have none of the three.
    """

    kind: Literal["reserve"] = "reserve"
    day: str
    charge: str
    release: str
    plan: str
    label: str
    epsilon: Decimal
    delta: Decimal
    cost: Cost
    columns: tuple[str, ...] = ()
    folder: str = ""
    sources: tuple[HeldFile, ...] = ()

    @model_serializer(mode="wrap")
    def _as_before(self, rest: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Leave out what older entries do not have, so that their hashes stay what they were."""
        tree: dict[str, object] = rest(self)
        return {key: value for key, value in tree.items() if value or key not in _LATER}


class Open(Frozen):
    """Private rows are about to be read for this charge."""

    kind: Literal["open"] = "open"
    day: str
    charge: str


class Commit(Frozen):
    """The release of this charge is written."""

    kind: Literal["commit"] = "commit"
    day: str
    charge: str


class Void(Frozen):
    """The owner takes back a charge for which nothing was read."""

    kind: Literal["void"] = "void"
    day: str
    charge: str


class Cap(Frozen):
    """New thresholds."""

    kind: Literal["cap"] = "cap"
    day: str
    by: Literal["owner", "operator"]
    epsilon: Decimal
    delta: Decimal
    cap: Cost


class Steps(Frozen):
    """Steps of a private training that are about to be taken: counted here first, they are gone.

    `purchase` is the place of the training among the run's purchases, `question` the digest of what is
    trained and how; of its `steps` in all, `counted` are gone now.
    """

    kind: Literal["steps"] = "steps"
    day: str
    charge: str
    purchase: int = Field(ge=0)
    question: str
    steps: int = Field(ge=1)
    counted: int = Field(ge=1)


AnyEntry = Annotated[Opened | Reserve | Open | Commit | Void | Cap | Steps, Field(discriminator="kind")]
LedgerEntry = Opened | Reserve | Open | Commit | Void | Cap | Steps


@dataclass(frozen=True)
class Charge:
    """One charge as it stands now; `epsilon` at `delta` is what its release claims alone."""

    id: str
    release: str
    plan: str
    label: str
    epsilon: Decimal
    delta: Decimal
    cost: Cost
    state: ChargeState
    day: str
    columns: tuple[str, ...] = ()
    folder: str = ""
    sources: tuple[HeldFile, ...] = ()
    counters: tuple[Steps, ...] = ()

    def counter(self, purchase: int) -> Steps | None:
        """Return the last count of steps of one training, None when none was counted."""
        return next((each for each in self.counters if each.purchase == purchase), None)


@dataclass
class Standing:
    """What the entries of one ledger add up to."""

    opened: Opened
    epsilon: Decimal
    delta: Decimal
    cap: Cost
    raises: int = 0
    lowerings: int = 0
    charges: dict[str, Charge] = field(default_factory=dict)

    @property
    def spent(self) -> Cost:
        """The sum over charges that were not voided."""
        return sum((each.cost for each in self.charges.values() if each.state != "voided"), FREE)

    def protects(self, file: HeldFile) -> bool:
        """Return whether budget was charged for this very file, or the ledger is the default one of it."""
        charged = (each.sources for each in self.charges.values() if each.state != "voided")
        return file.path == self.opened.source or any(
            file.same(held) for sources in charged for held in sources
        )

    @property
    def left(self) -> Cost:
        """What may still be charged; nothing when a lowered cap lies below what was spent."""
        spent = self.spent
        return Cost(mu2=max(0, self.cap.mu2 - spent.mu2), delta0=max(0, self.cap.delta0 - spent.delta0))


def read_entries(texts: Sequence[str]) -> tuple[LedgerEntry, ...]:
    """Return the entries of a ledger file; B507 when one cannot be understood."""
    adapter: TypeAdapter[LedgerEntry] = TypeAdapter(AnyEntry)
    try:
        return tuple(adapter.validate_json(text) for text in texts)
    except ValidationError:
        pass
    raise tampered()


def stand(entries: Sequence[LedgerEntry]) -> Standing:
    """Return the state after `entries`; B507 when they could not have been written in this order."""
    if not entries or not isinstance(entries[0], Opened):
        raise tampered()
    first = entries[0]
    standing = Standing(first, first.epsilon, first.delta, first.cap)
    for entry in entries[1:]:
        _step(standing, entry)
    return standing


def _step(standing: Standing, entry: LedgerEntry) -> None:
    match entry:
        case Opened():
            raise tampered()
        case Reserve():
            if entry.charge in standing.charges or not entry.cost.fits(standing.left):
                raise tampered()
            facts = entry.model_dump(exclude={"kind", "charge", "cost", "sources"})
            standing.charges[entry.charge] = Charge(
                id=entry.charge, cost=entry.cost, state="reserved", sources=entry.sources, **facts
            )
        case Open():
            _move(standing, entry.charge, "reserved", "opened")
        case Commit():
            _move(standing, entry.charge, "opened", "committed")
        case Void():
            _move(standing, entry.charge, "reserved", "voided")
        case Steps():
            _count(standing, entry)
        case Cap():
            if entry.cap.fits(standing.cap):
                standing.lowerings += 1
            else:
                standing.raises += 1
            standing.epsilon, standing.delta, standing.cap = entry.epsilon, entry.delta, entry.cap
        case _:
            assert_never(entry)


def _move(standing: Standing, charge: str, before: ChargeState, after: ChargeState) -> None:
    found = standing.charges.get(charge)
    if found is None or found.state != before:
        raise tampered()
    standing.charges[charge] = Charge(**{**vars(found), "state": after})


def _count(standing: Standing, entry: Steps) -> None:
    """Move a counter on: up only, never past its end, and for one question."""
    found = standing.charges.get(entry.charge)
    if found is None or found.state != "opened":
        raise tampered()
    before = found.counter(entry.purchase)
    if entry.counted > entry.steps or (before is not None and not _follows(before, entry)):
        raise tampered()
    others = tuple(each for each in found.counters if each.purchase != entry.purchase)
    standing.charges[entry.charge] = Charge(**{**vars(found), "counters": (*others, entry)})


def _follows(before: Steps, after: Steps) -> bool:
    same = (before.question, before.steps) == (after.question, after.steps)
    return same and after.counted > before.counted
