"""Denoising of an ordered histogram: Haar wavelets with a threshold per scale.

Cells without any content pad the histogram to a power of two, so that every length has an
orthonormal basis in which the noise keeps its deviation; the answer is averaged over a few shifts.

Source: Donoho & Johnstone 1995 (SURE shrinkage); Gao & Bruce 1997 (firm shrinkage: large
coefficients, the spikes of zero-inflated columns, are not pulled down); Coifman & Donoho 1995
(averaging over shifts). The reach is ours: a scan over dyadic runs (Arias-Castro, Donoho & Huo 2005)
at the universal threshold of Donoho & Johnstone 1994.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

KEPT_BELOW = 4
"""Scales with fewer coefficients than this are kept as they are."""

SHIFTS = 4

Array = NDArray[np.float64]


def denoise(counts: Array, stddev: float) -> Array:
    """Return `counts` [rows] with noise of deviation `stddev` per cell thresholded away."""
    if stddev <= 0 or len(counts) < 2:
        return counts.copy()
    length = 1 << (len(counts) - 1 + SHIFTS).bit_length()
    total = np.zeros(len(counts))
    for shift in range(SHIFTS):
        padded = np.zeros(length)
        weight = np.zeros(length)
        padded[shift : shift + len(counts)] = counts / stddev
        weight[shift : shift + len(counts)] = 1.0
        total += _shrink(padded, weight)[shift : shift + len(counts)]
    return total * (stddev / SHIFTS)


def reach(counts: Array, stddev: float) -> slice:
    """Return the cells between the outermost ones around which the noise is stood out from; else all.

    Every run of 1, 2, 4, ... cells is a test, for the cell in its middle, at the universal threshold of
    that many tests. Far beyond the last rows there is no telling rows from noise, and leftovers of noise
    there are what ruins the tail of an amount: a dozen rows too many in the last of a hundred bins, ten
    thousand times the median, outweigh all the others.
    """
    length = len(counts)
    if stddev <= 0 or length < 2:
        return slice(0, length)
    running = np.append(0.0, np.cumsum(counts))
    threshold = stddev * np.sqrt(2 * np.log(length * length.bit_length()))
    first, last, run = length, -1, 1
    while run <= length:
        hits = np.flatnonzero(running[run:] - running[:-run] > threshold * np.sqrt(run))
        if len(hits):
            first = min(first, int(hits[0]) + run // 2)
            last = max(last, int(hits[-1]) + (run - 1) // 2)
        run *= 2
    return slice(first, last + 1) if first <= last else slice(0, length)


def _shrink(sums: Array, weights: Array) -> Array:
    """Return the sums whose details are shrunk; `weights` counts the real cells in each block."""
    if len(sums) == 1:
        return sums
    one, two = sums[0::2], sums[1::2]
    n, m = weights[0::2], weights[1::2]
    both = n + m
    real = (n > 0) & (m > 0)
    scale = np.sqrt(n * m / np.maximum(both, 1.0))
    detail = scale * (one / np.maximum(n, 1.0) - two / np.maximum(m, 1.0))
    detail[real] = _threshold(detail[real])
    up = _shrink(one + two, both) / np.maximum(both, 1.0)
    out = np.empty_like(sums)
    out[0::2] = n * up + scale * detail
    out[1::2] = m * up - scale * detail
    return out


def _threshold(x: Array) -> Array:
    """Return `x`, of unit noise, firmly shrunk at the threshold of least estimated risk."""
    count = len(x)
    if count < KEPT_BELOW:
        return x
    size = np.sort(np.abs(x))
    cap = np.sqrt(2 * np.log(count))
    below = np.arange(1, count + 1)
    clipped = np.cumsum(size**2) + (count - below) * size**2
    risk = count - 2 * below + clipped
    allowed = size <= cap
    choices = np.append(size[allowed], 0.0)
    risks = np.append(risk[allowed], float(count))
    lowest = float(choices[np.argmin(risks)])
    if not allowed.all():
        beyond = int(allowed.sum())
        at_cap = count - 2 * beyond + float((size[:beyond] ** 2).sum()) + (count - beyond) * cap**2
        lowest = cap if at_cap < risks.min() else lowest
    return _firm(x, lowest)


def _firm(x: Array, low: float) -> Array:
    """Return 0 under `low`, `x` over `low` + 4, and a line between."""
    if low <= 0:
        return x
    high = low + 4.0
    slope = high / (high - low)
    size = np.abs(x)
    return np.where(size <= low, 0.0, np.where(size >= high, x, np.sign(x) * (size - low) * slope))
