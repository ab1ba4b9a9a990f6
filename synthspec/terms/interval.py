"""Interval: what an expression can be on boxes of values; sound for every node, at worst "anything".

Whatever `evaluate` gives for a row inside a box lies inside what is returned for the box (a law of
tests/terms). Each column is taken by itself, so that `x = x` may be false here: sound, not sharp.

Source: Cousot & Cousot 1977 (abstract interpretation); Kleene 1938 (three-valued logic).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

import numpy as np

from synthspec.terms.boxes import (
    Abstract,
    Bools,
    Numbers,
    Texts,
    Truths,
    anything,
    constant,
    nothing,
    only,
    union,
    with_null,
)
from synthspec.terms.evaluate import physical
from synthspec.terms.expr import (
    Arithmetic,
    Bin,
    Call,
    Case,
    Cast,
    Column,
    Compare,
    Expr,
    In,
    Index,
    IsNull,
    Like,
    Literal_,
    Logic,
    Lookup,
    Not,
    Window,
)
from synthspec.terms.interval_call import called
from synthspec.terms.interval_number import arithmetic, binned, converted
from synthspec.terms.interval_text import as_texts, compared_texts, held, indexed, like, looked_up
from synthspec.terms.literal import constant as value_in


def possible(expr: Expr, row: Mapping[str, Abstract], boxes: int) -> Abstract:
    """Return what `expr` may be in each box.

    Args:
        expr: any expression; a window may be anything.
        row: what each column that it reads may be, of the column's type.
        boxes: how many boxes there are.
    """
    match expr:
        case Column():
            return row[expr.name]
        case Literal_():
            value = physical(value_in(expr), expr.type)
            return nothing(expr.type, boxes) if value is None else constant(value, boxes)
        case Not():
            found = verdict(expr.arg, row, boxes)
            return Truths(found.false, found.true, found.null)
        case Logic():
            return _logic(expr, row, boxes)
        case Compare():
            if expr.op in ("=", "<=", ">=") and expr.left == expr.right:
                same = possible(expr.left, row, boxes)
                return Truths(same.some, np.zeros(boxes, dtype=np.bool_), same.null)
            return _compare(expr.op, possible(expr.left, row, boxes), possible(expr.right, row, boxes))
        case In():
            return _in(expr, possible(expr.arg, row, boxes), boxes)
        case Like():
            return like(possible(expr.arg, row, boxes), expr.pattern)
        case IsNull():
            arg = possible(expr.arg, row, boxes)
            return Truths(arg.null, arg.some, np.zeros(boxes, dtype=np.bool_))
        case Case():
            return _case(expr, row, boxes)
        case Cast():
            return _cast(expr, possible(expr.arg, row, boxes), boxes)
        case Arithmetic():
            left, right = possible(expr.left, row, boxes), possible(expr.right, row, boxes)
            assert isinstance(left, Numbers) and isinstance(right, Numbers)
            return arithmetic(expr, left, right)
        case Call():
            return called(expr, [possible(arg, row, boxes) for arg in expr.args], boxes)
        case Window():
            return anything(expr.type, boxes)
        case Index():
            return indexed(as_texts(possible(expr.arg, row, boxes)), expr.values)
        case Bin():
            arg = possible(expr.arg, row, boxes)
            return binned(arg, expr.edges) if isinstance(arg, Numbers) else anything(expr.type, boxes)
        case Lookup():
            return looked_up(expr, [possible(key, row, boxes) for key in expr.keys], boxes)
    assert_never(expr)


def verdict(expr: Expr, row: Mapping[str, Abstract], boxes: int) -> Truths:
    """Return `possible` for a condition."""
    found = possible(expr, row, boxes)
    if isinstance(found, Truths):
        return found
    yes = np.ones(boxes, dtype=np.bool_)  # a NULL without a type stands for an unknown condition
    return Truths(yes, yes, yes)


def _logic(expr: Logic, row: Mapping[str, Abstract], boxes: int) -> Truths:
    parts = [verdict(arg, row, boxes) for arg in expr.args]
    if expr.op == "or":
        parts = [Truths(part.false, part.true, part.null) for part in parts]
    true = np.logical_and.reduce([part.true for part in parts])
    false = np.logical_or.reduce([part.false for part in parts])
    null = np.logical_and.reduce([part.true | part.null for part in parts])
    null &= np.logical_or.reduce([part.null for part in parts])
    return Truths(true, false, null) if expr.op == "and" else Truths(false, true, null)


def _compare(op: str, left: Abstract, right: Abstract) -> Truths:
    null = left.null | right.null
    both = left.some & right.some
    match left, right:
        case Numbers(), Numbers():
            true, false = _ordered(op, left, right)
        case Texts(), Texts():
            true, false = compared_texts(op, left, right)
        case Truths(), Truths():
            true, false = compared_texts(op, as_texts(left), as_texts(right))
        case _:
            true = false = both
    return Truths(true & both, false & both, null)


def _ordered(op: str, a: Numbers, b: Numbers) -> tuple[Bools, Bools]:
    match op:
        case "=" | "<>":
            equal = (a.lo <= b.hi) & (b.lo <= a.hi)
            apart = ~((a.lo == a.hi) & (b.lo == b.hi) & (a.lo == b.lo))
            return (equal, apart) if op == "=" else (apart, equal)
        case "<":
            return a.lo < b.hi, a.hi >= b.lo
        case "<=":
            return a.lo <= b.hi, a.hi > b.lo
        case ">":
            return a.hi > b.lo, a.lo <= b.hi
        case _:
            return a.hi >= b.lo, a.lo < b.hi


def _in(expr: In, arg: Abstract, boxes: int) -> Truths:
    parts = [_compare("=", arg, possible(value, {}, boxes)) for value in expr.values]
    no = np.zeros(boxes, dtype=np.bool_)
    true = np.logical_or.reduce([no, *(part.true for part in parts)])
    if isinstance(arg, Texts) and arg.values is not None:
        listed = {value.text for value in expr.values}
        outside = np.array([value not in listed for value in arg.values], dtype=np.bool_)
        return Truths(true, held(arg.may, outside), arg.null)
    false = np.logical_and.reduce([arg.some, *(part.false for part in parts)])
    return Truths(true, false, arg.null)


def _case(expr: Case, row: Mapping[str, Abstract], boxes: int) -> Abstract:
    """Return the union of the branches that may be reached; NULLs of other types are nulls of this one."""
    open_ = np.ones(boxes, dtype=np.bool_)
    found = only(nothing(expr.type, boxes), ~open_)
    for condition, result in expr.branches:
        when = verdict(condition, row, boxes)
        found = union(found, only(_typed(result, expr, row, boxes), open_ & when.true))
        open_ = open_ & (when.false | when.null)
    return union(found, only(_typed(expr.otherwise, expr, row, boxes), open_))


def _typed(part: Expr, whole: Case, row: Mapping[str, Abstract], boxes: int) -> Abstract:
    if part.type.name == "null":
        return nothing(whole.type, boxes)
    if part.type != whole.type:
        return anything(whole.type, boxes)
    return possible(part, row, boxes)


def _cast(expr: Cast, arg: Abstract, boxes: int) -> Abstract:
    source, target = expr.arg.type, expr.type
    if source == target:
        return arg
    if isinstance(arg, Numbers) and target.name not in ("text", "bool"):
        return converted(arg, source, target)
    if isinstance(arg, Truths) and target.name == "text":
        return as_texts(arg)
    if source.name == "null":
        return nothing(target, boxes)
    return with_null(anything(target, boxes), arg.null)
