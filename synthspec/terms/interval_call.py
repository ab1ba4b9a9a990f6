"""Interval call: the functions of the closed list on boxes; those of the calendar in interval_when.

Source: Moore 1966; monotone functions are taken at the ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from synthspec.terms.boxes import (
    Abstract,
    Numbers,
    Reals,
    Texts,
    Truths,
    anything,
    bounded,
    only,
    union,
    widened,
    with_null,
)
from synthspec.terms.call import call
from synthspec.terms.expr import Call, Literal_
from synthspec.terms.interval_number import floored, limit_of, real, remainder, rounded
from synthspec.terms.interval_text import as_texts, mapped
from synthspec.terms.interval_when import date_add, date_diff, field, years_between
from synthspec.terms.literal import constant
from synthspec.terms.types import Type

OF_TEXT = frozenset(
    ("length", "lower", "upper", "trim", "starts_with", "ends_with", "contains", "substr", "concat")
)
OF_WHEN = frozenset(("year", "quarter", "month", "day", "weekday", "hour"))


def called(expr: Call, args: Sequence[Abstract], boxes: int) -> Abstract:
    """Return what a function may give; "anything" where its arguments are not followed."""
    if expr.function in ("coalesce", "nullif", "least", "greatest"):
        if any(arg.type != expr.type for arg in expr.args):
            return anything(expr.type, boxes)
        return _choosing(expr, args, boxes)
    if expr.function in OF_TEXT:
        return _of_text(expr, args, boxes)
    numbers = [arg for arg in args if isinstance(arg, Numbers)]
    types = [node.type for node, arg in zip(expr.args, args, strict=True) if isinstance(arg, Numbers)]
    units = 1 if expr.function in ("date_diff", "date_add") else 0
    if len(numbers) + units < len(args):
        return anything(expr.type, boxes)
    with np.errstate(all="ignore"):
        return _of_numbers(expr, numbers, types, boxes)


def _of_numbers(expr: Call, args: list[Numbers], types: list[Type], boxes: int) -> Abstract:
    first = args[0]
    match expr.function:
        case "abs":
            lo = np.where((first.lo <= 0) & (first.hi >= 0), 0.0, np.minimum(abs(first.lo), abs(first.hi)))
            return Numbers(lo, np.maximum(abs(first.lo), abs(first.hi)), first.some, first.null)
        case "sign":
            return Numbers(np.sign(first.lo), np.sign(first.hi), first.some, first.null)
        case "round":
            digits = expr.args[1] if len(expr.args) > 1 else None
            if digits is not None and (not isinstance(digits, Literal_) or digits.text is None):
                return anything(expr.type, boxes)
            places = 0 if digits is None else int(digits.text or "0")
            return rounded(first, types[0], places, expr.type)
        case "floor" | "ceil":
            return floored(first, types[0], expr.type, up=expr.function == "ceil")
        case "mod":
            return remainder(first, args[1], expr.type)
        case "sqrt" | "ln" | "exp":
            return _curve(expr.function, real(first, types[0]), expr.type)
        case "power":
            return _power(real(first, types[0]), real(args[1], types[1]), expr.type)
        case "date_diff":
            return date_diff(_unit(expr), first, args[1], types)
        case "date_add":
            return date_add(_unit(expr), first, args[1], types)
        case "age_years":
            return years_between(first, args[1], types)
        case name if name in OF_WHEN:
            return field(name, first, types[0])
    return anything(expr.type, boxes)


def _unit(expr: Call) -> str:
    return str(getattr(expr.args[0], "text", ""))


def _choosing(expr: Call, args: Sequence[Abstract], boxes: int) -> Abstract:
    null = np.logical_and.reduce([arg.null for arg in args])
    match expr.function:
        case "coalesce":
            open_ = np.ones(boxes, dtype=np.bool_)
            found = only(args[0], ~open_)
            for arg in args:
                found = union(found, only(arg, open_))
                open_ = open_ & arg.null
            return with_null(found, null)
        case "nullif":
            return with_null(args[0], args[0].null | (args[0].some & args[1].some))
    numbers = [arg for arg in args if isinstance(arg, Numbers)]
    if len(numbers) < len(args):
        found = args[0]
        for arg in args[1:]:
            found = union(found, arg)
        return with_null(found, null)
    sign = 1.0 if expr.function == "least" else -1.0
    near = np.min([np.where(a.some, sign * (a.lo if sign > 0 else a.hi), np.inf) for a in numbers], axis=0)
    surest = np.min(
        [np.where(a.some & ~a.null, sign * (a.hi if sign > 0 else a.lo), np.inf) for a in numbers], axis=0
    )
    widest = np.max([np.where(a.some, sign * (a.hi if sign > 0 else a.lo), -np.inf) for a in numbers], axis=0)
    some = np.logical_or.reduce([a.some for a in numbers])
    far = np.minimum(surest, widest)
    lo, hi = (near, far) if sign > 0 else (-far, -near)
    return Numbers(np.where(some, lo, 0.0), np.where(some, hi, 0.0), some, null)


def _of_text(expr: Call, args: Sequence[Abstract], boxes: int) -> Abstract:
    """Return a function of texts by trying every combination of listed ones."""
    given: list[Texts | str | int] = []
    for node, arg in zip(expr.args, args, strict=True):
        if isinstance(node, Literal_) and node.text is not None:
            value = constant(node)
            given.append(value if isinstance(value, str | int) else str(value))
        elif isinstance(arg, Texts | Truths):
            given.append(as_texts(arg))
        else:
            return anything(expr.type, boxes)
    function: Callable[..., Any] = lambda *values: call(expr, values)
    return mapped(function, given, expr.type, boxes)


_CURVES: dict[str, Callable[[Reals], Reals]] = {"sqrt": np.sqrt, "ln": np.log, "exp": np.exp}


def _curve(name: str, arg: Numbers, type_: Type) -> Numbers:
    """Return an increasing function; libraries differ in the last digit, so ends move outwards."""
    least = {"sqrt": 0.0, "ln": 5e-324, "exp": -np.inf}[name]
    function = _CURVES[name]
    lo, hi = function(np.maximum(arg.lo, least)), function(np.maximum(arg.hi, least))
    lo, hi = widened(lo, hi, 4, beyond=0.0)
    if name == "exp":
        lo = np.maximum(lo, 0.0)
    if name == "sqrt":
        lo = np.where(arg.lo <= 0, 0.0, lo)
    null = arg.null | (arg.some & (arg.lo < least))
    return bounded(lo, hi, arg.some, null, limit_of(type_))


def _power(base: Numbers, by: Numbers, type_: Type) -> Numbers:
    some, null = base.some & by.some, base.null | by.null
    corners = np.stack(
        [np.power(b, e) for b in (base.lo, base.hi) for e in (by.lo, by.hi)]
    )  # monotone in each argument for a positive base
    lo, hi = corners.min(axis=0), corners.max(axis=0)
    whole = (by.lo == by.hi) & (by.lo >= 0) & (by.lo == np.floor(by.lo))
    even = whole & (np.mod(by.lo, 2) == 0)
    lo = np.where(even & (base.lo <= 0) & (base.hi >= 0), 0.0, lo)
    zero = by.lo == 0
    lo, hi = np.where(whole & zero, 1.0, lo), np.where(whole & zero, 1.0, hi)
    known = whole | (base.lo > 0)
    # a whole power that is not constant zero of a base that changes sign: the ends decide when odd
    lo, hi = widened(np.where(known, lo, -np.inf), np.where(known, hi, np.inf), 4, beyond=0.0)
    lo = np.where(base.lo >= 0, np.maximum(lo, 0.0), lo)
    return bounded(lo, hi, some, null, limit_of(type_))
