"""Scenarios: the spec's further tables as values of the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synthspec.columns import Date, Datetime, Decimal, Float, Ordered
from synthspec.columns.literal import number, scaled, seconds_in
from synthspec.compile.findings import Findings
from synthspec.compile.found import Found
from synthspec.compile.levels import asks_for_units
from synthspec.compile.literals import canonical
from synthspec.compile.public_rows import PublicRows
from synthspec.plan.plan import DEFAULT_ROWS, PlannedColumn
from synthspec.plan.scenario import PROVENANCE, Augment, Interpolate, Jitter, Part, Rebalance, Scenario
from synthspec.spec import model
from synthspec.spec.model import Spec
from synthspec.spec.tree import Path_
from synthspec.terms.expr import Expr

INTERPOLATE = "interpolate"
_DAY = 86_400
_ALONE: Mapping[str, tuple[str, ...]] = {
    "mix": ("where", "rebalance", "weights", "given", "augment", "units"),
    "given": ("rebalance", "weights", "augment", "units"),
}
"""Keys that a scenario with the first one cannot have."""


@dataclass(frozen=True, eq=False)
class Tables:
    """What scenarios take from elsewhere: public rows, and steps on grids."""

    given: Mapping[str, Found]
    mixes: Mapping[str, tuple[Part, ...]]
    augments: Mapping[str, tuple[Augment, ...]]


def tables_of(
    findings: Findings, spec: Spec, columns: Mapping[str, PlannedColumn], rows: PublicRows
) -> Tables:
    """Return what the scenarios of a spec name, after reporting what is wrong with it."""
    given: dict[str, Found] = {}
    mixes: dict[str, tuple[Part, ...]] = {}
    augments: dict[str, tuple[Augment, ...]] = {}
    for name, scenario in spec.sample.scenarios.items():
        path: Path_ = ("sample", "scenarios", name)
        _together(findings, name, scenario, path)
        found = rows.given(name, scenario)
        if found is not None:
            given[name] = found
        mixes[name] = rows.mix(name, scenario)
        _shares(findings, name, scenario, path)
        if asks_for_units(spec) is not None:
            _single_rows(findings, columns, name, scenario, path)
        taken = scenario.provenance or (PROVENANCE if scenario.mix else None)
        if taken in spec.columns:
            findings.report(
                "G434",
                f"scenario `{name}` says where rows are from under the name of a column",
                (*path, "provenance" if scenario.provenance else "mix"),
                f"`{taken}` is a column",
                also=((findings.parsed.key_span(("columns", taken)), "declared here"),),
                helps=("give it a name of its own: `provenance: origin`",),
            )
        augments[name] = tuple(
            made
            for key, step in scenario.augment.items()
            if (made := _augment(findings, columns, scenario, key, step, (*path, "augment", key))) is not None
        )
    return Tables(given, mixes, augments)


def scenarios_of(
    spec: Spec, columns: Mapping[str, PlannedColumn], wheres: Mapping[str, Expr], tables: Tables
) -> tuple[Scenario, ...]:
    """Return the scenarios of a spec without errors; `wheres` are their conditions by name."""
    return tuple(
        Scenario(
            name=name,
            rows=_count(spec, scenario, tables.given.get(name)),
            units=_units(spec, scenario, tables.given.get(name)),
            where=wheres.get(name),
            where_text=" ".join((scenario.where or "").split()),
            rebalance=tuple(
                Rebalance(
                    column=column,
                    shares=tuple(
                        (canonical(columns[column].type, value) or value, share)
                        for value, share in shares.items()
                    ),
                )
                for column, shares in scenario.rebalance.items()
            ),
            weights=scenario.weights,
            given=tables.given[name].rows if name in tables.given else None,
            mix=tables.mixes[name],
            provenance=(scenario.provenance or PROVENANCE) if scenario.mix else None,
            augment=tables.augments[name],
        )
        for name, scenario in spec.sample.scenarios.items()
    )


def _count(spec: Spec, scenario: model.Scenario, given: Found | None) -> int:
    if scenario.rows is not None:
        return scenario.rows
    return given.count if given is not None else spec.sample.rows or DEFAULT_ROWS


def _units(spec: Spec, scenario: model.Scenario, given: Found | None) -> int | None:
    if scenario.units is not None or scenario.rows is not None or given is not None or scenario.mix:
        return scenario.units
    return spec.sample.units


def _together(findings: Findings, name: str, scenario: model.Scenario, path: Path_) -> None:
    for key, others in _ALONE.items():
        if not getattr(scenario, key):
            continue
        for other in others:
            if getattr(scenario, other):
                findings.report(
                    "G454",
                    f"`{key}` and `{other}` do not go together in scenario `{name}`",
                    (*path, other),
                    "the rows of a mix are there already"
                    if key == "mix"
                    else "the given rows stay as they are",
                    also=(((*path, key), "asked for here"),),
                    helps=(f"drop `{other}`, or make a second scenario of it",),
                )
                return
    if scenario.provenance is not None and not scenario.mix:
        findings.report(
            "G454",
            f"`provenance` has no effect in scenario `{name}`",
            (*path, "provenance"),
            "it names a column of a `mix`",
            helps=("drop `provenance`",),
        )


def _single_rows(
    findings: Findings,
    columns: Mapping[str, PlannedColumn],
    name: str,
    scenario: model.Scenario,
    path: Path_,
) -> None:
    """Note what asks for single rows of a table that is drawn unit by unit (`draw.scenario` refuses it)."""
    loose = next(
        (each for each in scenario.rebalance if each in columns and columns[each].per == "row"), None
    )
    keys = {"rebalance": loose is not None, "given": scenario.given is not None, "augment": scenario.augment}
    for key, there in keys.items():
        if there:
            label = "this is about single rows" if loose is None else f"`{loose}` differs from row to row"
            findings.report(
                "G458",
                f"scenario `{name}` will not be drawn: whole units are, each with all its rows",
                (*path, key),
                label,
                helps=(
                    f"draw one table for each value: `synthspec sample RELEASE --where '{loose} = ...'`"
                    if loose is not None
                    else f"drop `{key}`, and change the rows afterwards",
                ),
                level="note",
            )
            return


def _shares(findings: Findings, name: str, scenario: model.Scenario, path: Path_) -> None:
    total = sum(part.share for part in scenario.mix)
    if scenario.mix and abs(total - 1) > 1e-9:
        findings.report(
            "G432",
            f"the shares of the mix of scenario `{name}` do not sum to 1",
            (*path, "mix"),
            f"they sum to {total:g}",
            helps=("give every table its share of the rows",),
        )


def _augment(
    findings: Findings,
    columns: Mapping[str, PlannedColumn],
    scenario: model.Scenario,
    key: str,
    step: model.AugmentSpec,
    path: Path_,
) -> Augment | None:
    """Return one step of `augment`, or None after reporting what is wrong (G456)."""
    if step.classes or step.jitter is None:
        return _interpolate(findings, columns, key, step, path)
    planned = columns.get(key)
    if planned is None:
        return None  # has its own finding
    labels = {*scenario.rebalance, *(n for each in scenario.augment.values() for n in each.classes)}
    column = planned.column
    why = ""
    if planned.role != "modelled" or not isinstance(column, Ordered) or planned.discovery is not None:
        why = "only numbers and dates that are drawn can be moved"
    elif key in labels:
        why = "it is a label: its shares and classes stay as they are"
    if why or not isinstance(column, Ordered):
        _report(findings, f"`{key}` cannot be jittered", path, why, "jitter another column, or drop the key")
        return None
    grid = _grid_step(column, step.jitter)
    if grid is None or grid < column.step or grid % column.step:
        helps = f"write a multiple of {_step_text(column)}"
        _report(findings, f"the jitter of `{key}` is no step on its grid", (*path, "jitter"), "", helps)
        return None
    return Jitter(column=key, points=grid // column.step)


def _interpolate(
    findings: Findings, columns: Mapping[str, PlannedColumn], key: str, step: model.AugmentSpec, path: Path_
) -> Augment | None:
    bad = next((n for n in step.classes if n in columns and columns[n].role == "id"), None)
    if key != INTERPOLATE or bad is not None:
        label = f"`{bad}` is an id" if bad is not None else "a column can only be jittered"
        helps = "write `augment: {interpolate: {class: [COLUMN], k: 5}}`"
        _report(findings, f"rows cannot be interpolated by `{bad or key}`", path, label, helps)
        return None
    return Interpolate(classes=step.classes, k=step.k)


def _report(findings: Findings, message: str, path: Path_, label: str, help_: str) -> None:
    findings.report("G456", message, path, label, helps=(help_,))


def _grid_step(column: Ordered, text: str) -> int | None:
    """Return a step as grid integers, or None when `text` writes none."""
    if isinstance(column, Date | Datetime):
        seconds = seconds_in(text)
        if seconds is None or isinstance(column, Datetime):
            return seconds
        return seconds // _DAY if seconds % _DAY == 0 else None
    value = number(text)
    scale = column.scale if isinstance(column, Float | Decimal) else 0
    return None if value is None else scaled(value, scale)


def _step_text(column: Ordered) -> str:
    if isinstance(column, Date):
        return f"`{column.step}d`"
    if isinstance(column, Datetime):
        return f"`{column.step}s`"
    scale = column.scale if isinstance(column, Float | Decimal) else 0
    return f"`{column.step / 10**scale:g}`"
