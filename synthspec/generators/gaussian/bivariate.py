"""Probabilities of the standard bivariate normal over rectangles, vectorised.

Source: Owen 1956 (the T function); Plackett 1954 (the derivative in the correlation is the density).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FAR = 9.0
"""Deviations beyond which no mass is left in double precision."""

NEAR = 1e-15
"""Stands for 0, where Owen's formula has a limit but no value."""

Array = NDArray[np.float64]


def below(h: Array, k: Array, rho: Array) -> Array:
    """Return P(X <= h, Y <= k) at correlation `rho`, |rho| < 1; the arguments broadcast."""
    from scipy.special import ndtr, owens_t

    h, k, rho = np.broadcast_arrays(np.clip(h, -FAR, FAR), np.clip(k, -FAR, FAR), rho)
    h, k = np.where(h == 0, NEAR, h), np.where(k == 0, NEAR, k)
    spread = np.sqrt((1 - rho) * (1 + rho))
    apart = 0.5 * (h * k < 0)
    out: Array = (ndtr(h) + ndtr(k)) / 2 - apart
    out -= owens_t(h, (k - rho * h) / (h * spread)) + owens_t(k, (h - rho * k) / (k * spread))
    return np.clip(out, 0.0, np.minimum(ndtr(h), ndtr(k)))


def cells(left: Array, right: Array, rho: Array) -> Array:
    """Return the probability of each cell of grids of cuts.

    Args:
        left: ascending cuts of the first variable, shape (..., m); infinite ones make empty cells.
        right: ascending cuts of the second, shape (..., n).
        rho: correlations, shape (...).

    Returns:
        shape (..., m + 1, n + 1), each grid summing to 1.
    """
    from scipy.special import ndtr

    one, two = ndtr(left), ndtr(right)
    grid = np.zeros((*left.shape[:-1], left.shape[-1] + 2, right.shape[-1] + 2))
    grid[..., 1:-1, 1:-1] = below(left[..., :, None], right[..., None, :], np.asarray(rho)[..., None, None])
    grid[..., -1, 1:-1] = two
    grid[..., 1:-1, -1] = one
    grid[..., -1, -1] = 1.0
    out: Array = np.maximum(_differences(grid), 0.0)
    out /= out.sum(axis=(-2, -1), keepdims=True)
    return out


def slopes(left: Array, right: Array, rho: Array) -> Array:
    """Return the derivative of `cells` in `rho`."""
    x, y = np.clip(left, -FAR, FAR)[..., :, None], np.clip(right, -FAR, FAR)[..., None, :]
    r = np.asarray(rho)[..., None, None]
    free = (1 - r) * (1 + r)
    density = np.exp(-(x * x + y * y - 2 * r * x * y) / (2 * free)) / (2 * np.pi * np.sqrt(free))
    grid = np.zeros((*left.shape[:-1], left.shape[-1] + 2, right.shape[-1] + 2))
    grid[..., 1:-1, 1:-1] = density
    return _differences(grid)


def _differences(grid: Array) -> Array:
    rows = grid[..., 1:, :] - grid[..., :-1, :]
    out: Array = rows[..., 1:] - rows[..., :-1]
    return out
