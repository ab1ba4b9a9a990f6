"""Databases as sources: typed columns, what may be said of them, and that nothing of theirs is changed."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from synthspec.engines.base import Engine
from synthspec.engines.duckdb import DuckdbEngine
from synthspec.engines.polars import PolarsEngine
from synthspec.engines.postgres import PostgresEngine
from synthspec.engines.sql.rows import SqlRows
from synthspec.errors import SourceError
from synthspec.privacy.table_address import no_server, read_table_address
from synthspec.run.preflight import check_source
from synthspec.terms.types import DATE, INT, TEXT, Type
from synthspec.terms.view import Field, Source
from tests.engines.tables import CLIQUES, FIELDS, FLAGS, SCORED, view
from tests.engines.test_all import Key, of
from tests.engines.test_engines_agree import units_of
from tests.postgres import Server, running

duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed: `duckdb` extra")

TYPED = {
    "WHO": ("VARCHAR", ["p1", "p2", "p1", None, "p3", " p1 ", "p2", ""]),
    "AGE": ("BIGINT", [7, None, 40, -3, 200, 0, 2**31, 55]),
    "SEX": ("VARCHAR", ["F", "M", "X", None, "A1", "f", "M", "F"]),
    "PAID": ("DECIMAL(10, 3)", ["1.005", "-2.500", None, "12.345", "0", "99.994", "99.995", "1"]),
    "LAB": ("DOUBLE PRECISION", [1.5, None, float("nan"), float("inf"), -0.25, 0.0, -0.0, 2.0]),
    "DAY": (
        "DATE",
        ["2020-02-29", None, "1969-12-31", "2024-01-01", "0001-01-01", "9999-12-31"] + [None] * 2,
    ),
    "WHEN": (
        "TIMESTAMP",
        ["2020-01-01 10:00:00.75", None, "1969-12-31 23:59:59.5", "2030-01-01 00:00:00"] + [None] * 4,
    ),
    "OK": ("BOOLEAN", [True, False, None, True, True, True, None, True]),
}
"""Columns of a table with types, by what both databases call them."""
ROWS = 8


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as made:
        import psycopg

        with psycopg.connect(made.place, autocommit=True) as db:
            _make(lambda text: db.execute(text.encode()))
            db.execute("CREATE ROLE reader LOGIN")
            db.execute("GRANT SELECT ON t TO reader")
        yield made


def _make(execute: Any) -> None:
    columns = ", ".join(f'"{name}" {kind}' for name, (kind, _) in TYPED.items())
    execute(f"CREATE TABLE t ({columns})")
    for at in range(ROWS):
        cells = ", ".join(_literal(values[at], kind) for kind, values in TYPED.values())
        execute(f"INSERT INTO t VALUES ({cells})")


def _literal(value: object, kind: str) -> str:
    return "NULL" if value is None else f"CAST('{value}' AS {kind})"


@pytest.fixture(params=["duckdb", "postgres"])
def typed(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Engine, Source]:
    """Return an engine and the table with types in its database, read by a role that may only read."""
    if request.param == "postgres":
        server: Server = request.getfixturevalue("server")
        return PostgresEngine(), Source(path=server.address("t", user="reader"), format="postgres")
    file = tmp_path / "t.duckdb"
    with duckdb.connect(str(file)) as db:
        _make(db.execute)
    return DuckdbEngine(), Source(path=f"duckdb:{file}#t", format="duckdb")


def parquet(folder: Path) -> Source:
    """Return the same table as a Parquet file."""
    kinds = {"BIGINT": pl.Int64, "VARCHAR": pl.String, "BOOLEAN": pl.Boolean, "DOUBLE PRECISION": pl.Float64}
    columns = {}
    for name, (kind, values) in TYPED.items():
        if kind in kinds:
            columns[name] = pl.Series(values, dtype=kinds[kind])
        else:
            columns[name] = pl.Series(values, dtype=pl.String)
    frame = pl.DataFrame(columns).with_columns(
        pl.col("PAID").cast(pl.Decimal(10, 3)),
        pl.col("DAY").str.to_date(),
        pl.col("WHEN").str.to_datetime("%Y-%m-%d %H:%M:%S%.f"),
    )
    frame.write_parquet(folder / "t.parquet")
    return Source(path=str(folder / "t.parquet"), format="parquet")


@pytest.mark.parametrize("words", [(), ("7", "2020-02-29", "true", "2020-01-01 10:00:00.750000")])
@pytest.mark.parametrize("unit", [None, "who", "age", "day", "ok"])
@pytest.mark.parametrize("fetched", [False, True], ids=["pushed down", "fetched"])
def test_typed_columns_are_read_as_those_of_a_parquet_file(
    typed: tuple[Engine, Source],
    tmp_path: Path,
    words: tuple[str, ...],
    unit: str | None,
    fetched: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if fetched:
        monkeypatch.setattr("synthspec.engines.sql.engine.pushable", lambda *_: False)
    found = []
    for engine, source in (typed, (PolarsEngine(), parquet(tmp_path))):
        asked = view(Path("t"), unit, ROWS if unit else 1, nulls=("", *words))
        with engine.open(of(asked, source), Key(1)) as rows:
            assert isinstance(rows, SqlRows) == (engine is typed[0] and not fetched)
            counts = [each.tolist() for each in (*rows.count(CLIQUES), *rows.scored(SCORED))]
            held = units_of(rows.held())
            found.append((counts, rows.affected(FLAGS).tolist(), dict(rows.partitions("sex")), held))
    assert found[0] == found[1]


def test_a_role_that_may_only_read_is_enough_and_reads_one_state(server: Server) -> None:
    import psycopg

    source = Source(path=server.address("t", user="reader"), format="postgres")
    with PostgresEngine().open(of(view(Path("t"), None, 1), source), Key(1)) as rows:
        before = rows.count([()])[0].tolist()
        with psycopg.connect(server.place, autocommit=True) as db:
            db.execute('INSERT INTO t ("AGE", "SEX") VALUES (3, \'F\')')
        assert rows.count([()])[0].tolist() == before
        with psycopg.connect(server.place, autocommit=True) as db:
            db.execute('DELETE FROM t WHERE "AGE" = 3 AND "WHO" IS NULL AND "OK" IS NULL')
    with (
        psycopg.connect(f"host={server.folder} user=reader dbname=postgres", autocommit=True) as db,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        db.execute("DELETE FROM t")


def test_the_session_on_a_server_cannot_write_is_patient_and_calls_nobodys_functions(server: Server) -> None:
    import psycopg

    with psycopg.connect(server.place, autocommit=True) as db:
        db.execute("ALTER ROLE tester SET statement_timeout = '5s'")
        db.execute("CREATE OR REPLACE FUNCTION public.sha256(text) RETURNS text LANGUAGE sql AS 'SELECT $1'")
    try:
        source = Source(path=server.address("t"), format="postgres")
        with PostgresEngine().session(source) as session:
            shown = {}
            for name in (
                "statement_timeout",
                "transaction_isolation",
                "transaction_read_only",
                "search_path",
            ):
                (frame,) = session.fetch(f"SELECT current_setting('{name}') AS it", None)
                shown[name] = frame["it"][0]
            assert shown == {
                "statement_timeout": "0",
                "transaction_isolation": "repeatable read",
                "transaction_read_only": "on",
                "search_path": "pg_catalog",
            }
        for statement in (
            'INSERT INTO public.t ("AGE") VALUES (1) RETURNING 1',
            "CREATE TABLE public.made (n int)",
        ):
            with PostgresEngine().session(source) as session, pytest.raises(psycopg.Error):
                session._db.execute(statement.encode())  # type: ignore[attr-defined]
    finally:
        with psycopg.connect(server.place, autocommit=True) as db:
            db.execute("ALTER ROLE tester RESET statement_timeout")


def test_nothing_is_written_into_a_database_file(tmp_path: Path) -> None:
    file = tmp_path / "t.duckdb"
    with duckdb.connect(str(file)) as db:
        _make(db.execute)
    content = file.read_bytes()
    file.chmod(0o400)
    source = Source(path=f"duckdb:{file}#t", format="duckdb")
    with DuckdbEngine().open(of(view(Path("t"), "who", 2), source), Key(1)) as rows:
        assert rows.count([()])[0].sum() > 0
    assert file.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["t.duckdb"]


def test_every_way_out_of_the_session_is_closed(tmp_path: Path) -> None:
    file, secret = tmp_path / "t.duckdb", tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with duckdb.connect(str(file)) as db:
        _make(db.execute)
        db.execute(f"CREATE VIEW elsewhere AS SELECT * FROM read_csv('{secret}')")
    engine = DuckdbEngine()
    with engine.session(Source(path=f"duckdb:{file}#t", format="duckdb")) as session:
        for statement in (
            f"SELECT * FROM read_csv('{secret}')",
            f"SELECT * FROM read_text('{secret}')",
            f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
            f"ATTACH '{tmp_path / 'other.db'}'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true",
            "SET lock_configuration = false",
            "SET memory_limit = '1GB'",
            'INSERT INTO attached.main.t ("AGE") VALUES (1)',
            "DROP TABLE attached.main.t",
        ):
            with pytest.raises(duckdb.Error):
                list(session.fetch(statement, None))
    with pytest.raises(SourceError, match="D414"):
        engine.columns(Source(path=f"duckdb:{file}#elsewhere", format="duckdb"))


def test_what_does_not_fit_in_memory_goes_to_a_private_folder_that_is_wiped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left = tmp_path / "synthspec-spill-999999999-left"
    left.mkdir()
    from synthspec.engines.sql.spill import spill_folder

    with spill_folder() as folder:
        assert not left.exists(), "what a killed run left is wiped"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "rows").write_text("private")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_table_larger_than_memory_is_kept_in_the_private_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    from synthspec.engines import duckdb as engine
    from synthspec.engines.sql.spill import spill_folder

    monkeypatch.setattr(engine, "SHARE", 0.0)  # the least: 256 MiB
    with spill_folder() as folder, engine.connected(folder) as db:
        engine._lock(db)
        db.execute("CREATE TABLE kept AS SELECT range AS r, md5(range::VARCHAR) AS h FROM range(9000000)")
        assert sum(path.stat().st_size for path in folder.iterdir()) > 10_000_000
        assert db.execute("SELECT count(DISTINCT h) FROM kept").fetchall() == [(9_000_000,)]
    assert not folder.exists()


def fault(engine: Engine, source: Source, *fields: Field) -> SourceError:
    """Return the error that a source gives."""
    with pytest.raises(SourceError) as caught:
        check_source(source, fields or (Field(name="age", origin="AGE", type=INT),), engine)
    assert caught.value.diagnostics[0].helps
    return caught.value


def field(origin: str, type_: Type) -> Field:
    """Return a field of that column."""
    return Field(name="x", origin=origin, type=type_)


def test_public_faults_of_a_database_file(tmp_path: Path) -> None:
    engine = DuckdbEngine()
    file = tmp_path / "t.duckdb"
    assert fault(engine, Source(path=f"duckdb:{file}#t", format="duckdb")).code == "D402"
    file.write_text("no database")
    assert fault(engine, Source(path=f"duckdb:{file}#t", format="duckdb")).code == "D406"
    file.unlink()
    with duckdb.connect(str(file)) as db:
        _make(db.execute)
        db.execute("CREATE TABLE odd (a VARCHAR[], b INTERVAL, c BLOB, n INTEGER)")
    assert fault(engine, Source(path=f"duckdb:{file}#nope", format="duckdb")).code == "D414"
    source = Source(path=f"duckdb:{file}#odd", format="duckdb")
    for name, declared in (("a", "VARCHAR[]"), ("b", "INTERVAL"), ("c", "BLOB")):
        error = fault(engine, source, field(name, TEXT))
        assert error.code == "D416" and f"`{name}` ({declared})" in str(error)
    assert fault(engine, source, field("n", DATE)).code == "D408"
    assert fault(engine, source, field("N", INT)).code == "D407"
    check_source(Source(path=f"duckdb:{file}#main.t", format="duckdb"), FIELDS, engine)


def test_public_faults_of_a_table_on_a_server(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg

    engine = PostgresEngine()
    with psycopg.connect(server.place, autocommit=True) as db:
        db.execute("DROP TABLE IF EXISTS odd")
        db.execute("CREATE TABLE odd (a text[], b interval, c bytea, d jsonb, n integer, u uuid)")
        db.execute("GRANT SELECT (a, n) ON odd TO reader")
    mine = Source(path=server.address("odd"), format="postgres")
    for name, declared in (("a", "text[]"), ("b", "interval"), ("c", "bytea"), ("d", "jsonb")):
        error = fault(engine, mine, field(name, TEXT))
        assert error.code == "D416" and f"`{name}` ({declared})" in str(error)
    check_source(mine, (field("u", TEXT), field("n", INT)), engine)
    assert fault(engine, mine, field("n", DATE)).code == "D408"
    theirs = Source(path=server.address("odd", user="reader"), format="postgres")
    check_source(theirs, (field("n", INT),), engine)
    assert fault(engine, theirs, field("u", TEXT)).code == "D407", "a column that the role may not read"
    assert fault(engine, Source(path=server.address("nope"), format="postgres")).code == "D414"
    assert (
        fault(engine, Source(path=server.address("pg_authid", user="reader"), format="postgres")).code
        == "D414"
    )
    nobody = Source(path=server.address("t", user="nobody_there"), format="postgres")
    error = fault(engine, nobody)
    assert error.code == "D415" and "no such user or database" in str(error)
    away = Source(path="postgres://reader@/postgres?host=/nowhere#t", format="postgres")
    assert fault(engine, away).code == "D415"
    wrong = Source(path="postgres://olga:s3cret@db.example/clinic#visits", format="postgres")
    error = fault(engine, wrong)
    found = error.diagnostics[0]
    assert error.code == "D412" and "s3cret" not in " ".join((str(error), *found.notes, *found.helps))


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ('could not translate host name "h" to address: Name or service not known', "no such host"),
        ("[Errno -2] Name or service not known", "no such host"),
        ("failed to resolve host 'h': [Errno -3] Temporary failure in name resolution", "no such host"),
        ('definition of service "clinic" not found', "in no service file"),
        ('FATAL: password authentication failed for user "olga"', "does not accept the credentials"),
    ],
)
def test_what_a_server_says_is_said_in_our_own_words(said: str, ours: str) -> None:
    error = no_server(read_table_address("postgres://h/d#t"), said)
    assert ours in str(error) and "olga" not in str(error) and "Errno" not in str(error)


def test_credentials_come_from_where_the_servers_client_finds_them(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGUSER", "reader")
    monkeypatch.setenv("PGHOST", str(server.folder))
    fields = (Field(name="age", origin="AGE", type=INT),)
    check_source(Source(path="postgres:///postgres#public.t", format="postgres"), fields, PostgresEngine())
    monkeypatch.delenv("PGHOST")
    (tmp_path / "services").write_text(f"[clinic]\nhost={server.folder}\ndbname=postgres\nuser=reader\n")
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    check_source(Source(path="postgres://?service=clinic#t", format="postgres"), fields, PostgresEngine())


def test_an_extra_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    (tmp_path / "t.duckdb").write_text("x")
    for engine, path, module in (
        (DuckdbEngine(), f"duckdb:{tmp_path / 't.duckdb'}#t", "duckdb"),
        (PostgresEngine(), "postgres:///d#t", "psycopg"),
    ):
        monkeypatch.setitem(sys.modules, module, None)
        kind = "duckdb" if module == "duckdb" else "postgres"
        error = fault(engine, Source.model_validate({"path": path, "format": kind}))
        assert error.code == "D413" and f"synthspec[{kind}]" in error.diagnostics[0].helps[0]


def test_text_is_told_apart_byte_by_byte_whatever_the_columns_collation(tmp_path: Path) -> None:
    """A unit must never be two, nor two units one, because a database finds their names alike."""
    file = tmp_path / "t.duckdb"
    with duckdb.connect(str(file)) as db:
        db.execute('CREATE TABLE t ("WHO" VARCHAR COLLATE NOCASE)')
        db.execute("INSERT INTO t VALUES ('a'), ('A'), ('a'), ('\u00e4'), ('a\u0308')")
    asked = view(Path("t"), "who", 3)
    asked = asked.model_copy(update={"fields": (FIELDS[0],), "steps": (), "codes": ()})
    source = Source(path=f"duckdb:{file}#t", format="duckdb")
    with DuckdbEngine().open(of(asked, source), Key(1)) as rows:
        assert rows.affected(["rows kept"]).tolist() == [4]
