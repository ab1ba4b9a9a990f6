"""The reference meaning of expressions: three-valued logic, exact decimals, total functions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from synthspec.spec.expression import parse_expression
from synthspec.terms.evaluate import evaluate, evaluate_rows
from synthspec.terms.expr import Bin, Column, Expr
from synthspec.terms.to_polars import to_polars
from synthspec.terms.to_sql import to_sql
from synthspec.terms.types import BOOL, DATE, DATETIME, FLOAT, INT, TEXT, decimal

SCOPE = {
    "i": INT, "j": INT, "m": decimal(2), "x": FLOAT, "s": TEXT, "d": DATE, "t": DATETIME, "p": BOOL,
    "n": BOOL, "unit": TEXT,
}  # fmt: skip
ROW = {
    "i": 7, "j": -2, "m": Decimal("-2.50"), "x": 2.5, "s": "it's", "d": date(2024, 2, 29), "unit": "u",
    "t": datetime(2024, 1, 31, 23, 30), "p": True, "n": None,
}  # fmt: skip


def expr(text: str) -> Expr:
    found = parse_expression(text, SCOPE, windows=True)
    assert not isinstance(found, list), found
    return found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("n AND p", None),
        ("n AND NOT p", False),
        ("n OR p", True),
        ("n OR NOT p", None),
        ("NOT n", None),
        ("n IS NULL", True),
        ("n IS NOT TRUE", True),
        ("n = p", None),
        ("i IN (1, 7)", True),
        ("i NOT IN (1, 7)", False),
        ("i / 0", None),
        ("i % 0", None),
        ("-7 % 2", -1),
        ("mod(7, -2)", 1),
        ("m % 0.75", Decimal("-0.25")),
        ("round(m)", -3),
        ("round(m, 1)", Decimal("-2.5")),
        ("round(x)", 3),
        ("round(-x)", -3),
        ("round(15, -1)", 20),
        ("round(0.49999999999999994e0)", 0),
        ("CAST(2.5 AS int)", 3),
        ("CAST(-2.5 AS int)", -3),
        ("floor(m)", -3),
        ("ceil(m)", -2),
        ("abs(m)", Decimal("2.50")),
        ("sign(j)", -1),
        ("m * 2 = -5", True),
        ("m + 0.001", Decimal("-2.499")),
        ("0.1 + 0.2 = 0.3", True),
        ("0.1e0 + 0.2e0 = 0.3e0", False),
        ("ln(0)", None),
        ("sqrt(j)", None),
        ("exp(1000)", None),
        ("power(0, -1)", None),
        ("power(i, 2)", 49.0),
        ("x * 1e308 * 10", None),
        ("9223372036854775807 + 1", None),
        ("9223372036854775807 * 2", None),
        ("9999999999999999.99 + 0.01", None),
        ("least(NULL, i, j)", -2),
        ("greatest(i, m)", Decimal("7.00")),
        ("coalesce(n, p)", True),
        ("nullif(i, 7)", None),
        ("length(s)", 4),
        ("upper(s)", "IT'S"),
        ("substr(s, 2, 2)", "t'"),
        ("s LIKE 'i_''%'", True),
        ("s LIKE 'I%'", False),
        ("s || '!'", "it's!"),
        ("trim('  a ')", "a"),
        ("starts_with(s, 'it')", True),
        ("contains(s, '''')", True),
        ("year(d)", 2024),
        ("quarter(d)", 1),
        ("weekday(d)", 4),
        ("hour(t)", 23),
        ("date_diff('day', t, '2024-02-01T00:10')", 1),
        ("date_diff('hour', t, '2024-02-01T00:10')", 1),
        ("date_diff('month', d, '2023-12-31')", -2),
        ("date_diff('year', '2023-12-31', '2024-01-01')", 1),
        ("date_diff('week', '2024-01-07', '2024-01-08')", 1),
        ("date_add('month', 1, t)", datetime(2024, 2, 29, 23, 30)),
        ("date_add('year', 1, d)", date(2025, 2, 28)),
        ("date_add('day', 9223372036854775807, d)", None),
        ("date_add('year', 9000, d)", None),
        ("date_add('hour', 1, d)", datetime(2024, 2, 29, 1)),
        ("age_years('2000-02-29', '2023-02-28')", 22),
        ("age_years('2000-02-29', '2023-03-01')", 23),
        ("age_years(d, t)", -1),
        ("CAST(m AS text)", "-2.50"),
        ("CAST(t AS text)", "2024-01-31T23:30:00"),
        ("CAST(p AS text)", "true"),
        ("CAST(t AS date)", date(2024, 1, 31)),
        ("CASE WHEN n THEN 1 WHEN p THEN 2 END", 2),
        ("if(n, 1, 2)", 2),
        ("i BETWEEN 7 AND 8", True),
        ("i BETWEEN 8 AND 9 OR n", None),
    ],
)
def test_the_value_of_an_expression_is_the_same_everywhere(text: str, value: Any) -> None:
    node = expr(text)
    found = evaluate(node, ROW)
    assert found == value and type(found) is type(value)
    frame = pl.DataFrame(
        {
            name: pl.Series([-250 if name == "m" else ROW[name]], dtype=kind)
            for name, kind in zip(
                SCOPE,
                (
                    *[pl.Int64] * 3,
                    pl.Float64,
                    pl.String,
                    pl.Date,
                    pl.Datetime("us"),
                    *[pl.Boolean] * 2,
                    pl.String,
                ),
            )
        }
    )
    held = frame.select(to_polars(node)).to_series()[0]
    if isinstance(value, Decimal):
        assert Decimal(held).scaleb(-node.type.scale) == value
    else:
        assert held == value
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as connection:
        source = (
            "SELECT 7::BIGINT i, -2::BIGINT j, -2.50::DECIMAL(18,2) m, 2.5::DOUBLE x, 'it''s' s, "
            "DATE '2024-02-29' d, TIMESTAMP '2024-01-31 23:30:00' t, TRUE p, NULL::BOOLEAN n, 'u' unit"
        )
        assert connection.execute(f"SELECT {to_sql(node)} FROM ({source})").fetchall() == [(value,)]


WINDOWS = [
    "sum(m) OVER (PARTITION BY unit ORDER BY d, i)",
    "sum(i) OVER (PARTITION BY unit)",
    "count(*) OVER (PARTITION BY unit ORDER BY d, i)",
    "count(m) OVER (PARTITION BY unit ORDER BY d, i)",
    "min(m) OVER (PARTITION BY unit ORDER BY d, i)",
    "max(i) OVER (PARTITION BY unit)",
    "lag(m) OVER (PARTITION BY unit ORDER BY d, i)",
    "lag(i, 2) OVER (PARTITION BY unit ORDER BY d, i)",
    "i - sum(m) OVER (PARTITION BY unit ORDER BY d, i)",
]


@pytest.mark.parametrize("text", WINDOWS)
def test_windows_agree_in_every_engine(text: str) -> None:
    units, days = ["a", "b", "a", "a", "b", None, None, "a"], [3, 1, 1, 2, None, 4, 4, 3]
    amounts = [100, None, 250, None, -75, 5, 7, 33]
    table = [
        {
            "i": i,
            "unit": unit,
            "d": None if day is None else date(2024, 1, day),
            "m": None if amount is None else Decimal(amount).scaleb(-2),
        }
        for i, (unit, day, amount) in enumerate(zip(units, days, amounts))
    ]
    node = expr(text)
    wanted = evaluate_rows(node, table)
    frame = pl.DataFrame(
        {
            "i": range(8),
            "unit": units,
            "d": [row["d"] for row in table],
            "m": pl.Series(amounts, dtype=pl.Int64),
        }
    )
    held = frame.select(to_polars(node).alias("o"))["o"].to_list()
    if node.type.name == "decimal":
        held = [None if value is None else Decimal(value).scaleb(-node.type.scale) for value in held]
    assert held == wanted
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (i BIGINT, unit VARCHAR, d DATE, m DECIMAL(18, 2))")
        for row in table:
            connection.execute(
                "INSERT INTO t VALUES (?, ?, ?, ?)", [row["i"], row["unit"], row["d"], row["m"]]
            )
        found = connection.execute(f"SELECT {to_sql(node)} FROM t ORDER BY i").fetchall()
    assert [value for (value,) in found] == wanted


@pytest.mark.parametrize(
    "edges", [tuple(range(257)), tuple(n * n for n in range(257)), (0, 10), (0, 10, 25), (0, 1, 5)]
)
def test_bins_are_found_by_their_edges(edges: tuple[int, ...]) -> None:
    node = Bin(arg=Column(name="i", type=INT), edges=edges)
    values = [None, -5, *edges, *(edge + 1 for edge in edges), edges[-1] + 100]
    held = (
        pl.DataFrame({"i": pl.Series(values, dtype=pl.Int64)}).select(to_polars(node)).to_series().to_list()
    )
    assert held == [evaluate(node, {"i": value}) for value in values]


def test_sql_quotes_every_name_and_text() -> None:
    column = Column(name='a"; DROP TABLE t; --', type=TEXT)
    assert to_sql(column) == '"a""; DROP TABLE t; --"'
    assert to_sql(column, "spark") == '`a"; DROP TABLE t; --`'
    assert to_sql(expr("s = 'it''s'"), "postgres") == "(\"s\" = 'it''s')"


@pytest.mark.parametrize("dialect", ["postgres", "spark"])
@pytest.mark.parametrize(
    "text",
    [
        "round(x, 2) > m",
        "date_diff('day', d, t) > 3",
        "age_years(d, t) >= 18",
        "x / i > 2",
        "ends_with(s, 'a')",
        "date_add('month', 1, d) > d",
        "weekday(d) < 6",
        "i % 2 = 0",
        "lag(m) OVER (PARTITION BY unit ORDER BY d) > 3",
    ],
)
def test_other_dialects_read_what_is_written_for_them(text: str, dialect: Any) -> None:
    sqlglot = pytest.importorskip("sqlglot")
    assert len(sqlglot.parse(f"SELECT {to_sql(expr(text), dialect)}", dialect=dialect)) == 1


@pytest.mark.parametrize(
    "text", ["4.00 = round(m, 1)", "nullif(4.00, round(m, 1)) IS NULL", "least(4.00, 3, round(m, 1)) > 2"]
)
def test_a_constant_beside_nulls_keeps_the_height_of_the_frame(text: str) -> None:
    node = expr(text)
    frame = pl.DataFrame({"m": pl.Series([None, None, None], dtype=pl.Int64)})
    held = frame.with_columns(to_polars(node).alias("o"))["o"].to_list()
    assert held == [evaluate(node, {"m": None})] * 3
