"""Noisy gradients of Poisson batches: a whole run of DP-SGD as one purchase.

Every step, each unit joins with probability q, independently of all else; the joined units' vectors,
each of norm at most C, are summed; noise N(0, (multiplier * C)^2) is added to each coordinate. The price is
that of all steps together (`privacy.runs`), charged before the first.

The noise is real-valued, drawn in double precision: the one mechanism here whose law is not exact. Each
coordinate is the sum of four independent draws over two, so that the low bits of the sum do not tell
which doubles were added (Holohan & Braghin 2021). A draw's uniform has 63 bits and a sign, so it ends at 9.1
standard deviations, beyond which a Gaussian lies with probability 1e-19. This is a stated limit, not a proof.

Source: Abadi et al. 2016 (DP-SGD); Zhu, Dong & Wang 2022 (Poisson pairs); Holohan & Braghin 2021, "Secure
Random Sampling in Differential Privacy"; the joining law and the price as one mu: PRIVACY 2 and 8, ours.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from synthspec.errors import BudgetError, InternalError
from synthspec.mechanisms.base import Mechanism
from synthspec.mechanisms.rounded_gaussian import something
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import NoiseSource
from synthspec.privacy.runs import (
    LEAST,
    MOST,
    MULTIPLIER_UNIT,
    RATE_UNIT,
    Run,
    certified,
    least_multiplier,
    price,
)
from synthspec.terms.protection import Neighbours
from synthspec.terms.query import Sensitivity

SLACKS = (Fraction(1, 100), Fraction(1, 30), Fraction(1, 10), Fraction(3, 10), Fraction(1))
"""Parts of the slack on offer that `thrifty` tries: public."""

WORTH = 1.01
"""A larger slack is named only where it saves more than this factor of noise."""

_BLOCK = 1 << 13


class SubsampledGaussian(Mechanism):
    """T steps at rate q, noise multiplier s; what one unit adds to a step has norm at most C.

    `rate` is q in units of 2^-32, so that a comparison of 32 random bits decides exactly; `multiplier`
    is s in units of 1e-9; `mu2` [1e-15] and `delta0` [1e-24] are the price, which `cost` certifies from
    the rest.
    """

    kind: Literal["subsampled_gaussian"] = "subsampled_gaussian"
    rate: int = Field(ge=1, le=2**32)
    steps: int = Field(ge=1, le=10**6)
    multiplier: int = Field(ge=LEAST, le=MOST)
    neighbours: Neighbours = "add-remove"
    mu2: int = Field(ge=1)
    delta0: int = Field(ge=1)

    @classmethod
    def costing(
        cls, cost: Cost, *, rate: float | Fraction, steps: int, neighbours: Neighbours = "add-remove"
    ) -> Self:
        """Return the mechanism with the least noise whose price fits `cost`; it names all of its delta0.

        Args:
            cost: what may be paid.
            rate: q in (0, 1], rounded to the nearest 2^-32; `probability` is what counts.
            steps: T.
            neighbours: the relation.

        Raises:
            BudgetError: B504, when mu2 or delta0 is 0, or the noise would be wider than can be drawn.
        """
        units = _rate_units(rate)
        found = least_multiplier(units, steps, neighbours, something(cost), _slack(cost))
        if found is None:
            raise _too_little()
        run = Run(units, steps, found, neighbours)
        mu2 = price(run, cost.delta0)
        if mu2 is None or mu2 > cost.mu2:
            raise InternalError("I341", "the price of a run could not be certified")
        return cls(
            rate=units, steps=steps, multiplier=found, neighbours=neighbours, mu2=mu2, delta0=cost.delta0
        )

    @property
    def probability(self) -> Fraction:
        """q, exactly."""
        return self.rate * RATE_UNIT

    def cost(self) -> Cost:
        """Return the price, after checking that it covers all steps; remembered inside the process.

        Raises:
            InternalError: I341, when the stated price is below what the noise gives.
        """
        run = Run(self.rate, self.steps, self.multiplier, self.neighbours)
        if not certified(run, self.mu2, self.delta0):
            raise InternalError("I341", "the price of a run could not be certified")
        return Cost(mu2=self.mu2, delta0=self.delta0)

    def stddev(self, sensitivity: Sensitivity) -> float:
        """Return the standard deviation of one step's noise; `sensitivity` is of one unit's share of it."""
        return self.scale(math.sqrt(sensitivity.l2_squared))

    def scale(self, clip: float) -> float:
        """Return the standard deviation of one step's noise on sums of vectors of norm at most `clip`."""
        exact = self.multiplier * MULTIPLIER_UNIT * Fraction(clip)
        s = float(exact)
        while s < exact:
            s = math.nextafter(s, math.inf)
        return s

    @property
    def property_used(self) -> str:
        """The formula behind the price."""
        return (
            "GDP envelope of the privacy loss distribution of T Poisson-subsampled Gaussian steps: "
            "least mu with delta_run(e) <= delta0 + (1 - delta0) delta_mu(e) for all e, both orders"
        )

    def gaussian(self, size: int, noise: NoiseSource) -> NDArray[np.float64]:
        """Return the noise of one step in units of the clip: `size` draws of standard deviation s."""
        drawn = np.empty(size)
        for start in range(0, size, _BLOCK):
            block = drawn[start : start + _BLOCK]
            np.sum(_standard(4 * len(block), noise).reshape(4, -1), axis=0, out=block)
        drawn *= self.scale(0.5)
        return drawn

    def joins(self, units: int, noise: NoiseSource) -> NDArray[np.int64]:
        """Return which of `units` join one step, ascending; each with probability exactly q, independently.

        A unit joins when 32 random bits are below q * 2^32. The first 8 decide but for 1 in 256 units, which
        draw the other 24.
        """
        whole, rest = divmod(self.rate, 1 << 24)
        if whole == 256:
            return np.arange(units, dtype=np.int64)
        first = np.frombuffer(noise.bytes(units), dtype=np.uint8)
        tied = np.flatnonzero(first == whole)
        more = np.frombuffer(noise.bytes(3 * len(tied)), dtype=np.uint8).reshape(-1, 3).astype(np.int64)
        joined = first < whole
        joined[tied] = (more[:, 0] << 16 | more[:, 1] << 8 | more[:, 2]) < rest
        return np.flatnonzero(joined)


def thrifty(cost: Cost, *, rate: float | Fraction, steps: int, neighbours: Neighbours = "add-remove") -> Cost:
    """Return `cost` with the least part of its delta0, out of SLACKS, that is worth naming.

    Where q is small a larger slack buys a good deal (a rare batch tells much); elsewhere hardly anything.

    Raises:
        BudgetError: B504, as `SubsampledGaussian.costing`.
    """
    units, slack = _rate_units(rate), _slack(cost)
    offers = sorted({max(1, int(part * slack)) for part in SLACKS})
    found = {
        offer: least_multiplier(units, steps, neighbours, something(cost), offer, coarse=True)
        for offer in offers
    }
    best = found[offers[-1]]
    if best is None:
        raise _too_little()
    worth = next(offer for offer in offers if (least := found[offer]) is not None and least <= WORTH * best)
    return Cost(mu2=cost.mu2, delta0=worth)


def _standard(count: int, noise: NoiseSource) -> NDArray[np.float64]:
    """Return `count` draws of N(0, 1): a sign bit, and 63 bits u of the half line through Phi^-1."""
    from scipy.special import ndtri  # 0.3 s to import, and `check` prices mechanisms without drawing

    signed = np.frombuffer(noise.bytes(8 * count), dtype="<i8").astype(np.float64)
    signed += 0.5
    u = np.abs(signed)
    u *= 2.0**-64
    z: NDArray[np.float64] = ndtri(u, out=u)
    return np.copysign(z, signed, out=z)


def _rate_units(rate: float | Fraction) -> int:
    if not 0 < rate <= 1:
        raise ValueError("a rate lies above 0 and up to 1")
    return max(1, round(Fraction(rate) / RATE_UNIT))


def _slack(cost: Cost) -> int:
    if cost.delta0 < 1:
        raise BudgetError(
            "B504",
            "a run of noisy gradients needs a part of delta, and none is left",
            helps=("raise `delta`, or learn this group with `marginal`",),
        )
    return cost.delta0


def _too_little() -> BudgetError:
    return BudgetError(
        "B504",
        "a run of noisy gradients has too little budget: its noise would be wider than can be drawn",
        helps=("give its share more weight in `split`, or raise `epsilon`",),
    )
