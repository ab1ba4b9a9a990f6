"""Events, reports into pipes, tool settings, the editor's schema: what goes where."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Command


def test_events_are_one_document_a_line_and_hold_nothing_but_public_names(
    command: Command, spec: Path
) -> None:
    done = command("train", str(spec), "--yes", "-o", "rel", "--events", "seen.jsonl", "-q")
    assert done.code == 0, done.err
    seen = [json.loads(line) for line in Path("seen.jsonl").read_text().splitlines()]
    assert (seen[0]["event"], seen[0]["schema"]) == ("version", "synthspec.events/1")
    steps = seen[1:-1]
    assert [each["step"] for each in steps] == list(range(1, len(steps) + 1))
    assert all(set(each) == {"event", "step", "steps", "name"} for each in steps)
    assert seen[-1] == {"event": "done", "release": "rel"}


def test_events_on_stdout_stand_alone(command: Command, spec: Path) -> None:
    done = command("run", str(spec), "--yes", "-o", "rel", "--events", "-")
    assert done.code == 0, done.err
    kinds = [json.loads(line)["event"] for line in done.out.splitlines()]
    assert (kinds[0], kinds[-1]) == ("version", "done")
    assert command("run", str(spec), "--yes", "--events", "-", "--json").code == 2


def test_events_say_how_a_run_failed(command: Command, spec: Path) -> None:
    Path("table.csv").unlink()
    assert command("train", str(spec), "--yes", "--events", "seen.jsonl").code == 5
    last = json.loads(Path("seen.jsonl").read_text().splitlines()[-1])
    assert last == {"event": "failed", "code": "D402", "exit_code": 5}


def test_a_report_in_a_pipe_is_narrow_and_whole(command: Command, spec: Path) -> None:
    long = "a" * 15
    spec.write_text(spec.read_text().replace("ward", f"ward_{long}").replace("no-young-icu", f"rule-{long}"))
    Path("table.csv").write_text(Path("table.csv").read_text().replace("ward", f"ward_{long}"))
    done = command("run", str(spec), "--yes", "-o", "rel", "-q")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert all(line == line.rstrip() for line in lines)
    assert max(map(len, lines)) <= 180
    assert f"ward_{long}" in done.out and f"rule-{long}" in done.out and "…" not in done.out
    assert "\x1b[" not in done.out
    assert "\x1b[" in command("report", "rel", "--color", "always").out


def test_tool_settings_colour_and_place_and_flags_win(command: Command, spec: Path) -> None:
    Path("synthspec.toml").write_text('color = "always"\n[output]\nfolder = "releases"\n')
    assert "into releases/small" in command("plan", str(spec)).out
    assert command("train", str(spec), "--yes").code == 0
    assert (Path("releases") / "small" / "manifest.json").is_file()
    spec.write_text(spec.read_text().replace("int 0..9", "int 9..0"))
    assert "\x1b[" in command("check", str(spec)).err
    assert "\x1b[" not in command("check", str(spec), "--color", "never").err


def test_a_folder_that_the_spec_names_stays(command: Command, spec: Path) -> None:
    Path("synthspec.toml").write_text('[output]\nfolder = "releases"\n')
    spec.write_text(spec.read_text() + "output: {folder: mine}\n")
    assert "into mine" in command("plan", str(spec)).out


def test_the_editors_schema_follows_the_spec_only_where_it_is_asked_for(command: Command, spec: Path) -> None:
    assert command("check", str(spec)).code == 0
    assert not Path(".synthspec").exists()
    line = "# yaml-language-server: $schema=.synthspec/small.schema.json\n"
    spec.write_text(line + spec.read_text())
    assert command("check", str(spec), "--dry-run").code == 0
    assert not Path(".synthspec").exists()
    assert command("check", str(spec)).code == 0
    schema = Path(".synthspec/small.schema.json")
    assert "ward" in schema.read_text()
    spec.write_text(spec.read_text().replace("ward", "unit_of_care"))
    assert command("fmt", str(spec)).code == 0
    assert "unit_of_care" in schema.read_text()
    kept = schema.read_bytes()
    spec.write_text(line + "columns: [\n")
    assert command("check", str(spec)).code == 1
    assert schema.read_bytes() == kept


def test_a_schema_is_never_written_outside_its_folder(command: Command, spec: Path) -> None:
    for place in ("../evil.schema.json", ".synthspec/../evil.schema.json", "/tmp/evil.schema.json"):
        spec.write_text(f"# yaml-language-server: $schema={place}\n{spec.read_text()}")
        assert command("check", str(spec)).code == 0
        assert not list(spec.parent.parent.glob("*.schema.json")) and not list(spec.parent.rglob("*.json"))


def test_a_draft_starts_with_the_line_that_editors_read(command: Command, spec: Path) -> None:
    assert command("init", "--names-only", "table.csv", "-o", "draft.yaml").code == 0
    first = Path("draft.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=.synthspec/draft.schema.json"
    assert json.loads(Path(".synthspec/draft.schema.json").read_text())["$schema"].endswith(
        "draft-07/schema#"
    )


def test_a_condition_that_cannot_be_read_is_quoted_back(command: Command, spec: Path) -> None:
    assert command("train", str(spec), "--yes", "-o", "rel", "-q").code == 0
    done = command("sample", "rel", "--where", "agee > 3")
    assert done.code == 1
    assert "--where:1:1" in done.err and "1 │ agee > 3\n  │ ^^^^ there is no column" in done.err
    assert "did you mean `age`?" in done.err and "--fix" not in done.err
