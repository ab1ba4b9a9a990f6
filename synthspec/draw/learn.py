"""Learn: one group's workload and oracle; all public.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from typing import NoReturn

import numpy as np

from synthspec.draw.kin import Labels, kin_of
from synthspec.draw.network import network_of
from synthspec.errors import InternalError
from synthspec.generators import Workload
from synthspec.generators.base import Learner
from synthspec.plan.held import sizes_of
from synthspec.plan.level import counted_rows, level_of_group, units_per_row
from synthspec.plan.plan import BEFORE, Group, Plan, PlannedColumn, before
from synthspec.plan.questions import weights_of
from synthspec.plan.zeros import Zeros, all_zeros
from synthspec.privacy.cost import FREE, Cost
from synthspec.privacy.noisy import Noisy
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from synthspec.terms.query import Gap, Marginal


def workload_of(
    plan: Plan, group: Group, columns: Sequence[PlannedColumn], zeros: Zeros | None = None
) -> Workload:
    """Return what the plan states about the columns of `group`; `zeros` saves finding them again."""
    zeros = all_zeros(plan, columns) if zeros is None else zeros
    mine = {
        c.name: c.column for c in columns if c.name in (*group.given, *group.columns) and c.column is not None
    }
    lagged = {before(name): mine[name] for name in group.columns if group.lagged and name in mine}
    level = level_of_group(plan, group.name)
    network = network_of(plan, group, frozenset(mine), units_per_row(plan, level))
    steps = tuple((name, name.removesuffix(BEFORE)) for name in lagged)
    return Workload(
        ordinal=frozenset(name for name, column in {**mine, **lagged}.items() if column.ordinal),
        missing=frozenset((*(name for name, column in mine.items() if column.missing), *lagged)),
        known=tuple(
            ((name,), np.array(shares))
            for name, shares in plan.known
            if name in mine and mine[name].size == len(shares)
        ),
        weights=weights_of(plan, mine),
        **{**network, "edges": (*network["edges"], *steps)},
        zeros=zeros.masks.get(group.name, ()),
        given=frozenset((*group.given, *group.lagged)),
        kin=_with_lagged(kin_of(columns, mine), lagged),
        rows=counted_rows(plan, level),
        units=plan.learned_units,
    )


def _with_lagged(kin: dict[str, Labels], lagged: Collection[str]) -> dict[str, Labels]:
    """Return the kinds of codes with those of the row before; that there is none is a kind of its own."""
    more = {name: kin[own] for name in lagged if (own := name.removesuffix(BEFORE)) in kin}
    return {**kin, **{name: np.append(labels, labels.max() + 1) for name, labels in more.items()}}


def domain_of(group: Group, columns: Sequence[PlannedColumn]) -> Domain:
    """Return the coded domain of a group: what it is given, the row before, then what it generates."""
    coded = {c.name: c.column for c in columns if c.column is not None}
    return Domain(attributes=group.attributes, sizes=tuple(sizes_of(group, coded)))


class NoOracle:
    """The oracle of a group without private rows: it knows the domain and answers nothing."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.protection = Protection(unit="row", max_rows=1)

    @property
    def left(self) -> Cost:
        """Nothing."""
        return FREE

    def measure(self, purchases: Sequence[tuple[Marginal, Cost]]) -> tuple[Noisy, ...]:
        """Refuse."""
        self._refuse()

    def select(self, candidates: Sequence[Gap], cost: Cost) -> int:
        """Refuse."""
        self._refuse()

    def select_or_none(self, candidates: Sequence[Gap], cost: Cost) -> int | None:
        """Refuse."""
        self._refuse()

    @property
    def device(self) -> str:
        """The processor: nothing private is computed."""
        return "cpu"

    def gradient(
        self, learner: Learner, *, rate: Fraction, steps: int, clip: float, expected: float, cost: Cost
    ) -> None:
        """Refuse."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise InternalError("I322", "a generator without private rows asked for a count")
