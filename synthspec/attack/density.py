"""Density: membership by how close the released rows lie, against how close other people do.

The score of a record is log d_reference - log d_released, with d its distance to the nearest row of
each: an estimate of log p_released - log p_reference by nearest neighbours.

Source: van Breugel et al. 2023, arXiv:2302.12580 (DOMIAS: density ratios); Loftsgaarden & Quesenberry
1965 (densities by nearest neighbours); Meeus et al. 2023, arXiv:2306.10308 (which people to attack).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synthspec.attack.nearest import exposure, nearest
from synthspec.attack.outcome import Outcome
from synthspec.attack.roc import judge_scores
from synthspec.attack.table import FloatArray, IntArray, Table

FLOOR = 1e-3
"""Distances below this are all "equal": a thousandth of the public ranges, on average."""


@dataclass(frozen=True, eq=False)
class Nearness:
    """Members and others with their distances to a reference; asked again for every planted leak."""

    synthetic: Table
    members: Table
    others: Table
    reference: Table
    bound: Callable[[float], float] | None
    attack: str
    title: str
    about: str

    def judge(self, planted: Table | None) -> Outcome:
        """Return how well nearness tells members from others, with `planted` among the released rows."""
        one, two = (
            self._score(table, held, planted)
            for table, held in ((self.members, self._members), (self.others, self._others))
        )
        told = judge_scores(one, two, self.bound)
        return Outcome(
            attack=self.attack,
            title=self.title,
            about=self.about,
            cites="van Breugel et al. 2023 (DOMIAS); Meeus et al. 2023 (Achilles' heels)",
            auc=told.auc,
            rates=told.rates,
            exposed=told.exposed,
            verdict="found" if told.found else "not seen",
            notes=told.notes,
        )

    def _score(self, people: Table, held: tuple[FloatArray, FloatArray], planted: Table | None) -> FloatArray:
        away, near = held
        if planted is not None and planted.rows:
            near = np.minimum(near, nearest(people, planted)[:, 0])
        return np.asarray(np.log(away + FLOOR) - np.log(near + FLOOR))

    @cached_property
    def _members(self) -> tuple[FloatArray, FloatArray]:
        return self._distances(self.members)

    @cached_property
    def _others(self) -> tuple[FloatArray, FloatArray]:
        return self._distances(self.others)

    def _distances(self, people: Table) -> tuple[FloatArray, FloatArray]:
        return nearest(people, self.reference)[:, 0], nearest(people, self.synthetic)[:, 0]


def most_exposed(people: Table, reference: Table, share: float = 0.05, least: int = 20) -> IntArray:
    """Return the places of the people who lie furthest from others, most exposed first."""
    count = min(people.rows, max(least, round(share * people.rows)))
    return np.argsort(-exposure(people, reference), kind="stable")[:count]
