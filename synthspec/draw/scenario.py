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
from itertools import product
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.draw.augmented import augmented
from synthspec.draw.candidates import surrogates
from synthspec.draw.conditioned import Conditioned, conditioned
from synthspec.draw.frame import released, typed
from synthspec.draw.given import completed
from synthspec.draw.leaning import Leaning
from synthspec.draw.mixed import mixed
from synthspec.draw.public_rows import public_rows
from synthspec.draw.rows import Drawn, draw, violations
from synthspec.draw.shaped import shaped
from synthspec.errors import SamplingError
from synthspec.generators.base import Model
from synthspec.generators.neural.tilted import TiltedModel
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.scenario import Rebalance, Scenario
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.expr import Column, Compare, Expr, Literal_, Logic

RAKINGS = 500


@dataclass(frozen=True, eq=False)
class Stratum:
    """One part of a scenario: its condition, its models, the share of rows it gets, its rows' weight.

    `told` are the parts of the condition that the models know by their share of each cell, `leanings` what it
    asks of groups row by row.
    """

    where: Expr | None
    models: Mapping[str, Model]
    share: float
    weight: float
    told: Sequence[Expr] = ()
    leanings: Mapping[str, Sequence[Leaning]] = field(default_factory=dict)


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

    Raises:
        SamplingError: G451, when the model gives the condition, or a value that is to have rows, no
            probability at all; G450, when rules and condition cannot be met together; G452, G453, G455,
            G457, when public rows cannot be used.
    """
    count = scenario.rows if rows is None else rows
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
    whole, strata = strata_of(plan, columns, models, scenario)
    parts: list[Drawn] = []
    weights: list[NDArray[np.float64]] = []
    for at, (stratum, many) in enumerate(zip(strata, apportioned([s.share for s in strata], count))):
        stream = rng.split("scenario", scenario.name, at)
        asked = (stratum.where, stratum.told, models, stratum.leanings)
        drawn = draw(plan, columns, stratum.models, many, stream, *asked)
        parts.append(drawn)
        weights.append(np.full(many, stratum.weight))
    drawn = parts[0] if len(parts) == 1 else _joined(plan, columns, parts, rng.split("order", scenario.name))
    changed = None
    if scenario.augment:
        drawn, changed = _varied(plan, columns, drawn, scenario, rng.split("augment", scenario.name))
    made = None
    if scenario.weights is not None:
        order = _order(count, len(parts), rng.split("order", scenario.name))
        held = np.concatenate(weights)[order]
        made = pl.Series(scenario.weights, held / held.mean() if count else held)
    shares = [m.effective for each in strata for m in each.models.values() if isinstance(m, TiltedModel)]
    return DrawnScenario(drawn, made, whole, strata, changed, min(shares, default=1.0))


def strata_of(
    plan: Plan, columns: Sequence[PlannedColumn], models: Mapping[str, Model], scenario: Scenario
) -> tuple[float | None, tuple[Stratum, ...]]:
    """Return the probability of the condition (None: not known from the codes), and the strata.

    Raises:
        SamplingError: G451.
    """
    found = _given(plan, columns, models, scenario.where)
    probability = found.probability if found.exact else None
    if found.log_probability == -np.inf:
        whose = f" of scenario `{scenario.name}`" if scenario.name else " that was typed"
        raise _never(f"the condition{whose}", scenario.where_text)
    if not scenario.rebalance:
        return probability, (Stratum(scenario.where, found.models, 1.0, 1.0, found.told, found.leanings),)
    planned = {column.name: column for column in columns}
    keys = list(product(*(part.shares for part in scenario.rebalance)))
    parts: list[tuple[Expr, Conditioned]] = []
    for key in keys:
        tests = [
            _is(planned[part.column], value) for part, (value, _) in zip(scenario.rebalance, key, strict=True)
        ]
        where = _both([*([scenario.where] if scenario.where is not None else []), *tests])
        parts.append((where, _given(plan, columns, models, where)))
    shape = [len(part.shares) for part in scenario.rebalance]
    mass = np.array([part.probability for _, part in parts]).reshape(shape)
    shares = raked(mass, scenario.rebalance, scenario.name)
    base = mass / mass.sum()
    strata = [
        Stratum(where, part.models, float(share), float(was / share), part.told, part.leanings)
        for (where, part), share, was in zip(parts, shares.ravel(), base.ravel(), strict=True)
        if share > 0
    ]
    return probability, tuple(strata)


def raked(mass: NDArray[np.float64], targets: Sequence[Rebalance], name: str) -> NDArray[np.float64]:
    """Return the table nearest to `mass` (in relative entropy) whose margins are the targets.

    Args:
        mass: probability of each combination of values, one axis per target.
        targets: the shares of each axis.
        name: of the scenario, for errors.

    Raises:
        SamplingError: G451, when a value with a share has no mass, or no table has these margins.
    """
    table = mass / max(float(mass.sum()), 1e-300)
    for axis, target in enumerate(targets):
        others = tuple(i for i in range(mass.ndim) if i != axis)
        for (value, share), held in zip(target.shares, mass.sum(axis=others), strict=True):
            if share > 0 and held <= 0:
                raise _never(f"`{target.column}` = `{value}` in scenario `{name}`", "")
    for _ in range(RAKINGS):
        before = table
        for axis, target in enumerate(targets):
            others = tuple(i for i in range(mass.ndim) if i != axis)
            now = table.sum(axis=others)
            wanted = np.array([share for _, share in target.shares])
            factor = np.divide(wanted, now, out=np.zeros_like(wanted), where=now > 0)
            table = table * np.expand_dims(factor, others)
        if np.abs(table - before).max() < 1e-12:
            break
    for axis, target in enumerate(targets):
        others = tuple(i for i in range(mass.ndim) if i != axis)
        wanted = np.array([share for _, share in target.shares])
        if np.abs(table.sum(axis=others) - wanted).max() > 1e-6:
            raise _never(f"these shares of scenario `{name}` together", "")
    return np.asarray(table, dtype=np.float64)


def apportioned(shares: Sequence[float], rows: int) -> list[int]:
    """Return whole numbers of rows in proportion to `shares`: largest remainders.

    >>> apportioned([0.5, 0.3, 0.2], 7)
    [4, 2, 1]
    """
    exact = np.asarray(shares) / max(sum(shares), 1e-300) * rows
    whole = np.floor(exact).astype(np.int64)
    order = np.argsort(whole - exact, kind="stable")
    whole[order[: rows - int(whole.sum())]] += 1
    return [int(each) for each in whole]


def _varied(
    plan: Plan, columns: Sequence[PlannedColumn], drawn: Drawn, scenario: Scenario, rng: SampleRng
) -> tuple[Drawn, int]:
    """Return the drawn rows as `augment` varies them, counted again, and how many changed."""
    frame, changed = augmented(plan, columns, typed(drawn.frame, columns), scenario, rng)
    held = violations(frame, plan.rules)
    return replace(drawn, frame=released(frame, columns), violations=held), changed


def _given(
    plan: Plan, columns: Sequence[PlannedColumn], models: Mapping[str, Model], where: Expr | None
) -> Conditioned:
    if where is None:
        return Conditioned(models, 0.0, exact=True)
    return conditioned(plan, shaped(columns, plan.groups, models), models, where)


def _joined(plan: Plan, columns: Sequence[PlannedColumn], parts: Sequence[Drawn], rng: SampleRng) -> Drawn:
    """Return the parts as one table in random order, with fresh surrogates, its rules counted again."""
    frame = pl.concat([part.frame for part in parts])
    frame = frame[_order(frame.height, len(parts), rng)]
    ids = [surrogates(column, frame.height, 1) for column in columns if column.role == "id"]
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


def _order(rows: int, parts: int, rng: SampleRng) -> NDArray[np.int64]:
    if parts == 1:
        return np.arange(rows)
    return rng.split("permutation").generator.permutation(rows).astype(np.int64)


def _is(column: PlannedColumn, text: str) -> Expr:
    value = Literal_(text=text, type=column.type)
    return Compare(op="=", left=Column(name=column.name, type=column.type), right=value)


def _both(parts: Sequence[Expr]) -> Expr:
    return parts[0] if len(parts) == 1 else Logic(op="and", args=tuple(parts))


def _never(what: str, text: str) -> SamplingError:
    return SamplingError(
        "G451",
        f"the model gives {what} no probability",
        notes=(f"the condition is `{text}`",) if text else (),
        helps=("loosen the condition", "the values it asks for may have been merged or ruled out"),
    )
