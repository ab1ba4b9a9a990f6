"""Draws from a multivariate normal inside a box per row, and from a normal inside an interval.

Source: Geweke 1991 and Hajivassiliou & McFadden 1998 (sequential start); Robert 1995 (Gibbs sampling
of truncated normals).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SWEEPS = 24

Array = NDArray[np.float64]


def interval(low: Array, high: Array, uniform: Array) -> Array:
    """Return standard normal draws inside (low, high), by inversion in the thinner tail.

    Args:
        low: lower ends, shape (rows,); may be -inf.
        high: upper ends.
        uniform: draws from [0, 1), shape (rows,).
    """
    from scipy.special import ndtr, ndtri

    flip = low > 0
    left, right = np.where(flip, -high, low), np.where(flip, -low, high)
    one, two = ndtr(left), ndtr(right)
    drawn = ndtri(np.clip(one + (two - one) * uniform, 1e-300, 1 - 2.0**-53))
    drawn = np.where(flip, -drawn, drawn)
    # an interval without mass in double precision: its end nearest to 0
    nearest = np.where(flip, low, np.where(high < 0, high, 0.0))
    return np.clip(np.where(two - one > 0, drawn, nearest), low, high)


def inside(matrix: Array, low: Array, high: Array, generator: np.random.Generator) -> Array:
    """Return draws of N(0, matrix) given that each row lies in its box, shape (rows, variables).

    One variable: exact. More: a sequential draw, then SWEEPS rounds of Gibbs sampling, which leave the
    exact law unchanged and come close to it from there.

    Args:
        matrix: a correlation matrix, positive definite.
        low: lower ends, shape (rows, variables); may be -inf.
        high: upper ends.
        generator: public randomness.
    """
    rows, count = low.shape
    factor = np.linalg.cholesky(matrix)
    noise, drawn = np.zeros((rows, count)), np.zeros((rows, count))
    for i in range(count):
        mean, scale = noise[:, :i] @ factor[i, :i], factor[i, i]
        draws = generator.random((rows,))
        noise[:, i] = interval((low[:, i] - mean) / scale, (high[:, i] - mean) / scale, draws)
        drawn[:, i] = np.clip(mean + scale * noise[:, i], low[:, i], high[:, i])
    precision = np.linalg.inv(matrix)
    linked = [i for i in range(count) if np.any(np.delete(precision[i], i))]
    for _ in range(SWEEPS if linked else 0):
        for i in linked:
            scale = precision[i, i] ** -0.5
            rest = drawn @ precision[i] - precision[i, i] * drawn[:, i]
            mean = -rest / precision[i, i]
            draws = generator.random((rows,))
            unit = interval((low[:, i] - mean) / scale, (high[:, i] - mean) / scale, draws)
            drawn[:, i] = np.clip(mean + scale * unit, low[:, i], high[:, i])
    return drawn
