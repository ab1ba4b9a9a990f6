"""Linkability: two halves of one person's record, each looked up in the released rows.

The attacker holds some columns of a person from one place and the others from another, and links the
two when a released row is among the nearest to both. Columns are split at random, the same for all.

Source: Article 29 Working Party 2014, WP216, 2.2. Code ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synthspec.attack.nearest import closest
from synthspec.attack.outcome import Outcome, Share, excess, more_often
from synthspec.attack.roc import LEVEL
from synthspec.attack.table import FloatArray, IntArray, Table

NEIGHBOURS = 5

_Looked = tuple[FloatArray, IntArray]


@dataclass(frozen=True, eq=False)
class Linkability:
    """The released rows against people of the table and others."""

    synthetic: Table
    members: Table
    others: Table
    seed: int

    def judge(self, planted: Table | None) -> Outcome:
        """Return how many records are linked, with `planted` among the released rows."""
        hit = self._linked(self.members, self._members, planted)
        by_chance = self._linked(self.others, self._others, planted)
        found = more_often(hit, by_chance) < LEVEL
        return Outcome(
            attack="linkability",
            title="Linkability",
            about="joins two halves of a record through a released row that is near to both",
            cites="WP216 2014",
            success=hit,
            control=by_chance,
            excess=excess(hit, by_chance),
            recall=hit,
            verdict="found" if found else "not seen",
            notes=("this attack has little power: even whole copies are often not linked",),
        )

    @cached_property
    def _halves(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        rng = np.random.Generator(np.random.Philox(key=np.array([self.seed, 2], dtype=np.uint64)))
        order = rng.permutation(len(self.synthetic.attributes)).tolist()
        cut = max(1, len(order) // 2)
        return tuple(sorted(order[:cut])), tuple(sorted(order[cut:] or order[:1]))

    @cached_property
    def _members(self) -> tuple[_Looked, _Looked]:
        return self._looked(self.members, self.synthetic)

    @cached_property
    def _others(self) -> tuple[_Looked, _Looked]:
        return self._looked(self.others, self.synthetic)

    def _looked(self, people: Table, rows: Table) -> tuple[_Looked, _Looked]:
        one, two = self._halves
        return closest(people, rows, one, NEIGHBOURS), closest(people, rows, two, NEIGHBOURS)

    def _linked(self, people: Table, held: tuple[_Looked, _Looked], planted: Table | None) -> Share:
        if planted is not None and planted.rows:
            more = self._looked(people, planted)
            held = (
                _nearer(held[0], more[0], self.synthetic.rows),
                _nearer(held[1], more[1], self.synthetic.rows),
            )
        one, two = held[0][1], held[1][1]
        met = (
            (one[:, :, None] == two[:, None, :]).any(axis=(1, 2)) if one.size else np.zeros(0, dtype=np.bool_)
        )
        return Share.of(int(met.sum()), people.rows)


def _nearer(held: _Looked, more: _Looked, offset: int) -> _Looked:
    """Return the nearest of two lookups, the second's places counted on after the first's rows."""
    distances = np.concatenate([held[0], more[0]], axis=1)
    places = np.concatenate([held[1], more[1] + offset], axis=1)
    take = min(NEIGHBOURS, distances.shape[1])
    order = np.argsort(distances, axis=1, kind="stable")[:, :take]
    return np.take_along_axis(distances, order, axis=1), np.take_along_axis(places, order, axis=1)
