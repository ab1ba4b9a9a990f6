"""Random small tables with everything that can go wrong in a file, and views over them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from synthspec.terms.expr import (
    Arithmetic,
    Bin,
    Case,
    Column,
    Compare,
    Expr,
    Index,
    IsNull,
    Literal_,
    Logic,
    Not,
)
from synthspec.terms.protection import Protection
from synthspec.terms.query import Axis, Scored
from synthspec.terms.types import BOOL, DATE, DATETIME, FLOAT, INT, TEXT, Type, decimal
from synthspec.terms.view import Bound, Coded, Drop, Field, Flag, Let, Side, Source, View

CENTS = decimal(2)

CELLS: dict[str, tuple[str, ...]] = {
    "who": ("p1", "p2", "p3", " p1", "", "?", "p\u00e9", "P1", '"q,1"'),
    "age": ("0", "7", " 40 ", "7.0", "-3", "200", "9223372036854775808", "x", "", "?", "1e3"),
    "sex": ("F", "M", "f", "X", "", "A1", "?", '"M"', "\u0001"),
    "paid": ("0", "1.005", "12.345", "-2.5", "1e2", "12,5", "", "nan", "99999999999999999999"),
    "lab": ("1.5", "-0.25", "1e400", "inf", "", "2", ".5"),
    "day": ("2020-02-29", "2021-02-29", "2020-2-9", "1969-12-31", "", "0000-01-01"),
    "when": ("2020-01-01 10:00:00", "2020-01-01T10:00", "2020-01-01", "2020-01-01 25:00", "", "?"),
    "ok": ("true", "F", "yes", "1", "maybe", ""),
}
TYPES: dict[str, Type] = {
    "who": TEXT,
    "age": INT,
    "sex": TEXT,
    "paid": CENTS,
    "lab": FLOAT,
    "day": DATE,
    "when": DATETIME,
    "ok": BOOL,
}
NAMES = tuple(CELLS)


def col(name: str) -> Column:
    """Return a column of the tables."""
    return Column(name=name, type=TYPES[name])


def lit(text: str | None, type_: Type) -> Literal_:
    """Return a constant."""
    return Literal_(text=text, type=type_)


def with_missing(value: Expr, code: Expr, last: int) -> Expr:
    """Return `code`, or `last` where `value` is null."""
    return Case(branches=((IsNull(arg=value), lit(str(last), INT)),), otherwise=code, type=INT)


FIELDS = tuple(
    Field(
        name=name,
        origin=name.upper(),
        type=TYPES[name],
        nulls=("?",) if name in ("age", "sex", "who", "when") else (),
        labels=(("A1", "F"), ("f", "F")) if name == "sex" else (),
    )
    for name in NAMES
)
OLD = Compare(op=">", left=col("age"), right=lit("100", INT))
STEPS = (
    Flag(label="age bad", when=Logic(op="or", args=(Column(name="age.bad", type=BOOL), OLD))),
    Flag(label="sex odd", when=Not(arg=Compare(op="=", left=col("sex"), right=lit("F", TEXT)))),
    Drop(when=Logic(op="and", args=(OLD, Not(arg=IsNull(arg=col("sex")))))),
    Let(name="age", value=Case(branches=((OLD, lit("100", INT)),), otherwise=col("age"), type=INT)),
    Let(name="double", value=Arithmetic(op="+", left=col("age"), right=col("age"), type=INT)),
    Flag(label="late", when=Compare(op=">=", left=col("day"), right=lit("2020-01-01", DATE))),
    Flag(label="never", when=lit(None, BOOL)),
    Drop(when=Compare(op="=", left=col("ok"), right=lit("false", BOOL))),
)
FLAGS = ("age bad", "sex odd", "late", "never", "rows kept", "cut to max_rows")
CODES = (
    Coded(
        attribute="age", size=4, code=with_missing(col("age"), Bin(arg=col("age"), edges=(0, 10, 50, 101)), 3)
    ),
    Coded(
        attribute="sex", size=3, code=with_missing(col("sex"), Index(arg=col("sex"), values=("F", "M")), 2)
    ),
    Coded(attribute="paid", size=3, code=Bin(arg=col("paid"), edges=(0, 100, 1000, 10_000))),
    Coded(attribute="lab", size=2, code=Bin(arg=col("lab"), edges=(0.0, 1.0, 2.0))),
    Coded(attribute="day", size=2, code=Bin(arg=col("day"), edges=(0, 18_000, 20_000))),
    Coded(attribute="when", size=2, code=Bin(arg=col("when"), edges=(0, 1_577_872_800, 2_000_000_000))),
    Coded(attribute="double", size=5, code=Column(name="double", type=INT)),
)


def _lagged(name: str, by: str) -> Coded:
    now = next(coded for coded in CODES if coded.attribute == name)
    by_type = INT if by == "double" else TYPES[by]
    return Coded(
        attribute=f"{name}.before", size=now.size + 1, code=now.code, by=Column(name=by, type=by_type)
    )


LAGGED = (_lagged("age", "day"), _lagged("sex", "sex"), _lagged("lab", "paid"), _lagged("double", "day"))
"""Attributes that are about the row before: in the order of days (nulls, ties), of texts, of numbers."""


def view(path: Path, unit: str | None, max_rows: int = 2, **more: object) -> View:
    """Return a view over a file of the tables; `once`, `weight` as in its bound, `lagged` adds LAGGED."""
    null, side = more.pop("unit_null", "own"), more.pop("side", None)
    bound = {"unit": unit, "max_rows": max_rows, "unit_null": null}
    bound = {**bound, "once": more.pop("once", None), "weight": more.pop("weight", None)}
    codes = (*CODES, *LAGGED) if more.pop("lagged", False) else CODES
    known = Bound.model_validate(bound)
    return View(
        source=Source.model_validate({"path": str(path), **more}),
        fields=FIELDS,
        steps=STEPS,
        bound=known,
        codes=codes,
        protection=Protection(unit=unit or "row", max_rows=max(max_rows, known.most)),
        side=side if isinstance(side, Side) else None,
    )


CLIQUES = (
    (),
    (Axis("age", 4),),
    (Axis("sex", 3), Axis("age", 4)),
    (Axis("age", 4), Axis("sex", 3)),
    (Axis("paid", 3), Axis("lab", 2), Axis("day", 2), Axis("when", 2)),
    (Axis("double", 2, np.array([0, 0, 1, 1, 0])), Axis("age", 2, np.array([1, 1, 0, 0]))),
)

LAGGED_CLIQUES = (
    (Axis("age.before", 5), Axis("age", 4)),
    (Axis("sex.before", 4), Axis("sex", 3), Axis("lab.before", 3)),
    (Axis("double.before", 3, np.array([0, 0, 1, 1, 2, 2])), Axis("age", 4)),
)

SCORED = (
    Scored(("age",), (np.array([0, 5, -7, 2]),), np.array([1, 4])),
    Scored(
        ("sex", "double", "paid"),
        (np.array([10, 0, -10]), np.array([1, 2, 3, 4, -50]), np.array([0, 3, 2**40])),
        np.array([-9, 0, 3, 12]),
        (Axis("lab", 2), Axis("age", 2, np.array([1, 1, 0, 0]))),
    ),
)

rows = st.lists(st.tuples(*(st.sampled_from(CELLS[name]) for name in NAMES)), max_size=14)


@st.composite
def csv_bytes(draw: st.DrawFn) -> bytes:
    """Draw the bytes of a CSV file: quotes, ragged rows, blank lines, undecodable bytes, any line end."""
    lines = [",".join(name.upper() for name in NAMES)]
    for row in draw(rows):
        cells = list(row[: draw(st.sampled_from((8, 8, 8, 3)))]) + ["more"] * draw(st.sampled_from((0, 0, 2)))
        lines.append(",".join(cells))
        if draw(st.integers(0, 9)) == 0:
            lines.append("")
    text = draw(st.sampled_from(("\n", "\r\n", "\r"))).join(lines)
    return text.encode() + draw(st.sampled_from((b"", b"\n", b"\np1,\xff\xfe,\xe9", b'\np1,"open')))
