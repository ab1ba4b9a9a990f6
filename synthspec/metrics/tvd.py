"""tvd: total variation distance, the largest difference of any event's share.

Source: Levin & Peres 2017, "Markov Chains and Mixing Times", ch. 4.1.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthspec.metrics.base import Metric, shares


class Tvd(Metric):
    """Half the sum of absolute differences of shares, over tables of any number of columns."""

    kind: Literal["tvd"] = "tvd"

    @property
    def title(self) -> str:
        """See `Metric.title`."""
        return "total variation distance"

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
        """See `Metric.score`."""
        return min(1.0, float(np.abs(shares(reference) - shares(synthetic)).sum() / 2))
