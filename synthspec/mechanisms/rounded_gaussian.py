"""Gaussian noise rounded to integers: the mechanism for counts.

Source: Dong, Roth & Su 2022, Thm 2.7 (the Gaussian mechanism is mu-GDP with mu = D / s, for a
vector of L2 sensitivity D too); rounding an integer answer plus noise is post-processing.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from synthspec.errors import BudgetError
from synthspec.mechanisms.base import Mechanism
from synthspec.privacy.cost import MU2_UNIT, Cost
from synthspec.privacy.entropy import NoiseSource
from synthspec.privacy.rounded import WIDEST, rounded_gaussian
from synthspec.terms.query import Sensitivity


class RoundedGaussian(Mechanism):
    """round(N(0, s^2)) on each cell, s = D / mu, for an integer query of L2 sensitivity D.

    `mu2` is the price in units of 1e-15.
    """

    kind: Literal["rounded_gaussian"] = "rounded_gaussian"
    mu2: int = Field(ge=1)

    @classmethod
    def costing(cls, cost: Cost) -> Self:
        """Return the mechanism that spends all of the mu2 of `cost` and none of its delta0.

        Raises:
            BudgetError: B504, when there is nothing to spend.
        """
        return cls(mu2=something(cost))

    def cost(self) -> Cost:
        """Return the price."""
        return Cost(mu2=self.mu2)

    def stddev(self, sensitivity: Sensitivity) -> float:
        """Return s, the scale of the Gaussian before rounding: at or above the exact D / mu.

        Raises:
            BudgetError: B504, when the noise would be wider than can be drawn (2^40).
        """
        return scale_at(self.mu2, sensitivity.l2_squared)

    def variance(self, sensitivity: Sensitivity) -> float:
        """Return the variance of the noise after rounding, s^2 + 1/12 (exact but for s below 1)."""
        return self.stddev(sensitivity) ** 2 + 1 / 12

    @property
    def property_used(self) -> str:
        """The formula behind the price."""
        return "GDP of the Gaussian mechanism: mu^2 = D^2 / s^2, D in L2 (Dong, Roth & Su 2022, Thm 2.7)"

    def release(
        self, exact: NDArray[np.int64], sensitivity: Sensitivity, noise: NoiseSource
    ) -> NDArray[np.int64]:
        """Return `exact` plus fresh noise, in the shape of `exact`.

        The sum wraps around at 2^63, which is a function of integer noise plus integer answer and
        so costs nothing.
        """
        answer = np.asarray(exact)
        if answer.dtype != np.int64:
            raise TypeError("rounded Gaussian noise is for int64 answers")
        drawn = rounded_gaussian(self.stddev(sensitivity), answer.size, noise)
        return answer + drawn.reshape(answer.shape)


def something(cost: Cost) -> int:
    """Return the mu2 of `cost`, refusing none at all (B504)."""
    if cost.mu2 < 1:
        raise BudgetError(
            "B504",
            "a step has no budget to spend",
            helps=("give its share more weight in `split`, or raise `epsilon`",),
        )
    return cost.mu2


def scale_at(mu2: int, l2_squared: int) -> float:
    """Return the least float s with s^2 * mu2 >= l2_squared, checked in exact arithmetic.

    Raises:
        BudgetError: B504, when s is wider than can be drawn.
    """
    if l2_squared < 1:
        raise ValueError("a sensitivity of 0 needs no noise: the query is public")
    least = l2_squared / (mu2 * MU2_UNIT)
    s = math.sqrt(least)
    while Fraction(s) ** 2 < least:
        s = math.nextafter(s, math.inf)
    if s > WIDEST:
        raise BudgetError(
            "B504",
            "a step has too little budget: its noise would be wider than can be drawn",
            helps=("give its share more weight in `split`, or raise `epsilon`",),
        )
    return s
