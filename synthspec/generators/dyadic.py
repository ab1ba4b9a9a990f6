"""Shares as integers over a power of two: how sampling tables are stored, and drawn from.

Whole numbers that add up to 2^bits, divided by it, are exact floats whose sums are exact in any order and on
any processor. What is drawn from them depends on no library's logarithm and on no order of summation.

Source: ours; the rounding of running sums is systematic (Madow 1949).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

TABLE = 50
"""Binary places of a table over levels: sums of its cells stay below 2^53."""

INSIDE = 32
"""Binary places of a share within its level: sums over a million levels stay below 2^53."""

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


def whole(shares: Array, bits: int = TABLE) -> Whole:
    """Return non-negative `shares`, scaled to add up to 2^bits, as integers in the same shape.

    No entry moves by more than about two units, but for the largest; none that is above 0 becomes 0, and none
    that is 0 becomes more. Shares that are such integers over 2^bits come back as they are.
    """
    flat = np.asarray(shares, dtype=np.float64).ravel()
    return whole_inside(np.zeros(len(flat), dtype=np.int64), flat, bits).reshape(np.shape(shares))


def whole_inside(level: NDArray[np.int64], shares: Array, bits: int = INSIDE) -> Whole:
    """Return `shares`, scaled to add up to 2^bits within each level, as `whole` does.

    Args:
        level: of each entry, shape (entries,); a level without mass keeps its zeros.
        shares: shape (entries,).
        bits: binary places.
    """
    if not len(level):
        return np.zeros(0, dtype=np.int64)
    order = np.argsort(level, kind="stable")
    lies, own = level[order], shares[order]
    mass = np.bincount(lies, weights=own)
    own = np.divide(own, mass[lies], out=np.zeros_like(own), where=mass[lies] > 0)
    running = np.cumsum(own)
    first = np.searchsorted(lies, np.arange(len(mass)))
    held = np.minimum(first, len(lies) - 1)
    ends = np.rint(np.ldexp(running - (running - own)[held][lies], bits)).astype(np.int64)
    last = np.full(len(mass), -1)
    np.maximum.at(last, lies, np.where(own > 0, np.arange(len(lies)), -1))
    ends[(np.arange(len(lies)) >= last[lies]) & (last[lies] >= 0)] = 1 << bits
    parts = np.diff(ends, prepend=0)
    parts[held] = ends[held]
    lost = (own > 0) & (parts == 0)
    if lost.any():
        parts[lost] = 1
        richest = np.lexsort((parts, lies))[np.searchsorted(lies, np.arange(len(mass)), side="right") - 1]
        parts[richest] -= np.bincount(lies[lost], minlength=len(mass))
    out = np.empty_like(parts)
    out[order] = parts
    return out


def shares_of(stored: NDArray[Any], bits: int = TABLE) -> Array:
    """Return the shares that integers stand for, exactly; older releases stored the shares themselves."""
    found = np.asarray(stored)
    if found.dtype.kind == "f":
        return found.astype(np.float64)
    return np.asarray(np.ldexp(found.astype(np.float64), -bits), dtype=np.float64)
