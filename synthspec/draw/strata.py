"""Strata: the parts of a scenario, each with its condition, its models and its share of the rows.

A table of persons is parted by persons: the condition on what the rows of each share, and the shares, are
met by the models of persons; the rows of a person follow from it.

Source: Deming & Stephan 1940 (raking); Horvitz & Thompson 1952 (weights that undo a design).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from synthspec.draw.conditioned import Conditioned, conditioned
from synthspec.draw.leaning import Leaning
from synthspec.draw.levels import Levels, levels_of, parted
from synthspec.draw.shaped import shaped
from synthspec.draw.whole import Whole
from synthspec.errors import SamplingError
from synthspec.generators.base import Model
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.scenario import Rebalance, Scenario
from synthspec.plan.zeros import all_zeros
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


def strata_of(
    plan: Plan,
    columns: Sequence[PlannedColumn],
    models: Mapping[str, Model],
    scenario: Scenario,
    *,
    units: bool = False,
) -> tuple[float | None, tuple[Stratum, ...]]:
    """Return the probability of the condition (None: not known from the codes), and the strata.

    Args:
        plan: what was planned.
        columns: its columns with bought domains in place.
        models: a fitted model per group.
        scenario: the condition and the shares.
        units: whether the shares are those of persons, rather than of rows.

    Raises:
        SamplingError: G451; G458, for shares that a table of persons cannot be given.
    """
    if plan.persons:
        _check_persons(plan, columns, scenario)
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
    mass = np.array([part.probability * _rows(plan, part.models, units) for _, part in parts]).reshape(shape)
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


def _given(
    plan: Plan, columns: Sequence[PlannedColumn], models: Mapping[str, Model], where: Expr | None
) -> Conditioned:
    if where is None:
        return Conditioned(models, 0.0, exact=True)
    if not plan.persons:
        return conditioned(plan, shaped(columns, plan.groups, models), models, where)
    level = _levels(plan, columns)
    on_units, on_rows = parted(where, set(level.unit_names))
    if on_units is None:
        return Conditioned(models, 0.0, exact=False)
    part = plan.model_copy(update={"groups": (level.counting, *level.unit_groups)})
    mine = {group.name: models[group.name] for group in part.groups}
    crosses = all_zeros(plan, columns).crosses
    crosses = {name: each for name, each in crosses.items() if name in mine}
    found = conditioned(part, shaped(level.unit_columns, part.groups, mine), mine, on_units, crosses)
    return replace(found, models={**models, **found.models}, exact=found.exact and on_rows is None)


def _levels(plan: Plan, columns: Sequence[PlannedColumn]) -> Levels:
    return levels_of(Whole(tuple(columns), plan.rules), plan)


def _rows(plan: Plan, models: Mapping[str, Model], units: bool) -> float:
    """Return how many rows a person has on average; 1 where persons count, or there are none."""
    if plan.counter is None or units:
        return 1.0
    group = next(group for group in plan.groups if plan.counter.name in group.columns)
    shares = models[group.name].marginal((plan.counter.name,))
    return float((shares * np.arange(1, len(shares) + 1)).sum())


def _check_persons(plan: Plan, columns: Sequence[PlannedColumn], scenario: Scenario) -> None:
    """Refuse shares of single rows, and shares beside a condition on single rows.

    Raises:
        SamplingError: G458.
    """
    names = set(_levels(plan, columns).unit_names)
    loose = [part.column for part in scenario.rebalance if part.column not in names]
    if loose:
        raise SamplingError(
            "G458",
            f"the shares of `{loose[0]}` pick single rows, and this table is drawn person by person",
            helps=(
                "rebalance a column that is `per: unit`",
                f"or draw one scenario for each value: `where: {loose[0]} = ...`",
            ),
        )
    if scenario.rebalance and parted(scenario.where, names)[1] is not None:
        raise SamplingError(
            "G458",
            "shares of persons and a condition on single rows do not go together",
            notes=(f"the condition is `{scenario.where_text}`",),
            helps=("ask in `where` for columns that are `per: unit` only", "leave out the shares"),
        )


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
