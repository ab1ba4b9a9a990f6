"""The contract of a metric: a public score of two tables of counts over the same cells.

Metrics see counts only, and only public ones: noisy answers, model marginals, counts of synthetic
rows. A distance to private rows is bought from the kernel instead (`Distances`).

Source: ours; each entry cites its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from synthspec.terms.frozen import Frozen

FloatArray = NDArray[np.float64]


class Metric(Frozen, ABC):
    """A score of `synthetic` against `reference`: `best` when they are equal."""

    @property
    @abstractmethod
    def title(self) -> str:
        """The name as a report prints it."""

    @property
    @abstractmethod
    def low(self) -> float:
        """The least value."""

    @property
    @abstractmethod
    def high(self) -> float:
        """The greatest value."""

    @property
    @abstractmethod
    def best(self) -> float:
        """The value of a table against itself."""

    @abstractmethod
    def score(self, reference: NDArray[np.generic], synthetic: NDArray[np.generic]) -> float:
        """Return the score of two tables of the same shape; scale does not matter.

        Args:
            reference: counts or shares; negative cells (noise) count as 0.
            synthetic: the same cells.
        """


def shares(counts: NDArray[np.generic]) -> FloatArray:
    """Return `counts` as shares that sum to 1, negative cells as 0; uniform when nothing is left."""
    clean = np.maximum(np.asarray(counts, dtype=np.float64), 0.0)
    total = clean.sum()
    return clean / total if total > 0 else np.full(clean.shape, 1.0 / clean.size)
