"""Scorecard: an additive classifier of public integer points, learned on released rows only.

A logistic regression on one indicator per level, fitted by Newton steps, one attribute at a time: the levels
of one attribute are disjoint, so its block of the Hessian is diagonal. A ridge of one pseudo-row keeps rare
levels near 0. The coefficients are rounded to thousandths, so that anybody can add up the same scores.

Source: ours; Fahrmeir & Tutz 2001 (logistic regression), the ridge: le Cessie & van Houwelingen 1992.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthspec.terms.query import Axis

POINTS = 1000
"""Points per unit of log odds."""

BINS = 16
SWEEPS = 25
RIDGE = 1.0
LONGEST = 2.0
"""A Newton step may move a coefficient so far [log odds]."""
ENOUGH = 1e-4


@dataclass(frozen=True, eq=False)
class Scorecard:
    """Points per code of each attribute, and the cuts between score bins; see `terms.query.Scored`."""

    attributes: tuple[str, ...]
    tables: tuple[NDArray[np.int64], ...]
    cuts: NDArray[np.int64]

    def points(self, codes: Mapping[str, NDArray[np.int64]]) -> NDArray[np.int64]:
        """Return the scores of rows, shape (rows,)."""
        return _points(self.attributes, self.tables, codes)

    def bins(self, codes: Mapping[str, NDArray[np.int64]]) -> NDArray[np.int64]:
        """Return the score bins of rows, shape (rows,)."""
        return np.searchsorted(self.cuts, self.points(codes), side="right").astype(np.int64)


def learn(
    axes: Mapping[str, Axis],
    codes: Mapping[str, NDArray[np.int64]],
    outcome: NDArray[np.bool_],
    train: NDArray[np.bool_],
) -> Scorecard:
    """Return the scorecard of public rows; a function of its arguments.

    Args:
        axes: per attribute its public levels, and through them how many codes it has.
        codes: of released rows, shape (rows,) each.
        outcome: whether a row's outcome is yes, shape (rows,).
        train: which rows to learn from, shape (rows,); the cuts are found on all.
    """
    names = tuple(axes)
    if not outcome.size:
        empty = tuple(np.zeros(_codes(axis), dtype=np.int64) for axis in axes.values())
        return Scorecard(names, empty, np.zeros(0, dtype=np.int64))
    levels = {name: _levels(axis)[codes[name]] for name, axis in axes.items()}
    weights = _fit(
        [levels[name][train] for name in names], [axes[name].size for name in names], outcome[train]
    )
    tables = tuple(
        np.rint(POINTS * w).astype(np.int64)[_levels(axes[name])]
        for name, w in zip(names, weights, strict=True)
    )
    points = _points(names, tables, codes)
    return Scorecard(names, tables, _cuts(points, outcome))


def _fit(
    levels: list[NDArray[np.int64]], sizes: list[int], outcome: NDArray[np.bool_]
) -> list[NDArray[np.float64]]:
    """Return the coefficients per attribute and level."""
    target = outcome.astype(np.float64)
    base = (target.sum() + 0.5) / (len(target) + 1)
    score = np.full(len(target), np.log(base / (1 - base)))
    weights = [np.zeros(size) for size in sizes]
    for _ in range(SWEEPS):
        moved = 0.0
        for weight, level in zip(weights, levels, strict=True):
            chance = 1 / (1 + np.exp(-np.clip(score, -30, 30)))
            slope = np.bincount(level, target - chance, minlength=weight.size) - RIDGE * weight
            curve = np.bincount(level, chance * (1 - chance), minlength=weight.size) + RIDGE
            step = np.clip(slope / curve, -LONGEST, LONGEST)
            weight += step
            score += step[level]
            moved = max(moved, float(np.abs(step).max(initial=0.0)))
        if moved < ENOUGH:
            break
    return weights


def _cuts(points: NDArray[np.int64], outcome: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return ascending cuts that part yes and no rows, each with half the weight, into about equal bins."""
    order = np.argsort(points, kind="stable")
    yes = outcome[order]
    many = max(1, int(yes.sum())), max(1, int((~yes).sum()))
    mass = np.cumsum(np.where(yes, 0.5 / many[0], 0.5 / many[1]))
    at = np.searchsorted(mass, mass[-1] * np.arange(1, BINS) / BINS)
    cuts: NDArray[np.int64] = np.unique(points[order][np.minimum(at, len(order) - 1)])
    above: NDArray[np.int64] = cuts[cuts > points.min()]
    return above


def _points(
    names: tuple[str, ...], tables: tuple[NDArray[np.int64], ...], codes: Mapping[str, NDArray[np.int64]]
) -> NDArray[np.int64]:
    total = np.zeros(len(codes[names[0]]) if names else 0, dtype=np.int64)
    for name, table in zip(names, tables, strict=True):
        total += table[codes[name]]
    return total


def _levels(axis: Axis) -> NDArray[np.int64]:
    return (
        np.arange(axis.size, dtype=np.int64)
        if axis.levels is None
        else np.asarray(axis.levels, dtype=np.int64)
    )


def _codes(axis: Axis) -> int:
    return len(_levels(axis))
