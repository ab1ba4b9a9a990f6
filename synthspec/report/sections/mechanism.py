"""mechanism: how the rows came about, by which mechanisms, and where the noise entered."""

from __future__ import annotations

from synthspec.plan.level import level_of_group
from synthspec.plan.ops import Units, Weigh
from synthspec.plan.plan import Group
from synthspec.release.release import Event, Release
from synthspec.report.blocks import Block, Callout, Facts, Figure, Flow, Section, Table, Value
from synthspec.report.sourced import bought, learned, resting
from synthspec.report.words import count, named, number, plain, program

BORDER = "only noisy answers pass this line"

WHERE: dict[str, str] = {
    "rounded_gaussian": "counts and sums: the Gaussian mechanism, rounded to whole numbers, drawn exactly",
    "exponential": "choices among candidates: the exponential mechanism, priced by its bounded range",
    "threshold": "lists of values: noisy counts above a threshold; uses the slack δ₀",
    "subsampled_gaussian": "training of a network: clipped gradients of Poisson batches with Gaussian noise",
}
"""What each kind of mechanism buys, in words."""

Step = tuple[str, str, tuple[Value, ...]]


def mechanism(release: Release) -> Section:
    """Return the section."""
    blocks: list[Block] = [_pipeline(release)]
    if release.events:
        blocks.append(_mechanisms(release))
    blocks += [_code(release), *_randomness(release)]
    return Section(
        id="mechanism",
        title="How it was made",
        question="Which steps led from the source to the rows, and by which mechanisms?",
        blocks=tuple(blocks),
    )


def _pipeline(release: Release) -> Figure:
    """Return the steps from top to bottom; the line lies where only noisy answers pass."""
    steps = [*_private(release), *_public(release)]
    border = len(_private(release))
    paid = release.claim is not None
    return Figure(
        finding=(
            ("Private rows are read above the line; everything below is made from ", _answers(release), ".")
            if paid
            else ("No private rows were read: every step works on what is public.",)
        ),
        chart=Flow(
            title="From the source to the rows",
            boxes=tuple((name, note) for name, note, _ in steps),
            border=border if paid else None,
            says=BORDER if paid else "",
        ),
        table=Table(
            caption="Steps, in order",
            columns=("Step", "What happens", "Side of the line"),
            rows=tuple(
                (plain(name), plain(note), plain("private" if paid and at < border else "public"))
                for at, (name, note, _) in enumerate(steps)
            ),
        ),
    )


def _answers(release: Release) -> Value:
    many = len(release.events)
    text = f"{count(many)} noisy answer{'' if many == 1 else 's'}"
    return resting(release, many, text, bought(release))


def _private(release: Release) -> list[Step]:
    plan, held = release.plan, release.claim
    if plan.source is None:
        return []
    steps: list[Step] = [("Source", "read as the spec says; values outside their domains are mapped", ())]
    if held is not None:
        most = "1 row" if held.max_rows == 1 else f"{held.max_rows} rows"
        note = "each row by itself" if held.unit == "row" else f"at most {most} per unit, the rest left out"
        steps.append(("Bounded", note, ()))
    if any(isinstance(op, Units) for op in plan.ops):
        steps.append(("One row of each unit", "for what is per unit, and for how many rows it has", ()))
    if any(isinstance(op, Weigh) for op in plan.ops):
        steps.append(("Weighed", "the rows of a unit share one weight, for everything else", ()))
    return steps


def _public(release: Release) -> list[Step]:
    kinds = list(dict.fromkeys(_kind(group.generator) for group in release.plan.groups))
    steps: list[Step] = []
    if release.claim is not None:
        steps.append(
            ("Noisy answers", f"{count(len(release.events))} purchases, each priced in the ledger", ())
        )
    if kinds:
        many = len(release.plan.groups)
        steps.append((f"Model{'' if many == 1 else 's'}", f"{', '.join(kinds)}; fitted to the answers", ()))
    steps.append(("Draw", f"seed {release.plan.seed}, published; rules enforced", ()))
    steps.append(("Rows", f"{count(release.rows)} rows, each rule checked again on the file", ()))
    return steps


def _kind(generator: object) -> str:
    return str(getattr(generator, "kind", type(generator).__name__))


def _mechanisms(release: Release) -> Table:
    found: dict[tuple[str, str], list[Event]] = {}
    for event in release.events:
        found.setdefault((str(event.mechanism.get("kind", "")), event.property_used), []).append(event)
    kinds: dict[str, list[Event]] = {}
    for (kind, _), events in found.items():
        kinds.setdefault(kind, []).extend(events)
    return Table(
        caption="Mechanisms, and the property by which each is priced",
        columns=("Mechanism", "Used for", "Purchases", "Priced by", "Example"),
        rows=tuple(_mechanism(kind, tuple(events)) for kind, events in kinds.items()),
        numeric=(2,),
    )


def _mechanism(kind: str, events: tuple[Event, ...]) -> tuple[Value, ...]:
    ids = tuple(event.id for event in events)
    return (
        plain(kind.replace("_", " ")),
        plain(WHERE.get(kind, "")),
        number(len(ids), count(len(ids)), "M", ids),
        plain(events[0].property_used),
        plain(ids[0]),
    )


def _code(release: Release) -> Facts:
    plan = release.plan
    items: list[tuple[str, tuple[str | Value, ...]]] = [
        ("Program", (plain(program(plan.tool)),)),
        ("Spec", ("digest ", plain(plan.spec_digest), "; its text is in the folder")),
    ]
    items += [
        (
            f"Model of {named(group.name).text}",
            (
                plain(_kind(group.generator)),
                ", ",
                number(len(group.columns), count(len(group.columns)), "S"),
                f" column{'' if len(group.columns) == 1 else 's'}{_once(release, group)}; rests on ",
                _rests(release, group.name),
            ),
        )
        for group in plan.groups
    ]
    items.append(
        (
            "Not in the folder",
            ("versions of libraries and of the system: they differ between machines that agree on the rows",),
        )
    )
    return Facts(items=tuple(items))


def _once(release: Release, group: Group) -> str:
    """Return at which level a group was learned, and in which order; nothing where by row, in none."""
    level = level_of_group(release.plan, group.name).name
    words = {"units": ", once per unit", "weights": ", rows by weight", "rows": ""}[level]
    return words if group.sequence is None else f"{words}, each row given the one before it"


def _rests(release: Release, group: str) -> Value:
    ids = tuple(dict.fromkeys(m.event for m in release.measurements if m.group == group))
    if not ids:
        return plain("no noisy counts of its own" if learned(release) else "public knowledge alone")
    return resting(release, len(ids), f"{count(len(ids))} noisy tables", ids)


def _randomness(release: Release) -> tuple[Block, ...]:
    if release.claim is None:
        return ()
    return (
        Callout(
            title="Two kinds of randomness",
            parts=(
                "Noise comes from the operating system, has no seed and is kept nowhere. Drawing rows from "
                "the "
                "fitted models uses the published seed, so that anybody can draw the same rows again.",
            ),
        ),
    )
