"""Streams, exit codes and the one JSON document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from synthspec.cli.main import run
from synthspec.cli.verbs import VERBS
from tests.cli.conftest import Command

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(command: Command, verb: str) -> None:
    done = command(verb, "--help")
    assert done.code == 0
    assert "Usage" in done.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("chek", "a.yaml"),
        ("plan",),
        ("train", "a.yaml", "--no-such-flag"),
        ("check", "--set", "novalue", "a.yaml"),
    ],
)
def test_a_wrong_command_line_exits_2_and_prints_nothing_on_stdout(
    command: Command, arguments: tuple[str, ...]
) -> None:
    done = command(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err


def test_an_unknown_verb_gets_a_suggestion(command: Command) -> None:
    assert "did you mean `synthspec check`?" in command("chek").err


def test_json_is_one_document_on_success_and_on_failure(command: Command, spec: Path) -> None:
    good = command("check", str(spec), "--json")
    assert (good.code, good.json["schema"], good.json["ok"]) == (0, "synthspec.check/1", True)
    missing = command("plan", "not-there.yaml", "--json")
    assert (missing.code, missing.json["schema"], missing.json["ok"]) == (1, "synthspec.plan/1", False)
    assert missing.json["diagnostics"][0]["code"] == "S109"
    wrong = command("--json", "explain", "NO1")
    assert (wrong.code, wrong.json["ok"], wrong.json["exit_code"]) == (2, False, 2)


def test_shared_flags_work_before_and_after_the_verb(command: Command) -> None:
    assert command("--json", "explain", "S150").json == command("explain", "S150", "--json").json


def test_explain_knows_every_code(command: Command) -> None:
    from synthspec.errors import CODES

    listed = command("explain").out
    for code in CODES:
        assert code in listed
        assert command("explain", code.lower()).code == 0


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_prints_a_script(command: Command, shell: str) -> None:
    done = command("completion", shell)
    assert done.code == 0
    assert "synthspec" in done.out


def test_nothing_is_coloured_when_stdout_is_no_terminal(command: Command, spec: Path) -> None:
    spec.write_text(spec.read_text().replace("int 0..9", "int 9..0"))
    assert "\x1b[" not in command("check", str(spec)).err
    assert "\x1b[" in command("check", str(spec), "--color", "always").err


def test_a_bug_exits_70_and_leaves_a_crash_file_without_values(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    import synthspec.cli.explain as victim

    def burst(*_: object, **__: object) -> None:
        patient = "P-4711"
        raise ValueError(f"row of {patient}: canary-value")

    monkeypatch.setattr(victim.Output, "result", burst)
    done = command("explain")
    assert done.code == 70
    assert "canary" not in done.err + done.out and "P-4711" not in done.err
    (file,) = (Path(os.environ["SYNTHSPEC_HOME"]) / "crashes").iterdir()
    text = file.read_text()
    assert "builtins.ValueError" in text and "synthspec/cli/explain.py" in text
    assert "canary" not in text and "P-4711" not in text
    assert file.stat().st_mode & 0o077 == 0
    assert str(Path.home()) not in text


def test_a_file_that_cannot_be_written_is_said_plainly(command: Command, spec: Path) -> None:
    done = command("plan", str(spec), "-o", "no/such/folder/a.plan")
    assert done.code == 1
    assert "S150" in done.err and "Traceback" not in done.err


def test_ctrl_c_exits_130_and_says_on_which_side_of_the_charge(
    command: Command, monkeypatch: pytest.MonkeyPatch, spec: Path
) -> None:
    import synthspec.api.spec as victim

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(victim.Spec, "plan", interrupt)
    done = command("plan", str(spec))
    assert done.code == 130
    assert "nothing was charged" in done.err
    done = command("train", str(spec), "--yes")
    assert done.code == 130
    assert "--resume" in done.err


def test_a_reader_that_goes_away_is_no_error(spec: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m synthspec explain | head -1",
        shell=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""


def test_version_is_printed(command: Command) -> None:
    from synthspec import __version__

    assert __version__ in command("--version").out


def test_run_returns_an_int_without_arguments() -> None:
    assert run([]) in (0, 2)


def test_the_json_of_a_finding_has_spans_and_fixes(command: Command, spec: Path) -> None:
    spec.write_text(spec.read_text().replace("columns:", "colums:"))
    found = command("check", str(spec), "--json").json["diagnostics"]
    assert found
    for each in found:
        assert {"code", "level", "message", "path", "spans", "notes", "helps", "fixes"} <= set(each)
        for span in each["spans"]:
            assert span["line"] >= 1 and span["column"] >= 1
    assert json.dumps(found)
