"""budget: where the budget went, and that it adds up."""

from __future__ import annotations

from synthspec.privacy.cost import DELTA0_UNIT, MU2_UNIT, Cost
from synthspec.release.release import Event, Release, Stage
from synthspec.report.blocks import Block, Figure, Prose, Section, Segments, Table, Value
from synthspec.report.words import count, listed, named, near, number, percent, plain, up

STAGES: tuple[tuple[Stage, str], ...] = (
    ("discover", "lists of values"),
    ("tighten", "ranges"),
    ("determine", "dependencies"),
    ("fit", "fit of the source"),
    ("learn", "models"),
    ("report", "error figures of this report"),
)


def budget(release: Release) -> Section:
    """Return the section."""
    blocks: tuple[Block, ...] = (Prose(parts=("Nothing was charged.",)),)
    if release.claim is not None:
        blocks = (_stages(release, release.claim.cost), _events(release, release.claim.cost))
    return Section(
        id="budget",
        title="Where the budget went",
        question="What was bought, and does it add up?",
        blocks=blocks,
    )


def _share(part: Cost, whole: Cost) -> float:
    return part.mu2 / whole.mu2 if whole.mu2 else 0.0


def _sum(events: tuple[Event, ...]) -> Cost:
    return sum((event.cost for event in events), start=Cost())


def _stages(release: Release, whole: Cost) -> Figure:
    rows: list[tuple[Value, ...]] = []
    labels, shares = [], []
    for stage, name in STAGES:
        bought = tuple(event for event in release.events if event.stage == stage)
        if not bought:
            continue
        part = _sum(bought)
        share = _share(part, whole)
        ids = tuple(event.id for event in bought)
        labels.append(name)
        shares.append(share)
        rows.append(_row(name, len(bought), part, share, ids))
    rest = whole - release.spent if release.spent.fits(whole) else Cost()
    left = _share(rest, whole)
    if left >= 0.0005:
        labels.append("left unspent")
        shares.append(left)
        rows.append(_row("left unspent (the claim counts it)", None, rest, left, ()))
    rows.append(_row("the claim", len(release.events), whole, 1.0, ()))
    largest = max(zip(shares, labels), default=(0.0, "nothing"))
    return Figure(
        finding=(
            number(largest[0], percent(largest[0]), "M"),
            f" of the budget went to {largest[1]}." if release.events else " of the budget was spent.",
        ),
        chart=Segments(title="Shares of μ²", labels=tuple(labels), shares=tuple(shares)),
        table=Table(
            caption="Purchases by purpose; μ² and δ₀ add up",
            columns=("For", "Purchases", "μ²", "δ₀", "Share of μ²"),
            rows=tuple(rows),
            numeric=(1, 2, 3, 4),
        ),
    )


def _row(
    name: str, purchases: int | None, cost: Cost, share: float, ids: tuple[str, ...]
) -> tuple[Value, ...]:
    mu2, slack = float(cost.mu2 * MU2_UNIT), float(cost.delta0 * DELTA0_UNIT)
    many = plain("") if purchases is None else number(purchases, count(purchases), "M", ids)
    return (
        plain(name),
        many,
        number(mu2, up(mu2), "M", ids),
        number(slack, up(slack), "M", ids),
        number(share, percent(share), "M", ids),
    )


def _events(release: Release, whole: Cost) -> Table:
    return Table(
        caption="Every purchase, in order",
        columns=("Event", "For", "Target", "Mechanism", "Noise (sd)", "Share of μ²"),
        rows=tuple(_event(event, whole) for event in release.events),
        numeric=(4, 5),
        folded=True,
    )


def _event(event: Event, whole: Cost) -> tuple[Value, ...]:
    kind = event.mechanism.get("kind", "")
    noise = plain("")
    if event.stddev is not None:
        noise = number(event.stddev, near(event.stddev, event.stddev / 100), "M", (event.id,))
    share = _share(event.cost, whole)
    return (
        plain(event.id),
        named(event.purpose or event.stage),
        listed(event.target),
        Value(text=str(kind).replace("_", " "), full=event.property_used),
        noise,
        number(share, percent(share), "M", (event.id,)),
    )
