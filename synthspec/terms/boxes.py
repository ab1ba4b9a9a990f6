"""Boxes: what a value can be in each of many boxes, as arrays; sound over-approximations.

A box is a set of rows: each column lies in an interval of physical values (see Type) or among listed
texts, and may or must be null. Every flag says "may be": a set flag promises nothing, an unset one does.
Bounds are float64; integers of 2**53 and beyond are widened by one step, so bounds always enclose.

Source: Moore 1966 (interval arithmetic); Cousot & Cousot 1977 (abstract interpretation).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from synthspec.terms.types import Type

Bools = NDArray[np.bool_]
Reals = NDArray[np.float64]

EXACT = 2.0**53
LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True, eq=False)
class Numbers:
    """Ordered values: where `some`, between lo and hi; shapes (boxes,)."""

    lo: Reals
    hi: Reals
    some: Bools
    null: Bools

    @property
    def single(self) -> Bools:
        """Where the value is one known number, or there is none."""
        found: Bools = ~self.some | (self.lo == self.hi)
        return found


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts among `values`, `may` of shape (boxes, values); None where any text is possible."""

    values: tuple[str, ...] | None
    may: Bools
    some: Bools
    null: Bools


@dataclass(frozen=True, eq=False)
class Truths:
    """Three-valued verdicts; shapes (boxes,)."""

    true: Bools
    false: Bools
    null: Bools

    @property
    def some(self) -> Bools:
        """Where it may be true or false."""
        found: Bools = self.true | self.false
        return found


Abstract = Numbers | Texts | Truths


def anything(type_: Type, boxes: int) -> Abstract:
    """Return the value that may be all values of `type_`, and null."""
    yes = np.ones(boxes, dtype=np.bool_)
    if type_.name == "bool":
        return Truths(yes, yes, yes)
    if type_.name in ("text", "null"):
        return any_text(yes, yes)
    return Numbers(np.full(boxes, -LARGEST), np.full(boxes, LARGEST), yes, yes)


def any_text(some: Bools, null: Bools) -> Texts:
    """Return texts of which nothing is known."""
    return Texts(None, np.zeros((len(some), 0), dtype=np.bool_), some, null)


def texts(values: Sequence[str], may: Bools, null: Bools) -> Texts:
    """Return texts among `values`; repeated values are joined."""
    names = tuple(dict.fromkeys(values))
    if len(names) < len(values):
        joined = np.zeros((len(may), len(names)), dtype=np.bool_)
        for at, value in enumerate(values):
            joined[:, names.index(value)] |= may[:, at]
        may = joined
    return Texts(names, may, np.asarray(may.any(axis=1)), null)


def constant(value: object, boxes: int) -> Abstract:
    """Return one physical value (bool, number or text; None is null) in every box."""
    yes, no = np.ones(boxes, dtype=np.bool_), np.zeros(boxes, dtype=np.bool_)
    match value:
        case bool():
            return Truths(yes if value else no, no if value else yes, no)
        case str():
            return Texts((value,), yes[:, None], yes, no)
        case int() | float():
            lo, hi = enclosing(value)
            return Numbers(np.full(boxes, lo), np.full(boxes, hi), yes, no)
        case _:
            raise TypeError("a constant is a truth value, a number or a text")


def nothing(type_: Type, boxes: int) -> Abstract:
    """Return null in every box."""
    yes, no = np.ones(boxes, dtype=np.bool_), np.zeros(boxes, dtype=np.bool_)
    if type_.name == "bool":
        return Truths(no, no, yes)
    if type_.name in ("text", "null"):
        return Texts((), np.zeros((boxes, 0), dtype=np.bool_), no, yes)
    return Numbers(np.zeros(boxes), np.zeros(boxes), no, yes)


def enclosing(value: int | float) -> tuple[float, float]:
    """Return floats at or below, and at or above, a number.

    >>> enclosing(7)
    (7.0, 7.0)
    """
    near = float(value)
    if isinstance(value, float) or abs(value) < EXACT:
        return near, near
    return float(np.nextafter(near, -np.inf)), float(np.nextafter(near, np.inf))


def widened(lo: Reals, hi: Reals, steps: int = 1, *, beyond: float = EXACT) -> tuple[Reals, Reals]:
    """Return bounds moved outwards by `steps` floats where they are at least `beyond` in size."""
    for _ in range(steps):
        lo = np.where(np.abs(lo) >= beyond, np.nextafter(lo, -np.inf), lo)
        hi = np.where(np.abs(hi) >= beyond, np.nextafter(hi, np.inf), hi)
    return lo, hi


def bounded(lo: Reals, hi: Reals, some: Bools, null: Bools, limit: float) -> Numbers:
    """Return numbers that are null where they leave -limit..limit (or are no numbers)."""
    bad = np.isnan(lo) | np.isnan(hi)
    lo, hi = np.where(bad, -limit, lo), np.where(bad, limit, hi)
    over = bad | (lo < -limit) | (hi > limit)
    return Numbers(np.clip(lo, -limit, limit), np.clip(hi, -limit, limit), some, null | (some & over))


def only(value: Abstract, where: Bools) -> Abstract:
    """Return `value` where `where`, and no value at all (not even null) elsewhere."""
    match value:
        case Numbers():
            return Numbers(value.lo, value.hi, value.some & where, value.null & where)
        case Texts():
            return Texts(value.values, value.may & where[:, None], value.some & where, value.null & where)
        case Truths():
            return Truths(value.true & where, value.false & where, value.null & where)
    assert_never(value)


def with_null(value: Abstract, null: Bools) -> Abstract:
    """Return `value` that is null where `null` may be, and nowhere else."""
    match value:
        case Numbers():
            return Numbers(value.lo, value.hi, value.some, null)
        case Texts():
            return Texts(value.values, value.may, value.some, null)
        case Truths():
            return Truths(value.true, value.false, null)
    assert_never(value)


def union(one: Abstract, two: Abstract) -> Abstract:
    """Return what may be either of two values of one type."""
    match one, two:
        case Numbers(), Numbers():
            lo = np.where(one.some & two.some, np.minimum(one.lo, two.lo), np.where(one.some, one.lo, two.lo))
            hi = np.where(one.some & two.some, np.maximum(one.hi, two.hi), np.where(one.some, one.hi, two.hi))
            return Numbers(lo, hi, one.some | two.some, one.null | two.null)
        case Texts(), Texts():
            if one.values is None or two.values is None:
                return any_text(one.some | two.some, one.null | two.null)
            may = np.concatenate([one.may, two.may], axis=1)
            return texts((*one.values, *two.values), may, one.null | two.null)
        case Truths(), Truths():
            return Truths(one.true | two.true, one.false | two.false, one.null | two.null)
        case _:
            raise TypeError("two values of different types were joined")


def chosen(value: Abstract, places: NDArray[np.integer]) -> Abstract:
    """Return the boxes at `places`."""
    match value:
        case Numbers():
            return Numbers(value.lo[places], value.hi[places], value.some[places], value.null[places])
        case Texts():
            return Texts(value.values, value.may[places], value.some[places], value.null[places])
        case Truths():
            return Truths(value.true[places], value.false[places], value.null[places])
    assert_never(value)


def hull(value: Abstract) -> Abstract:
    """Return one box around all boxes; there is one at least."""
    match value:
        case Numbers():
            lo = np.where(value.some, value.lo, np.inf).min(keepdims=True)
            hi = np.where(value.some, value.hi, -np.inf).max(keepdims=True)
            some = _any(value.some)
            return Numbers(np.where(some, lo, 0.0), np.where(some, hi, 0.0), some, _any(value.null))
        case Texts():
            return Texts(value.values, _any(value.may), _any(value.some), _any(value.null))
        case Truths():
            return Truths(_any(value.true), _any(value.false), _any(value.null))
    assert_never(value)


def _any(flags: Bools) -> Bools:
    """Return one row that is set where any row is."""
    found: Bools = np.asarray(flags.any(axis=0))[None]
    return found
