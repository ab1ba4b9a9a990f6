"""Random typed expressions and random rows with nulls, for the laws about engines."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st

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
)
from synthspec.terms.literal import literal
from synthspec.terms.types import BOOL, DATE, DATETIME, FLOAT, INT, TEXT, Type, decimal

MONEY, RATE = decimal(2), decimal(3)
COLUMNS: dict[str, Type] = {
    "i": INT, "j": INT, "m": MONEY, "r": RATE, "x": FLOAT, "y": FLOAT, "s": TEXT, "u": TEXT,
    "d": DATE, "e": DATE, "t": DATETIME, "v": DATETIME, "p": BOOL, "q": BOOL,
}  # fmt: skip

_INTS = st.integers(-20, 20) | st.sampled_from([2**63 - 1, -(2**63 - 1), 10**17, 0])
_TEXTS = st.text(st.sampled_from("abcXY _%.0'"), max_size=4)
_DATES = st.dates(date(1999, 12, 1), date(2004, 3, 2)) | st.sampled_from([date(1, 1, 1), date(9999, 12, 31)])
_FLOATS = st.sampled_from(
    [0.0, -0.5, 0.5, 1.5, 2.5, 1.005, -2.675, 1e308, -1e308, 1e-300, 12345.678, 3.0, 1e17]
)
VALUES: dict[Type, st.SearchStrategy[Any]] = {
    BOOL: st.booleans(),
    INT: _INTS,
    FLOAT: _FLOATS | st.floats(-100, 100, allow_nan=False).map(lambda x: x + 0.0),
    MONEY: (st.integers(-500, 500) | st.sampled_from([10**18 - 1, 1 - 10**18])).map(
        lambda n: Decimal(n).scaleb(-2)
    ),
    RATE: st.integers(-5000, 5000).map(lambda n: Decimal(n).scaleb(-3)),
    TEXT: _TEXTS,
    DATE: _DATES,
    DATETIME: st.datetimes(datetime(1999, 12, 30), datetime(2001, 3, 2)).map(
        lambda t: t.replace(microsecond=0)
    ),
}


def rows(count: int = 6) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rows with a value or null in every column."""
    row = st.fixed_dictionaries({name: st.none() | VALUES[type_] for name, type_ in COLUMNS.items()})
    return st.lists(row, min_size=count, max_size=count)


def _leaf(type_: Type) -> st.SearchStrategy[Expr]:
    names = [name for name, found in COLUMNS.items() if found == type_]
    constants = VALUES[type_].map(lambda value: literal(value, type_))
    columns = st.sampled_from([Column(name=name, type=type_) for name in names])
    return columns | columns | constants | st.just(Literal_(text=None, type=type_))


@cache
def expressions(type_: Type, depth: int = 2) -> st.SearchStrategy[Expr]:
    """Typed expressions without windows and without functions that round differently between libraries."""
    if depth == 0:
        return _leaf(type_)
    inner = _inner(type_, depth - 1)
    return st.one_of(_leaf(type_), inner, inner)


def _of(function: str, type_: Type, *args: st.SearchStrategy[Any]) -> st.SearchStrategy[Expr]:
    return st.tuples(*args).map(lambda found: Call(function=function, args=found, type=type_))


def _case(type_: Type, depth: int) -> st.SearchStrategy[Expr]:
    branch = st.tuples(expressions(BOOL, depth), expressions(type_, depth))
    return st.builds(
        lambda branches, otherwise: Case(branches=tuple(branches), otherwise=otherwise, type=type_),
        st.lists(branch, min_size=1, max_size=2),
        expressions(type_, depth),
    )


def _sums(type_: Type, depth: int) -> st.SearchStrategy[Expr]:
    part = expressions(type_, depth)
    return st.builds(
        lambda op, a, b: Arithmetic(op=op, left=a, right=b, type=type_), st.sampled_from("+-"), part, part
    )


def _inner(type_: Type, depth: int) -> st.SearchStrategy[Expr]:
    def e(wanted: Type) -> st.SearchStrategy[Expr]:
        return expressions(wanted, depth)

    def unit(*names: str) -> st.SearchStrategy[Expr]:
        return st.sampled_from(names).map(lambda name: literal(name, TEXT))

    same = [
        _case(type_, depth),
        *(_of(name, type_, e(type_), e(type_)) for name in ("coalesce", "nullif")),
    ]
    if type_ not in (BOOL,):
        same += [_of(name, type_, e(type_), e(type_)) for name in ("least", "greatest")]
    return st.one_of(*same, *_own(type_, depth, e, unit))


def _own(type_: Type, depth: int, e: Any, unit: Any) -> list[st.SearchStrategy[Expr]]:
    if type_ == BOOL:
        return _conditions(e)
    if type_ == INT:
        return _integers(e, unit)
    if type_ == FLOAT:
        product = st.builds(
            lambda op, a, b: Arithmetic(op=op, left=a, right=b, type=FLOAT),
            st.sampled_from("*/"),
            e(FLOAT),
            e(FLOAT),
        )
        casts = st.builds(lambda a: Cast(arg=a, type=FLOAT), e(INT) | e(MONEY) | e(RATE))
        return [
            _sums(FLOAT, depth),
            product,
            casts,
            _of("abs", FLOAT, e(FLOAT)),
            _of("sqrt", FLOAT, e(FLOAT)),
        ]
    if type_ == MONEY:
        product = st.builds(lambda a, b: Arithmetic(op="*", left=a, right=b, type=MONEY), e(INT), e(MONEY))
        casts = st.builds(lambda a: Cast(arg=a, type=MONEY), e(INT) | e(RATE) | e(FLOAT))
        two = st.just(literal(2, INT))
        rounds = _of("round", MONEY, e(FLOAT) | e(RATE) | e(INT), two)
        mod = _of("mod", MONEY, e(MONEY), e(MONEY))
        return [_sums(MONEY, depth), product, casts, rounds, mod, _of("abs", MONEY, e(MONEY))]
    if type_ == RATE:
        product = st.builds(lambda a, b: Arithmetic(op="*", left=a, right=b, type=RATE), e(INT), _leaf(RATE))
        return [_sums(RATE, depth), product]
    if type_ == TEXT:
        one = [_of(name, TEXT, e(TEXT)) for name in ("lower", "upper", "trim")]
        cast = st.builds(
            lambda a: Cast(arg=a, type=TEXT), e(INT) | e(BOOL) | e(DATE) | e(DATETIME) | e(MONEY)
        )
        numbers = st.integers(1, 4).map(lambda n: literal(n, INT))
        parts = _of("substr", TEXT, e(TEXT), numbers, numbers) | _of("substr", TEXT, e(TEXT), numbers)
        return [*one, cast, parts, _of("concat", TEXT, e(TEXT), e(TEXT))]
    when = e(type_)
    units = ("year", "month", "week", "day", *(("hour", "minute") if type_ == DATETIME else ()))
    added = _of("date_add", type_, unit(*units), e(INT), when)
    other = DATETIME if type_ == DATE else DATE
    return [added, st.builds(lambda a: Cast(arg=a, type=type_), e(other))]


def _conditions(e: Any) -> list[st.SearchStrategy[Expr]]:
    ops = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
    compare = [
        st.builds(lambda op, a, b: Compare(op=op, left=a, right=b), ops, e(type_), e(type_))
        for type_ in (INT, FLOAT, MONEY, TEXT, DATE, DATETIME)
    ]
    within = [
        st.builds(
            lambda a, values, type_=type_: In(arg=a, values=tuple(literal(v, type_) for v in values)),
            e(type_), st.lists(VALUES[type_], min_size=1, max_size=3),
        )
        for type_ in (INT, MONEY, TEXT, DATE)
    ]  # fmt: skip
    logic = st.builds(
        lambda op, args: Logic(op=op, args=tuple(args)),
        st.sampled_from(["and", "or"]), st.lists(e(BOOL), min_size=2, max_size=3),
    )  # fmt: skip
    like = st.builds(
        lambda a, p: Like(arg=a, pattern=p), e(TEXT), st.text(st.sampled_from("aX%_."), max_size=4)
    )
    null = st.builds(lambda a: IsNull(arg=a), e(TEXT) | e(INT) | e(DATE) | e(BOOL))
    texts = [_of(name, BOOL, e(TEXT), e(TEXT)) for name in ("starts_with", "ends_with", "contains")]
    return [*compare, *within, logic, like, null, *texts, st.builds(lambda a: Not(arg=a), e(BOOL))]


def _integers(e: Any, unit: Any) -> list[st.SearchStrategy[Expr]]:
    part = e(INT)
    sums = st.builds(
        lambda op, a, b: Arithmetic(op=op, left=a, right=b, type=INT), st.sampled_from("+-*%"), part, part
    )
    casts = st.builds(lambda a: Cast(arg=a, type=INT), e(FLOAT) | e(MONEY))
    numbers = e(FLOAT) | e(MONEY) | e(INT)
    digits = st.integers(-2, 0).map(lambda n: literal(n, INT))
    fields = [
        _of(name, INT, e(DATE) | e(DATETIME)) for name in ("year", "quarter", "month", "day", "weekday")
    ]
    index = st.builds(lambda a: Index(arg=a, values=("a", "b", "ab", "X")), e(TEXT))
    edges = st.sampled_from([(0, 1, 2, 3), (-5, 0, 7), (0, 10, 20, 25), (1, 2, 4, 8, 16)])
    bins = st.builds(lambda a, b: Bin(arg=a, edges=b), e(INT) | e(MONEY) | e(DATE) | e(DATETIME), edges)
    table = ((("a", "1"), "5"), (("b", "0"), None), (("ab", "2"), "7"))
    lookup = st.builds(lambda a, b: Lookup(keys=(a, b), table=table, type=INT), e(TEXT), e(INT))
    return [
        sums, casts, *fields, index, bins, lookup,
        *(_of(name, INT, numbers) for name in ("floor", "ceil", "sign")),
        _of("round", INT, numbers, digits), _of("round", INT, numbers), _of("abs", INT, part),
        _of("mod", INT, part, part), _of("length", INT, e(TEXT)), _of("hour", INT, e(DATETIME)),
        _of("date_diff", INT, unit("year", "month", "week", "day"), e(DATE), e(DATE)),
        _of("date_diff", INT, unit("hour", "minute", "second"), e(DATETIME), e(DATETIME)),
        _of("age_years", INT, e(DATE), e(DATE)),
    ]  # fmt: skip
