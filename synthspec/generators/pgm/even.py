"""Evening out: a few rows of a batch change their cell so that its columns meet the model's shares.

Systematic draws keep every group of rows within one row of what it should hold, but these fractions add
up over thousands of groups. Here rows move, inside their group, from cells that the batch has too many
of to cells that it lacks; only where the group itself has a fraction too many and too few of the two, so
that every group stays within one row of its due.

Source: ours; the aim is that of controlled rounding (Cox 1987, JASA 82).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PASSES = 12
FEW = 2
"""So many rows in the wrong cells of a batch are left there."""

SPARE = 6
"""Groups looked at per row that has to move."""

SLIGHT = 1e-6
"""A fraction of a row under this is rounding."""

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


def even_out(counts: Ints, shares: Array, sizes: Ints, due: Array, rng: np.random.Generator) -> None:
    """Move rows between codes of `counts`, in place, until its sums over groups are near `due`.

    Args:
        counts: rows per group and code, shape (groups, codes).
        shares: cumulative conditional shares, same shape.
        sizes: rows per group.
        due: rows per code that the batch should have, shape (codes,).
        rng: public randomness.
    """
    for _ in range(PASSES):
        excess = np.rint(counts.sum(axis=0) - due).astype(np.int64)
        wanted = int(np.maximum(excess, 0).sum())
        if wanted <= FEW:
            return
        over, under = np.flatnonzero(excess > 0), np.flatnonzero(excess < 0)
        if not len(over) or not len(under):
            return
        groups = np.unique(rng.integers(0, len(sizes), SPARE * wanted))
        gap = counts[groups] - np.diff(shares[groups], axis=1, prepend=0.0) * sizes[groups, None]
        source = _pick(np.where(gap[:, over] > SLIGHT, excess[over], 0), over, rng)
        sink = _pick(np.where(gap[:, under] < -SLIGHT, -excess[under], 0), under, rng)
        moves = np.flatnonzero((source >= 0) & (sink >= 0))
        moves = moves[_within(source[moves], excess)]
        moves = moves[_within(sink[moves], -excess)]
        counts[groups[moves], source[moves]] -= 1
        counts[groups[moves], sink[moves]] += 1


def _pick(weight: Ints, cells: Ints, rng: np.random.Generator) -> Ints:
    """Return one of `cells` per row of `weight`, likelier where that is larger; -1 where all are 0."""
    best = np.argmax(weight * rng.random(weight.shape), axis=1)
    return np.where(weight[np.arange(len(best)), best] > 0, cells[best], -1)


def _within(cells: Ints, most: Ints) -> NDArray[np.bool_]:
    """Return a mask that keeps the first `most[c]` entries of each cell c."""
    order = np.argsort(cells, kind="stable")
    ordered = cells[order]
    rank = np.arange(len(cells)) - np.searchsorted(ordered, ordered)
    keep = np.empty(len(cells), dtype=bool)
    keep[order] = rank < most[ordered]
    return keep
