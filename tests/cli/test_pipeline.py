"""The main job from the command line: plan, charge, learn, sample, report, and every refusal on the way."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_a_plan_reads_and_charges_nothing(command: Command, spec: Path) -> None:
    (spec.parent / "table.csv").unlink()
    done = command("plan", str(spec), "-o", "small.plan")
    assert done.code == 0, done.err
    assert "Nothing was read and nothing was charged" in done.out
    assert json.loads(Path("small.plan").read_text())["version"] == "synthspec.plan/1"
    assert not (Path(os.environ["SYNTHSPEC_HOME"]) / "ledgers").exists()


def test_training_a_spec_without_a_terminal_needs_yes_or_a_plan(command: Command, spec: Path) -> None:
    done = command("train", str(spec))
    assert done.code == 2
    assert "--yes" in done.err
    assert not Path("out").exists()


def test_the_whole_way(command: Command, spec: Path) -> None:
    assert command("plan", str(spec), "-o", "small.plan").code == 0
    trained = command("train", "small.plan", "-o", "rel", "--json")
    assert trained.code == 0, trained.err
    assert trained.json["claim"]["unit"] == "row"
    assert trained.json["claim"]["epsilon"] <= 3

    sampled = command("sample", "rel", "-n", "50", "--where", "ward = 'icu'", "-o", "icu.csv")
    assert sampled.code == 0, sampled.err
    lines = Path("icu.csv").read_text().splitlines()
    assert len(lines) == 51 and all(line.endswith("icu") for line in lines[1:])
    again = command("sample", "rel", "-n", "50", "--where", "ward = 'icu'", "-o", "again.csv")
    assert again.code == 0
    assert Path("again.csv").read_bytes() == Path("icu.csv").read_bytes()

    reported = command("report", "rel", "-o", "r.html")
    assert reported.code == 0
    assert Path("r.html").read_text().startswith("<!")
    assert "row" in reported.out

    shown = command("budget", "show", "--source", "table.csv")
    assert shown.code == 0, shown.err
    assert "spent ε" in shown.out
    assert command("budget", "verify", "--source", "table.csv").code == 0
    assert "reserve" in command("budget", "log", "--source", "table.csv").out

    second = command("train", "small.plan", "-o", "rel2")
    assert second.code == 4
    assert "B501" in second.err
    assert not Path("rel2").exists()


def test_a_new_folder_is_no_new_budget(command: Command, spec: Path, tmp_path: Path) -> None:
    assert command("train", str(spec), "--yes", "-o", "rel").code == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = command("train", str(spec), "--yes", "-o", str(elsewhere / "rel"), "--project", str(elsewhere))
    assert done.code == 4
    assert "B501" in done.err
    assert "asks for ε" in done.err and "^" in done.err


def test_a_stale_plan_is_refused(command: Command, spec: Path) -> None:
    assert command("plan", str(spec), "-o", "small.plan").code == 0
    spec.write_text(spec.read_text().replace("int 0..9", "int 0..8"))
    done = command("train", "small.plan", "-o", "rel")
    assert done.code == 4
    assert "P407" in done.err
    assert not (Path(os.environ["SYNTHSPEC_HOME"]) / "ledgers").exists()


def test_a_plan_edited_by_hand_is_refused(command: Command, spec: Path) -> None:
    assert command("plan", str(spec), "-o", "small.plan").code == 0
    tree = json.loads(Path("small.plan").read_text())
    tree["protection"]["unit"] = "ward"
    Path("small.plan").write_text(json.dumps(tree))
    done = command("train", "small.plan", "-o", "rel")
    assert done.code == 4
    assert "P407" in done.err


def test_resume_without_an_interrupted_run_is_refused(command: Command, spec: Path) -> None:
    done = command("train", str(spec), "--resume")
    assert done.code == 4
    assert "B551" in done.err


def test_a_missing_source_is_5_and_charges_nothing(command: Command, spec: Path) -> None:
    (spec.parent / "table.csv").unlink()
    done = command("train", str(spec), "--yes")
    assert done.code == 5
    assert not list((Path(os.environ["SYNTHSPEC_HOME"]) / "ledgers").glob("*.sqlite"))


def test_a_missing_column_is_5_and_no_name_of_the_file_is_shown(command: Command, spec: Path) -> None:
    table = spec.parent / "table.csv"
    table.write_text("canary_column,sex,ward\n1,F,icu\n")
    done = command("train", str(spec), "--yes")
    assert done.code == 5
    assert "`age`" in done.err and "canary" not in done.err


def test_an_unknown_ledger_is_refused_with_the_command_that_opens_it(command: Command, spec: Path) -> None:
    done = command("train", str(spec), "--yes", "--set", "privacy.ledger=clinic")
    assert done.code == 4
    assert "B550" in done.err and "budget open clinic" in done.err


def test_a_named_ledger_holds_several_releases_up_to_its_cap(command: Command, spec: Path) -> None:
    opened = command("budget", "open", "clinic", "--unit", "row", "--cap", "5", "--delta", "1e-9", "--json")
    assert opened.code == 0, opened.err
    secret = opened.json["secret"]
    named = ("--set", "privacy.ledger=clinic", "--yes")
    assert command("train", str(spec), *named, "-o", "one").code == 0
    assert command("train", str(spec), *named, "-o", "two").code == 0
    third = command("train", str(spec), *named, "-o", "three")
    assert third.code == 4
    assert command("budget", "cap", "clinic", "--to", "9", "--secret", "wrong").code == 4
    assert command("budget", "cap", "clinic", "--to", "9", "--secret", secret).code == 0
    assert command("train", str(spec), *named, "-o", "three").code == 0
    state = command("budget", "show", "clinic", "--json").json
    assert len(state["charges"]) == 3
    assert state["spent"] < 9
    assert state["raises"] == 1


def test_a_ledger_of_another_unit_is_refused(command: Command, spec: Path) -> None:
    assert (
        command("budget", "open", "clinic", "--unit", "patient_id", "--cap", "9", "--delta", "1e-9").code == 0
    )
    done = command("train", str(spec), "--yes", "--set", "privacy.ledger=clinic")
    assert done.code == 4
    assert "B503" in done.err


@pytest.mark.parametrize("amount", ["0", "-1", "nan", "inf", "much"])
def test_an_impossible_cap_is_refused(command: Command, amount: str) -> None:
    done = command("budget", "open", "clinic", "--unit", "row", f"--cap={amount}", "--delta", "1e-9")
    assert done.code == 4
    assert "B510" in done.err


def test_a_default_cap_is_raised_only_on_a_terminal(command: Command, spec: Path) -> None:
    assert command("train", str(spec), "--yes", "-o", "rel").code == 0
    done = command("budget", "cap", "--source", "table.csv", "--to", "9")
    assert done.code == 2


def test_run_ends_with_a_report_and_0(command: Command, spec: Path) -> None:
    done = command("run", str(spec), "--yes", "-o", "rel", "--json")
    assert done.code == 0, done.err
    assert done.json["gates"] is not None
    assert done.json["report"]


def test_run_ends_with_3_when_a_gate_fails(command: Command, spec: Path) -> None:
    spec.write_text(spec.read_text() + "gates: {impossible: max_tvd_1way <= 0}\n")
    done = command("run", str(spec), "--yes", "-o", "rel")
    assert done.code in (0, 3)
    if done.code == 0:
        assert command("report", "rel", "--strict").code == 3


def test_a_dry_run_is_a_plan(command: Command, spec: Path) -> None:
    for verb in ("train", "run"):
        done = command(verb, str(spec), "--dry-run")
        assert done.code == 0
        assert "nothing was charged" in done.out
    assert not Path("out").exists()


def test_budgets_are_compared_side_by_side(command: Command, spec: Path) -> None:
    done = command("plan", str(spec), "--epsilon", "0.5,1,2", "--json")
    assert done.code == 0, done.err
    rows = done.json["compared"]
    assert [row["epsilon"] for row in rows] == [0.5, 1, 2]
    rates = [row["attack"] for row in rows]
    assert rates == sorted(rates) and 0.01 < rates[0] < rates[-1] < 1
    assert "best attack" in command("plan", str(spec), "--epsilon", "1,2").out


def test_mock_needs_no_data(command: Command, spec: Path) -> None:
    (spec.parent / "table.csv").unlink()
    done = command("mock", str(spec), "-n", "30")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == "age,sex,ward" and len(lines) == 31


def test_diff_says_what_a_change_costs(command: Command, spec: Path) -> None:
    other = spec.with_name("other.yaml")
    text = spec.read_text().replace("rows: 200", "rows: 300").replace("epsilon: 3", "epsilon: 4")
    other.write_text(text.replace("int 0..9", "int 0..8"))
    done = command("diff", str(spec), str(other), "--json", "--exit-code")
    assert done.code == 10
    changes = {each["path"]: each for each in done.json["changes"]}
    assert changes["sample.rows"]["effect"] == "free: resample"
    assert any(each["flag"] == "WEAKER PRIVACY" and not each["free"] for each in changes.values())
    assert any(path.startswith("columns.age") and not each["free"] for path, each in changes.items())
    assert command("diff", str(spec), str(spec), "--exit-code").code == 0


def test_graph_draws_three_ways(command: Command, spec: Path) -> None:
    spec.write_text(spec.read_text().replace("rules:", "  old: {derive: age >= 5}\nrules:"))
    assert "age -> old" in command("graph", str(spec)).out
    assert command("graph", str(spec), "--to", "dot").out.startswith("digraph")
    assert command("graph", str(spec), "--to", "mermaid").out.startswith("flowchart")


def test_a_release_that_was_changed_is_refused(command: Command, spec: Path) -> None:
    assert command("train", str(spec), "--yes", "-o", "rel").code == 0
    plan = Path("rel") / "plan.json"
    plan.write_text(plan.read_text().replace("small", "smell"))
    assert command("report", "rel").code == 3
    assert command("sample", "rel").code == 3
    assert command("report", "no-such-folder").code != 0


def test_no_stream_carries_a_value_of_the_table(command: Command, spec: Path) -> None:
    table = spec.parent / "table.csv"
    table.write_text(table.read_text() + "canary-771,F,icu\n5,canary-772,icu\n5,F,canary-773\n,,\n1,2\n")
    done = command("run", str(spec), "--yes", "-o", "rel", "-v")
    assert done.code == 0, done.err
    everything = done.out + done.err
    for file in (*Path("rel").rglob("*"), *Path(os.environ["SYNTHSPEC_HOME"]).rglob("*")):
        if file.is_file():
            everything += file.read_bytes().decode("latin-1")
    assert "canary" not in everything


def test_exported_rules_find_the_rows_that_break_them(command: Command, spec: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    done = command("export", "rules", str(spec), "--to", "duckdb", "--table", "t", "--json")
    assert done.code == 0, done.err
    query = done.json["queries"]["no-young-icu"]
    db = duckdb.connect(config={"enable_external_access": "false"})
    db.execute("CREATE TABLE t (age BIGINT, sex VARCHAR, ward VARCHAR)")
    db.execute(
        "INSERT INTO t VALUES (1, 'F', 'icu'), (5, 'F', 'icu'), (NULL, 'F', 'icu'), (1, 'M', 'surgery')"
    )
    assert db.execute(query).fetchall() == [(1, "F", "icu")]
    for dialect in ("postgres", "spark", "dbt"):
        assert "SELECT" in command("export", "rules", str(spec), "--to", dialect).out


def test_a_public_source_runs_from_end_to_end_without_budget_or_ledger(command: Command, spec: Path) -> None:
    public = spec.with_name("public.yaml")
    text = spec.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("source:", "privacy:"))]
    lines.insert(1, "source: {path: table.csv, public: true, basis: made for a test}")
    public.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = command("train", str(public), "--yes", "-o", "open")
    assert done.code == 0, done.err
    shown = command("report", "open")
    assert shown.code == 0 and "public" in shown.out
