"""Rounded Gaussian noise, drawn exactly: round(s * Z) with Z ~ N(0, 1), from secret random bytes.

A draw is one sign bit and a uniform u on the half line (0, 1/2], known so far to 63 bits:
u in [m, m+1) / 2^64. The magnitude is x = -s * Phi^-1(u). Nearly always the interval of x, widened
by the error of the floating-point evaluation, rounds to one integer, which is then the answer.
Otherwise further bits of the same u are drawn and compared with Phi(-(k + 1/2) / s) in as many
digits as it takes. So the answer is the rounding of an exact Gaussian: nothing is truncated, and
no low-order bits of a float leak (Mironov 2012). On an integer query the release is
round(query + s * Z), a post-processing of the Gaussian mechanism.

Source: Mironov 2012, "On Significance of the Least Significant Bits"; Karney 2016 (lazy exact
sampling); the bounds below are ours, tested in tests/privacy_core/test_rounded.py.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthspec.privacy.certified import context, real
from synthspec.privacy.entropy import NoiseSource

ERROR = 1e-12
"""Bound on the error of ndtri, per (|z| + 1): 1e-12, where 4e-16 was measured.

It also covers the rounding of m to a float (1.4e-16 at most), and not knowing where in its cell of
width 2^-64 u lies, while m >= SURE: the density is at least 0.79 u, so z moves by < 1.3 / SURE = 3e-13.
"""

SURE = 1 << 42
"""Draws with a smaller m (1 in two million) are refined without trying floats."""

REACH = 6.2
"""|z| + 1 while m >= SURE: z <= -Phi^-1(2^-22) < 5.2."""

WIDEST = float(1 << 40)
"""The largest scale: beyond, floating point decides nothing and the noise drowns any table."""

_BLOCK = 1 << 15


def rounded_gaussian(scale: float, count: int, noise: NoiseSource) -> NDArray[np.int64]:
    """Return `count` independent draws of round(scale * Z), shape (count,).

    Args:
        scale: the standard deviation before rounding, in 0 < scale <= WIDEST; this float is exact.
        count: how many draws.
        noise: where the bits come from.
    """
    if not 0 < scale <= WIDEST:
        raise ValueError("the scale of the noise lies outside what can be drawn")
    drawn = np.empty(count, dtype=np.int64)
    for start in range(0, count, _BLOCK):
        _fill(drawn[start : start + _BLOCK], scale, noise)
    return drawn


def _ndtri() -> Any:
    from scipy.special import ndtri  # 0.3 s to import, and `check` prices mechanisms without drawing

    return ndtri


def _fill(out: NDArray[np.int64], scale: float, noise: NoiseSource) -> None:
    bits = np.frombuffer(noise.bytes(8 * len(out)), dtype="<u8")
    halves = bits & np.uint64((1 << 63) - 1)
    u = (halves.astype(np.float64) + 0.5) * 2.0**-64
    x = _ndtri()(u)
    x *= -scale
    whole = np.rint(x)
    np.subtract(x, whole, out=x)
    np.abs(x, out=x)
    unsure = x > 0.5 - scale * ERROR * REACH
    unsure |= halves < SURE
    negative = bits > np.uint64((1 << 63) - 1)
    np.copyto(out, np.where(negative, -whole, whole), casting="unsafe")
    for i in np.flatnonzero(unsure):
        magnitude = refine(scale, int(halves[i]), noise)
        out[i] = -magnitude if negative[i] else magnitude


def refine(scale: float, half: int, noise: NoiseSource) -> int:
    """Return round(-scale * Phi^-1(u)) for the exact u whose first bits are `half` / 2^64.

    Finds the least k >= 0 with u > Phi(-(k + 1/2) / scale), by doubling and bisection around a
    guess; each comparison draws more bits of the same u while its interval does not decide.
    """
    uniform = _Uniform(half, noise)
    guess = max(0, round(-scale * float(_ndtri()((half + 0.5) * 2.0**-64))))
    low, high, step = guess - 1, guess, 1  # the answer lies in low + 1 .. high, once both hold
    while low >= 0 and uniform.above_tail(scale, low):
        low, high, step = max(-1, low - step), low, 2 * step
    step = 1
    while not uniform.above_tail(scale, high):
        low, high, step = high, high + step, 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        if uniform.above_tail(scale, middle):
            high = middle
        else:
            low = middle
    return min(high, 1 << 62)


class _Uniform:
    """A uniform number on (0, 1/2], revealed bit by bit: [value, value + 1) / 2^bits."""

    def __init__(self, half: int, noise: NoiseSource) -> None:
        self._value = half
        self._bits = 64
        self._noise = noise

    def above_tail(self, scale: float, k: int) -> bool:
        """Return whether the number exceeds Phi(-(k + 1/2) / scale)."""
        while True:
            extra = 32
            digits = math.ceil((self._bits + extra) * 0.302) + 10
            ctx = context(digits)
            z = real(ctx, Fraction(2 * k + 1, 2) / Fraction(scale))
            # the tail in units of 2^-bits, off by less than one unit of 2^-(bits + extra)
            tail = int(ctx.floor(ctx.ldexp(ctx.ncdf(-z), self._bits + extra)))
            if self._value << extra > tail + 2:
                return True
            if (self._value + 1) << extra < tail - 1:
                return False
            self._value = self._value << 64 | int.from_bytes(self._noise.bytes(8), "little")
            self._bits += 64
