"""Interval text: conditions on texts, tables and functions of texts, on boxes of listed values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthspec.terms.boxes import (
    Abstract,
    Bools,
    Numbers,
    Reals,
    Texts,
    Truths,
    any_text,
    anything,
    chosen,
    texts,
)
from synthspec.terms.evaluate import compare, like_pattern, physical
from synthspec.terms.expr import Lookup
from synthspec.terms.literal import value_of
from synthspec.terms.types import Type

MOST_PAIRS = 4096
"""Combinations of listed texts that are tried one by one."""
MOST_WORK = 200_000_000
"""Boxes times combinations, in booleans held at once."""


def as_texts(value: Abstract) -> Texts:
    """Return truth values as their canonical texts, and numbers as any text."""
    match value:
        case Texts():
            return value
        case Truths():
            may = np.stack([value.true, value.false], axis=1)
            return Texts(("true", "false"), may, value.some, value.null)
        case Numbers():
            return any_text(value.some, value.null)


def like(arg: Abstract, pattern: str) -> Truths:
    """Return whether texts may match a LIKE pattern."""
    found = as_texts(arg)
    if found.values is None:
        return Truths(found.some, found.some, found.null)
    expression = re.compile(like_pattern(pattern))
    hits = np.array([expression.fullmatch(value) is not None for value in found.values], dtype=np.bool_)
    return Truths(held(found.may, hits), held(found.may, ~hits), found.null)


def compared_texts(op: str, left: Texts, right: Texts) -> tuple[Bools, Bools]:
    """Return where a comparison may be true, and where it may be false."""
    both = left.some & right.some
    if left.values is None or right.values is None:
        return both, both
    if len(left.values) * len(right.values) > MOST_PAIRS or not left.values or not right.values:
        return both, both
    hits = np.array([[bool(compare(op, a, b)) for b in right.values] for a in left.values], dtype=np.int32)
    seen = left.may.astype(np.int32)
    true = held(right.may, seen @ hits > 0)
    false = held(right.may, seen @ (1 - hits) > 0)
    return true, false


def held(may: Bools, hits: Bools) -> Bools:
    """Return the boxes in which any value that may be is hit; `hits` broadcasts against `may`."""
    found: Bools = np.asarray((may & hits).any(axis=1))
    return found


def indexed(arg: Texts, values: tuple[str, ...]) -> Numbers:
    """Return the place in `values` that a text may have."""
    boxes = len(arg.some)
    if arg.values is None:
        top = np.full(boxes, max(len(values) - 1.0, 0.0))
        return Numbers(np.zeros(boxes), top, arg.some, arg.null | arg.some)
    places = [values.index(value) if value in values else None for value in arg.values]
    return _Ranked.of(places).within(arg.may, arg.null)


def mapped(
    function: Callable[..., Any], args: Sequence[Texts | str | int], type_: Type, boxes: int
) -> Abstract:
    """Return a function of listed texts and constants, by trying every combination.

    Args:
        function: gives a Python value of `type_`, or None.
        args: texts on boxes, or constants.
        type_: of the result.
        boxes: how many.
    """
    moving = [arg for arg in args if isinstance(arg, Texts)]
    null = np.logical_or.reduce([np.zeros(boxes, dtype=np.bool_), *(arg.null for arg in moving)])
    lists = [arg.values for arg in moving if arg.values is not None]
    count = prod(len(values) for values in lists)
    if len(lists) < len(moving) or count > MOST_PAIRS or boxes * count > MOST_WORK:
        return anything(type_, boxes)
    may: Bools = np.ones((boxes, 1), dtype=np.bool_)
    for arg in moving:
        may = (may[:, :, None] & arg.may[:, None, :]).reshape(boxes, -1)
    results = []
    for each in product(*lists):
        parts = iter(each)
        results.append(function(*(next(parts) if isinstance(arg, Texts) else arg for arg in args)))
    return results_of(results, may, null, type_)


def results_of(results: Sequence[Any], may: Bools, null: Bools, type_: Type) -> Abstract:
    """Return what may be any of `results` (Python values), `may` of shape (boxes, results)."""
    values = [physical(value, type_) for value in results]
    if type_.name == "bool":
        true = np.array([value is True for value in values], dtype=np.bool_)
        false = np.array([value is False for value in values], dtype=np.bool_)
        gap = ~true & ~false
        return Truths(held(may, true), held(may, false), null | held(may, gap))
    if type_.name == "text":
        there = np.array([value is not None for value in values], dtype=np.bool_)
        names = [value for value in values if value is not None]
        return texts(names, may[:, there], null | held(may, ~there))
    return _Ranked.of(values).within(may, null)


@dataclass(frozen=True, eq=False)
class _Ranked:
    """Results that are numbers: where each is in rising order, the numbers in it, and where there is none."""

    order: NDArray[np.int64]
    points: Reals
    absent: Bools

    @staticmethod
    def of(values: Sequence[Any]) -> _Ranked:
        """Take physical values, None for no value."""
        points = np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)
        absent = np.isnan(points)
        order = np.argsort(points, kind="stable")[: int((~absent).sum())]
        return _Ranked(order, points[order], absent)

    def within(self, may: Bools, null: Bools) -> Numbers:
        """Return what may be any of the results, `may` of shape (boxes, results)."""
        seen, none = may[:, self.order], np.zeros(len(may))
        some: Bools = np.asarray(seen.any(axis=1))
        null = null | held(may, self.absent) if self.absent.any() else null
        if not len(self.points):
            return Numbers(none, none, some, null)
        low, high = seen.argmax(axis=1), len(self.points) - 1 - seen[:, ::-1].argmax(axis=1)
        lo, hi = self.points[low], self.points[high]
        if bool(np.any(np.abs(self.points) >= 2.0**53)):
            lo, hi = np.nextafter(lo, -np.inf), np.nextafter(hi, np.inf)
        return Numbers(np.where(some, lo, 0.0), np.where(some, hi, 0.0), some, null)


class _Key:
    """A table told apart by what it is, not by what it holds: comparing long ones takes too long."""

    def __init__(self, expr: Lookup) -> None:
        self.expr = expr

    def __hash__(self) -> int:
        return hash((id(self.expr.table), self.expr.type))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Key)
            and self.expr.table is other.expr.table
            and self.expr.type == other.expr.type
            and [key.type for key in self.expr.keys] == [key.type for key in other.expr.keys]
        )


@dataclass(frozen=True, eq=False)
class _Read:
    """A table read once: per part of the key its texts and, unless it is a text, its numbers; the results."""

    names: tuple[tuple[str, ...], ...]
    points: tuple[Reals | None, ...]
    values: tuple[Any, ...]
    ranked: _Ranked | None


@lru_cache(maxsize=8)
def _read(key: _Key) -> _Read:
    table, type_ = key.expr.table, key.expr.type
    names = tuple(tuple(parts[at] for parts, _ in table) for at in range(len(key.expr.keys)))
    values = tuple(value_of(text, type_) for _, text in table)
    ordered = type_.name not in ("text", "bool", "null")
    return _Read(
        names,
        tuple(_points(each, node.type) for each, node in zip(names, key.expr.keys, strict=True)),
        values,
        _Ranked.of([physical(value, type_) for value in values]) if ordered else None,
    )


def _points(names: tuple[str, ...], type_: Type) -> Reals | None:
    match type_.name:
        case "text" | "bool" | "null":
            return None
        case "float":
            return np.array([float(name) for name in names])
        case _:
            return np.array([float(physical(value_of(name, type_), type_)) for name in names])


def looked_up(expr: Lookup, keys: Sequence[Abstract], boxes: int) -> Abstract:
    """Return what a table may give: every row whose key lies in the box, and null where a key may miss.

    Boxes that agree in every key are judged once.
    """
    first, place = _distinct(keys, boxes)
    if len(first) * max(len(expr.table), 1) > MOST_WORK:
        return anything(expr.type, boxes)
    read = _read(_Key(expr))
    match_: Bools = np.ones((len(first), len(expr.table)), dtype=np.bool_)
    count = np.ones(len(first))
    null = np.zeros(len(first), dtype=np.bool_)
    for key, node, names, points in zip(keys, expr.keys, read.names, read.points, strict=True):
        part, width = _matches(chosen(key, first), names, points, node.type)
        match_ &= part
        count = count * width
        null |= key.null[first]
    null |= match_.sum(axis=1) < count
    if read.ranked is not None:
        return chosen(read.ranked.within(match_, null), place)
    return chosen(results_of(read.values, match_, null, expr.type), place)


def _distinct(keys: Sequence[Abstract], boxes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return boxes among which each different key occurs once, and for each box its place among them."""
    parts = []
    for key in keys:
        match key:
            case Numbers():
                flags = np.stack([key.some, key.null], axis=1)
                parts += [key.lo[:, None].view(np.uint8), key.hi[:, None].view(np.uint8), flags]
            case Texts():
                parts += [np.packbits(key.may, axis=1), np.stack([key.some, key.null], axis=1)]
            case Truths():
                parts.append(np.stack([key.true, key.false, key.null], axis=1))
    if not parts or not boxes:
        return np.arange(boxes), np.arange(boxes)
    rows = np.ascontiguousarray(np.concatenate([part.astype(np.uint8) for part in parts], axis=1))
    whole = rows.view(np.dtype((np.void, rows.shape[1]))).reshape(-1)
    _, first, place = np.unique(whole, return_index=True, return_inverse=True)
    return first, place.reshape(-1)


def _matches(key: Abstract, names: tuple[str, ...], points: Reals | None, type_: Type) -> tuple[Bools, Any]:
    """Return which rows a key part may hit, (boxes, rows), and how many values it has at most."""
    if isinstance(key, Numbers) and points is not None:
        hit = key.some[:, None] & (points >= key.lo[:, None]) & (points <= key.hi[:, None])
        # a float's text has many digits: hits are judged by value, and a miss is always possible
        return hit, np.inf if type_.name == "float" else np.where(key.some, key.hi - key.lo + 1, 0.0)
    found = as_texts(key)
    if found.values is None:
        return np.repeat(found.some[:, None], len(names), axis=1), np.inf
    place = {value: at for at, value in enumerate(found.values)}
    none = np.zeros((len(found.some), 1), dtype=np.bool_)
    hit = np.concatenate([found.may, none], axis=1)[:, [place.get(name, -1) for name in names]]
    return hit, found.may.sum(axis=1)
