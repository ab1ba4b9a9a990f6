"""Sources and copies in databases, from a spec to a release: who reads, what is charged, what is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import synthspec as ss
from synthspec.api import ledgers
from synthspec.errors import BudgetError, KernelError, SourceError
from tests.postgres import Server, running

duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed: `duckdb` extra")

MAKE = (
    "CREATE TABLE visits (who VARCHAR(20), sex VARCHAR, age INTEGER)",
    "INSERT INTO visits SELECT 'p' || (n % 70), CASE WHEN n % 3 = 0 THEN 'F' ELSE 'M' END, n % 90 "
    "FROM generate_series(1, 200) AS r(n)",
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as made:
        import psycopg

        with psycopg.connect(made.place, autocommit=True) as db:
            for statement in MAKE:
                db.execute(statement.encode())
            db.execute("CREATE ROLE olga_r LOGIN")
            db.execute("GRANT SELECT ON visits TO olga_r")
            db.execute("CREATE ROLE writer LOGIN")
            db.execute("CREATE SCHEMA synthetic AUTHORIZATION writer")
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clinic.duckdb"
    with duckdb.connect(str(path)) as db:
        for statement in MAKE:
            db.execute(statement)
    return path


def spec(source: str, **more: Any) -> ss.Spec:
    """Return a spec over the table of visits."""
    privacy = {"unit": "who", "max_rows": 2, "epsilon": 1.0, **more.pop("privacy", {})}
    return ss.Spec(
        name="t",
        source=ss.Source(source),
        privacy=ss.Privacy(**privacy),
        columns={"who": "id", "sex": ["F", "M"], "age": "int 0..120"},
        sample={"rows": 30},
        **more,
    )


def test_a_table_in_a_file_is_charged_to_the_ledger_of_the_file(file: Path, tmp_path: Path) -> None:
    content = file.read_bytes()
    made = spec(f"duckdb:{file}#visits").plan().train(out=tmp_path / "out")
    assert made.data().height == 30
    assert file.read_bytes() == content
    for path in (tmp_path / "out").iterdir():
        assert str(tmp_path).encode() not in path.read_bytes(), path.name
    with duckdb.connect(str(file)) as db:
        db.execute("CREATE VIEW others AS SELECT * FROM visits")
    for table in ("visits", "main.visits", "others"):
        with pytest.raises(BudgetError, match="B501"):
            spec(f"duckdb:{file}#{table}").plan().train(out=tmp_path / "more")
    public = ss.Source(f"duckdb:{file}#others", public=True, basis="none")
    with pytest.raises(BudgetError, match="B554"):
        ss.Spec(name="t", source=public, columns={"sex": ["F", "M"]}, sample={"rows": 3}).plan().train(
            out=tmp_path / "public"
        )
    assert ledgers.state(None, f"duckdb:{file}#visits").facts["spent"] > 0


@pytest.mark.slow
def test_a_pattern_of_files_is_one_source(tmp_path: Path) -> None:
    for at in range(3):
        rows = "".join(f"p{at}{i},{'FM'[i % 2]},{i}\n" for i in range(50))
        (tmp_path / f"year {at}.csv").write_text("who,sex,age\n" + rows)
    with pytest.raises(BudgetError, match="B550"):
        spec(str(tmp_path / "year *.csv")).plan().train(out=tmp_path / "out")
    ledgers.open_named("clinic", unit="who", epsilon="3", delta="1e-9")
    plan = spec(str(tmp_path / "year *.csv"), privacy={"ledger": "clinic"}).plan()
    assert plan.train(out=tmp_path / "out").data().height == 30


@pytest.mark.slow
def test_a_relative_file_starts_beside_the_spec(file: Path, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(
        "spec: 1\nsource: 'duckdb:clinic.duckdb#visits'\nprivacy: {unit: row, epsilon: 1}\n"
        "columns: {sex: [F, M], age: int 0..120}\nsample: {rows: 20}\n"
    )
    made = ss.load(tmp_path / "t.yaml").plan().train(out=tmp_path / "out")
    assert made.data().height == 20


@pytest.mark.slow
def test_a_public_table_of_a_database_needs_no_ledger(file: Path, tmp_path: Path) -> None:
    source = ss.Source(f"duckdb:{file}#visits", public=True, basis="made up")
    made = ss.Spec(
        name="t", source=source, columns={"sex": ["F", "M"], "age": "int 0..120"}, sample={"rows": 30}
    ).plan()
    assert made.train(out=tmp_path / "out").data().height == 30


def test_a_table_on_a_server_is_charged_to_a_ledger_by_name_only(server: Server, tmp_path: Path) -> None:
    source = server.address("visits", user="olga_r")
    with pytest.raises(BudgetError, match="B550"):
        spec(source).plan().train(out=tmp_path / "out")
    ledgers.open_named("clinic", unit="who", epsilon="3", delta="1e-9")
    made = spec(source, privacy={"ledger": "clinic"}).plan().train(out=tmp_path / "out")
    assert made.data().height == 30
    assert made.verify()
    for path in (tmp_path / "out").iterdir():
        content = path.read_bytes()
        assert b"olga_r" not in content and str(server.folder).encode() not in content, path.name


def test_a_server_that_goes_away_costs_time_and_no_budget(tmp_path: Path) -> None:
    with running() as server:
        import psycopg

        with psycopg.connect(server.place, autocommit=True) as db:
            for statement in MAKE:
                db.execute(statement.encode())
        ledgers.open_named("clinic", unit="who", epsilon="3", delta="1e-9")
        plan = spec(server.address("visits"), privacy={"ledger": "clinic"}).plan()
        stopped = []

        def told(step: int, steps: int, name: str) -> None:
            if name == "fit" and not stopped:
                stopped.append(step)
                server.stop()

        with pytest.raises(KernelError, match="K701"):
            plan.train(out=tmp_path / "out", progress=told)
        assert stopped and not (tmp_path / "out").exists()
        spent = ledgers.state("clinic").facts["spent"]
        assert spent == pytest.approx(1, abs=0.01)
        with pytest.raises(SourceError, match="D415"):
            plan.train(out=tmp_path / "out", resume=True)
        server.start()
        made = plan.train(out=tmp_path / "out", resume=True)
        assert made.data().height == 30
        assert ledgers.state("clinic").facts["spent"] == spent


# ---- copies


def also(source: Path, *copies: str) -> ss.Plan:
    """Return a plan over a CSV file with copies."""
    source.write_text("who,sex,age\n" + "p1,F,30\np2,M,40\n" * 50)
    return spec(str(source), output={"also": list(copies)}).plan()


@pytest.mark.slow
def test_copies_are_written_to_tables_with_types(server: Server, tmp_path: Path) -> None:
    import psycopg

    target = tmp_path / "synthetic.duckdb"
    address = server.address("synthetic.rows", user="writer")
    made = also(tmp_path / "t.csv", f"duckdb:{target}#main.rows", address).train(out=tmp_path / "out")
    wanted = made.data().cast({"sex": pl.String}).rows()
    with duckdb.connect(str(target), read_only=True) as db:
        assert db.execute("SELECT * FROM rows").fetchall() == wanted
        assert [kind for _, kind, *_ in db.execute("DESCRIBE rows").fetchall()][1:] == ["VARCHAR", "BIGINT"]
    with psycopg.connect(server.place) as db:
        assert db.execute("SELECT * FROM synthetic.rows").fetchall() == wanted
        db.execute("DROP TABLE synthetic.rows")


@pytest.mark.slow
def test_a_table_is_replaced_only_when_asked_and_only_when_it_is_ours(server: Server, tmp_path: Path) -> None:
    import psycopg

    target = tmp_path / "synthetic.duckdb"
    with duckdb.connect(str(target)) as db:
        db.execute("CREATE TABLE patients (a INTEGER)")
    with psycopg.connect(f"host={server.folder} user=writer dbname=postgres", autocommit=True) as db:
        db.execute("CREATE TABLE synthetic.patients (a INTEGER)")
    for copy in (f"duckdb:{target}#patients", server.address("synthetic.patients", user="writer")):
        with pytest.raises(SourceError, match="D417"):
            also(tmp_path / "t.csv", copy).train(out=tmp_path / "out", replace=True)
    assert not (tmp_path / "out").exists(), "it was refused before anything was charged"
    for at, copy in enumerate((f"duckdb:{target}#rows", server.address("synthetic.ours", user="writer"))):
        plan = also(tmp_path / f"t{at}.csv", copy)
        plan.train(out=tmp_path / f"out{at}")
        again = also(tmp_path / f"other{at}.csv", copy)
        with pytest.raises(SourceError, match="D417"):
            again.train(out=tmp_path / f"more{at}")
        again.train(out=tmp_path / f"more{at}", replace=True)


def test_a_copy_never_goes_to_the_source(server: Server, file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.duckdb"
    link.symlink_to(file)
    for target in (f"duckdb:{file}#visits", f"duckdb:{file}#other", f"duckdb:{link}#other"):
        with pytest.raises(SourceError, match="would write to the source"):
            spec(f"duckdb:{file}#visits", output={"also": [target]}).plan().train(out=tmp_path / "out")
    ledgers.open_named("clinic", unit="who", epsilon="3", delta="1e-9")
    source = server.address("visits", user="olga_r")
    for target in (server.address("visits"), server.address("public.visits")):
        plan = spec(source, privacy={"ledger": "clinic"}, output={"also": [target]}).plan()
        with pytest.raises(SourceError, match="would write to the source"):
            plan.train(out=tmp_path / "out", replace=True)
    assert ledgers.state("clinic").facts["spent"] == 0


def test_a_place_where_nothing_can_be_written_is_found_before_the_charge(
    server: Server, tmp_path: Path
) -> None:
    import psycopg

    for at, target in enumerate(
        (
            server.address("synthetic.no", user="olga_r"),
            server.address("nowhere.no", user="writer"),
            f"duckdb:{tmp_path / 'not there' / 'x.duckdb'}#rows",
        )
    ):
        with pytest.raises(SourceError, match="D417"):
            also(tmp_path / f"t{at}.csv", target).train(out=tmp_path / "out")
        with psycopg.connect(server.place, autocommit=True) as db:
            db.execute("GRANT USAGE ON SCHEMA synthetic TO olga_r")
    with pytest.raises(SourceError, match="D417"):
        also(tmp_path / "t9.csv", server.address("synthetic.no", user="olga_r")).train(out=tmp_path / "out")
    assert not (tmp_path / "out").exists() and ledgers.names() == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_the_adult_spec_runs_end_to_end_in_a_database(
    kind: str, server: Server, shared_data: Path, tmp_path: Path
) -> None:
    """A role that may only read is enough, and the release says what the same release of a file would."""
    import psycopg

    table = pl.read_csv(shared_data / "adult-raw" / "adult.csv", null_values=["?"])
    table.write_parquet(tmp_path / "adult.parquet")
    settings: list[tuple[str, Any]] = []
    if kind == "duckdb":
        with duckdb.connect(str(tmp_path / "a.duckdb")) as db:
            db.execute(
                "CREATE TABLE people AS SELECT * FROM read_parquet(?)", [str(tmp_path / "adult.parquet")]
            )
        settings.append(("source.path", f"duckdb:{tmp_path / 'a.duckdb'}#people"))
    else:
        columns = ", ".join(
            f'"{name}" {"BIGINT" if dtype.is_integer() else "TEXT"}' for name, dtype in table.schema.items()
        )
        with psycopg.connect(server.place, autocommit=True) as db:
            db.execute(f"CREATE TABLE people ({columns})".encode())
            with db.cursor().copy(b"COPY people FROM STDIN") as copy:
                for row in table.iter_rows():
                    copy.write_row(row)
            db.execute("GRANT SELECT ON people TO olga_r")
        ledgers.open_named("census", unit="row", epsilon="1", delta="1e-9")
        settings += [
            ("source.path", server.address("people", user="olga_r")),
            ("privacy.ledger", "census"),
        ]
    spec_file = Path(__file__).parents[2] / "specs" / "adult.yaml"
    made = ss.load(spec_file, settings).plan().train(out=tmp_path / "out")
    assert made.verify()
    kept = made.value.fit
    assert kept is not None
    rows = dict(zip(kept.labels, kept.values, strict=True))["rows kept"]
    assert abs(rows - table.height) < 8 * kept.stddev


def test_a_copy_that_fails_in_the_end_says_that_the_release_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "synthetic.duckdb"
    plan = also(tmp_path / "t.csv", f"duckdb:{target}#rows")

    def told(step: int, steps: int, name: str) -> None:
        if name == "write":
            target.write_text("somebody else was here")

    with pytest.raises(SourceError, match="D417") as caught:
        plan.train(out=tmp_path / "out", progress=told)
    assert any("is whole" in note for note in caught.value.diagnostics[0].notes)
    assert ss.load_release(tmp_path / "out").data().height == 30
