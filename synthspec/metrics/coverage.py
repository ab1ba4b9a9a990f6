"""coverage: the share of the reference's cells that the synthetic table reaches.

Source: ours (the idea of category and range coverage is common to evaluation suites).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthspec.metrics.base import Metric, shares


class Coverage(Metric):
    """Among cells with a share above `floor` in the reference, the part with any synthetic row.

    For one categorical column this is category coverage, for a binned one range coverage.
    """

    kind: Literal["coverage"] = "coverage"
    floor: float = 0.0

    @property
    def title(self) -> str:
        """See `Metric.title`."""
        return "coverage"

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
        return 1.0

    def score(self, reference: NDArray[np.generic], synthetic: NDArray[np.generic]) -> float:
        """See `Metric.score`; 1 when no cell of the reference is above the floor."""
        wanted = (shares(reference) > self.floor) & (np.asarray(reference) > 0)
        if not wanted.any():
            return 1.0
        return float((np.asarray(synthetic)[wanted] > 0).mean())
