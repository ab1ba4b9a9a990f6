"""Synthetic rows into tables: whole or not at all, with types, and never over what somebody else made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from synthspec.draw.tables import MARK, refuse_table, same_file, same_table, write_rows
from synthspec.errors import SourceError
from synthspec.privacy.table_address import TableAddress, read_table_address
from tests.postgres import Server, running

duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed: `duckdb` extra")

ROWS = pl.DataFrame(
    {
        "n": pl.Series([1, None, -3], dtype=pl.Int32),
        'a "name"': pl.Series(["it's", None, "\\ \t,"], dtype=pl.Enum(["it's", "\\ \t,"])),
        "x": [0.1, None, 1e300],
        "day": [date(2020, 2, 29), None, date(1, 1, 1)],
        "at": [datetime(2020, 1, 1, 10, 0, 1), None, datetime(1969, 12, 31)],
        "ok": [True, None, False],
        "paid": pl.Series([Decimal("1.25"), None, Decimal("-0.05")], dtype=pl.Decimal(18, 2)),
    }
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as made:
        yield made


@pytest.fixture(params=["duckdb", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> TableAddress:
    """Return where a table does not lie yet."""
    if request.param == "duckdb":
        return read_table_address(f"duckdb:{tmp_path / 'made.duckdb'}#rows")
    server: Server = request.getfixturevalue("server")
    done(server.address("rows"), "DROP TABLE IF EXISTS rows")
    return read_table_address(server.address("rows"))


def done(address: TableAddress | str, statement: str) -> list[tuple[object, ...]]:
    """Return what the database answers to its owner."""
    at = read_table_address(address) if isinstance(address, str) else address
    if isinstance(at.place, Path):
        with duckdb.connect(str(at.place)) as db:
            return list(db.execute(statement).fetchall())
    import psycopg

    with psycopg.connect("", autocommit=True, **at.place.settings()) as db:
        answer = db.execute(statement.encode())
        return answer.fetchall() if answer.description else []


def test_rows_come_back_as_they_were(address: TableAddress) -> None:
    refuse_table(address, replace=False)
    write_rows(ROWS, address, replace=False)
    assert done(address, "SELECT * FROM rows") == ROWS.rows()


def test_what_synthspec_wrote_is_replaced_when_asked_and_nothing_else_ever(address: TableAddress) -> None:
    write_rows(ROWS, address, replace=False)
    for work in (refuse_table, lambda at, replace: write_rows(ROWS, at, replace=replace)):
        with pytest.raises(SourceError, match="D417"):
            work(address, replace=False)
    refuse_table(address, replace=True)
    write_rows(ROWS.head(1), address, replace=True)
    assert done(address, "SELECT count(*) FROM rows") == [(1,)]
    done(address, "COMMENT ON TABLE rows IS 'patients'")
    for work in (refuse_table, lambda at, replace: write_rows(ROWS, at, replace=replace)):
        with pytest.raises(SourceError, match="did not write"):
            work(address, replace=True)
    assert done(address, "SELECT count(*) FROM rows") == [(1,)]


def test_a_view_is_never_replaced(address: TableAddress) -> None:
    done(address, "CREATE TABLE IF NOT EXISTS held (n INTEGER)")
    done(address, "CREATE VIEW rows AS SELECT * FROM held")
    try:
        with pytest.raises(SourceError, match="did not write"):
            write_rows(ROWS, address, replace=True)
    finally:
        done(address, "DROP VIEW rows")


def test_a_failure_leaves_the_older_rows(address: TableAddress, monkeypatch: pytest.MonkeyPatch) -> None:
    write_rows(ROWS, address, replace=False)
    monkeypatch.setattr("synthspec.draw.tables._columns", lambda *_: '"n" INTEGER')
    with pytest.raises(SourceError, match="D417"):
        write_rows(ROWS, address, replace=True)
    assert done(address, "SELECT * FROM rows") == ROWS.rows()


def test_one_place_is_known_however_it_is_written(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "made.duckdb"
    file.write_text("x")
    (tmp_path / "link").symlink_to(file)
    assert same_file(read_table_address(f"duckdb:{tmp_path / 'link'}#t"), file)
    assert not same_file(read_table_address(f"duckdb:{tmp_path / 'other'}#t"), file)
    done(server.address("x"), "CREATE TABLE IF NOT EXISTS here (n INTEGER)")
    done(server.address("x"), "CREATE TABLE IF NOT EXISTS there (n INTEGER)")
    here = read_table_address(server.address("here"))
    assert same_table(here, read_table_address(server.address("public.here")))
    assert not same_table(here, read_table_address(server.address("there")))
    assert not same_table(*[read_table_address(server.address("nowhere"))] * 2)


def test_the_mark_is_the_tables_comment(address: TableAddress) -> None:
    write_rows(ROWS, address, replace=False)
    if isinstance(address.place, Path):
        assert done(address, "SELECT comment FROM duckdb_tables()") == [(MARK,)]
    else:
        assert done(address, "SELECT obj_description('rows'::regclass)") == [(MARK,)]
