"""Learn: one group's workload and oracle; all public.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NoReturn

import numpy as np

from synthspec.draw.kin import kin_of
from synthspec.draw.network import network_of
from synthspec.errors import InternalError
from synthspec.generators import Workload
from synthspec.generators.base import Learner
from synthspec.plan.plan import Group, Plan, PlannedColumn
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
    return Workload(
        ordinal=frozenset(name for name, column in mine.items() if column.ordinal),
        missing=frozenset(name for name, column in mine.items() if column.missing),
        known=tuple(
            ((name,), np.array(shares))
            for name, shares in plan.known
            if name in mine and mine[name].size == len(shares)
        ),
        weights=weights_of(plan, mine),
        **network_of(plan, group, frozenset(mine)),
        zeros=zeros.masks.get(group.name, ()),
        given=frozenset(group.given),
        kin=kin_of(columns, mine),
        rows=plan.learned_rows,
        units=plan.learned_units,
    )


def domain_of(group: Group, columns: Sequence[PlannedColumn]) -> Domain:
    """Return the coded domain of a group: what it is given, then what it generates."""
    sizes = {c.name: c.column.size for c in columns if c.column is not None}
    names = (*group.given, *group.columns)
    return Domain(attributes=names, sizes=tuple(sizes[name] for name in names))


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
