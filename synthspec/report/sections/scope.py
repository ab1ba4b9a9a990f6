"""scope: what data, of whom, for what, made when and by which tool."""

from __future__ import annotations

from synthspec.release.release import Release
from synthspec.report.blocks import Facts, Section, Value
from synthspec.report.words import count, named, number, plain, program, quoted

DATASHEET = {
    "purpose": "Purpose",
    "owner": "Owner",
    "contact": "Contact",
    "retention": "Kept for",
}
"""What `about` says besides its text."""

Item = tuple[str, tuple[str | Value, ...]]


def scope(release: Release) -> Section:
    """Return the section."""
    return Section(
        id="scope",
        title="Scope",
        question="What data, and what was made of it?",
        blocks=(Facts(items=(*_about(release), *_source(release), *_made(release))),),
    )


def _about(release: Release) -> tuple[Item, ...]:
    plan = release.plan
    items: list[Item] = [("Name", (named(plan.name),))]
    if plan.about:
        items.append(("About", (quoted(plan.about, 600),)))
    for word, text in plan.datasheet:
        if text:
            items.append((DATASHEET[word], (quoted(text, 600),)))
    return tuple(items)


def _source(release: Release) -> tuple[Item, ...]:
    plan = release.plan
    if plan.source is None:
        return (("Source", ("none: declared rules and public knowledge",)),)
    kind = "declared public" if plan.source_public else "private"
    items: list[Item] = [("Source", (named(plan.source.path), f" ({plan.source.format}, {kind})"))]
    if plan.source_basis:
        items.append(("Basis", (quoted(plan.source_basis, 600),)))
    for word, rough in (("rows", plan.public_rows), ("units", plan.public_units)):
        if rough is not None:
            items.append(
                (f"Declared {word}", (number(rough, count(rough), "S"), " (public, as the spec states)"))
            )
    return tuple(items)


def _made(release: Release) -> tuple[Item, ...]:
    plan = release.plan
    items: list[Item] = [
        (
            "Released",
            (number(release.rows, count(release.rows), "S"), " rows of ", _columns(release), " columns"),
        ),
        ("Sampling seed", (number(plan.seed, str(plan.seed), "S"), " (public; the noise has no seed)")),
    ]
    for group in plan.groups:
        kind = getattr(group.generator, "kind", type(group.generator).__name__)
        columns = number(len(group.columns), str(len(group.columns)), "S")
        items.append(("Model", (named(group.name), f": {kind}, ", columns, " columns")))
    items.append(("Tool", (plain(program(plan.tool)),)))
    if release.ledger is not None:
        items.append(("Day", (plain(release.ledger.day),)))
    items.append(("Spec digest", (plain(plan.spec_digest),)))
    return tuple(items)


def _columns(release: Release) -> Value:
    columns = sum(not column.hidden for column in release.columns)
    return number(columns, str(columns), "S")
