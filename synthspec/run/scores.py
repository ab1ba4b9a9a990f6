"""Scores: exact integer answers to `Gap` and `Distances`, and checks of public tables; inside `run/` only.

Sums are taken in Python integers, or in int64 where public bounds exclude an overflow; a wrapped
score would move by more than its stated sensitivity.

Source: ours; sensitivities in terms/query.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from synthspec.errors import InternalError
from synthspec.terms.domain import Domain
from synthspec.terms.query import Axis, Distances, Gap, Scored

FARTHEST = 2**61
_MOST_GRID = 2**20
_MOST_TABLE = 2**58


def check_axes(axes: Sequence[Axis], domain: Domain) -> None:
    """Refuse a question about attributes or codes that do not exist (I320); public facts only."""
    for axis in axes:
        if axis.attribute not in domain.attributes:
            raise InternalError("I320", f"a question about `{axis.attribute}`, which has no codes")
        codes = domain.size(axis.attribute)
        levels = axis.levels
        if levels is None:
            if axis.size != codes:
                raise InternalError("I320", f"`{axis.attribute}` has {codes} codes, not {axis.size}")
        elif levels.shape != (codes,) or levels.min() < 0 or levels.max() >= axis.size:
            raise InternalError("I320", f"the levels of `{axis.attribute}` do not cover its codes")


def check_table(axes: Sequence[Axis], table: NDArray[np.int64], grid: int) -> None:
    """Refuse a public table of another shape, or so large that sums could overflow (I320)."""
    cells = 1
    for axis in axes:
        cells *= axis.size
    if table.dtype != np.int64 or table.shape != (cells,) or not 1 <= grid <= _MOST_GRID:
        raise InternalError("I320", "a public table does not have the shape of its question")
    if float(np.abs(table.astype(np.float64)).sum()) > _MOST_TABLE:
        raise InternalError("I320", "a public table is too large to be compared with counts")


def check_scored(question: Scored, domain: Domain) -> None:
    """Refuse a question whose score or levels do not cover every code (I320); public facts only.

    The sums of points must fit an int64: a wrapped one would still be one bin, but not the public one.
    """
    check_axes(question.axes, domain)
    if not question.attributes or len(question.attributes) != len(question.tables):
        raise InternalError("I320", "a score needs one public table per attribute")
    most = 0.0
    for attribute, table in zip(question.attributes, question.tables, strict=True):
        if attribute not in domain.attributes:
            raise InternalError("I320", f"a question about `{attribute}`, which has no codes")
        if table.dtype != np.int64 or table.shape != (domain.size(attribute),):
            raise InternalError("I320", f"the points of `{attribute}` do not cover its codes")
        most += float(np.abs(table.astype(np.float64)).max())
    cuts = question.cuts
    if cuts.dtype != np.int64 or cuts.ndim != 1 or bool((np.diff(cuts) <= 0).any()) or most > _MOST_TABLE:
        raise InternalError("I320", "the bins of a score are not ascending integers, or its points too large")


def distance(counts: NDArray[np.int64], table: NDArray[np.int64], grid: int) -> int:
    """Return sum |grid * count - table| [1/grid rows]."""
    return int(np.abs(counts * grid - table).sum())


def gap_score(counts: NDArray[np.int64], gap: Gap) -> int:
    """Return the score of `gap`, held within +-2^61: holding it there never widens a difference."""
    score = gap.weight * (distance(counts, gap.table, gap.grid) - gap.offset)
    return max(-FARTHEST, min(FARTHEST, score))


def summary(found: Sequence[int], question: Distances) -> int:
    """Return the sum or the maximum of the cliques' distances, held within 2^61."""
    return min(FARTHEST, max(found) if question.worst else sum(found))
