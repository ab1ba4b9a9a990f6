"""scenarios: further tables drawn from the same models, under conditions of their own."""

from __future__ import annotations

from synthspec.release.release import Release, ScenarioTable
from synthspec.report.blocks import Block, Prose, Section, Table, Value
from synthspec.report.sourced import learned, resting
from synthspec.report.words import count, named, number, percent, plain, quoted


def scenarios(release: Release) -> Section:
    """Return the section."""
    blocks: tuple[Block, ...]
    if not release.scenarios:
        blocks = (Prose(parts=("The spec asks for no scenarios.",)),)
    else:
        blocks = (
            Prose(
                parts=(
                    "Each scenario is a further table drawn from the models that were paid for: it costs "
                    "nothing, and says nothing more about any person. Conditions are entered into the "
                    "model, so that no row is thrown away because its class is rare. Rebalanced tables "
                    "do not show how common things are; their weights undo that. Rows that were given, or "
                    "blended in, are public or released ones and come out as they are; rows that are varied "
                    "afterwards are synthetic ones.",
                )
            ),
            _table(release),
        )
    return Section(
        id="scenarios",
        title="Scenarios",
        question="Which further tables were drawn, and how likely is what they show?",
        blocks=blocks,
    )


def _table(release: Release) -> Table:
    return Table(
        caption="Scenarios",
        columns=("Scenario", "Condition", "Probability in the model", "Rows", "Effective rows", "Violations"),
        rows=tuple(_row(release, table) for table in release.scenarios),
        numeric=(2, 3, 4, 5),
    )


def _row(release: Release, table: ScenarioTable) -> tuple[Value, ...]:
    held = table.certificate
    if table.problem is not None:
        return (named(table.name), quoted(table.condition), plain(table.problem), *(plain(""),) * 3)
    likely = plain("not known") if table.probability is None else _share(release, table.probability)
    if table.mix or table.given is not None:
        likely = plain("no condition")
    effective = plain("all") if table.effective is None else _rows(table.effective * held.rows)
    return (
        named(table.name),
        _origin(table),
        likely,
        _rows(held.rows),
        effective,
        number(held.violations, count(held.violations), "S"),
    )


def _origin(table: ScenarioTable) -> Value:
    """Return the condition, or where the rows are from that were not drawn."""
    if table.mix:
        parts = ", ".join(f"{label} {percent(share)}" for label, share in table.mix)
        return quoted(f"a blend of {parts}")
    if table.given is not None:
        also = f" AND {table.condition}" if table.condition else ""
        return quoted(f"completes the rows of {table.given}{also}")
    if table.augmented is not None:
        return quoted(f"{table.condition or 'none'}; {count(table.augmented)} rows varied")
    return quoted(table.condition) if table.condition else plain("none")


def _rows(value: float) -> Value:
    return number(round(value), count(round(value)), "S")


def _share(release: Release, value: float) -> Value:
    return resting(release, value, percent(value) if value >= 1e-3 else f"{value:.2g}", learned(release))
