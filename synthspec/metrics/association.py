"""association: how much the strength of a pair's association differs, by Cramer's V.

Source: Cramer 1946, "Mathematical Methods of Statistics", 21.9.
"""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthspec.metrics.base import FloatArray, Metric, shares


class Association(Metric):
    """|V(reference) - V(synthetic)| of two-way tables; V is 0 for independent columns, 1 for a bijection."""

    kind: Literal["association"] = "association"

    @property
    def title(self) -> str:
        """See `Metric.title`."""
        return "difference of Cramér's V"

    @property
    def low(self) -> float:
        """See `Metric.low`."""
        return 0.0

    @property
    def high(self) -> float:
        """See `Metric.high`."""
        return 1.0

    @property
    def best(self) -> float:
        """See `Metric.best`."""
        return 0.0

    def score(self, reference: NDArray[np.generic], synthetic: NDArray[np.generic]) -> float:
        """See `Metric.score`; tables of one axis have no association, so 0."""
        if np.asarray(reference).ndim != 2:
            return 0.0
        return abs(cramers_v(shares(reference)) - cramers_v(shares(synthetic)))


def cramers_v(table: FloatArray) -> float:
    """Return Cramer's V of a two-way table of shares; 0 where a column is constant."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    table = table[np.ix_(rows > 0, columns > 0)]
    least = min(table.shape) - 1
    if least < 1:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0))
    phi2 = float(((table - expected) ** 2 / expected).sum())
    return min(1.0, sqrt(phi2 / least))
