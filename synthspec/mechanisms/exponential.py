"""The exponential mechanism on integer scores, drawn exactly.

Source: McSherry & Talwar 2007 (the mechanism); Dong, Durfee & Rogers 2020 (bounded range); the
price in GDP: PRIVACY 2, ours (see `privacy.accountant.selection_mu2`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from synthspec.errors import BudgetError
from synthspec.mechanisms.base import Mechanism
from synthspec.mechanisms.rounded_gaussian import something
from synthspec.privacy.accountant import selection_mu2, selection_scale
from synthspec.privacy.certified import context, real
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import NoiseSource
from synthspec.terms.query import Sensitivity

SCALE_UNIT = Fraction(1, 10**12)
FARTHEST = 1 << 61
"""Scores are clipped to +-2^61, which lowers no distance between neighbours' scores but its own."""


class Exponential(Mechanism):
    """Index i with probability proportional to exp(e * score_i / (2 D)).

    `scale` is e in units of 1e-12; D bounds the change of *each* score between neighbours. No
    better price is claimed for scores that all move the same way: under both relations scores of
    ours may rise and fall together.
    """

    kind: Literal["exponential"] = "exponential"
    scale: int = Field(ge=1)

    @classmethod
    def costing(cls, cost: Cost) -> Self:
        """Return the sharpest mechanism whose price is at most the mu2 of `cost`.

        Raises:
            BudgetError: B504, when there is nothing to spend.
        """
        scale = selection_scale(something(cost), SCALE_UNIT)
        if scale < 1:
            raise BudgetError("B504", "a selection has too little budget", helps=("raise `epsilon`",))
        return cls(scale=scale)

    def cost(self) -> Cost:
        """Return the price."""
        return Cost(mu2=selection_mu2(self.scale * SCALE_UNIT))

    def stddev(self, sensitivity: Sensitivity) -> float:
        """Return the scatter of the score among many equal candidates one step apart, 2 D / e.

        There is no noise on an answer; this is the standard deviation of an exponential law with
        weights exp(-e * gap / (2 D)): how far under the best a choice typically lies.
        """
        return float(2 * sensitivity.l1 / (self.scale * SCALE_UNIT))

    @property
    def property_used(self) -> str:
        """The formula behind the price."""
        return (
            "bounded range e: mu = 2 Phi^-1(1 / (1 + exp(-e / 2))) "
            "(Dong, Durfee & Rogers 2020, and its Gaussian envelope)"
        )

    def choose(self, scores: NDArray[np.int64], sensitivity: Sensitivity, noise: NoiseSource) -> int:
        """Return a random index, drawn from exactly the law in the class's docstring.

        Args:
            scores: integers, shape (candidates,), at least one.
            sensitivity: of one score: `l1` is D.
            noise: where the bits come from.
        """
        if scores.dtype != np.int64 or scores.ndim != 1 or not len(scores):
            raise TypeError("scores are a non-empty int64 vector")
        if sensitivity.l1 < 1:
            raise ValueError("a sensitivity of 0 needs no mechanism: the scores are public")
        clipped = np.clip(scores, -FARTHEST, FARTHEST)
        gaps = clipped - clipped.max()
        rate = self.scale * SCALE_UNIT / (2 * sensitivity.l1)
        bits = int.from_bytes(noise.bytes(8), "little")
        quick = _quickly(gaps, rate, bits)
        return _exactly(gaps, rate, bits, noise) if quick is None else quick


def _quickly(gaps: NDArray[np.int64], rate: Fraction, bits: int) -> int | None:
    """Return the index by floating point, or None when the point lies within `margin` of an end of its cell.

    Errors relative to the total: of each exponential 745 * 3 * 2^-53 + 4 ulp < 3e-13, of the sums
    n * 2^-53 each, of the point 2^-53 for its bits and n * 2^-53 + 3e-13 for the total.
    """
    cumulated = np.cumsum(np.exp(np.maximum(gaps * float(rate), -745.0)))
    total = float(cumulated[-1])
    point = bits * 2.0**-64 * total
    margin = (1e-12 + len(gaps) * 4e-16) * total
    first, last = np.searchsorted(cumulated, (point - margin, point + margin), side="right")
    return int(first) if first == last and last < len(gaps) else None


def _exactly(gaps: NDArray[np.int64], rate: Fraction, bits: int, noise: NoiseSource) -> int:
    """Return the least i with u * total < weight_0 + .. + weight_i, drawing bits of u until it is clear."""
    known = 64
    while True:
        ctx = context(max(50, known // 3 + 30))
        cumulated = _ends(ctx, gaps, rate)
        total = cumulated[-1]
        slip = total * ctx.mpf(10) ** (12 - ctx.dps)
        low = ctx.ldexp(ctx.mpf(bits), -known) * total - slip
        high = ctx.ldexp(ctx.mpf(bits + 1), -known) * total + slip
        first = next(i for i, end in enumerate(cumulated) if low < end)
        if high < cumulated[first] or first == len(cumulated) - 1:
            return first
        bits = bits << 64 | int.from_bytes(noise.bytes(8), "little")
        known += 64


def _ends(ctx: Any, gaps: NDArray[np.int64], rate: Fraction) -> list[Any]:
    a, ends, total = real(ctx, rate), [], ctx.mpf(0)
    for gap in gaps:
        total = total + ctx.exp(a * int(gap))
        ends.append(total)
    return ends
