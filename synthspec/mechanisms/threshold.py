"""Partition selection: which categories are common enough to be named (`discover`).

Source: Korolova et al. 2009 (noisy threshold on distinct units); Gaussian thresholding with slack:
Google's dp "Delta for Thresholding" note; the price (k / s^2, delta0) is PRIVACY 2, ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal, Self

import numpy as np
from pydantic import Field

from synthspec.errors import BudgetError
from synthspec.mechanisms.base import Mechanism
from synthspec.mechanisms.rounded_gaussian import scale_at, something
from synthspec.privacy.certified import context, quantile, real
from synthspec.privacy.cost import DELTA0_UNIT, Cost
from synthspec.privacy.entropy import NoiseSource
from synthspec.privacy.rounded import rounded_gaussian
from synthspec.terms.query import Sensitivity


class Threshold(Mechanism):
    """Keep a category when its noisy number of distinct units reaches t; the noisy counts are released.

    A unit touches at most `partitions` categories. Categories that no unit touches are never seen.
    Given the coin "none of the categories that only this unit touches is kept", the neighbours
    differ by Gaussian counts of L2 distance sqrt(k) [replace: sqrt(2k)]; the coin falls wrong with
    probability at most 1 - Phi((t - 3/2) / s)^k, since such a category's count is 1 and 1 + N(0, s^2)
    rounds to t or more when it reaches t - 1/2. That is `delta0` [1e-24].
    """

    kind: Literal["threshold"] = "threshold"
    mu2: int = Field(ge=1)
    delta0: int = Field(ge=1)
    partitions: int = Field(ge=1)

    @classmethod
    def costing(cls, cost: Cost, partitions: int = 1) -> Self:
        """Return the mechanism that spends all of `cost` on units of at most `partitions` categories.

        Raises:
            BudgetError: B504, when mu2 or delta0 is 0.
        """
        if cost.delta0 < 1:
            raise BudgetError(
                "B504",
                "`discover` needs a part of delta, and none is left",
                helps=("raise `delta`, or write the categories with `in:`",),
            )
        return cls(mu2=something(cost), delta0=cost.delta0, partitions=partitions)

    def cost(self) -> Cost:
        """Return the price."""
        return Cost(mu2=self.mu2, delta0=self.delta0)

    def stddev(self, sensitivity: Sensitivity) -> float:
        """Return s, the scale of the noise on each count [units]."""
        return scale_at(self.mu2, sensitivity.l2_squared)

    @property
    def property_used(self) -> str:
        """The formula behind the price."""
        return (
            "GDP of the Gaussian counts, mu^2 = D^2 / s^2, "
            "but for delta0 = 1 - Phi((t - 3/2) / s)^k (Gaussian thresholding)"
        )

    def threshold(self, sensitivity: Sensitivity) -> int:
        """Return t, the least integer >= 2 whose slack is at most `delta0`; certified."""
        ctx = context()
        allowed = real(ctx, min(self.delta0 * DELTA0_UNIT, Fraction(1, 2)))
        each = -ctx.expm1(ctx.log1p(-allowed) / self.partitions)
        need = real(ctx, Fraction(self.stddev(sensitivity))) * -quantile(ctx, each) + ctx.mpf(3) / 2
        return max(2, int(ctx.ceil(need * (1 + ctx.mpf(10) ** -30))))

    def keep(
        self, counts: Mapping[str, int], sensitivity: Sensitivity, noise: NoiseSource
    ) -> tuple[tuple[str, int], ...]:
        """Return the kept categories with their noisy counts, most units first, ties by name.

        Args:
            counts: distinct units per category; only categories with at least one unit count.
            sensitivity: of the counts, as `terms.query.Touched` states it for `partitions` rows.
            noise: where the bits come from.
        """
        if sensitivity.l2_squared < self.partitions:
            raise ValueError("the sensitivity is below that of the categories a unit may touch")
        names = sorted(name for name, units in counts.items() if units > 0)
        t, s = self.threshold(sensitivity), self.stddev(sensitivity)
        exact = np.array([counts[name] for name in names], dtype=np.int64)
        noisy = exact + rounded_gaussian(s, len(names), noise)
        kept = [(name, int(value)) for name, value in zip(names, noisy) if value >= t]
        return tuple(sorted(kept, key=lambda pair: (-pair[1], pair[0])))
