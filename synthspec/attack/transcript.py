"""Transcripts: how much more likely an answer is with a unit than without it, by the mechanism's stated law.

The attacker sees every noisy answer and knows all but whether the unit is there, so that he can work out the
exact answers of both worlds; the sum of these logarithms is then the best score there is. Where a mechanism
does not follow its stated law, the score is only less good: no bound rests on it.

Source: Neyman & Pearson 1933 (the likelihood ratio is the best test); the laws are those of mechanisms/.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Exact = NDArray[np.int64] | NDArray[np.float64]


def of_counts(seen: Exact, there: Exact, away: Exact, stddev: float) -> float:
    """Return the logarithm for Gaussian answers: `seen`, and the exact ones of both worlds, in one shape."""
    apart = (there - away).astype(np.float64)
    middle = (there + away) / 2
    return float(((seen - middle) * apart).sum() / stddev**2)


def of_choice(chosen: int, there: NDArray[np.int64], away: NDArray[np.int64], rate: float) -> float:
    """Return the logarithm for a choice with weights exp(rate * score)."""

    def likely(scores: NDArray[np.int64]) -> float:
        heights = rate * (scores - scores.max()).astype(np.float64)
        return float(heights[chosen]) - math.log(float(np.exp(heights).sum()))

    return likely(there) - likely(away)


def choice_rate(mu2: float, sensitivity: int) -> float:
    """Return the rate of a selection that costs `mu2`, for scores that move by `sensitivity` at most."""
    from scipy.special import log_ndtr

    half = math.sqrt(mu2) / 2
    return float(2 * (log_ndtr(half) - log_ndtr(-half))) / (2 * sensitivity)


def of_batch(seen: NDArray[np.float64], added: NDArray[np.float64], rate: float, stddev: float) -> float:
    """Return the logarithm for one step that a unit joins with probability `rate` and then moves by `added`.

    Args:
        seen: the noisy sum, less what all others add.
        added: the unit's clipped gradient.
        rate: the probability to join.
        stddev: of the noise on each coordinate.
    """
    lead = float(seen @ added - added @ added / 2) / stddev**2
    if rate >= 1:
        return lead
    high = max(lead, 0.0)
    return high + math.log((1 - rate) * math.exp(-high) + rate * math.exp(lead - high))
