"""Cost: what a purchase takes from the budget, as two exact integers that add.

Source: Dong, Roth & Su 2022, "Gaussian Differential Privacy" (mu-GDP, composition: Cor. 3.3);
the filter for adaptive choices: Smith & Thakurta 2022, arXiv:2210.17520.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NewType, Self

from pydantic import Field

from synthspec.terms.frozen import Frozen

Mu = NewType("Mu", float)
Epsilon = NewType("Epsilon", float)
Delta = NewType("Delta", float)

MU2_UNIT = Fraction(1, 10**15)
DELTA0_UNIT = Fraction(1, 10**24)


class Cost(Frozen):
    """A price: `mu2` in units of 1e-15 and `delta0` in units of 1e-24; both exact, both add.

    A purchase of this price is a post-processing of telling N(0,1) from N(mu,1), mu^2 = mu2 * 1e-15,
    except with probability delta0 * 1e-24.
    """

    mu2: int = Field(default=0, ge=0)
    delta0: int = Field(default=0, ge=0)

    @classmethod
    def of(cls, mu2: float | Fraction, delta0: float | Fraction = 0) -> Self:
        """Return the cost of real-valued `mu2` and `delta0`, rounded up."""
        return cls(mu2=_up(Fraction(mu2) / MU2_UNIT), delta0=_up(Fraction(delta0) / DELTA0_UNIT))

    def __add__(self, other: Cost) -> Cost:
        return Cost(mu2=self.mu2 + other.mu2, delta0=self.delta0 + other.delta0)

    def __sub__(self, other: Cost) -> Cost:
        """Return what is left; a ValueError when `other` does not fit."""
        return Cost(mu2=self.mu2 - other.mu2, delta0=self.delta0 - other.delta0)

    def fits(self, cap: Cost) -> bool:
        """Return whether both amounts lie at or under those of `cap`."""
        return self.mu2 <= cap.mu2 and self.delta0 <= cap.delta0

    def share(self, fraction: float | Fraction) -> Cost:
        """Return the `fraction` in [0, 1] of this cost's mu2, rounded down, with no delta0."""
        return Cost(mu2=int(Fraction(fraction) * self.mu2))

    def split(self, parts: int) -> tuple[Cost, ...]:
        """Return `parts` costs of equal mu2 (to one unit) that add up to this cost's mu2; no delta0."""
        base, rest = divmod(self.mu2, parts)
        return tuple(Cost(mu2=base + (1 if i < rest else 0)) for i in range(parts))


def _up(amount: Fraction) -> int:
    return -((-amount.numerator) // amount.denominator)


FREE = Cost()
