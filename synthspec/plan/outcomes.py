"""Outcomes: how a label and its groups are told apart by code, from public facts and released rows only.

The positive outcome is the most frequent value that not more than half of the released rows have (the least
frequent one, where none is so rare): of two values the rarer. Groups are the codes of a column where there
are at most 12; neighbouring codes of a longer ordered column share a group, and of a longer list the 11 that
are most frequent in the released rows have their own.

Source: ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthspec.plan.plan import PlannedColumn
from synthspec.terms.query import Axis

MOST_GROUPS = 12
NO, YES, MISSING = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Told:
    """An axis with explicit levels, and the name of each."""

    axis: Axis
    names: tuple[str, ...]


def outcome_of(planned: PlannedColumn, codes: NDArray[np.int64]) -> tuple[Told, str]:
    """Return the axis of a label (no, yes and, where it may be, missing), and its positive value.

    Args:
        planned: the column, with its domain in place.
        codes: of the released rows.
    """
    column = planned.column
    assert column is not None
    known = column.size - column.missing
    counts = np.bincount(codes, minlength=column.size)[:known]
    half = int(counts.sum()) / 2
    rarer = [code for code in range(known) if counts[code] <= half]
    positive = max(rarer, key=lambda code: (counts[code], code)) if rarer else int(counts.argmin())
    levels = np.full(column.size, NO, dtype=np.int64)
    levels[positive] = YES
    if column.missing:
        levels[-1] = MISSING
    names = ("no", "yes", "missing") if column.missing else ("no", "yes")
    return Told(Axis(planned.name, len(names), levels), names), column.labels()[positive]


def groups_of(planned: PlannedColumn, codes: NDArray[np.int64]) -> Told:
    """Return the axis of a column's groups.

    Args:
        planned: the column, with its domain in place.
        codes: of the released rows.
    """
    column = planned.column
    assert column is not None
    labels = column.labels()
    if column.size <= MOST_GROUPS:
        return Told(Axis(planned.name, column.size, np.arange(column.size)), labels)
    known, most = column.size - column.missing, MOST_GROUPS - column.missing
    levels = np.empty(column.size, dtype=np.int64)
    if column.ordinal:
        levels[:known] = np.arange(known) * most // known
        ends = [np.flatnonzero(levels[:known] == level) for level in range(most)]
        names = [f"{labels[at[0]]} to {labels[at[-1]]}" for at in ends]
    else:
        counts = np.bincount(codes, minlength=column.size)[:known]
        own = np.sort(np.argsort(-counts, kind="stable")[: most - 1])
        levels[:known] = most - 1
        levels[own] = np.arange(most - 1)
        names = [*(labels[code] for code in own), "all others"]
    if column.missing:
        levels[-1] = most
        names.append("missing")
    return Told(Axis(planned.name, MOST_GROUPS, levels), tuple(names))
