"""Synthetic rows as a table of a Spark session: what is there is not overwritten, and the source never."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from synthspec.errors import SourceError
from synthspec.privacy.spark_address import read_spark_address
from tests.spark.place import needs_spark, sparkling

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module", autouse=True)
def spark() -> Iterator[None]:
    """Keep one session for all tests."""
    needs_spark()
    with sparkling():
        yield


def rows() -> pl.DataFrame:
    """Return rows in every type that a release has."""
    return pl.DataFrame(
        {
            "id": pl.Series([1, 2], dtype=pl.UInt32),
            "ward": pl.Series(["icu", None], dtype=pl.Enum(["icu", "surgery"])),
            "paid": pl.Series([Decimal("1.50"), None], dtype=pl.Decimal(18, 2)),
            "lab": [0.5, None],
            "ok": [True, None],
            "day": [date(2020, 2, 29), None],
            "when": pl.Series([datetime(2020, 1, 1, 10), None], dtype=pl.Datetime("us")),
        }
    )


def test_rows_are_written_as_files_once(tmp_path: Path) -> None:
    from synthspec.run.spark_copy import refuse_copy, write_copy

    address = read_spark_address(f"spark:parquet.`{tmp_path}/rows`")
    refuse_copy(address, replace=False)
    write_copy(rows(), address, replace=False)
    found = pl.read_parquet(tmp_path / "rows" / "*.parquet").sort("id")
    assert found.rows() == rows().rows()
    for replace in (False, True):
        with pytest.raises(SourceError) as caught:
            write_copy(rows(), address, replace=replace)
        assert caught.value.code == "D417"


def test_a_session_whose_catalog_ends_with_it_takes_no_table() -> None:
    from synthspec.run.spark_copy import refuse_copy

    with pytest.raises(SourceError) as caught:
        refuse_copy(read_spark_address("spark:synthetic"), replace=False)
    assert caught.value.code == "D417"
    assert "parquet" in caught.value.diagnostics[0].helps[0]


def test_a_table_is_replaced_only_where_it_says_that_it_was_written_here() -> None:
    from pyspark.sql import SparkSession

    from synthspec.engines.spark_session import USERS
    from synthspec.run.spark_copy import same_table, write_copy

    home = SparkSession.getActiveSession()
    assert home is not None
    users = home.conf.get(USERS)
    home.conf.unset(USERS)  # as if it were somebody's notebook
    try:
        home.sql("CREATE TABLE theirs USING parquet AS SELECT 1 AS a")
        theirs, ours = read_spark_address("spark:theirs"), read_spark_address("spark:ours")
        with pytest.raises(SourceError, match="D417"):
            write_copy(rows(), theirs, replace=True)
        assert home.table("theirs").count() == 1 and home.table("theirs").columns == ["a"]
        write_copy(rows(), ours, replace=False)
        with pytest.raises(SourceError, match="D417"):
            write_copy(rows(), ours, replace=False)
        write_copy(rows().head(1), ours, replace=True)
        assert home.table("ours").count() == 1
        assert same_table(ours, read_spark_address("spark:default.ours"))
        assert not same_table(ours, theirs)
    finally:
        for name in ("theirs", "ours"):
            home.sql(f"DROP TABLE IF EXISTS {name}")
        home.conf.set(USERS, users)


def test_a_release_is_copied_where_its_spec_says(tmp_path: Path) -> None:
    import synthspec as ss

    spec = (
        "spec: 1\nname: copied\ncolumns: {who: id, age: int 0..9, ward: [icu, surgery]}\n"
        f"sample: {{rows: 50, seed: 1}}\noutput: {{also: ['spark:parquet.`{tmp_path}/rows`']}}\n"
    )
    plan = ss.Spec.of(spec, "copied.yaml").plan()
    release = plan.train(out=tmp_path / "rel")
    found = pl.read_parquet(tmp_path / "rows" / "*.parquet").sort("who")
    assert found.rows() == release.data().sort("who").rows()
    assert str(tmp_path) not in (tmp_path / "rel" / "plan.json").read_text()
    with pytest.raises(SourceError, match="D417"):
        plan.train(out=tmp_path / "again")
    assert not (tmp_path / "again").exists(), "it is refused before anything is done"
