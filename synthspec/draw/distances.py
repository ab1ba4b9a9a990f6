"""Distances: the public half of the paid distances: which cliques, and the released tables to compare with.

Over 1-, 2- and 3-way cliques of coded attributes; where there are more than 500 of an order, a public random
subset. Axes are grouped to at most 32 public levels. The public table of each clique is the synthetic one
scaled to the noisy number of rows, on a grid of 1/1024 rows. Whoever has the rows, the seed and that number
comes to the same questions.

Source: ours; PRIVACY 9.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthspec.plan.plan import PlannedColumn
from synthspec.plan.questions import public_axis
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.query import Axis, Distances, Marginal

MOST_CLIQUES = 500
GRID = 1024
ORDERS = (1, 2, 3)


@dataclass(frozen=True)
class Total:
    """A noisy number of rows and its standard deviation [rows]; public."""

    rows: float
    stddev: float


class Counts(Protocol):
    """Noisy counts: a `Noisy` answer, or a measurement of a release."""

    @property
    def values(self) -> NDArray[np.int64]:
        """The counts."""
        ...

    @property
    def stddev(self) -> float:
        """The noise of each."""
        ...


def total_of(noisy: Sequence[Counts]) -> Total | None:
    """Return the precision-weighted mean of the totals of noisy marginals, or None without any."""
    weights = [1 / (len(each.values) * (each.stddev**2 + 1 / 12)) for each in noisy]
    if not weights:
        return None
    mean = sum(w * float(each.values.sum()) for w, each in zip(weights, noisy, strict=True)) / sum(weights)
    return Total(max(1.0, mean), 1 / math.sqrt(sum(weights)))


@dataclass(frozen=True, eq=False)
class Asked:
    """The questions of an evaluation by distances: the axes of each clique, by order."""

    cliques: Mapping[int, tuple[tuple[Axis, ...], ...]]

    @property
    def kinds(self) -> tuple[tuple[int, bool], ...]:
        """Return (order, whether it is the worst) of each question, in the order in which they are asked."""
        return tuple((order, worst) for order in ORDERS if self.cliques[order] for worst in (False, True))

    def queries(self, codes: Mapping[str, NDArray[np.int64]], total: float) -> tuple[Distances, ...]:
        """Return the questions, once the noisy number of rows is known."""
        tables = {
            order: tuple(table_of(clique, codes, total) for clique in cliques)
            for order, cliques in self.cliques.items()
        }
        return tuple(
            Distances(cliques=self.cliques[order], tables=tables[order], grid=GRID, worst=worst)
            for order, worst in self.kinds
        )


def asked_of(columns: Sequence[PlannedColumn], known: Collection[str], rng: SampleRng) -> Asked:
    """Return what is asked of the coded columns `known` that are shown; `rng` is public."""
    axes = {c.name: public_axis(c) for c in columns if c.name in known and not c.hidden}
    chosen = {order: _subset(tuple(axes), order, rng) for order in ORDERS}
    return Asked({o: tuple(tuple(axes[a] for a in clique) for clique in chosen[o]) for o in ORDERS})


def _subset(names: tuple[str, ...], order: int, rng: SampleRng) -> list[tuple[str, ...]]:
    """Return all cliques of an order, or a public random subset of MOST_CLIQUES."""
    count = math.comb(len(names), order)
    if count <= MOST_CLIQUES:
        return list(combinations(names, order))
    generator = rng.split("cliques", order).generator
    found: dict[tuple[str, ...], None] = {}
    while len(found) < MOST_CLIQUES:
        chosen = sorted(generator.choice(len(names), size=order, replace=False).tolist())
        found[tuple(names[i] for i in chosen)] = None
    return list(found)


def table_of(axes: Sequence[Axis], codes: Mapping[str, NDArray[np.int64]], total: float) -> NDArray[np.int64]:
    """Return the released rows' counts scaled to `total` rows [1/GRID rows], shape (cells,)."""
    rows = len(codes[axes[0].attribute])
    index = np.zeros(rows, dtype=np.int64)
    for axis in axes:
        level = codes[axis.attribute] if axis.levels is None else axis.levels[codes[axis.attribute]]
        index = index * axis.size + level
    counts = np.bincount(index, minlength=Marginal(axes=tuple(axes)).cells)
    table: NDArray[np.int64] = np.rint(counts * (total * GRID / max(1, rows))).astype(np.int64)
    return table
