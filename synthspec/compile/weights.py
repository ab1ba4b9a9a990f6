"""Weights: the total weight that the rows of one unit share under `contribution: weights`.

Each of the k rows kept of a unit counts floor(W / k) times, a whole number, so that noise can be drawn
exactly on whole numbers. Where k divides W, the unit counts W, else up to k - 1 less: so W has many divisors
(it is highly composite) while there is such a number, and is as large as it may be for many rows.

W does not change the error: noise grows with it as the counts do. It only keeps the rounding small.

Source: PRIVACY 3 of the design; highly composite numbers: Ramanujan 1915.
"""

from __future__ import annotations

from synthspec.spec.model import Spec

MANY_DIVISORS = (2, 4, 6, 12, 24, 36, 48, 60, 120, 180, 240, 360, 720, 840, 1260, 1680, 2520, 5040, 7560)
"""Whole numbers with more divisors than any smaller one."""

MOST = 10_000
"""The largest weight, as the largest `max_rows`."""


def weight_of(spec: Spec) -> int | None:
    """Return the weight that the rows of a unit share; None where each row counts once."""
    privacy = spec.privacy
    if spec.source is None or privacy is None or privacy.contribution != "weights":
        return None
    most = privacy.max_rows or 1
    return None if privacy.unit == "row" or most == 1 else shared_weight(most)


def shared_weight(most: int) -> int:
    """Return the weight for units of at most `most` rows.

    >>> shared_weight(8), shared_weight(500)
    (840, 10000)
    """
    choices = [weight for weight in (*MANY_DIVISORS, MOST) if weight >= most]
    return max(choices, key=lambda weight: (kept(weight, most), -weight))


def kept(weight: int, most: int) -> float:
    """Return the least share of its weight that a unit of up to `most` rows counts with."""
    return min(k * (weight // k) / weight for k in range(1, most + 1))
