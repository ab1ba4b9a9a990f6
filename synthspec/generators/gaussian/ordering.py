"""Orders of levels for a latent variable: nominal levels and "missing" are placed by association.

A nominal attribute has no order of its own; its levels are lined up so that the squared correlations
with all other attributes add up to the most. Ordered attributes keep their order; their "missing"
level goes below or above all others, whichever agrees with the rest. Everything is computed from noisy
tables that were paid for.

Source: Kettenring 1971 (sum of squared correlations), Gifi 1990 (optimal scaling of categories).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

SWEEPS = 12

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


def orders(
    tables: Mapping[tuple[int, int], Array],
    shares: Sequence[Array],
    ordinal: Sequence[bool],
    missing: Sequence[bool],
) -> list[Labels]:
    """Return, per attribute, its levels in latent order.

    Args:
        tables: noisy shares of the pairs (i, j) that were bought, shape (levels of i, levels of j).
        shares: one-way shares of the levels.
        ordinal: whether the levels are ordered already.
        missing: whether the last level of an ordered attribute stands for "missing" alone.
    """
    roots = [np.sqrt(np.maximum(s, 1e-9)) for s in shares]
    gaps: dict[int, dict[int, Array]] = {i: {} for i in range(len(shares))}
    for (i, j), table in tables.items():
        gap = (table - np.outer(shares[i], shares[j])) / np.outer(roots[i], roots[j])
        gaps[i][j], gaps[j][i] = gap, gap.T
    scores = [
        _normal(_ranked(s, m), r) if o else _widest(gaps[i], r)
        for i, (s, r, o, m) in enumerate(zip(shares, roots, ordinal, missing))
    ]
    for _ in range(SWEEPS):
        for i in range(len(shares)):
            if not ordinal[i] and len(shares[i]) > 2 and gaps[i]:
                scores[i] = _aligned(gaps[i], scores, i)
    out = []
    for i, (root, score) in enumerate(zip(roots, scores)):
        if not ordinal[i]:
            out.append(np.argsort(score / root, kind="stable"))
        elif missing[i] and _below(gaps[i], scores, i):
            out.append(np.roll(np.arange(len(root)), 1))
        else:
            out.append(np.arange(len(root)))
    return out


def _ranked(share: Array, missing: bool) -> Array:
    """Return middle ranks in [-1, 1]; "missing" stands in the middle until it is placed."""
    known = share[:-1] if missing else share
    rank = 2 * (np.cumsum(known) - known / 2) / max(float(known.sum()), 1e-9) - 1
    return np.append(rank, 0.0) if missing else rank


def _normal(score: Array, root: Array) -> Array:
    weighted: Array = (score - float((score * root * root).sum() / (root * root).sum())) * root
    return weighted / max(float(np.linalg.norm(weighted)), 1e-12)


def _widest(gaps: Mapping[int, Array], root: Array) -> Array:
    """Return the direction in which all associations together are strongest."""
    square = np.zeros((len(root), len(root)))
    for gap in gaps.values():
        square += gap @ gap.T
    return _signed(np.linalg.eigh(square)[1][:, -1])


def _aligned(gaps: Mapping[int, Array], scores: Sequence[Array], index: int) -> Array:
    """Return the scores that maximise the sum of squared correlations, the others held."""
    pulls = np.stack([gap @ scores[j] for j, gap in gaps.items()], axis=1)
    return _signed(np.linalg.eigh(pulls @ pulls.T)[1][:, -1])


def _signed(vector: Array) -> Array:
    """Return the vector with its largest entry positive: the same on every machine."""
    return vector * (1.0 if vector[np.argmax(np.abs(vector))] > 0 else -1.0)


def _below(gaps: Mapping[int, Array], scores: Sequence[Array], index: int) -> bool:
    pull = sum(float((gap @ scores[j])[-1] * (scores[index] @ gap @ scores[j])) for j, gap in gaps.items())
    return pull < 0
