"""Correlations of a latent normal from noisy coarse tables, all pairs at once, and their shrinkage.

Source: Pearson 1900 and Olsson 1979 (tetrachoric and polychoric correlation), here by least squares,
which is the likelihood when each cell carries the same noise; Breiman 1995 (non-negative garrote).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.gaussian.bivariate import cells, slopes

MOST = 0.998
"""The largest correlation, in absolute value, that is told apart from 1."""

GRID = 25
STEPS = 6
CHUNK = 512
"""Pairs per block: keeps the working memory at a few MB."""

Array = NDArray[np.float64]


def correlations(tables: Array, left: Array, right: Array) -> tuple[Array, Array]:
    """Return the correlation of each pair and the information [squared shares] that its table holds.

    Args:
        tables: noisy shares, shape (pairs, m + 1, n + 1).
        left: cuts of the first variable, ascending, padded with +inf; shape (pairs, m).
        right: cuts of the second, shape (pairs, n).

    Returns:
        correlations and information, shape (pairs,): with noise of deviation s in each share, the
        estimate has the variance s^2 / information.
    """
    rho, held = np.zeros(len(tables)), np.zeros(len(tables))
    for start in range(0, len(tables), CHUNK):
        part = slice(start, start + CHUNK)
        rho[part], held[part] = _fit(tables[part], left[part], right[part])
    return rho, held


def _fit(tables: Array, left: Array, right: Array) -> tuple[Array, Array]:
    """Return the best of a grid, refined by Gauss-Newton steps between its neighbours."""
    grid = MOST * np.sin(np.linspace(-np.pi / 2, np.pi / 2, GRID))
    errors = np.empty((GRID, len(tables)))
    for place, value in enumerate(grid):
        gap = tables - cells(left, right, np.full(len(tables), value))
        errors[place] = (gap * gap).sum(axis=(1, 2))
    best = errors.argmin(axis=0)
    rho = grid[best]
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, GRID - 1)]
    for _ in range(STEPS):
        slope = slopes(left, right, rho)
        gap = tables - cells(left, right, rho)
        held = np.maximum((slope * slope).sum(axis=(1, 2)), 1e-12)
        rho = np.clip(rho + (slope * gap).sum(axis=(1, 2)) / held, low, high)
    slope = slopes(left, right, rho)
    return rho, (slope * slope).sum(axis=(1, 2))


def shrink(rho: Array, variance: Array) -> Array:
    """Return correlations pulled towards 0 by their noise: 0 under one deviation, unmoved far above."""
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.where(rho != 0, 1 - variance / (rho * rho), 0.0)
    out: Array = rho * np.clip(kept, 0.0, 1.0)
    return out


def information(levels: int) -> float:
    """Return the information of a table of `levels` x `levels` equal quantile groups at correlation 0."""
    from scipy.special import ndtri

    edges = ndtri(np.arange(1, levels) / levels)
    density = np.concatenate([[0.0], np.exp(-edges * edges / 2) / np.sqrt(2 * np.pi), [0.0]])
    return float((np.diff(density) ** 2).sum() ** 2)
