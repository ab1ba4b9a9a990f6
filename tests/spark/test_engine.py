"""The Spark engine: under one key it says, of any view, what the DuckDB engine says, in one job per round."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from synthspec.engines.base import Engine
from synthspec.errors import SourceError
from synthspec.terms.expr import Column, Expr
from synthspec.terms.protection import Protection
from synthspec.terms.query import Axis
from synthspec.terms.types import BOOL, DATE, DATETIME, FLOAT, INT, TEXT, Type, decimal
from synthspec.terms.view import Bound, Field, Flag, Side, Source, View
from tests.engines.tables import CELLS, CLIQUES, FLAGS, LAGGED_CLIQUES, NAMES, SCORED, view
from tests.spark.place import jobs, needs_spark, sparkling

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]
ROUNDS = 5
"""The rounds of queries of `answers`: counts, scores, flags, values, rows."""


class FixedKey:
    """The same bytes every time, so that two engines rank rows alike."""

    def bytes(self, count: int) -> bytes:
        """Return a constant."""
        return b"k" * count


@pytest.fixture(scope="module", autouse=True)
def spark() -> Iterator[None]:
    """Keep one session for all tests."""
    needs_spark()
    pytest.importorskip("duckdb", reason="DuckDB is not installed: `duckdb` extra")
    with sparkling():
        yield


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one random table as Parquet and as a DuckDB file."""
    import duckdb

    folder = tmp_path_factory.mktemp("table")
    drawn = random.Random(7)
    rows = [[drawn.choice(CELLS[name]) for name in NAMES] for _ in range(150)]
    frame = pl.DataFrame({name.upper(): pl.Series([row[i] for row in rows]) for i, name in enumerate(NAMES)})
    frame.write_parquet(folder / "t.parquet")
    with duckdb.connect(str(folder / "t.duckdb")) as db:
        db.execute(f"CREATE TABLE t AS SELECT * FROM '{folder / 't.parquet'}'")
    return folder


def answers(engine: Engine, asked: View, *, lagged: bool) -> tuple[Any, ...]:
    """Return everything that an engine can say about a view, rows unit by unit in an order of their own."""
    once = asked.bound.once
    cliques = [*CLIQUES, *(LAGGED_CLIQUES if lagged else ())]
    if once is not None:
        cliques.append((Axis(once, asked.bound.max_rows), Axis("age", 4)))
    with engine.open(asked, FixedKey(), b"s" * 32) as rows:
        counts = [found.tolist() for found in rows.count(cliques)]
        scores = [found.tolist() for found in rows.scored(SCORED)]
        affected = rows.affected(FLAGS).tolist()
        values = dict(sorted(rows.partitions("sex").items()))
        held = rows.held()
    units: dict[int, list[tuple[int, ...]]] = {}
    columns = [codes.tolist() for codes in held.codes.values()]
    for number, row in zip(held.units.tolist(), zip(*columns, strict=True), strict=True):
        units.setdefault(number, []).append(row)
    return counts, scores, affected, values, sorted(sorted(rows) for rows in units.values())


@pytest.mark.parametrize(
    "keys",
    [
        {"unit": None},
        {"unit": "who", "max_rows": 2, "duplicates": "drop", "lagged": True},
        {"unit": "lab", "max_rows": 3, "once": "rows"},
        {"unit": "paid", "max_rows": 3, "weight": 7, "side": Side(share=0.4, held=False)},
        {"unit": None, "side": Side(share=0.4, held=True)},
        {"unit": "when", "max_rows": 2, "unit_null": "drop", "once": "rows", "lagged": True},
    ],
    ids=lambda keys: ", ".join(keys),
)
def test_spark_says_what_duckdb_says_in_one_job_per_round(keys: dict[str, Any], table: Path) -> None:
    from synthspec.engines.duckdb import DuckdbEngine
    from synthspec.engines.spark import SparkEngine

    lagged = bool(keys.get("lagged"))
    asked = view(table / "t.csv", **dict(keys))

    def over(path: str, format_: str) -> View:
        place = asked.source.model_copy(update={"path": path, "format": format_})
        return asked.model_copy(update={"source": place})

    expected = answers(DuckdbEngine(), over(f"duckdb:{table}/t.duckdb#t", "duckdb"), lagged=lagged)
    before = jobs()
    found = answers(SparkEngine(), over(f"spark:parquet.`{table}/t.parquet`", "spark"), lagged=lagged)
    assert found == expected
    assert jobs() - before == ROUNDS + 1, "one job per round, and one that reads the files' types"


TYPES: dict[str, Type] = {
    "small": INT, "large": INT, "real": FLOAT, "rounded": decimal(2), "money": decimal(2), "yes": BOOL,
    "day": DATE, "when": DATETIME, "moment": DATE, "word": TEXT, "number": TEXT,
}  # fmt: skip
FROM = {"rounded": "real", "moment": "when", "number": "small"}


def typed_table() -> pl.DataFrame:
    """Return a table whose columns have types, with the values at which engines part ways."""
    nan, inf = float("nan"), float("inf")
    from datetime import date, datetime
    from decimal import Decimal

    return pl.DataFrame(
        {
            "small": pl.Series([1, -3, None, 127, 0, 5], dtype=pl.Int8),
            "large": pl.Series([2**62, -(2**63), None, 0, 2**63 - 1, 7], dtype=pl.Int64),
            "real": pl.Series([1.005, nan, inf, None, -2.675, 1e300], dtype=pl.Float64),
            "money": pl.Series([Decimal("1.005"), Decimal("-2.675"), None, Decimal("0"), Decimal("3"), None],
                               dtype=pl.Decimal(12, 3)),
            "yes": [True, False, None, True, True, False],
            "day": [date(1, 1, 1), date(1969, 12, 31), None, date(2020, 2, 29), date(9999, 12, 31), None],
            "when": pl.Series([datetime(1969, 12, 31, 23, 59, 59, 999_999), datetime(2020, 1, 1), None,
                               datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59), None],
                              dtype=pl.Datetime("us")),
            "word": ["", " a ", None, "é\U0001f600", "\\'x", "${HOME}"],
        }
    )  # fmt: skip


def test_columns_that_have_types_are_read_as_from_a_file(tmp_path: Path) -> None:
    """What is null, bad and equal to which constant, for every row and field, as the polars engine says."""
    from synthspec.engines.polars import PolarsEngine
    from synthspec.engines.spark import SparkEngine

    typed_table().write_parquet(tmp_path / "t.parquet")
    fields = tuple(Field(name=name, origin=FROM.get(name, name), type=type_) for name, type_ in TYPES.items())
    flags = tuple(_flags())
    labels = tuple(flag.label for flag in flags)

    def said(engine: Engine, kind: str, path: str, format_: str) -> list[int]:
        asked = View(
            source=Source.model_validate({"path": path, "format": format_, "nulls": ()}),
            fields=fields,
            steps=flags,
            bound=Bound(unit=None, max_rows=1),
            protection=Protection(unit="row", max_rows=1),
        )
        with engine.open(asked, FixedKey()) as rows:
            assert type(rows).__name__ == kind
            return rows.affected(labels).tolist()

    expected = said(PolarsEngine(), "PolarsRows", str(tmp_path / "t.parquet"), "parquet")
    found = said(SparkEngine(), "SparkRows", f"spark:parquet.`{tmp_path}/t.parquet`", "spark")
    assert dict(zip(labels, found, strict=True)) == dict(zip(labels, expected, strict=True))
    assert sum(expected) > 20


def _flags() -> Iterator[Flag]:
    from synthspec.terms.expr import Arithmetic, Compare, IsNull, Literal_

    known = {
        "small": ("127", "-3"), "large": ("4611686018427387904", "9223372036854775807"), "real": ("1.005",),
        "rounded": ("1.0", "1.01", "-2.68", "-2.67"), "money": ("1.01", "-2.68", "3.00"), "yes": ("true",),
        "day": ("0001-01-01", "1969-12-31", "9999-12-31"), "moment": ("1969-12-31", "2020-01-01"),
        "when": ("1969-12-31T23:59:59", "9999-12-31T23:59:59"), "number": ("127", "-3"),
        "word": ("", "a", "é\U0001f600", "\\'x", "${HOME}"),
    }  # fmt: skip
    for name, type_ in TYPES.items():
        column: Expr = Column(name=name, type=type_)
        yield Flag(label=f"{name} null", when=IsNull(arg=column))
        yield Flag(label=f"{name} bad", when=Column(name=f"{name}.bad", type=BOOL))
        for text in known[name]:
            same = Compare(op="=", left=column, right=Literal_(text=text, type=type_))
            yield Flag(label=f"{name} = {text}", when=same)
    real = Column(name="real", type=FLOAT)
    for op, text in (("*", "7.155625"), ("/", "1.0"), ("-", "0.0"), ("+", "2.01")):
        found = Arithmetic.model_validate({"op": op, "left": real, "right": real, "type": FLOAT})
        yield Flag(label=f"{op} null", when=IsNull(arg=found))
        yield Flag(
            label=f"{op} {text}", when=Compare(op="=", left=found, right=Literal_(text=text, type=FLOAT))
        )


def test_a_table_that_is_not_there_and_a_column_that_is_not_read_are_refused_with_codes(
    tmp_path: Path,
) -> None:
    from pyspark.sql import SparkSession

    from synthspec.engines.spark import SparkEngine
    from synthspec.run.tables import check_table

    home = SparkSession.getActiveSession()
    assert home is not None
    home.sql("SELECT 1 AS a, array(1) AS several, X'00' AS raw").createOrReplaceTempView("strange")
    engine = SparkEngine()

    def check(path: str, *names: str) -> None:
        fields = tuple(Field(name=name, origin=name, type=TEXT) for name in names)
        check_table(Source.model_validate({"path": path, "format": "spark"}), fields, engine)

    check("spark:strange", "a")
    for path, names, code in (
        ("spark:nowhere.at_all", ("a",), "D414"),
        (f"spark:parquet.`{tmp_path}/none`", ("a",), "D414"),
        ("spark:strange", ("b",), "D407"),
        ("spark:strange", ("a", "several"), "D416"),
        ("spark:strange", ("raw",), "D416"),
    ):
        with pytest.raises(SourceError) as caught:
            check(path, *names)
        assert caught.value.code == code
        assert caught.value.__cause__ is None and caught.value.__context__ is None
    home.catalog.dropTempView("strange")
    assert engine.header(Source(path=f"spark:parquet.`{_one(tmp_path)}`", format="spark")) == (("a",),)


def _one(folder: Path) -> Path:
    pl.DataFrame({"a": [1]}).write_parquet(folder / "one.parquet")
    return folder / "one.parquet"


def test_a_view_that_sql_cannot_say_is_run_here_over_fetched_columns(table: Path) -> None:
    from synthspec.engines.polars import PolarsEngine
    from synthspec.engines.spark import SparkEngine

    asked = view(table / "t.csv", unit=None)
    fields = tuple(
        each.model_copy(update={"format": "%Y-%m-%d"}) if each.name == "day" else each
        for each in asked.fields
    )
    asked = asked.model_copy(update={"fields": fields})

    def over(path: str, format_: str) -> View:
        place = asked.source.model_copy(update={"path": path, "format": format_})
        return asked.model_copy(update={"source": place})

    expected = answers(PolarsEngine(), over(str(table / "t.parquet"), "parquet"), lagged=False)
    assert (
        answers(SparkEngine(), over(f"spark:parquet.`{table}/t.parquet`", "spark"), lagged=False) == expected
    )


def test_nothing_that_spark_says_reaches_a_stream_and_nothing_is_left(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from pyspark.sql import SparkSession

    from synthspec.engines.spark_session import session

    home = SparkSession.getActiveSession()
    assert home is not None
    ansi = home.conf.get("spark.sql.ansi.enabled")
    with session() as place:
        folder = Path(str(place.home.conf.get("spark.synthspec.place")))
        assert folder.stat().st_mode & 0o777 == 0o700
        assert place.work.conf.get("spark.sql.ansi.enabled") == "false"
        with pytest.raises(Exception, match="secret-7"):
            place.work.sql("SELECT raise_error(concat('secret-', id)) FROM range(7, 8)").collect()
        assert place.work.conf.get("spark.ui.enabled") == "false"
    assert home.conf.get("spark.sql.ansi.enabled") == ansi, "the session's own settings are as they were"
    said = capfd.readouterr()
    assert said.out + said.err == ""
    assert not [path for path in Path().iterdir() if path.name in ("spark-warehouse", "metastore_db")]
