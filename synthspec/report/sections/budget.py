"""budget: where the budget went, that it adds up, and how it grew towards what the ledger allows."""

from __future__ import annotations

from itertools import accumulate

from synthspec.privacy.cost import DELTA0_UNIT, MU2_UNIT, Cost
from synthspec.release.level import event_level
from synthspec.release.manifest import Class
from synthspec.release.release import Event, LedgerFacts, Release, Stage
from synthspec.report.blocks import Block, Figure, Prose, Section, Segments, Steps, Table, Value
from synthspec.report.sourced import booked, bought, resting
from synthspec.report.words import count, listed, named, near, number, percent, plain, up

STAGES: tuple[tuple[Stage, str], ...] = (
    ("discover", "lists of values"),
    ("tighten", "ranges"),
    ("determine", "dependencies"),
    ("fit", "fit of the source"),
    ("learn", "models"),
    ("report", "error figures of this report"),
)
LEVELS = (
    ("units", "one row of each unit"),
    ("weights", "rows that share the weight of their unit"),
    ("rows", "rows, or units in counters of the fit"),
)
SPENT, CLAIMED, CAP = "spent so far", "the claim: this plan's total", "the ledger's cap"


def budget(release: Release) -> Section:
    """Return the section."""
    blocks: tuple[Block, ...] = (Prose(parts=("Nothing was charged.",)),)
    if release.claim is not None:
        whole = release.claim.cost
        blocks = (
            _stages(release, whole),
            *_levels(release, whole),
            *_growth(release, whole),
            _events(release, whole),
        )
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
        mine = tuple(event for event in release.events if event.stage == stage)
        if not mine:
            continue
        part = _sum(mine)
        share = _share(part, whole)
        labels.append(name)
        shares.append(share)
        rows.append(_row(release, name, len(mine), part, share, tuple(event.id for event in mine)))
    rest = whole - release.spent if release.spent.fits(whole) else Cost()
    left = _share(rest, whole)
    if left >= 0.0005:
        labels.append("left unspent")
        shares.append(left)
        rows.append(_row(release, "left unspent (the claim counts it)", None, rest, left, bought(release)))
    rows.append(_row(release, "the claim", None, whole, 1.0, ()))
    largest = max(zip(shares, labels), default=(0.0, "nothing"))
    return Figure(
        finding=(
            resting(release, largest[0], percent(largest[0]), bought(release)),
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


def _levels(release: Release, whole: Cost) -> tuple[Block, ...]:
    """Return how the budget was split between units and rows; nothing where all of it counted rows."""
    found: dict[str, list[Event]] = {}
    for event in release.events:
        found.setdefault(event_level(release.plan, event).name, []).append(event)
    if set(found) <= {"rows"}:
        return ()
    rows: list[tuple[Value, ...]] = []
    for level, what in LEVELS:
        mine = tuple(found.get(level, ()))
        if mine:
            part = _sum(mine)
            ids = tuple(event.id for event in mine)
            rows.append(_row(release, what, len(mine), part, _share(part, whole), ids))
    caption = "Purchases by what they count; the noise of each hides one whole unit"
    columns = ("Counts", "Purchases", "μ²", "δ₀", "Share of μ²")
    return (Table(caption=caption, columns=columns, rows=tuple(rows), numeric=(1, 2, 3, 4)),)


def _row(
    release: Release, name: str, purchases: int | None, cost: Cost, share: float, ids: tuple[str, ...]
) -> tuple[Value, ...]:
    mu2, slack = float(cost.mu2 * MU2_UNIT), float(cost.delta0 * DELTA0_UNIT)
    many = plain("") if purchases is None else resting(release, purchases, count(purchases), ids)
    return (
        plain(name),
        many,
        resting(release, mu2, up(mu2), ids),
        resting(release, slack, up(slack), ids),
        resting(release, share, percent(share), ids),
    )


def _growth(release: Release, whole: Cost) -> tuple[Block, ...]:
    """Return the running total of what was bought, against the claim and the ledger's cap."""
    if not release.events:
        return ()
    facts = release.ledger
    before = Cost()
    if facts is not None and facts.charged is not None and whole.fits(facts.charged):
        before = facts.charged - whole
    totals = tuple(accumulate((event.cost for event in release.events), initial=before))
    limits = [(CLAIMED, float((before + whole).mu2 * MU2_UNIT))]
    if facts is not None and facts.cap is not None and facts.cap.mu2 == (before + whole).mu2:
        limits = [(f"{CLAIMED}, and all that the ledger allows", limits[0][1])]
    elif facts is not None and facts.cap is not None:
        limits.append((CAP, float(facts.cap.mu2 * MU2_UNIT)))
    ids = bought(release)
    last = float(totals[-1].mu2 * MU2_UNIT)
    within = all(total.fits(before + whole) for total in totals)
    finding: tuple[str | Value, ...] = (
        "After the last of ",
        number(len(ids), count(len(ids)), "M", ids),
        " purchases the total stands at μ² = ",
        number(last, up(last), "M", ids),
        ", within what was claimed." if within else ", above what was claimed.",
    )
    return (
        Figure(
            finding=finding,
            chart=Steps(
                title="Running total of μ²" + (", earlier releases included" if before.mu2 else ""),
                x_axis="purchase",
                y_axis="μ²",
                totals=tuple(float(total.mu2 * MU2_UNIT) for total in totals[1:]),
                limits=tuple(limits),
            ),
            table=_limits(release, facts, before, whole),
        ),
    )


def _limits(release: Release, facts: LedgerFacts | None, before: Cost, whole: Cost) -> Table:
    entry = () if facts is None else booked(facts)
    rows = [_limit("earlier releases on the ledger", before, entry)] if before.mu2 else []
    rows.append(_limit(SPENT, before + release.spent, bought(release)))
    rows.append(_limit(CLAIMED, before + whole, entry if before.mu2 else ()))
    if facts is not None and facts.cap is not None:
        rows.append(_limit(CAP, facts.cap, entry))
    return Table(
        caption="Totals and limits",
        columns=("Total", "μ²", "δ₀"),
        rows=tuple(rows),
        numeric=(1, 2),
    )


def _limit(name: str, cost: Cost, ids: tuple[str, ...]) -> tuple[Value, ...]:
    mu2, slack = float(cost.mu2 * MU2_UNIT), float(cost.delta0 * DELTA0_UNIT)
    kind: Class = "M" if ids else "S"
    return plain(name), number(mu2, up(mu2), kind, ids), number(slack, up(slack), kind, ids)


def _events(release: Release, whole: Cost) -> Table:
    together = Cost()
    rows = []
    for event in release.events:
        together = together + event.cost
        rows.append(_event(event, together, whole))
    return Table(
        caption="Every purchase, in order",
        columns=(
            "Event",
            "For",
            "Target",
            "Mechanism",
            "Sensitivity²",
            "Noise (sd)",
            "μ²",
            "Share",
            "Together",
        ),
        rows=tuple(rows),
        numeric=(4, 5, 6, 7, 8),
        folded=True,
    )


def _event(event: Event, together: Cost, whole: Cost) -> tuple[Value, ...]:
    kind, ids = event.mechanism.get("kind", ""), (event.id,)
    noise = reach = plain("")
    if event.stddev is not None:
        noise = number(event.stddev, near(event.stddev, event.stddev / 100), "M", ids)
    if event.sensitivity_l2_squared is not None:
        squared = event.sensitivity_l2_squared
        reach = number(squared, f"{squared:,}", "M", ids)
    mu2 = float(event.cost.mu2 * MU2_UNIT)
    shares = (_share(event.cost, whole), _share(together, whole))
    return (
        plain(event.id),
        named(event.purpose or event.stage),
        listed(event.target),
        Value(text=str(kind).replace("_", " "), full=event.property_used),
        reach,
        noise,
        number(mu2, up(mu2), "M", ids),
        *(number(share, percent(share), "M", ids) for share in shares),
    )
