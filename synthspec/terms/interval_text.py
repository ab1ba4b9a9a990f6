"""Interval text: conditions on texts, tables and functions of texts, on boxes of listed values."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from synthspec.terms.boxes import Abstract, Bools, Numbers, Texts, Truths, any_text, anything, texts
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
    return _numbers(places, arg.may, arg.null)


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
    for chosen in product(*lists):
        parts = iter(chosen)
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
    return _numbers(values, may, null)


def _numbers(values: Sequence[Any], may: Bools, null: Bools) -> Numbers:
    there = np.array([value is not None for value in values], dtype=np.bool_)
    points = np.array([float(value) for value in values if value is not None], dtype=np.float64)
    seen = may[:, there]
    big = bool(np.any(np.abs(points) >= 2.0**53))
    below = np.nextafter(points, -np.inf) if big else points
    above = np.nextafter(points, np.inf) if big else points
    lo = np.where(seen, below, np.inf).min(axis=1, initial=np.inf)
    hi = np.where(seen, above, -np.inf).max(axis=1, initial=-np.inf)
    some: Bools = np.asarray(seen.any(axis=1))
    return Numbers(np.where(some, lo, 0.0), np.where(some, hi, 0.0), some, null | held(may, ~there))


def looked_up(expr: Lookup, keys: Sequence[Abstract], boxes: int) -> Abstract:
    """Return what a table may give: every row whose key lies in the box, and null where a key may miss."""
    if boxes * max(len(expr.table), 1) > MOST_WORK:
        return anything(expr.type, boxes)
    match_ = np.ones((boxes, len(expr.table)), dtype=np.bool_)
    count = np.ones(boxes)
    null = np.zeros(boxes, dtype=np.bool_)
    for place, (key, node) in enumerate(zip(keys, expr.keys, strict=True)):
        part, width = _matches(key, [names[place] for names, _ in expr.table], node.type)
        match_ &= part
        count = count * width
        null |= key.null
    absent = match_.sum(axis=1) < count
    values = [value_of(text, expr.type) for _, text in expr.table]
    return results_of(values, match_, null | absent, expr.type)


def _matches(key: Abstract, names: Sequence[str], type_: Type) -> tuple[Bools, Any]:
    """Return which rows a key part may hit, (boxes, rows), and how many values it has at most."""
    if isinstance(key, Numbers):
        if type_.name == "float":
            # a float's text has many digits: hits are judged by value, and a miss is always possible
            wanted = np.array([float(name) for name in names])
            return key.some[:, None] & (wanted >= key.lo[:, None]) & (wanted <= key.hi[:, None]), np.inf
        wanted = np.array([float(physical(value_of(name, type_), type_)) for name in names])
        hit = (wanted >= key.lo[:, None]) & (wanted <= key.hi[:, None])
        return key.some[:, None] & hit, np.where(key.some, key.hi - key.lo + 1, 0.0)
    found = as_texts(key)
    if found.values is None:
        return np.repeat(found.some[:, None], len(names), axis=1), np.inf
    place = {value: at for at, value in enumerate(found.values)}
    hit = np.zeros((len(found.some), len(names)), dtype=np.bool_)
    rows = [at for at, name in enumerate(names) if name in place]
    hit[:, rows] = found.may[:, [place[names[at]] for at in rows]]
    return hit, found.may.sum(axis=1)
