"""Exported rules: one statement each, for the engine they are meant for, marked when only reported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import synthspec as ss
from synthspec.api.export import RuleQueries, Target, rule_queries

SPEC = """
spec: 1
name: visits
columns:
  age: int 0..120
  ward: [icu, 'a{{b']
  start: date 2024-01-01..2024-12-31
rules:
  adults: {check: age >= 18, because: the ward takes no children, enforce: report}
  no-jinja: ward <> 'a{{b' OR age > 3
  key: {unique: [age, start]}
sample: {rows: 20}
"""


def exported(tmp_path: Path, to: Target, text: str = SPEC) -> RuleQueries:
    (tmp_path / "spec.yaml").write_text(text)
    return rule_queries(ss.load(str(tmp_path / "spec.yaml")), to, "visits")


def test_dbt_gets_one_select_a_file_and_a_warning_for_what_is_only_reported(tmp_path: Path) -> None:
    jinja = pytest.importorskip("jinja2")
    files = exported(tmp_path, "dbt").write(tmp_path / "tests")
    assert [file.name for file in files] == ["adults.sql", "no_jinja.sql", "key.sql"]
    said: list[dict[str, str]] = []

    def config(**given: str) -> str:
        said.append(given)
        return ""

    for file in files:
        text = jinja.Template(file.read_text()).render(ref=lambda name: f'"{name}"', config=config)
        assert text.strip().startswith("SELECT ") and ";" not in text and '"visits"' in text
        assert "{" not in text.replace("'a{{b'", "")
    assert said == [{"severity": "warn"}]
    assert "'a{{b'" in jinja.Template(files[1].read_text()).render(ref=str, config=config)
    assert "HUGEINT" not in "".join(file.read_text() for file in files)


@pytest.mark.parametrize("to", ["duckdb", "postgres", "spark", "dbt"])
def test_a_rule_that_is_only_reported_says_so_and_no_other_does(tmp_path: Path, to: Target) -> None:
    found = exported(tmp_path, to)
    marked = [each.name for each in found.rules if "reported only" in found.body(each)]
    assert marked == ["adults"]
    assert "because the ward takes no children" in found.text()


def test_names_that_differ_in_case_only_are_refused_where_they_are_one_name(tmp_path: Path) -> None:
    text = SPEC.replace("  age: int 0..120", "  age: int 0..120\n  Age: int 0..120")
    for to in ("duckdb", "spark"):
        with pytest.raises(ss.SpecError) as refused:
            exported(tmp_path, to, text)  # type: ignore[arg-type]
        assert refused.value.code == "S159"
        assert "from: Age" in " ".join(refused.value.diagnostics[0].helps)
    assert len(exported(tmp_path, "postgres", text).rules) == 3


def test_files_of_rules_with_like_names_are_not_written_over_each_other(tmp_path: Path) -> None:
    text = SPEC.replace("no-jinja:", "Adults:")
    files = exported(tmp_path, "postgres", text).write(tmp_path / "sql")
    assert len(set(files)) == 3 and all(re.fullmatch(r"[a-z0-9_]+\.sql", file.name) for file in files)
    assert all(file.read_text().rstrip().endswith(";") for file in files)


def test_the_printed_script_runs_in_duckdb_as_it_is(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    found = exported(tmp_path, "duckdb")
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        connection.execute(f'CREATE TABLE "visits" ({found.columns})')
        connection.execute(found.text())


def test_the_rules_of_a_release_are_exported_without_its_public_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    duckdb = pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b,x,y\n" + "p,q,1,60\nr,s,2,9\n" * 40)
    (tmp_path / "pairs.csv").write_text("a,b\np,q\nr,s\n")
    spec = ss.Spec.of(
        "spec: 1\nsource: {path: t.csv, public: true, basis: made here}\n"
        "columns: {a: [p, r], b: [q, s], x: int 0..50, y: int 0..100}\n"
        "rules: {pairs: {combos: [a, b], file: pairs.csv}, order: x <= y}\n"
        "sample: {rows: 50}\noutput: {folder: out/rel}\n",
        "s.yaml",
    )
    release = spec.plan().train()
    (tmp_path / "pairs.csv").unlink()
    found = rule_queries(release, "duckdb", "synthetic")
    assert {"pairs", "order"} <= {rule.name for rule in found.rules} and "y - x" not in found.text()
    with duckdb.connect() as engine:
        engine.execute("CREATE TABLE synthetic AS SELECT * FROM 'out/rel/synthetic.parquet'")
        for rule in found.rules:
            assert engine.execute(rule.query).fetchall() == []
        engine.execute("UPDATE synthetic SET b = 'q' WHERE a = 'r'")
        (pairs,) = (rule for rule in found.rules if rule.name == "pairs")
        assert engine.execute(pairs.query).fetchall()
