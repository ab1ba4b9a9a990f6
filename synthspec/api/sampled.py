"""sampled: fresh rows of a release with the certificate of their rules; post-processing, free."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from synthspec.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from synthspec.draw.scenario import DrawnScenario
    from synthspec.generators.base import Model
    from synthspec.plan.plan import Plan, PlannedColumn
    from synthspec.plan.scenario import Scenario
    from synthspec.privacy.entropy import SampleRng
    from synthspec.release.release import Certificate


@dataclass(frozen=True, eq=False)
class Sampled:
    """Rows, the count of every rule on them by a second engine, and what else is to be said.

    `probability` is that of the condition in the model: 1 without one, None where it is not known.
    """

    frame: pl.DataFrame
    certificate: Certificate
    probability: float | None = None
    notes: tuple[str, ...] = field(default=())
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """The same rows as several tables, by name, where the spec has `tables`."""

    def lines(self) -> tuple[str, ...]:
        """Return what is said beside the rows."""
        held = self.certificate
        rules = f"{len(held.rules)} rule{'' if len(held.rules) == 1 else 's'}"
        said = (
            (f"{rules} counted again by {held.engine}: {held.violations} violations",) if held.rules else ()
        )
        likely = (
            ()
            if self.probability in (None, 1.0)
            else (f"probability of the condition: {self.probability:.3g}",)
        )
        return (*self.notes, *likely, *said)


def sampled(
    plan: Plan,
    columns: Sequence[PlannedColumn],
    models: Mapping[str, Model],
    asked: Scenario,
    rng: SampleRng,
    rows: int | None,
    notes: tuple[str, ...] = (),
    *,
    units: int | None = None,
) -> Sampled:
    """Return the rows of a scenario, or so many whole units of it, and their certificate.

    Raises:
        SpecError: S155, for rows and units.
        SamplingError: G450 to G458.
    """
    either(rows, units)
    from synthspec.draw.certificate import certificate
    from synthspec.draw.recount import recount
    from synthspec.draw.scenario import draw_scenario
    from synthspec.draw.table import written_aside
    from synthspec.draw.two_tables import parted

    found: DrawnScenario = draw_scenario(plan, columns, models, asked, rng, rows, units=units)
    with written_aside(found.frame, "parquet") as file:
        held = certificate(plan, found.drawn, recount(file, columns, plan.rules))
    if asked.where is not None and found.probability is None and asked.given is None:
        kept = f"{found.drawn.acceptance:.3g} of the rows drawn met it"
        notes = (*notes, f"the codes alone do not tell the probability of the condition: {kept}")
    if found.augmented is not None:
        notes = (*notes, f"{found.augmented} of {found.frame.height} rows were varied after drawing")
    if found.effective < 1.0:
        kept = f"{found.effective:.0%}" if found.effective >= 0.01 else f"{found.effective:.2g} of it"
        notes = (*notes, f"the condition was met by importance resampling: effective sample {kept}")
    files = parted(plan, found.frame)
    tables = {table.name: files[table.file] for table in plan.tables}
    return Sampled(found.frame, held, found.probability, notes, tables)


def either(rows: int | None, units: int | None) -> None:
    """Refuse a number of rows beside one of units.

    Raises:
        SpecError: S155.
    """
    if rows is not None and units is not None:
        raise SpecError("S155", "rows and whole units were both asked for", helps=("ask for one of them",))


def asked_of(
    plan: Plan,
    columns: Sequence[PlannedColumn],
    scenario: str | None,
    where: str | None,
    what: str = "the release",
) -> Scenario:
    """Return the scenario of a plan with a further condition; the plan's rows without either.

    Raises:
        SpecError: S157, for an unknown scenario; S158, for a condition on one that is not drawn; when
            `where` cannot be read.
    """
    from synthspec.plan.scenario import Scenario

    asked = (
        Scenario(name="", rows=plan.rows, units=plan.units)
        if scenario is None
        else _named(plan, scenario, what)
    )
    if where is None:
        return asked
    if asked.mix:
        raise SpecError(
            "S158",
            f"the rows of scenario `{asked.name}` are blended, not drawn: they take no condition",
            helps=("filter the rows afterwards", "leave `--where` out"),
        )
    return asked.model_copy(update=_also(asked, where, columns))


def _named(plan: Plan, name: str, what: str) -> Scenario:
    found = {scenario.name: scenario for scenario in plan.scenarios}
    if name not in found:
        raise SpecError(
            "S157",
            f"{what} has no scenario `{name}`",
            helps=(f"its scenarios are {', '.join(f'`{each}`' for each in found)}",)
            if found
            else ("its spec declares none: use `--where`",),
        )
    return found[name]


def _also(scenario: Scenario, where: str, columns: Sequence[PlannedColumn]) -> dict[str, object]:
    from synthspec.api.condition import condition
    from synthspec.terms.expr import Logic

    found = condition(where, columns)
    if scenario.where is None:
        return {"where": found, "where_text": where}
    both = Logic(op="and", args=(scenario.where, found))
    return {"where": both, "where_text": f"({scenario.where_text}) AND ({where})"}
