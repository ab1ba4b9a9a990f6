"""The nearest correlation matrix to a symmetric one with unit diagonal.

Source: Higham 2002 (alternating projections with Dykstra's correction).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST = 1e-3
"""The smallest eigenvalue: keeps the conditional normal well defined."""

SWEEPS = 200

Array = NDArray[np.float64]


def nearest(matrix: Array) -> Array:
    """Return a correlation matrix near `matrix` in Frobenius norm, eigenvalues about LEAST or more."""
    current, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(SWEEPS):
        if np.linalg.eigvalsh(current)[0] >= LEAST * (1 - 1e-6):
            return current
        shifted = current - correction
        values, vectors = np.linalg.eigh(shifted)
        projected = (vectors * np.maximum(values, LEAST)) @ vectors.T
        correction = projected - shifted
        current = (projected + projected.T) / 2
        np.fill_diagonal(current, 1.0)
    lowest = float(np.linalg.eigvalsh(current)[0])
    if lowest >= LEAST * (1 - 1e-6):
        return current
    # what the sweeps left over: a little of the identity lifts every eigenvalue to LEAST
    share = (LEAST - lowest) / (1 - lowest)
    return (1 - share) * current + share * np.eye(len(current))
