"""Interval number: arithmetic, conversions and bins on intervals of physical values.

Float operations are monotone and round to nearest, so the same operation on the ends encloses all
results; exact results are widened from 2**53 on.

Source: Moore 1966.
"""

from __future__ import annotations

import numpy as np

from synthspec.terms.boxes import EXACT, LARGEST, Bools, Numbers, Reals, bounded, widened
from synthspec.terms.expr import Arithmetic
from synthspec.terms.functions import DECIMAL_LIMIT, FIRST_DAY, INT_LIMIT, LAST_DAY
from synthspec.terms.types import Type

DAY = 86_400


def limit_of(type_: Type) -> float:
    """Return the largest size of a value of `type_`, as a float at or above it."""
    match type_.name:
        case "int":
            return float(INT_LIMIT)
        case "decimal":
            return float(DECIMAL_LIMIT)
        case _:
            return LARGEST


def fitted(lo: Reals, hi: Reals, some: Bools, null: Bools, type_: Type) -> Numbers:
    """Return exact (or float) results in the range of their type, null beyond it."""
    if type_.name != "float":
        lo, hi = widened(lo, hi)
    return bounded(lo, hi, some, null, limit_of(type_))


def real(value: Numbers, type_: Type) -> Numbers:
    """Return numbers as floats in their unit: scaled decimals are divided."""
    lo, hi = value.lo, value.hi
    if type_.scale:
        lo, hi = widened(lo / 10.0**type_.scale, hi / 10.0**type_.scale, 2, beyond=0.0)
        # zero itself is exact
        lo, hi = np.where(value.lo == 0, 0.0, lo), np.where(value.hi == 0, 0.0, hi)
    elif type_.name == "int":
        lo, hi = widened(lo, hi)
    return Numbers(lo, hi, value.some, value.null)


def arithmetic(expr: Arithmetic, a: Numbers, b: Numbers) -> Numbers:
    """Return left op right."""
    some, null = a.some & b.some, a.null | b.null
    with np.errstate(all="ignore"):
        match expr.op:
            case "+":
                return fitted(a.lo + b.lo, a.hi + b.hi, some, null, expr.type)
            case "-":
                return fitted(a.lo - b.hi, a.hi - b.lo, some, null, expr.type)
            case "*":
                lo, hi = _corners(a, b)
                return fitted(lo, hi, some, null, expr.type)
            case "/":
                return _quotient(real(a, expr.left.type), real(b, expr.right.type), some, null, expr.type)
            case "%":
                return remainder(a, b, expr.type)


def _corners(a: Numbers, b: Numbers) -> tuple[Reals, Reals]:
    # 0 * inf does not occur: bounds are finite
    products = np.stack([a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi])
    return products.min(axis=0), products.max(axis=0)


def _quotient(a: Numbers, b: Numbers, some: Bools, null: Bools, type_: Type) -> Numbers:
    holds_zero = (b.lo <= 0) & (b.hi >= 0)
    low, high = np.where(holds_zero, 1.0, b.lo), np.where(holds_zero, 1.0, b.hi)
    corners = np.stack([a.lo / low, a.lo / high, a.hi / low, a.hi / high])
    lo = np.where(holds_zero, -np.inf, corners.min(axis=0))
    hi = np.where(holds_zero, np.inf, corners.max(axis=0))
    return bounded(lo, hi, some, null | (some & holds_zero), limit_of(type_))


def remainder(a: Numbers, b: Numbers, type_: Type) -> Numbers:
    """Return the remainder with the sign of `a`; null where `b` may be 0."""
    some = a.some & b.some
    zero = (b.lo <= 0) & (b.hi >= 0)
    most = np.maximum(np.abs(b.lo), np.abs(b.hi))
    most = np.maximum(most - 1, 0) if type_.name != "float" else most
    lo = np.maximum(np.minimum(a.lo, 0.0), -most)
    hi = np.minimum(np.maximum(a.hi, 0.0), most)
    with np.errstate(all="ignore"):
        turns = np.floor(a.lo / b.lo)
        one = (b.lo == b.hi) & (b.lo > 0) & (a.lo >= 0) & (a.hi < EXACT) & (np.floor(a.hi / b.lo) == turns)
        lo = np.where(one, a.lo - turns * b.lo, lo)
        hi = np.where(one, a.hi - turns * b.lo, hi)
    return fitted(lo, hi, some, a.null | b.null | (some & zero), type_)


def rounded(value: Numbers, source: Type, digits: int, target: Type) -> Numbers:
    """Return values rounded half away from zero, as terms/call.rounded does; monotone."""
    if source.name == "float":
        with np.errstate(all="ignore"):
            lo, low_out = _half_float(value.lo, digits)
            hi, high_out = _half_float(value.hi, digits)
        out = low_out | high_out
        found = fitted(lo, hi, value.some, value.null, target)
        return Numbers(found.lo, found.hi, found.some, found.null | (value.some & out))
    if digits >= source.scale:
        tens = 10.0 ** (digits - source.scale)
        return fitted(value.lo * tens, value.hi * tens, value.some, value.null, target)
    by, back = 10 ** (source.scale - digits), 10.0 ** max(-digits, 0)
    lo, hi = _half_exact(value.lo, by) - _slack(value.lo), _half_exact(value.hi, by) + _slack(value.hi)
    return fitted(lo * back, hi * back, value.some, value.null, target)


def _half_float(values: Reals, digits: int) -> tuple[Reals, Bools]:
    scaled = values * 10.0**digits if digits >= 0 else values / 10.0**-digits
    out = ~np.isfinite(scaled) | (np.abs(scaled) > 2.0**63)
    size = np.where(out, 2.0**63, np.abs(scaled))
    below = np.floor(size)
    whole = below + (size - below >= 0.5)
    return np.where(np.signbit(scaled), -whole, whole) * 10.0 ** max(-digits, 0), out


def _half_exact(values: Reals, by: int) -> Reals:
    size = np.minimum(np.abs(values), 2.0**62).astype(np.int64)
    whole, rest = size // min(by, 2**62), size % min(by, 2**62)
    sized = (whole + (rest >= by - rest)).astype(np.float64)
    return np.where(np.abs(values) >= 2.0**62, float(INT_LIMIT), sized) * np.sign(values)


def _slack(values: Reals) -> Reals:
    """Return 1 where the size of a value is known to the next float only."""
    found: Reals = (np.abs(values) >= EXACT).astype(np.float64) * 2048
    return found


def floored(value: Numbers, source: Type, target: Type, *, up: bool) -> Numbers:
    """Return floor, or ceil when `up`."""
    if source.name == "int":
        return value
    if source.name == "float":
        low, high = (np.ceil(value.lo), np.ceil(value.hi)) if up else (np.floor(value.lo), np.floor(value.hi))
        out = (np.abs(value.lo) > 2.0**63) | (np.abs(value.hi) > 2.0**63)
        found = fitted(low, high, value.some, value.null, target)
        return Numbers(found.lo, found.hi, found.some, found.null | (value.some & out))
    tens = float(10**source.scale)
    lo, hi = np.floor(value.lo / tens), np.floor(value.hi / tens)
    if up:
        lo, hi = np.ceil(value.lo / tens), np.ceil(value.hi / tens)
    slack = (np.maximum(np.abs(value.lo), np.abs(value.hi)) >= 2.0**50) * 1.0
    return fitted(lo - slack, hi + slack, value.some, value.null, target)


def converted(value: Numbers, source: Type, target: Type) -> Numbers:
    """Return values cast to an ordered type, as terms/evaluate.cast does."""
    match target.name:
        case "int":
            return rounded(value, source, 0, target)
        case "decimal":
            return rounded(value, source, target.scale, target)
        case "float":
            return real(value, source)
        case "date" if source.name == "datetime":
            return Numbers(np.floor(value.lo / DAY), np.floor(value.hi / DAY), value.some, value.null)
        case "datetime" if source.name == "date":
            return Numbers(value.lo * DAY, value.hi * DAY, value.some, value.null)
        case _:
            return value


def binned(value: Numbers, edges: tuple[int, ...] | tuple[float, ...]) -> Numbers:
    """Return the bins that values may fall into (see Bin)."""
    inner = np.asarray(edges[1:-1], dtype=np.float64)
    lo = np.searchsorted(inner, value.lo, side="right").astype(np.float64)
    hi = np.searchsorted(inner, value.hi, side="right").astype(np.float64)
    if np.any(np.abs(inner) >= EXACT):
        lo, hi = np.maximum(lo - 1, 0), np.minimum(hi + 1, len(edges) - 2)
    return Numbers(lo, hi, value.some, value.null)


def clamped_days(value: Numbers) -> Numbers:
    """Return days kept within the calendar, for functions that need real dates."""
    return Numbers(
        np.clip(value.lo, FIRST_DAY, LAST_DAY), np.clip(value.hi, FIRST_DAY, LAST_DAY), value.some, value.null
    )
