"""Singling out: a description, read off the released rows, that fits exactly one person of the table.

Univariate: one column beyond the released rows' outermost values, or at a value that they have once.
Multivariate: a released row, and a box around it in some of its columns: equal where columns have no
order, within a hundredth of the public range or on the outer side of the row's value where they have.
Rows that are rare among the released ones are described first: an attacker would.

The control is a table of as many other people: how often the same descriptions fit exactly one there.

Source: Article 29 Working Party 2014, WP216, 2.2; Cohen & Nissim 2020 (predicate singling out and its
baseline). Code and choice of predicates ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from synthspec.attack.outcome import Outcome, Share, excess, more_often
from synthspec.attack.roc import LEVEL
from synthspec.attack.table import BoolArray, FloatArray, IntArray, Table

NEAR = 0.01
TRIALS = 500

Kind = Literal["one column", "several columns"]


@dataclass(frozen=True)
class Bounds:
    """`low <= value <= high` in one column; missing values are outside, unless `null` asks for them."""

    column: int
    low: float
    high: float
    null: bool = False

    def holds(self, values: FloatArray) -> BoolArray:
        """Return which rows meet it; shape (rows,)."""
        here = values[:, self.column]
        if self.null:
            return np.isnan(here)
        with np.errstate(invalid="ignore"):
            return np.asarray((here >= self.low) & (here <= self.high))


Predicate = tuple[Bounds, ...]


@dataclass(frozen=True, eq=False)
class SinglingOut:
    """The released rows against people of the table and as many others."""

    synthetic: Table
    members: Table
    others: Table
    kind: Kind
    seed: int

    def judge(self, planted: Table | None) -> Outcome:
        """Return how many descriptions fit exactly one person, with `planted` among the released rows."""
        rng = np.random.Generator(np.random.Philox(key=np.array([self.seed, 1], dtype=np.uint64)))
        rows = self.synthetic if planted is None else self.synthetic.join(planted)
        size = min(self.members.rows, self.others.rows)
        members, others = self.members.some(size, rng), self.others.some(size, rng)
        asked = single(rows) if self.kind == "one column" else several(rows, rng)
        hit = Share.of(sum(fits_one(each, members) for each in asked), len(asked))
        by_chance = Share.of(sum(fits_one(each, others) for each in asked), len(asked))
        found = more_often(hit, by_chance) < LEVEL
        return Outcome(
            attack="singling-out-" + ("one" if self.kind == "one column" else "several"),
            title=f"Singling out by {self.kind}",
            about="describes a person by released values and asks whether the description fits exactly one",
            cites="WP216 2014; Cohen & Nissim 2020",
            success=hit,
            control=by_chance,
            excess=excess(hit, by_chance),
            precision=hit,
            recall=Share.of(min(hit.hits, size), size),
            verdict="found" if found else "not seen",
        )


def fits_one(predicate: Predicate, people: Table) -> bool:
    """Return whether a description fits exactly one of `people`."""
    holds = np.ones(people.rows, dtype=np.bool_)
    for bounds in predicate:
        holds &= bounds.holds(people.values)
        if not holds.any():
            return False
    return int(holds.sum()) == 1


def single(rows: Table) -> tuple[Predicate, ...]:
    """Return descriptions in one column: beyond the outermost values, and values that occur once."""
    found: list[Predicate] = []
    for column, attribute in enumerate(rows.attributes):
        here = rows.values[:, column]
        known = here[~np.isnan(here)]
        if not known.size:
            continue
        if attribute.ordered:
            found.append((Bounds(column, float(known.max()), np.inf),))
            found.append((Bounds(column, -np.inf, float(known.min())),))
        values, times = np.unique(known, return_counts=True)
        found += [(Bounds(column, float(v), float(v)),) for v in values[times == 1][: TRIALS // 4]]
    return tuple(found[:TRIALS])


def several(rows: Table, rng: np.random.Generator) -> tuple[Predicate, ...]:
    """Return descriptions of the rarest rows in half of their columns or more."""
    order = np.argsort(-rarity(rows), kind="stable")
    width = len(rows.attributes)
    middle = np.array([_median(rows.values[:, column]) for column in range(width)])
    found = []
    for row in order[: min(TRIALS, max(1, rows.rows // 4))]:
        chosen = rng.permutation(width)[: int(rng.integers(min(width, max(2, (width + 1) // 2)), width + 1))]
        tail = rng.random() < 0.5
        found.append(tuple(_bounds(rows, int(row), int(column), middle, tail) for column in sorted(chosen)))
    return tuple(found)


def rarity(rows: Table) -> FloatArray:
    """Return how unusual each row is among the rows: the sum of -log shares of its codes."""
    total = np.zeros(rows.rows)
    for column, size in enumerate(rows.sizes):
        codes: IntArray = rows.codes[:, column]
        counts = np.bincount(codes, minlength=size)
        total -= np.log(counts[codes] / rows.rows)
    return total


def _bounds(rows: Table, row: int, column: int, middle: FloatArray, tail: bool) -> Bounds:
    value = float(rows.values[row, column])
    if np.isnan(value):
        return Bounds(column, 0.0, 0.0, null=True)
    if not rows.attributes[column].ordered:
        return Bounds(column, value, value)
    if not tail:
        return Bounds(column, value - NEAR, value + NEAR)
    return Bounds(column, value, np.inf) if value >= middle[column] else Bounds(column, -np.inf, value)


def _median(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else 0.0
