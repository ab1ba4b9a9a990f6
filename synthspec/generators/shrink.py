"""Shrinking of a nominal histogram: each noisy count becomes its posterior mean under a fitted prior.

The cells of a nominal column have no order to smooth along, but they have company: how all noisy counts
are spread tells how many cells hold next to nothing, and how large the others are. The prior over the
true counts is the one that makes the noisy ones likeliest, tilted until the posterior means add up to
the known total. Many cells under the noise then share evenly what they hold together, instead of some
lucky ones taking all of it; clear cells stay as they are.

Source: Robbins 1956; Kiefer & Wolfowitz 1956; Jiang & Zhang 2009, Ann. Statist. 37 (general maximum
likelihood empirical Bayes for normal means), fitted by expectation maximisation (Laird 1978).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SWEEPS = 100
CLEAR = 6.0
"""A count of this many deviations is left as it is."""

_STEP = 0.125
_HALVINGS = 60

Array = NDArray[np.float64]


def shrink(counts: Array, stddev: float, total: float) -> Array:
    """Return non-negative posterior means [rows] of noisy `counts` [rows] that add up to `total` > 0.

    Args:
        counts: shape (cells,).
        stddev: of the normal noise in each of them.
        total: how many rows they hold together.
    """
    out = np.maximum(counts, 0.0)
    if stddev == np.inf:
        out = np.zeros(len(counts))
    unclear = counts < CLEAR * stddev if 0 < stddev < np.inf else np.zeros(len(counts), dtype=bool)
    rest = total - float(out[~unclear].sum())
    if unclear.any():
        least = float(np.maximum(counts[unclear], 0.0).sum()) * 1e-3
        means = _means(counts[unclear] / stddev, max(rest, least, 1e-9 * total) / stddev)
        out[unclear] = stddev * np.minimum(means, CLEAR)  # no unclear count may pass a clear one
    held = float(out.sum())
    if held <= 1e-12 * total:
        return np.full(len(counts), total / len(counts))
    return np.asarray(out * (total / held), dtype=np.float64)


def _means(noisy: Array, total: float) -> Array:
    """Return posterior means of counts with unit noise, adding up to about `total`."""
    places, cell, many = np.unique(np.rint(noisy / _STEP), return_inverse=True, return_counts=True)
    support = np.arange(0.0, CLEAR + 1.0, _STEP)
    fit = np.exp(-0.5 * (np.maximum(places, -30 / _STEP)[:, None] * _STEP - support[None, :]) ** 2)
    prior = np.full(len(support), 1.0 / len(support))
    for _ in range(SWEEPS):
        likely = np.maximum(fit @ prior, 1e-300)
        prior *= (many / likely) @ fit / len(noisy)
    low, high = -60.0, 60.0
    mean = np.zeros(len(places))
    for _ in range(_HALVINGS):
        tilt = (low + high) / 2
        weight = prior * np.exp(tilt * support - max(tilt, 0.0) * support[-1])
        mean = (fit @ (weight * support)) / np.maximum(fit @ weight, 1e-300)
        low, high = (tilt, high) if float(many @ mean) < total else (low, tilt)
    return np.asarray(mean[cell.reshape(-1)], dtype=np.float64)
