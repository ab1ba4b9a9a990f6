"""domains: whether bounds, lists, bins and rules came from the data."""

from __future__ import annotations

from synthspec.plan.plan import PlannedColumn
from synthspec.release.release import Release
from synthspec.report.blocks import Prose, Section, Table, Value
from synthspec.report.sourced import resting
from synthspec.report.words import count, named, number, plain, quoted


def domains(release: Release) -> Section:
    """Return the section."""
    columns = tuple(column for column in release.columns if not column.hidden)
    paid = [events for column in columns if (events := _events(release, column.name))]
    told = sum(column.basis is not None for column in columns)
    return Section(
        id="domains",
        title="Where the domains come from",
        question="Did bounds, categories or bins come from the data?",
        blocks=(
            Prose(
                parts=(
                    "Domains are written in the spec and count as public, or are bought from the budget. Of ",
                    number(len(columns), count(len(columns)), "S"),
                    " columns, ",
                    resting(release, len(paid), count(len(paid)), (id for each in paid for id in each)),
                    " had a list or a range bought; for ",
                    number(told, count(told), "S"),
                    " the spec states a basis. Whether a stated domain was copied from the data cannot be "
                    "seen "
                    "from here; a basis is its author's word.",
                )
            ),
            Table(
                caption="Columns, in the order of the table",
                columns=("Column", "Type", "Domain", "Origin", "Basis"),
                rows=tuple(_row(release, column) for column in columns),
                folded=len(columns) > 40,
            ),
        ),
    )


def _events(release: Release, name: str) -> tuple[str, ...]:
    bought = (event for event in release.events if event.stage in ("discover", "tighten", "determine"))
    return tuple(event.id for event in bought if name in event.target)


def _row(release: Release, column: PlannedColumn) -> tuple[Value, ...]:
    domain = plain("") if column.column is None else quoted(column.column.domain_text(), 80)
    basis = plain("no basis" if column.role == "modelled" or column.field is not None else "")
    return (
        named(column.name),
        plain(_type(column)),
        domain,
        _origin(release, column),
        quoted(column.basis) if column.basis else basis,
    )


def _type(column: PlannedColumn) -> str:
    if column.role == "id":
        return "id"
    kind = getattr(column.column, "kind", None)
    if isinstance(kind, str):
        return kind
    scale = f"({column.type.scale})" if column.type.name == "decimal" else ""
    return f"{column.type.name}{scale}"


def _origin(release: Release, column: PlannedColumn) -> Value:
    events = _events(release, column.name)
    if events:
        return Value(text=f"bought: {', '.join(events)}", class_="M", events=events)
    match column.role:
        case "id":
            return plain("fresh numbers")
        case "computed":
            return plain("computed from other columns")
        case "modelled":
            return plain("public, from the spec")
