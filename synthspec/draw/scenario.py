"""Scenario: a table drawn under a condition, with shares of its own, from released models.

Rebalancing parts the condition into strata, one for each combination of the rebalanced values; each is
drawn under its own condition, in its own share, so that shares come out exactly and no row is thrown
away because its class is common. The shares of several columns are brought together by raking: what
the model says of their dependence stays.

Source: Deming & Stephan 1940 (raking); Horvitz & Thompson 1952 (weights that undo a design).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.draw.augmented import augmented
from synthspec.draw.candidates import surrogates
from synthspec.draw.frame import released, typed
from synthspec.draw.given import completed
from synthspec.draw.mixed import mixed
from synthspec.draw.partition import not_persons
from synthspec.draw.public_rows import public_rows
from synthspec.draw.rows import Drawn, draw, violations
from synthspec.draw.strata import Stratum as Stratum
from synthspec.draw.strata import apportioned as apportioned
from synthspec.draw.strata import raked as raked
from synthspec.draw.strata import strata_of as strata_of
from synthspec.draw.whole import Whole
from synthspec.errors import SamplingError
from synthspec.generators.base import Model
from synthspec.generators.neural.tilted import TiltedModel
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.scenario import Scenario
from synthspec.privacy.entropy import SampleRng


@dataclass(frozen=True, eq=False)
class DrawnScenario:
    """A drawn scenario: rows in released form with the weights, and how they came about.

    `probability` is that of the condition in the model (1 without one); None when the codes could not
    tell and only the rows did, or rows were given. `drawn` holds the rows of the table, and the rules'
    counts; `beside` is a further column: weights, or where the rows of a mix are from. `augmented` is the
    number of rows that were varied after drawing, `effective` the share that importance resampling leaves of
    the sample, where a network was conditioned (the least over strata).
    """

    drawn: Drawn
    beside: pl.Series | None
    probability: float | None
    strata: tuple[Stratum, ...] = field(default=())
    augmented: int | None = None
    effective: float = 1.0

    @property
    def weights(self) -> pl.Series | None:
        """The weights, when there are any."""
        return self.beside if self.beside is not None and self.beside.dtype == pl.Float64 else None

    @property
    def frame(self) -> pl.DataFrame:
        """The table to hand out."""
        return self.drawn.frame if self.beside is None else self.drawn.frame.with_columns(self.beside)


def draw_scenario(
    plan: Plan,
    columns: Sequence[PlannedColumn],
    models: Mapping[str, Model],
    scenario: Scenario,
    rng: SampleRng,
    rows: int | None = None,
    folder: Path | None = None,
    *,
    units: int | None = None,
) -> DrawnScenario:
    """Return the table of a scenario in which every enforced rule and its condition hold.

    Args:
        plan: what was planned.
        columns: its columns with bought domains in place.
        models: a fitted model per group.
        scenario: one of the plan's, or one made of a condition that was typed.
        rng: public randomness.
        rows: how many; the scenario's without it.
        folder: where the paths of public rows start; beside the spec without it.
        units: how many whole persons; the scenario's with neither this nor `rows`.

    Raises:
        SamplingError: G451, when the model gives the condition, or a value that is to have rows, no
            probability at all; G450, when rules and condition cannot be met together; G452, G453, G455,
            G457, when public rows cannot be used; G458, for what a table of persons, or one without,
            cannot be asked for.
    """
    many = scenario.units if rows is None and units is None else units
    count = many if many is not None else scenario.rows if rows is None else rows
    _check(plan, scenario, many)
    place = Path(plan.spec_path).parent if folder is None else folder
    if scenario.mix:
        counts = apportioned([part.share for part in scenario.mix], count)
        drawn, origin = mixed(plan, columns, scenario, counts, rng.split("scenario", scenario.name), place)
        return DrawnScenario(drawn, origin, None)
    if scenario.given is not None:
        partial = public_rows(scenario.given, place, columns)
        partial = partial[np.arange(count) % max(partial.height, 1)] if partial.height else partial
        stream = rng.split("scenario", scenario.name)
        return DrawnScenario(completed(plan, columns, models, partial, stream, scenario.where), None, None)
    probability, strata = strata_of(plan, columns, models, scenario, units=many is not None)
    parts: list[Drawn] = []
    weights: list[NDArray[np.float64]] = []
    for at, (stratum, share) in enumerate(zip(strata, apportioned([s.share for s in strata], count))):
        stream = rng.split("scenario", scenario.name, at)
        asked = (stratum.where, stratum.told, models, stratum.leanings)
        whole = None if many is None else share
        drawn = draw(plan, columns, stratum.models, share, stream, *asked, units=whole)
        parts.append(drawn)
        weights.append(np.full(drawn.frame.height, stratum.weight))
    order = _order(Whole(tuple(columns), plan.rules), parts, rng.split("order", scenario.name))
    drawn = parts[0] if len(parts) == 1 else _joined(plan, columns, parts, order)
    changed = None
    if scenario.augment:
        drawn, changed = _varied(plan, columns, drawn, scenario, rng.split("augment", scenario.name))
    made = None
    if scenario.weights is not None:
        held = np.concatenate(weights)[order]
        made = pl.Series(scenario.weights, held / held.mean() if count else held)
    shares = [m.effective for each in strata for m in each.models.values() if isinstance(m, TiltedModel)]
    return DrawnScenario(drawn, made, probability, strata, changed, min(shares, default=1.0))


def _check(plan: Plan, scenario: Scenario, units: int | None) -> None:
    """Refuse what needs persons where there are none, and what knows single rows only where there are.

    Raises:
        SamplingError: G458.
    """
    if units is not None and not plan.persons:
        raise not_persons()
    whole = {"given": scenario.given is not None, "augment": bool(scenario.augment)}
    for key, there in whole.items():
        if there and plan.persons:
            raise SamplingError(
                "G458",
                f"`{key}` of scenario `{scenario.name}` is about single rows, and this table has persons",
                helps=(f"leave `{key}` out, and change the rows afterwards",),
            )
    if scenario.mix and units is not None:
        raise SamplingError(
            "G458",
            f"the rows of scenario `{scenario.name}` are blended one by one: it has no units",
            helps=("ask for rows with `-n`",),
        )


def _varied(
    plan: Plan, columns: Sequence[PlannedColumn], drawn: Drawn, scenario: Scenario, rng: SampleRng
) -> tuple[Drawn, int]:
    """Return the drawn rows as `augment` varies them, counted again, and how many changed."""
    frame, changed = augmented(plan, columns, typed(drawn.frame, columns), scenario, rng)
    held = violations(frame, plan.rules)
    return replace(drawn, frame=released(frame, columns), violations=held), changed


def _joined(
    plan: Plan, columns: Sequence[PlannedColumn], parts: Sequence[Drawn], order: NDArray[np.int64]
) -> Drawn:
    """Return the parts as one table in the order given, with fresh surrogates, its rules counted again."""
    whole = Whole(tuple(columns), plan.rules)
    persons = _persons(whole, parts)[order]
    frame = pl.concat([part.frame for part in parts])[order]
    shared = np.unique(persons, return_index=True)[1]
    rank = np.argsort(np.argsort(shared))[np.unique(persons, return_inverse=True)[1].reshape(-1)]
    ids = [
        surrogates(column, len(shared), 1)[rank]
        if column.name in whole.per_unit
        else surrogates(column, frame.height, 1)
        for column in columns
        if column.role == "id"
    ]
    frame = frame.with_columns(ids)
    drawn = sum(part.frame.height / part.acceptance if part.acceptance else 0.0 for part in parts)
    names = dict.fromkeys(name for part in parts for name in part.accepted)
    return Drawn(
        frame=frame,
        acceptance=frame.height / drawn if drawn else 1.0,
        accepted={name: min(part.accepted.get(name, 1.0) for part in parts) for name in names},
        violations=violations(typed(frame, columns), plan.rules),
        repaired={
            name: sum(part.repaired.get(name, 0) for part in parts)
            for name in dict.fromkeys(name for part in parts for name in part.repaired)
        },
    )


def _persons(whole: Whole, parts: Sequence[Drawn]) -> NDArray[np.int64]:
    """Return a number for each row of all parts that the rows of a person share; its own without persons."""
    if whole.unit is None:
        return np.arange(sum(part.frame.height for part in parts))
    found, start = [np.zeros(0, dtype=np.int64)], 0
    for part in parts:
        mine = part.frame[whole.unit].rle_id().to_numpy().astype(np.int64)
        found.append(mine + start)
        start += int(mine.max(initial=-1)) + 1
    return np.concatenate(found)


def _order(whole: Whole, parts: Sequence[Drawn], rng: SampleRng) -> NDArray[np.int64]:
    """Return the rows of all parts in random order, those of a person together and in their own order."""
    persons = _persons(whole, parts)
    if len(parts) == 1:
        return np.arange(len(persons))
    shuffled = rng.split("permutation").generator.permutation(int(persons.max(initial=-1)) + 1)
    if whole.unit is None:
        return shuffled.astype(np.int64)
    return np.argsort(shuffled[persons], kind="stable")
