"""Values: for each column, values that decide the facts about it, as far as a short list can.

All its values when they are few; else, when every fact only compares the column with constants, its
ends and the grid points at and beside each constant: a fact is constant between neighbouring ones, so
these decide, and the list is `complete`. Otherwise a few points over the range, to look for rows with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from synthspec.columns import Ordered
from synthspec.columns.literal import day, number, second
from synthspec.compile.diagnose.facts import Fact, Kind
from synthspec.plan.plan import PlannedColumn
from synthspec.terms.expr import Column, Compare, Expr, In, IsNull, Like, Literal_, Scalar
from synthspec.terms.functions import DECIMAL_LIMIT, FIRST_DAY, INT_LIMIT, LAST_DAY
from synthspec.terms.types import Type
from synthspec.terms.walk import walk

MOST_VALUES = 512
NONE_OF_THEM = "(another value)"
_SPREAD = 8


@dataclass(frozen=True, eq=False)
class Values:
    """Candidates for a column; `complete` when no other value could make a difference."""

    values: tuple[Scalar, ...]
    complete: bool


def values_of(column: PlannedColumn, facts: Sequence[Fact], asked: Sequence[Expr]) -> Values:
    """Return the candidates of a column that is not computed, null among them if it may be missing.

    Args:
        column: the column.
        facts: the facts that mention it.
        asked: further expressions that mention it.
    """
    kinds: dict[Kind, Fact] = {
        fact.kind: fact for fact in facts if fact.subject == column.name and not fact.rule
    }
    gap: tuple[Scalar, ...] = () if "present" in kinds else (None,)
    if column.type.name == "bool":
        return Values((False, True, *gap), True)
    plain = [f for f in facts if f.kind not in ("low", "high", "step", "values", "present")]
    expressions = [f.expression for f in plain if f.expression is not None and f.combos is None]
    constants, simple = _all_constants(column, (*expressions, *asked))
    for fact in plain:
        if fact.combos is not None:
            at = fact.combos.over.index(column.name)
            constants += [row[at] for row in fact.combos.rows]
    if column.type.name == "text":
        found = _texts(column, kinds, list(dict.fromkeys(constants)), simple)
    else:
        found = _ordered(column, kinds, list(dict.fromkeys(constants)), simple)
    return Values((*found.values, *gap), found.complete)


def _texts(column: PlannedColumn, kinds: Mapping[Kind, Fact], constants: list[str], simple: bool) -> Values:
    fact = kinds.get("values")
    if fact is not None and isinstance(fact.expression, In):
        return Values(tuple(value.text for value in fact.expression.values), True)
    more = () if simple else tuple(f"{text.replace('%', '')}~" for text in constants)
    return Values((*constants, *more, NONE_OF_THEM), simple)


def _ordered(column: PlannedColumn, kinds: Mapping[Kind, Fact], constants: list[str], simple: bool) -> Values:
    grid = column.column if isinstance(column.column, Ordered) else None
    step = grid.step if grid is not None and "step" in kinds else 1
    unit = (grid.unit if grid is not None else 0) or 1
    if grid is None and column.type.name in ("decimal", "float"):
        unit = 10 ** max(column.type.scale, 3 if column.type.name == "float" else 0)
    near = [at for text in constants if (at := _grid(column.type, unit, text)) is not None]
    low = grid.lo if grid is not None and "low" in kinds else None
    high = grid.lo + (grid.points - 1) * grid.step if grid is not None and "high" in kinds else None
    if grid is not None and high is not None and "step" not in kinds:
        high = grid.hi
    if low is not None and high is not None and (high - low) // step < MOST_VALUES:
        return Values(tuple(_value(column, unit, at) for at in range(low, high + 1, step)), True)
    floor, ceiling = _limits(column.type, unit)
    anchor = grid.lo if grid is not None else 0
    points = {p for at in near for p in _beside(at, anchor, step)}
    known = [*points, *(end for end in (low, high) if end is not None)] or [anchor]
    first = low if low is not None else max(floor, min(known) - 2 * step)
    last = high if high is not None else min(ceiling, max(known) + 2 * step)
    points = {p for p in (*points, first, last) if first <= p <= last}
    if not simple and last > first:
        width = max((last - first) // _SPREAD // step, 1) * step
        points |= set(range(first, last + 1, width))
    middle = (first + last) / 2
    order = sorted(points, key=lambda point: abs(point - middle))
    return Values(tuple(_value(column, unit, at) for at in order), simple)


def _beside(at: int, anchor: int, step: int) -> tuple[int, ...]:
    """Return the grid points at and beside `at`."""
    index = (at - anchor) // step
    return tuple(anchor + i * step for i in range(index - 1, index + 3))


def _limits(type_: Type, unit: int) -> tuple[int, int]:
    match type_.name:
        case "date":
            return FIRST_DAY, LAST_DAY
        case "datetime":
            return FIRST_DAY * 86400, LAST_DAY * 86400 + 86399
        case "decimal":
            return -DECIMAL_LIMIT, DECIMAL_LIMIT
    return -INT_LIMIT, INT_LIMIT


def _value(column: PlannedColumn, unit: int, at: int) -> Scalar:
    """Return the value of a grid integer."""
    match column.type.name:
        case "int":
            return at
        case "decimal":
            return Decimal(at).scaleb(-column.type.scale)
        case "float":
            return at / unit
        case "date":
            return date(1970, 1, 1) + timedelta(days=at)
        case "datetime":
            return datetime(1970, 1, 1) + timedelta(seconds=at)
    raise ValueError(f"{column.type.name} has no grid")


def _grid(type_: Type, unit: int, text: str) -> int | None:
    """Return the grid integer at or below a constant."""
    if type_.name == "date":
        return day(text[:10])
    if type_.name == "datetime":
        return second(text)
    value = number(text)
    return None if value is None else int((value * unit).to_integral_value(rounding=ROUND_FLOOR))


def _all_constants(column: PlannedColumn, expressions: Sequence[Expr]) -> tuple[list[str], bool]:
    """Return the constants that the column meets, and whether it meets nothing else."""
    found: list[str] = []
    simple = True
    for expression in expressions:
        texts, decided = _constants(column, expression)
        found += texts
        simple = simple and decided
    return found, simple


def _constants(column: PlannedColumn, expression: Expr) -> tuple[list[str], bool]:
    found: list[str] = []
    decided = 0
    free_text = column.type.name == "text"
    for node in walk(expression):
        match node:
            case (
                Compare(op=op, left=Column(name=name), right=Literal_(text=text))
                | Compare(op=op, left=Literal_(text=text), right=Column(name=name))
            ) if name == column.name:
                found.append(text or "")
                decided += not free_text or op in ("=", "<>")
            case In(arg=Column(name=name), values=values) if name == column.name:
                found += [value.text or "" for value in values]
                decided += 1
            case IsNull(arg=Column(name=name)) if name == column.name:
                decided += 1
            case Like(pattern=pattern) if free_text:
                found.append(pattern)
            case Literal_(text=str(text), type=Type(name="text")) if free_text:
                found.append(text)
    uses = sum(isinstance(node, Column) and node.name == column.name for node in walk(expression))
    return found, uses == decided


def beside(value: Any, type_: Type, op: str) -> Any:
    """Return a value for which `x op value` holds, next to it on the finest grid; None where none is."""
    move = {"<": -1, "<>": 1, ">": 1}.get(op, 0)
    if move == 0 or value is None:
        return value
    try:
        match type_.name:
            case "int":
                return value + move
            case "decimal":
                return value + Decimal(move).scaleb(-type_.scale)
            case "date":
                return value + timedelta(days=move)
            case "datetime":
                return value + timedelta(seconds=move)
            case "bool":
                return not value
            case "float":
                return value + move
    except OverflowError:
        return None
    return None


FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>"}


def comparisons(name: str, expression: Expr) -> tuple[tuple[str, Expr], ...]:
    """Return (op, other side) of the comparisons with the bare column, not under a NOT of their own."""
    found: list[tuple[str, Expr]] = []
    for node in walk(expression):
        if isinstance(node, Compare):
            for mine, other, op in ((node.left, node.right, node.op),
                                    (node.right, node.left, FLIPPED[node.op])):  # fmt: skip
                if isinstance(mine, Column) and mine.name == name and not isinstance(other, Literal_):
                    found.append((op, other))
    return tuple(found)
