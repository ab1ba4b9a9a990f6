"""hellinger: a distance that weighs rare cells more than total variation does.

Source: Le Cam & Yang 2000, "Asymptotics in Statistics", ch. 3.
"""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthspec.metrics.base import Metric, shares


class Hellinger(Metric):
    """sqrt(1 - sum sqrt(p q)) of shares p and q."""

    kind: Literal["hellinger"] = "hellinger"

    @property
    def title(self) -> str:
        """See `Metric.title`."""
        return "Hellinger distance"

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
        gap = np.sqrt(shares(reference)) - np.sqrt(shares(synthetic))
        return min(1.0, sqrt(float((gap * gap).sum()) / 2))
