"""A table of units in a database, beside the rows or with rows in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from synthspec.engines.base import Engine
from synthspec.engines.duckdb import DuckdbEngine
from synthspec.engines.polars import PolarsEngine
from synthspec.engines.postgres import PostgresEngine
from synthspec.errors import SourceError
from synthspec.run.preflight import check_source, check_view
from synthspec.terms.view import UnitTable
from tests.engines.test_unit_table import answers, write
from tests.engines.test_unit_table import view as unit_view
from tests.postgres import Server, running

duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed: `duckdb` extra")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as made:
        yield made


def _literal(value: str | None) -> str:
    return "NULL" if value is None else f"'{value}'"


LINES = [["u1", "1"], ["u1", "0"], ["u2", "x"], [None, "1"], ["u3", "0"], ["u1", "1"], [" u2", None]]
PEOPLE = [
    ["1940", "u1", "F"], ["1960", "u1", "M"], [None, "u2", "female"], ["x", "u4", "M"], ["1990", None, "F"],
]  # fmt: skip


@pytest.mark.parametrize("kind", ["duckdb", "postgres", "a database and a file"])
def test_a_table_of_units_beside_the_rows_is_joined_as_files_are(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Both by the polars engine here, under one hash: equal where units are cut, too."""
    texts = [[cell or "" for cell in row] for row in LINES], [[cell or "" for cell in row] for row in PEOPLE]
    write(tmp_path, *texts)
    tables = {"lines": (("who", "a"), LINES), "people": (("born", "id", "SEX"), PEOPLE)}
    statements = []
    for name, (columns, rows) in tables.items():
        named = ", ".join(f'"{column}" VARCHAR' for column in columns)
        cells = ", ".join("(" + ", ".join(_literal(cell) for cell in row) + ")" for row in rows)
        statements += [f"DROP TABLE IF EXISTS {name}", f"CREATE TABLE {name} ({named})"]
        statements.append(f"INSERT INTO {name} VALUES {cells}")
    engine: Engine
    if kind == "postgres":
        import psycopg

        server: Server = request.getfixturevalue("server")
        with psycopg.connect(server.place, autocommit=True) as db:
            for statement in statements:
                db.execute(statement.encode())
        engine, place = PostgresEngine(), server.address
    else:
        with duckdb.connect(str(tmp_path / "t.duckdb")) as db:
            for statement in statements:
                db.execute(statement)
        engine, place = DuckdbEngine(), lambda name: f"duckdb:{tmp_path / 't.duckdb'}#{name}"
    for more in ({}, {"once": "how many", "max_rows": 2}, {"weight": 5, "max_rows": 1}):
        asked = unit_view(tmp_path, **more)
        assert asked.source.units is not None
        units = asked.source.units
        if kind != "a database and a file":
            units = UnitTable(path=place("people"), format=engine.format, key="id")
        update = {"path": place("lines"), "format": engine.format, "units": units}
        there = asked.model_copy(update={"source": asked.source.model_copy(update=update)})
        check_view(there, engine)
        assert answers(engine, there) == answers(PolarsEngine(), asked)


def test_rows_in_a_file_and_units_in_a_database_are_refused(tmp_path: Path) -> None:
    write(tmp_path, [("u1", "1")], [("1940", "u1", "F")])
    asked = unit_view(tmp_path)
    units = UnitTable(path=f"duckdb:{tmp_path / 't.duckdb'}#people", format="duckdb", key="id")
    mixed = asked.model_copy(update={"source": asked.source.model_copy(update={"units": units})})
    with pytest.raises(SourceError, match="D401"):
        check_view(mixed, PolarsEngine())
    assert mixed.source.of_units is not None
    with pytest.raises(SourceError, match="D401"):
        check_source(mixed.source.of_units, mixed.fields_of_units, PostgresEngine())
