"""Boxes of values: whatever a row inside a box evaluates to lies inside what is said of the box."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.terms.boxes import Abstract, Numbers, Texts, Truths, enclosing, texts
from synthspec.terms.evaluate import evaluate, physical
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
from synthspec.terms.functions import FUNCTIONS
from synthspec.terms.interval import possible
from synthspec.terms.literal import literal, text_of
from synthspec.terms.types import BOOL, DATE, DATETIME, FLOAT, INT, NULL, TEXT, Type
from synthspec.terms.walk import columns_of
from tests.terms.expressions import COLUMNS, MONEY, RATE, VALUES, expressions, rows

Row = dict[str, Any]


def box(values: list[Any], type_: Type) -> Abstract:
    """Return one box that holds `values` (None is null)."""
    null = np.array([None in values])
    held = [physical(value, type_) for value in values if value is not None]
    if type_ == BOOL:
        return Truths(np.array([True in held]), np.array([False in held]), null)
    if type_ == TEXT:
        return texts(held, np.ones((1, len(held)), dtype=np.bool_), null)
    ends = [enclosing(value) for value in held] or [(0.0, 0.0)]
    low, high = min(lo for lo, _ in ends), max(hi for _, hi in ends)
    return Numbers(np.array([low]), np.array([high]), np.array([bool(held)]), null)


def holds(found: Abstract, value: Any, type_: Type) -> bool:
    """Return whether the first box may be `value`."""
    if value is None:
        return bool(found.null[0])
    if not found.some[0]:
        return False
    value = physical(value, type_)
    match found:
        case Truths():
            return bool(found.true[0] if value else found.false[0])
        case Texts():
            return found.values is None or any(
                name == value and may for name, may in zip(found.values, found.may[0], strict=True)
            )
        case Numbers():
            return bool(found.lo[0] <= value <= found.hi[0])


@settings(max_examples=120, deadline=None)
@given(st.data(), rows(3), st.sampled_from([BOOL, BOOL, BOOL, INT, FLOAT, MONEY, RATE, TEXT, DATE, DATETIME]))
def test_every_outcome_lies_inside_its_box(data: st.DataObject, made: list[Row], type_: Type) -> None:
    expr = data.draw(expressions(type_))
    width = data.draw(st.integers(1, 3))
    check(expr, {name: [row[name] for row in made[:width]] for name in COLUMNS})


def check(expr: Expr, values: dict[str, list[Any]]) -> None:
    """Try combinations of the values of a box, and midpoints, against what is said of it."""
    found = possible(expr, {name: box(held, COLUMNS[name]) for name, held in values.items()}, 1)
    rng = np.random.default_rng(0)
    for _ in range(12):
        row = {name: held[rng.integers(len(held))] for name, held in values.items()}
        for name in row:
            between = [v for v in values[name] if isinstance(v, date)]
            if rng.random() < 0.3 and len(between) > 1:
                row[name] = min(between) + (max(between) - min(between)) * rng.random()
                if isinstance(row[name], datetime):
                    row[name] = row[name].replace(microsecond=0)
            whole = [v for v in values[name] if type(v) is int]
            if rng.random() < 0.3 and len(whole) > 1:
                row[name] = min(whole) + int((max(whole) - min(whole)) * rng.random())
        value = evaluate(expr, row)
        assert holds(found, value, expr.type), (expr, row, value, found)


def _columns() -> dict[Type, list[Expr]]:
    found: dict[Type, list[Expr]] = {}
    for name, type_ in COLUMNS.items():
        found.setdefault(type_, []).append(Column(name=name, type=type_))
    return found


def _shallow() -> list[Expr]:
    """Return every node and function over plain columns, and a few over each other."""
    c = _columns()
    (i, j), (x, y), (s, u), (d, e), (t, v), (p, q) = (c[k] for k in (INT, FLOAT, TEXT, DATE, DATETIME, BOOL))
    m, r = c[MONEY][0], c[RATE][0]
    number = [i, x, m]
    out: list[Expr] = [Logic(op=op, args=(p, q, IsNull(arg=i))) for op in ("and", "or")]  # type: ignore[arg-type]
    out += [Logic(op="and", args=(p, q)), Logic(op="or", args=(p, q)), Not(arg=p)]
    for a, b in ((i, j), (x, y), (s, u), (d, e), (t, v), (p, q)):
        out += [Compare(op=op, left=a, right=b) for op in ("=", "<>", "<", "<=", ">", ">=")]  # type: ignore[arg-type]
        for name in ("coalesce", "nullif", "least", "greatest"):
            out.append(Call(function=name, args=(a, b), type=a.type))
        out.append(Case(branches=((p, a), (q, b)), otherwise=Literal_(text=None, type=NULL), type=a.type))
    out += [Arithmetic(op=op, left=i, right=j, type=INT) for op in ("+", "-", "*", "%")]  # type: ignore[arg-type]
    out += [Arithmetic(op=op, left=x, right=y, type=FLOAT) for op in ("+", "-", "*", "/")]  # type: ignore[arg-type]
    out += [Arithmetic(op=op, left=m, right=m, type=MONEY) for op in ("+", "-")]  # type: ignore[arg-type]
    out.append(Arithmetic(op="*", left=i, right=m, type=MONEY))
    out += [Arithmetic(op="%", left=i, right=literal(k, INT), type=INT) for k in (2, 3, 7)]
    for a in number:
        out += [Call(function="abs", args=(a,), type=a.type)]
        out += [Call(function=name, args=(a,), type=INT) for name in ("sign", "floor", "ceil", "round")]
        out += [Call(function=name, args=(a,), type=FLOAT) for name in ("sqrt", "ln", "exp")]
        out += [
            Call(function="power", args=(a, b), type=FLOAT) for b in (i, x, literal(2, INT), literal(3, INT))
        ]
        out += [Call(function="round", args=(a, literal(-1, INT)), type=INT)]
        out += [Call(function="round", args=(a, literal(1, INT)), type=Type(name="decimal", scale=1))]
        out += [Cast(arg=a, type=to) for to in (INT, FLOAT, MONEY, RATE, TEXT) if to != a.type]
    out += [Call(function="mod", args=(i, j), type=INT), Cast(arg=r, type=MONEY), Cast(arg=p, type=TEXT)]
    for a in (d, t):
        fields = ("year", "quarter", "month", "day", "weekday", *(("hour",) if a is t else ()))
        out += [Call(function=name, args=(a,), type=INT) for name in fields]
        for unit in ("year", "month", "week", "day", *(("hour", "minute") if a is t else ())):
            out.append(Call(function="date_add", args=(literal(unit, TEXT), i, a), type=a.type))
            out.append(
                Call(function="date_diff", args=(literal(unit, TEXT), a, v if a is t else e), type=INT)
            )
        out.append(Call(function="age_years", args=(a, e), type=INT))
    out += [Cast(arg=d, type=DATETIME), Cast(arg=t, type=DATE)]
    out += [Call(function=name, args=(s,), type=TEXT) for name in ("lower", "upper", "trim")]
    out += [Call(function=name, args=(s, u), type=BOOL) for name in ("starts_with", "ends_with", "contains")]
    out += [Call(function="length", args=(s,), type=INT), Call(function="concat", args=(s, u), type=TEXT)]
    out += [Call(function="substr", args=(s, literal(2, INT), literal(1, INT)), type=TEXT)]
    out += [Like(arg=s, pattern="a%"), In(arg=s, values=(literal("a", TEXT), literal("X", TEXT)))]
    out += [In(arg=i, values=(literal(1, INT), literal(3, INT))), Index(arg=s, values=("a", "b"))]
    out += [Bin(arg=i, edges=(-3, 0, 2, 5)), Bin(arg=x, edges=(-1.5, 0.25, 2.0)), IsNull(arg=x)]
    table = ((("a", "1"), "5"), (("a", "2"), "6"), (("b", "1"), None))
    out.append(Lookup(keys=(s, i), table=table, type=INT))
    out.append(Lookup(keys=(i,), table=((("1",), "u"), (("2",), "v"), (("3",), "u")), type=TEXT))
    return out


def _small(type_: Type, rng: np.random.Generator) -> Any:
    whole = int(rng.integers(-4, 5))
    day = date(2023, 11, 20) + timedelta(days=int(rng.integers(0, 500)))
    match type_.name:
        case "int":
            return whole
        case "decimal":
            return Decimal(int(rng.integers(-300, 300))).scaleb(-type_.scale)
        case "float":
            return float(rng.choice([whole, whole / 2, whole + 0.25, rng.normal()]))
        case "bool":
            return bool(whole > 0)
        case "text":
            return str(rng.choice(["a", "b", "ab", "aX", "X ", ""]))
        case "date":
            return day
        case _:
            return datetime(day.year, day.month, day.day) + timedelta(seconds=int(rng.integers(0, 86_400)))


def _between(low: Any, high: Any, type_: Type, rng: np.random.Generator) -> Any:
    """Return a value between two, the ends included."""
    if type_.name in ("text", "bool") or rng.random() < 0.3:
        return low if rng.random() < 0.5 else high
    share = rng.random()
    if type_.name == "int":
        return low + round((high - low) * share)
    if type_.name == "decimal":
        return (low + (high - low) * Decimal(share)).quantize(Decimal(1).scaleb(-type_.scale))
    found = low + (high - low) * share
    return found.replace(microsecond=0) if isinstance(found, datetime) else found


@pytest.mark.parametrize(
    "expr", _shallow(), ids=lambda e: f"{e.node}-{getattr(e, 'function', getattr(e, 'op', ''))}"
)
def test_every_node_and_function_encloses_what_it_gives_inside_narrow_boxes(expr: Expr) -> None:
    rng = np.random.default_rng(5)
    used = columns_of(expr)
    for _ in range(60):
        width = float(rng.choice([0.0, 0.1, 1.0]))
        ends: dict[str, list[Any]] = {}
        for name in used:
            type_ = COLUMNS[name]
            low = _small(type_, rng)
            high = low if rng.random() > width else _between(low, _small(type_, rng), type_, rng)
            if type_.name not in ("text", "bool"):
                low, high = min(low, high), max(low, high)
            ends[name] = [low, high, *([None] if rng.random() < 0.25 else [])]
        found = possible(expr, {name: box(held, COLUMNS[name]) for name, held in ends.items()}, 1)
        for _ in range(12):
            row = {
                name: None if held[-1] is None and rng.random() < 0.4
                else _between(held[0], held[1], COLUMNS[name], rng)
                for name, held in ends.items()
            }  # fmt: skip
            value = evaluate(expr, row)
            assert holds(found, value, expr.type), (row, value, ends, found)


REAL_FUNCTIONS = ["ln", "exp", "power", "age_years", "date_diff", "quarter", "hour", "floor", "ceil", "sign"]


@settings(max_examples=60, deadline=None)
@given(st.data(), rows(2), st.sampled_from(REAL_FUNCTIONS))
def test_functions_that_libraries_round_differently_are_enclosed_too(
    data: st.DataObject, made: list[Row], name: str
) -> None:
    number = expressions(FLOAT, 1) | expressions(INT, 1) | expressions(MONEY, 1)
    when = expressions(DATE, 1) | expressions(DATETIME, 1)
    units = st.sampled_from(["year", "month", "week", "day", "hour", "second"]).map(
        lambda n: literal(n, TEXT)
    )
    shapes = {"number": number, "when": when, "datetime": expressions(DATETIME, 1), "unit": units}
    function = FUNCTIONS[name]
    args = tuple(data.draw(shapes[shape]) for shape in function.arguments)
    result = function.result if isinstance(function.result, Type) else INT
    expr = Call(function=name, args=args, type=result)
    check(expr, {column: [row[column] for row in made] for column in COLUMNS})


def test_every_function_of_the_language_is_answered_for() -> None:
    values = {name: [None] for name in COLUMNS}
    row = {name: box(held, COLUMNS[name]) for name, held in values.items()}
    args = {"number": "i", "exact": "i", "text": "s", "bool": "p", "when": "d", "datetime": "t", "any": "i"}
    for name, function in FUNCTIONS.items():
        parts = tuple(
            literal("day", TEXT) if shape == "unit"
            else literal(1, INT) if shape in ("digits", "start", "count")
            else Column(name=args[shape], type=COLUMNS[args[shape]])
            for shape in function.arguments
        )  # fmt: skip
        result = function.result if isinstance(function.result, Type) else INT
        assert possible(Call(function=name, args=parts, type=result), row, 1).null[0], name


@pytest.mark.parametrize(
    ("function", "low", "high", "expected"),
    [
        ("year", date(2020, 3, 1), date(2020, 9, 1), (2020, 2020)),
        ("month", date(2020, 3, 1), date(2020, 9, 1), (3, 9)),
        ("weekday", date(2024, 1, 1), date(2024, 1, 5), (1, 5)),
        ("weekday", date(2024, 1, 5), date(2024, 1, 8), (1, 7)),
        ("day", date(2024, 2, 10), date(2024, 2, 20), (10, 20)),
    ],
)
def test_calendar_fields_are_sharp_inside_a_period(
    function: str, low: date, high: date, expected: tuple[int, int]
) -> None:
    found = possible(
        Call(function=function, args=(Column(name="d", type=DATE),), type=INT),
        {"d": box([low, high], DATE)}, 1,
    )  # fmt: skip
    assert isinstance(found, Numbers)
    assert (found.lo[0], found.hi[0]) == expected


def test_points_are_decided_and_intervals_that_cross_are_not() -> None:
    below = Compare(op="<", left=Column(name="i", type=INT), right=literal(18, INT))
    for low, high, wanted in ((0, 17, (True, False)), (18, 30, (False, True)), (17, 18, (True, True))):
        found = possible(below, {"i": box([low, high], INT)}, 1)
        assert isinstance(found, Truths)
        assert (found.true[0], found.false[0]) == wanted and not found.null[0]


def test_a_table_gives_what_its_keys_give_and_null_only_where_a_key_may_miss() -> None:
    table = ((("a",), "1"), (("b",), "5"), (("c",), None))
    expr = Lookup(keys=(Column(name="s", type=TEXT),), table=table, type=INT)
    found = possible(expr, {"s": box(["a", "b"], TEXT)}, 1)
    assert isinstance(found, Numbers)
    assert (found.lo[0], found.hi[0], found.null[0]) == (1, 5, False)
    assert possible(expr, {"s": box(["a", "z"], TEXT)}, 1).null[0]
    assert possible(expr, {"s": box(["c"], TEXT)}, 1).null[0]
    numbers = Lookup(keys=(Column(name="i", type=INT),), table=((("1",), "x"), (("2",), "y")), type=TEXT)
    both = possible(numbers, {"i": box([1, 2], INT)}, 1)
    assert isinstance(both, Texts) and both.values == ("x", "y") and both.may.all() and not both.null[0]
    assert possible(numbers, {"i": box([1, 3], INT)}, 1).null[0]


def test_what_is_not_followed_may_be_anything() -> None:
    column = Column(name="i", type=INT)
    window = Window(function="sum", args=(column,), partition="s", order=("i",), type=INT)
    found = possible(window, {"i": box([1], INT)}, 1)
    assert isinstance(found, Numbers) and found.null[0] and found.lo[0] < -1e300
    text = possible(Cast(arg=column, type=TEXT), {"i": box([1], INT)}, 1)
    assert isinstance(text, Texts) and text.values is None and not text.null[0]


def test_many_boxes_are_answered_at_once() -> None:
    values = [Decimal("0.10"), Decimal("7.00"), Decimal("99.99")]
    lows = np.array([float(physical(value, MONEY)) for value in values])
    row: dict[str, Abstract] = {"m": Numbers(lows, lows, np.ones(3, np.bool_), np.zeros(3, np.bool_))}
    over = Compare(op=">=", left=Column(name="m", type=MONEY), right=literal(Decimal("7.00"), MONEY))
    found = possible(over, row, 3)
    assert isinstance(found, Truths)
    assert found.true.tolist() == [False, True, True] and found.false.tolist() == [True, False, False]
    assert text_of(values[0]) == "0.10" and VALUES[RATE] is not None
