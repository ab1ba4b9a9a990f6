"""Estimates: what noisy counts say of a ratio of counts, with an interval that covers.

The noise is known: every cell carries independent noise of one standard deviation. For a ratio of two
sums over cells the set of values that the noisy counts do not contradict (Fieller) covers the true ratio
exactly, whatever the noise does to the denominator; where that set would be wide or without end there are
too few rows for a reliable number, and none is given. Choosing by the noisy counts themselves what is shown
would show those whose noise was kind: their intervals would cover less often than they say. So whoever can
predict the counts decides by the prediction, and asks here for the interval whatever it is (`decided`).

Source: Fieller 1954, JRSS B 16 (the ratio); Zou & Donner 2008, Statistics in Medicine 27 (differences).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

NINETY = 1.6448536269514722
"""Two-sided 90 % of a normal."""

LEAST = 5.0
"""A denominator of fewer standard deviations of its noise gives no reliable number."""

WIDEST = 0.25
"""Half an interval may be so wide, of a figure between 0 and 1."""


@dataclass(frozen=True)
class Estimate:
    """A figure or an answer of private rows as noisy counts give it, and its 90 % interval."""

    value: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2

    def less(self, constant: float) -> Estimate:
        """Return `constant` minus this figure."""
        return Estimate(constant - self.value, constant - self.high, constant - self.low)


def ratio(
    top: float,
    bottom: float,
    top_variance: float,
    covariance: float,
    bottom_variance: float,
    *,
    most: float = 1.0,
    widest: float = WIDEST,
    decided: bool = False,
) -> Estimate | None:
    """Return top / bottom with its interval, or None where there are too few rows for a reliable number.

    The interval is every r in [0, most] with (top - r bottom)^2 <= z^2 var(top - r bottom).

    Args:
        top: the noisy numerator.
        bottom: the noisy denominator.
        top_variance: of the noise of `top`.
        covariance: of the two noises.
        bottom_variance: of the noise of `bottom`.
        most: the largest value that the true ratio can have.
        widest: half an interval may be so wide.
        decided: whether it was decided elsewhere that there are enough rows; None is then for an interval
            without end only.
    """
    z2 = NINETY**2
    square = bottom**2 - z2 * bottom_variance
    if bottom <= 0 or square <= 0 or (not decided and bottom < LEAST * math.sqrt(bottom_variance)):
        return None
    middle = top * bottom - z2 * covariance
    rest = top**2 - z2 * top_variance
    root = math.sqrt(max(0.0, middle**2 - square * rest))
    low, high = (min(most, max(0.0, (middle + sign * root) / square)) for sign in (-1.0, 1.0))
    if not decided and high - low > 2 * widest:
        return None
    return Estimate(min(high, max(low, top / bottom)), low, high)


def difference(first: Estimate, second: Estimate) -> Estimate:
    """Return first minus second, of disjoint rows, so that their noises are independent."""
    value = first.value - second.value
    below = math.hypot(first.value - first.low, second.high - second.value)
    above = math.hypot(first.high - first.value, second.value - second.low)
    return Estimate(value, value - below, value + above)
