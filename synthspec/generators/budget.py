"""The purse of one fit: exact amounts, and the noise that an amount buys.

Source: ours; prices as in PRIVACY 2 of the design (Dong, Roth & Su 2022 for the Gaussian's).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import inf, pi, sqrt

from synthspec.privacy.cost import MU2_UNIT, Cost
from synthspec.terms.protection import Protection
from synthspec.terms.query import Marginal


class Purse:
    """What one fit may still spend, in units of mu2; every amount taken is an exact integer."""

    def __init__(self, cap: Cost, protection: Protection) -> None:
        self.total = cap.mu2
        self.left = cap.mu2
        sensitivity = Marginal(axes=()).sensitivity(protection)
        self.reach = sqrt(sensitivity.l2_squared)
        self.step = float(sensitivity.l1)

    def part(self, fraction: float) -> int:
        """Return `fraction` of what is left, rounded down; nothing is taken."""
        return min(self.left, int(Fraction(fraction) * self.left))

    def take(self, amount: int) -> Cost:
        """Take `amount` out of the purse."""
        if not 0 <= amount <= self.left:
            raise ValueError("a purse cannot go below zero")
        self.left -= amount
        return Cost(mu2=amount)

    def spent(self) -> float:
        """Return the share of the purse that is gone, in [0, 1]."""
        return 1.0 - self.left / self.total if self.total else 1.0

    def deviation(self, amount: float) -> float:
        """Return the standard deviation [rows] of the cells of one marginal bought with `amount`."""
        return self.reach / sqrt(amount * float(MU2_UNIT)) if amount > 0 else inf

    def scatter(self, amount: float) -> float:
        """Return how far under the best [rows] a selection bought with `amount` typically lies."""
        return 2 * self.step / sqrt(8 / pi * amount * float(MU2_UNIT)) if amount > 0 else inf


def shared(amount: int, weights: Sequence[int]) -> list[int]:
    """Return integers that add up to `amount`: budgets for answers whose errors matter as `weights` say.

    The sum of weight * noise is least where budgets go with weight^(2/3). Each gets something where
    `amount` reaches for all.
    """
    if len(set(weights)) < 2:
        base, rest = divmod(amount, max(len(weights), 1))
        return [base + (i < rest) for i in range(len(weights))]
    if amount < len(weights):
        return [0] * len(weights)
    return [1 + part for part in portions(amount - len(weights), [w ** (2 / 3) for w in weights])]


def portions(amount: int, weights: Sequence[float]) -> list[int]:
    """Return integers in proportion to `weights` that add up to `amount` exactly.

    The rounding rest goes to the first, largest weight.
    """
    exact = [Fraction(w) for w in weights]
    whole = sum(exact)
    if not exact or whole <= 0:
        return [0 for _ in exact]
    shares = [int(amount * w / whole) for w in exact]
    shares[max(range(len(exact)), key=lambda i: (exact[i], -i))] += amount - sum(shares)
    return shares
