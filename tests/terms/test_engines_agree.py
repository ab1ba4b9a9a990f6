"""Law: evaluate, polars and DuckDB give the same value for every expression and every row."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from synthspec.terms.evaluate import evaluate
from synthspec.terms.expr import Arithmetic, Cast, Column, Expr, Literal_
from synthspec.terms.to_polars import dtype, to_polars
from synthspec.terms.to_sql import identifier, sql_type, to_sql
from synthspec.terms.types import BOOL, DATE, DATETIME, FLOAT, INT, TEXT, Type, decimal
from tests.terms.expressions import COLUMNS, MONEY, RATE, expressions, rows

TYPES = [BOOL, INT, FLOAT, MONEY, RATE, TEXT, DATE, DATETIME]
LAW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def frame(table: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows as a frame in the physical convention."""

    def held(value: Any, type_: Type) -> Any:
        return int(value.scaleb(type_.scale)) if isinstance(value, Decimal) else value

    return pl.DataFrame(
        {n: pl.Series([held(row[n], t) for row in table], dtype=dtype(t)) for n, t in COLUMNS.items()}
    )


def from_frame(value: Any, type_: Type) -> Any:
    """Return a frame's value as `evaluate` gives it."""
    if value is not None and type_.name == "decimal":
        return Decimal(value).scaleb(-type_.scale)
    return value


def in_polars(expr: Expr, table: list[dict[str, Any]]) -> list[Any]:
    found = frame(table).select(to_polars(expr).alias("out"))["out"]
    if len(found) < len(table):
        found = frame(table).with_columns(to_polars(expr).alias("out"))["out"]
    assert found.dtype == dtype(expr.type)
    return [from_frame(value, expr.type) for value in found.to_list()]


@pytest.mark.parametrize("type_", TYPES, ids=lambda t: f"{t.name}{t.scale or ''}")
@LAW
@given(data=st.data())
def test_polars_gives_what_plain_python_gives(type_: Type, data: st.DataObject) -> None:
    expr = data.draw(expressions(type_))
    table = data.draw(rows())
    assert in_polars(expr, table) == [evaluate(expr, row) for row in table]


def in_duckdb(expr: Expr, table: list[dict[str, Any]]) -> list[Any]:
    duckdb = pytest.importorskip("duckdb")
    columns = ", ".join(f"{identifier(name)} {sql_type(type_)}" for name, type_ in COLUMNS.items())
    row_of = ", ".join("?" for _ in range(len(COLUMNS) + 1))
    values = [
        value for number, row in enumerate(table) for value in (number, *(row[name] for name in COLUMNS))
    ]
    with duckdb.connect(config={"enable_external_access": "false", "threads": 1}) as connection:
        connection.execute(f"CREATE TABLE t (row_number BIGINT, {columns})")
        connection.execute(f"INSERT INTO t VALUES {', '.join([f'({row_of})'] * len(table))}", values)
        found = connection.execute(f"SELECT {to_sql(expr)} FROM t ORDER BY row_number").fetchall()
    return [value for (value,) in found]


@pytest.mark.parametrize("type_", TYPES, ids=lambda t: f"{t.name}{t.scale or ''}")
@LAW
@given(data=st.data())
def test_duckdb_gives_what_plain_python_gives(type_: Type, data: st.DataObject) -> None:
    expr = data.draw(expressions(type_))
    table = data.draw(rows())
    assert in_duckdb(expr, table) == [evaluate(expr, row) for row in table]


def test_a_number_divided_by_a_constant_is_rounded_once() -> None:
    # Polars multiplies by the reciprocal of a constant: one value in seven is then off by a last bit.
    rows = [{"r": Decimal(n).scaleb(-3)} for n in range(-3000, 3000)]
    real = Cast(arg=Column(name="r", type=decimal(3)), type=FLOAT)
    third = Arithmetic(op="/", left=real, right=Literal_(text="3.3", type=FLOAT), type=FLOAT)
    frame = pl.DataFrame({"r": [int(row["r"] * 1000) for row in rows]})
    found = frame.select(to_polars(real).alias("a"), to_polars(third).alias("b"))
    assert found["a"].to_list() == [evaluate(real, row) for row in rows]
    assert found["b"].to_list() == [evaluate(third, row) for row in rows]
