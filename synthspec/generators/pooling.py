"""Pooling: one-way counts from all that was measured, the pairs' sums over their other axis included.

A pair bought late knows more about a small column than the few coins spent on that column alone. The
best linear estimate of all of it is the Kalman update, one measurement after the other. What denoising
left in a code is trusted as `oneways.residual` says: a code that holds little has little error left.

Source: Kalman 1960 (the recursive form of generalised least squares); the variances are ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.coding import Coding
from synthspec.generators.pgm.estimate import Evidence

MOST_CODES = 1024
"""Columns with more codes keep their own measurement: the covariance has codes^2 entries."""

LEAST = 0.1
"""Deviation, in units of the noise's, of a code that projection emptied."""

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


class Held(Protocol):
    """What was measured of one scope: the evidence, the sum of answers weighted by precision [rows]."""

    evidence: Evidence
    weighted: Array
    precision: float


@dataclass(frozen=True, eq=False)
class Sums:
    """Noisy sums of an attribute's counts over groups of its codes.

    Attributes:
        labels: the group of each code, shape (codes,).
        rows: noisy rows per group, shape (groups,).
        variance: of each of them, rows squared.
    """

    labels: Labels
    rows: Array
    variance: float


def margins(coding: Coding, measured: Iterable[Held]) -> dict[str, list[Sums]]:
    """Return what the measured tables of several attributes say about each attribute."""
    out: dict[str, list[Sums]] = {}
    for held in measured:
        scope, groups = held.evidence.scope, held.evidence.groups
        table = held.weighted / held.precision
        for axis, (index, group) in enumerate(zip(scope, groups)):
            rows = table.sum(axis=tuple(i for i in range(table.ndim) if i != axis))
            labels = coding.levels[index] if group is None else group[coding.levels[index]]
            variance = table.size / len(rows) / held.precision
            out.setdefault(coding.domain.attributes[index], []).append(Sums(labels, rows, variance))
    return out


def pooled(counts: Array, stddev: float, sums: Sequence[Sums], closed: NDArray[np.bool_]) -> Array:
    """Return the best linear estimate of counts [rows], shape (codes,), given noisy sums of them.

    Args:
        counts: denoised, non-negative.
        stddev: of the noise that each of them had.
        sums: further measurements, independent of `counts` and of each other.
        closed: codes that keep their count, shape (codes,).
    """
    out = counts.astype(np.float64)
    if len(out) > MOST_CODES or not 0 < stddev < np.inf:
        return out
    trust = stddev * np.minimum(1.0, np.maximum(counts, 0.0) / stddev + LEAST)
    covariance = np.diag(np.where(closed, 0.0, trust**2))
    for each in sums:
        many = len(each.rows)
        member = np.zeros((many, len(out)))
        member[each.labels, np.arange(len(out))] = 1.0
        across = member @ covariance
        inner = across @ member.T + each.variance * np.eye(many)
        gain = np.linalg.solve(inner, across).T
        out = out + gain @ (each.rows - member @ out)
        covariance = covariance - gain @ across
    return out
