"""Assess: mean and worst total variation between private and released rows, bought as six scalars.

Over 1-, 2- and 3-way cliques of coded attributes; where there are more than 500 of an order, a public
random subset. Axes are grouped to at most 32 public levels. The public table of each clique is the
synthetic one scaled to the noisy number of rows, on a grid of 1/1024 rows.

Source: ours; PRIVACY 9.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from synthspec.plan.plan import PlannedColumn
from synthspec.plan.questions import public_axis
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.privacy.noisy import Noisy
from synthspec.release.release import Assessment, event_id
from synthspec.run.kernel import Kernel
from synthspec.terms.query import Axis, Distances, Marginal

MOST_CLIQUES = 500
GRID = 1024
ORDERS = (1, 2, 3)


@dataclass(frozen=True)
class Total:
    """A noisy number of rows and its standard deviation [rows]; public."""

    rows: float
    stddev: float


def total_of(noisy: Sequence[Noisy]) -> Total | None:
    """Return the precision-weighted mean of the totals of noisy marginals, or None without any."""
    weights = [1 / (len(each.values) * (each.stddev**2 + 1 / 12)) for each in noisy]
    if not weights:
        return None
    mean = sum(w * float(each.values.sum()) for w, each in zip(weights, noisy, strict=True)) / sum(weights)
    return Total(max(1.0, mean), 1 / math.sqrt(sum(weights)))


def assess(
    kernel: Kernel,
    cost: Cost,
    columns: Sequence[PlannedColumn],
    codes: Mapping[str, NDArray[np.int64]],
    total: Total | None,
    rng: SampleRng,
) -> tuple[Assessment, ...]:
    """Buy the distances and return them with their intervals.

    Args:
        kernel: private rows, with an allotment of `cost`.
        cost: what to spend in all.
        columns: the resolved columns.
        codes: codes of the released rows by attribute, shape (rows,) each.
        total: the noisy number of rows; bought here when None.
        rng: public randomness, for the subsets.
    """
    known = set(kernel.domain.attributes) & set(codes)
    axes = {c.name: public_axis(c) for c in columns if c.name in known and not c.hidden}
    cliques = {order: _subset(tuple(axes), order, rng) for order in ORDERS}
    asked = [(order, worst) for order in ORDERS if cliques[order] for worst in (False, True)]
    if not asked:
        return ()
    shares = list(cost.split(len(asked) + (total is None)))
    if total is None:
        total = total_of(kernel.measure([(Marginal(axes=()), shares.pop())]))
        assert total is not None
    tables = {
        order: tuple(_table([axes[a] for a in clique], codes, total.rows) for clique in cliques[order])
        for order in ORDERS
    }
    queries = [
        Distances(
            cliques=tuple(tuple(axes[a] for a in clique) for clique in cliques[order]),
            tables=tables[order],
            grid=GRID,
            worst=worst,
        )
        for order, worst in asked
    ]
    answers = kernel.distances(list(zip(queries, shares, strict=True)))
    return tuple(
        Assessment.of(
            int(noisy.values[0]),
            order=order,
            worst=worst,
            cliques=len(cliques[order]),
            grid=GRID,
            stddev=noisy.stddev,
            n_hat=total.rows,
            n_stddev=total.stddev,
            event=event_id(noisy.receipt),
        )
        for (order, worst), noisy in zip(asked, answers, strict=True)
    )


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


def _table(axes: Sequence[Axis], codes: Mapping[str, NDArray[np.int64]], total: float) -> NDArray[np.int64]:
    """Return the released rows' counts scaled to `total` rows [1/GRID rows], shape (cells,)."""
    rows = len(codes[axes[0].attribute])
    index = np.zeros(rows, dtype=np.int64)
    for axis in axes:
        level = codes[axis.attribute] if axis.levels is None else axis.levels[codes[axis.attribute]]
        index = index * axis.size + level
    counts = np.bincount(index, minlength=Marginal(axes=tuple(axes)).cells)
    table: NDArray[np.int64] = np.rint(counts * (total * GRID / max(1, rows))).astype(np.int64)
    return table
