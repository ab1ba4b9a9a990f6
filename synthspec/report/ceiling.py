"""Ceiling: how far a fair sample of people would lie from the table, and which sample errs as the rows do.

A table of shares p, seen through r people drawn at random, is off by E|p^ - p|/2 = 1/2 sum sqrt(2 p (1 - p) /
(pi r)) (total variation; the normal approximation, a cell by 2 p at most). Drawing x n of the n private rows
without putting back is as r = n x / (1 - x). The shares are the fitted model's, and n is a noisy count.

Source: the mean absolute deviation of a normal variable; the sub-sample reading follows SDNist's table of
1 % .. 90 % samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.uncertainty import shares
from synthspec.report.uncertain import Known
from synthspec.terms.query import Axis

Shares = NDArray[np.float64]

MOST_TABLES = 60
"""Tables whose mean stands for all of an order: the first ones of a fixed public order."""


def off(table: Shares, people: float) -> float:
    """Return the expected total variation between `table` and the shares among `people` drawn from it."""
    if people <= 0:
        return 1.0
    deviation = np.sqrt(2 * table * np.maximum(1 - table, 0) / (np.pi * people))
    return min(1.0, float(np.minimum(deviation, 2 * table).sum()) / 2)


def ceiling(known: Known, axes: Sequence[Axis], rows: int) -> float:
    """Return how far `rows` fresh people would lie from the private table: both are samples then."""
    return off(shares(known.errors.uncertainty.model, axes), _both(known.errors.uncertainty.rows, rows))


def _both(private: float, rows: float) -> float:
    return 1 / (1 / max(private, 1.0) + 1 / max(rows, 1.0))


def fair(known: Known, order: int) -> tuple[Shares, ...]:
    """Return the model's tables of an order over public axes, a fixed part of them where there are many."""
    names = [name for name, axis in known.axes.items() if known.errors.uncertainty.covers((axis,))]
    many = comb(len(names), order)
    stride = max(1, many // MOST_TABLES)
    picked = [each for at, each in enumerate(combinations(names, order)) if at % stride == 0]
    cliques = [tuple(known.axes[name] for name in clique) for clique in picked]
    model = known.errors.uncertainty.model
    return tuple(shares(model, axes) for axes in cliques if known.errors.uncertainty.covers(axes))


def singles(groups: Sequence[Known]) -> tuple[Shares, ...]:
    """Return the models' shares of each column of public codes, once where several groups hold it."""
    found: dict[str, Shares] = {}
    for each in groups:
        for name, axis in each.axes.items():
            if name not in found and each.errors.uncertainty.covers((axis,)):
                found[name] = shares(each.errors.uncertainty.model, (axis,))
    return tuple(found.values())


def sample_like(tables: Sequence[Shares], distance: float, private: float) -> float:
    """Return the share x of the private rows, a fair sample of which would be off by `distance` on average.

    Args:
        tables: the tables that the distance is the mean of.
        distance: mean total variation.
        private: the number of private rows.

    Returns:
        In [0, 1]; 1 for no distance, 0 where even one person would be nearer.
    """
    if distance <= 0:
        return 1.0
    low, high = 1e-3, max(private, 1.0) * 1e6
    if _mean(tables, low) <= distance:
        return 0.0
    for _ in range(80):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if _mean(tables, middle) > distance else (low, middle)
    return high / (high + private)


def _mean(tables: Sequence[Shares], people: float) -> float:
    return sum(off(table, people) for table in tables) / len(tables)
