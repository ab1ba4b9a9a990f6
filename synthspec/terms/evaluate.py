"""Evaluate: the value of an expression for one row, in plain Python; the law for every engine.

Values: bool, int, float, Decimal (at the type's scale), str, date, datetime, or None for null.
Three-valued logic as in SQL. Whatever has no finite value in its type's range is null.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, assert_never

from synthspec.terms.call import call, exact, finite, rounded, unscaled
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
from synthspec.terms.literal import constant, text_of, value_of
from synthspec.terms.types import Type
from synthspec.terms.walk import rebuild, walk

Row = Mapping[str, object]
_EPOCH = datetime(1970, 1, 1)


def evaluate(expr: Expr, row: Row) -> Any:
    """Return the value of `expr` for one row; null is None.

    Args:
        expr: without windows (a window needs its neighbours: `evaluate_rows`).
        row: a value for every column that `expr` reads, of the column's type.
    """
    match expr:
        case Column():
            return row[expr.name]
        case Literal_():
            return constant(expr)
        case Not():
            value = evaluate(expr.arg, row)
            return None if value is None else not value
        case Logic():
            return _logic(expr, row)
        case Compare():
            return compare(expr.op, evaluate(expr.left, row), evaluate(expr.right, row))
        case In():
            value = evaluate(expr.arg, row)
            return None if value is None else any(value == constant(item) for item in expr.values)
        case Like():
            value = evaluate(expr.arg, row)
            return None if value is None else re.fullmatch(like_pattern(expr.pattern), value) is not None
        case IsNull():
            return evaluate(expr.arg, row) is None
        case Case():
            for condition, result in expr.branches:
                if evaluate(condition, row) is True:
                    return evaluate(result, row)
            return evaluate(expr.otherwise, row)
        case Cast():
            return cast(evaluate(expr.arg, row), expr.arg.type, expr.type)
        case Arithmetic():
            return arithmetic(expr, evaluate(expr.left, row), evaluate(expr.right, row))
        case Call():
            return call(expr, [evaluate(arg, row) for arg in expr.args])
        case Window():
            raise ValueError("a window has no value for a single row")
        case Index():
            value = text_of(evaluate(expr.arg, row))
            return expr.values.index(value) if value in expr.values else None
        case Bin():
            return _bin(expr, physical(evaluate(expr.arg, row), expr.arg.type))
        case Lookup():
            parts = [text_of(evaluate(part, row)) for part in expr.keys]
            key = tuple(part for part in parts if part is not None)
            return value_of(dict(expr.table).get(key), expr.type) if len(key) == len(parts) else None
    assert_never(expr)


def evaluate_rows(expr: Expr, rows: Sequence[Row]) -> list[Any]:
    """Return the values of `expr` for all rows, windows included; ties keep the order of `rows`."""
    found = next((node for node in _windows(expr)), None)
    if found is None:
        return [evaluate(expr, row) for row in rows]
    name = f"{len(rows)} {found.digest()}"
    values = _window(found, rows)
    wider = [{**row, name: value} for row, value in zip(rows, values)]
    return evaluate_rows(_replace(expr, found, Column(name=name, type=found.type)), wider)


def _windows(expr: Expr) -> list[Window]:
    return [node for node in walk(expr) if isinstance(node, Window)]


def _replace(expr: Expr, old: Window, new: Column) -> Expr:
    return new if expr == old else rebuild(expr, lambda child: _replace(child, old, new))


def _window(expr: Window, rows: Sequence[Row]) -> list[Any]:
    groups: dict[object, list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(row[expr.partition], []).append(index)
    values: list[Any] = [None] * len(rows)
    for members in groups.values():
        order = sorted(members, key=lambda i: tuple(_sortable(rows[i][name]) for name in expr.order))
        args = [evaluate_rows(expr.args[0], [rows[i]])[0] for i in order]
        for position, index in enumerate(order):
            frame = args[: position + 1] if expr.order else args
            values[index] = _framed(expr, frame, position, args)
    return values


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is None, 0 if value is None else value)


def _framed(expr: Window, frame: list[Any], position: int, args: list[Any]) -> Any:
    present = [value for value in frame if value is not None]
    match expr.function:
        case "count":
            return len(present)
        case "lag":
            step = 1 if len(expr.args) < 2 else int(evaluate(expr.args[1], {}))
            return args[position - step] if position >= step else None
        case "min":
            return min(present, default=None)
        case "max":
            return max(present, default=None)
        case "sum":
            total: Any = None
            for value in present:
                total = value if total is None else total + value
            return None if total is None else finite(total, expr.type)
    assert_never(expr.function)


def _logic(expr: Logic, row: Row) -> bool | None:
    decisive = expr.op == "or"
    unknown: bool = False
    for arg in expr.args:
        value: bool | None = evaluate(arg, row)
        if value is decisive:
            return decisive
        unknown |= value is None
    return None if unknown else not decisive


def compare(op: str, left: Any, right: Any) -> bool | None:
    """Return the comparison of two values of one type; None when one is null."""
    if left is None or right is None:
        return None
    match op:
        case "=":
            return bool(left == right)
        case "<>":
            return bool(left != right)
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
        case _:
            return bool(left >= right)


def like_pattern(pattern: str) -> str:
    """Return the regular expression of a LIKE pattern, for a match of the whole text."""
    parts = {"%": ".*", "_": "."}
    return "(?s:" + "".join(parts.get(char, re.escape(char)) for char in pattern) + ")"


def arithmetic(expr: Arithmetic, left: Any, right: Any) -> Any:
    """Return left op right in the type of `expr`; both sides already have their final types."""
    if left is None or right is None:
        return None
    if expr.op in ("/", "%") and right == 0:
        return None
    if expr.op == "/":
        return finite(float(left) / float(right), expr.type)
    if expr.type.name == "float":
        value = {"+": left + right, "-": left - right, "*": left * right}[expr.op]
        return finite(value, expr.type)
    return exact(expr.op, unscaled(left), unscaled(right), expr.type)


def cast(value: Any, source: Type, target: Type) -> Any:
    """Return the value converted; numbers are rounded half away from zero, like `round`."""
    if value is None or source == target:
        return value
    match target.name:
        case "text":
            return text_of(value)
        case "int":
            return rounded(value, source, 0, target)
        case "decimal":
            return rounded(value, source, target.scale, target)
        case "float":
            number, scale = unscaled(value) if not isinstance(value, float) else (value, 0)
            return float(number) / 10.0**scale
        case "date":
            return value.date() if isinstance(value, datetime) else value
        case "datetime":
            return datetime.combine(value, time()) if not isinstance(value, datetime) else value
        case _:
            return value


def physical(value: Any, type_: Type) -> Any:
    """Return a value's physical form (see Type)."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return math.floor((value - _EPOCH).total_seconds())
    if isinstance(value, date):
        return value.toordinal() - _EPOCH.toordinal()
    return int(value.scaleb(type_.scale)) if isinstance(value, Decimal) else value


def _bin(expr: Bin, value: Any) -> int | None:
    if value is None:
        return None
    found = sum(1 for edge in expr.edges if edge <= value) - 1
    return min(max(found, 0), len(expr.edges) - 2)
