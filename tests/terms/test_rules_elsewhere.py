"""Law: DuckDB, PostgreSQL and Spark count the rows that break a rule as the plain evaluator does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from synthspec.rules import AnyRule, Combos
from synthspec.terms.to_sql import DialectName, identifier, sql_type, to_sql
from synthspec.terms.types import INT, TEXT
from tests.postgres import server
from tests.terms.shelf_of_rules import SCOPE, shelf, table

SEEDS = range(4)


@pytest.fixture(scope="module")
def postgres() -> Iterator[Any]:
    with server() as place:
        import psycopg

        with psycopg.connect(place, autocommit=True) as connection:
            yield connection


def made(dialect: DialectName) -> str:
    columns = ", ".join(f"{identifier(n, dialect)} {sql_type(t, dialect)}" for n, t in SCOPE.items())
    return f"CREATE TABLE t ({columns})"


def differences(rules: list[AnyRule], rows: list[dict[str, Any]], counted: dict[str, int]) -> dict[str, Any]:
    """Return the rules that an engine counts in another way."""
    wanted = {rule.name: rule.broken_count(rows) for rule in rules}
    return {name: (count, counted[name]) for name, count in wanted.items() if counted[name] != count}


def test_every_rule_of_the_shelf_is_broken_by_some_rows_and_not_by_others() -> None:
    rules, tables = shelf(), [table(seed) for seed in SEEDS]
    for rule in rules:
        broken = [rule.broken_count(rows) for rows in tables]
        assert 0 < sum(broken) < sum(len(rows) for rows in tables), rule.name


def test_duckdb_counts_as_plain_python() -> None:
    duckdb = pytest.importorskip("duckdb")
    rules = shelf()
    for seed in SEEDS:
        rows = table(seed)
        with duckdb.connect(config={"enable_external_access": "false", "threads": 1}) as connection:
            connection.execute(made("duckdb"))
            marks = ", ".join("?" * len(SCOPE))
            connection.executemany(f"INSERT INTO t VALUES ({marks})", [list(row.values()) for row in rows])
            counted = {
                rule.name: connection.execute(
                    f"SELECT count(*) FROM ({rule.broken_query('t')}) AS b"
                ).fetchone()[0]
                for rule in rules
            }
        assert differences(rules, rows, counted) == {}


def test_postgresql_counts_as_plain_python(postgres: Any) -> None:
    rules = shelf()
    for seed in SEEDS:
        rows = table(seed)
        postgres.execute("DROP TABLE IF EXISTS t")
        postgres.execute(made("postgres"))
        marks = ", ".join(["%s"] * len(SCOPE))
        postgres.cursor().executemany(f"INSERT INTO t VALUES ({marks})", [list(row.values()) for row in rows])
        counted = {
            rule.name: postgres.execute(
                f"SELECT count(*) FROM ({rule.broken_query('t', 'postgres')}) AS b".encode()
            ).fetchone()[0]
            for rule in rules
        }
        assert differences(rules, rows, counted) == {}


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_spark_counts_as_plain_python() -> None:
    sql = pytest.importorskip("pyspark.sql", reason="Spark is not installed: `pip install pyspark`")
    quiet = {
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.codegen.wholeStage": "false",  # compiling each small query takes longer than all of them
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    }
    builder = sql.SparkSession.builder.master("local[1]")
    for name, value in quiet.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        rules = shelf()
        for seed in (0, 1):
            rows = table(seed)
            columns = ", ".join(f"{identifier(n, 'spark')} {sql_type(t, 'spark')}" for n, t in SCOPE.items())
            session.createDataFrame([tuple(row.values()) for row in rows], columns).createOrReplaceTempView(
                "t"
            )
            counted = {
                rule.name: session.sql(
                    f"SELECT count(*) FROM ({rule.broken_query('t', 'spark')}) AS b"
                ).collect()[0][0]
                for rule in rules
            }
            assert differences(rules, rows, counted) == {}
    finally:
        session.stop()


def long_list(lines: int) -> Combos:
    rows = tuple((f"k{n}", str(n % 977)) for n in range(lines))
    return Combos(name="codes", text="", over=("s", "i"), types=(TEXT, INT), rows=rows)


def test_a_list_of_40_000_tuples_is_joined_and_not_walked_for_every_row(postgres: Any) -> None:
    query = long_list(40_000).broken_query("t", "postgres")
    assert query.count("CASE") == 0
    postgres.execute("DROP TABLE IF EXISTS t")
    postgres.execute(made("postgres"))
    postgres.execute(
        "INSERT INTO t (s, i) SELECT 'k' || (n % 50000), (n % 50000) % 977 "
        "FROM generate_series(1, 100000) AS r(n)"
    )
    start = time.perf_counter()
    found = postgres.execute(f"SELECT count(*) FROM ({query}) AS b".encode()).fetchone()[0]
    assert found == 20_000
    assert time.perf_counter() - start < 60


@pytest.mark.parametrize("dialect", ["postgres", "spark"])
def test_no_word_of_duckdb_alone_is_written_for_others(dialect: DialectName) -> None:
    text = "\n".join(rule.broken_query("t", dialect) for rule in shelf())
    alone = ["HUGEINT", "TRY(", "strftime", "isfinite", "to_months", " // "]
    alone += ["TRY_CAST", "DOUBLE)", "VARCHAR"] if dialect == "postgres" else ["DOUBLE PRECISION", "NUMERIC"]
    assert [word for word in alone if word in text] == []


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "spark"])
@pytest.mark.parametrize("name", ["i", "x"])
def test_a_long_sum_grows_with_its_length_only(dialect: DialectName, name: str) -> None:
    from tests.terms.shelf_of_rules import parsed

    def size(terms: int) -> int:
        rule = parsed(" + ".join([name] * terms) + " > 1")
        assert rule is not None
        return len(rule.broken_query("t", dialect))

    assert size(40) < 3 * size(20)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("i + i > 0", {"i": 2**62}),
        ("i * i > 0", {"i": -(2**62)}),
        ("m * m > 0", {"m": Decimal("9999999999999999.99")}),
        ("m + m > 0", {"m": Decimal("-9999999999999999.99")}),
        ("round(m, 1) > 0", {"m": Decimal("9999999999999999.99")}),
        ("i + i > 0", {"i": 2**62 - 1}),
        ("m + m > 0", {"m": Decimal("4999999999999999.99")}),
    ],
)
def test_an_exact_number_that_is_too_large_is_null_in_postgresql(
    postgres: Any, text: str, row: dict[str, Any]
) -> None:
    from synthspec.terms.evaluate import evaluate
    from tests.terms.shelf_of_rules import parsed

    rule = parsed(text)
    assert rule is not None
    condition = rule.row_expression()
    assert condition is not None
    ((name, value),) = row.items()
    kind = sql_type(SCOPE[name], "postgres")
    query = f"SELECT {to_sql(condition, 'postgres')} FROM (SELECT CAST('{value}' AS {kind}) AS {name}) AS t"
    assert postgres.execute(query.encode()).fetchone()[0] == evaluate(condition, {name: value})
