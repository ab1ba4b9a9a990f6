"""`synthspec audit`: what it prints, writes and exits with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synthspec.attack.audited import AuditResult, recent
from synthspec.cli.main import run


def test_one_mechanism_is_audited_and_the_result_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "audit.json"
    asked = ["audit", "--generator", "rules", "--runs", "30", "-o", str(path)]
    assert run(asked) == 0
    out, err = capsys.readouterr()
    result = AuditResult.from_json(path.read_text())
    assert {game.entry for game in result.games} == {"rules"}
    assert "planted bugs caught" in out
    assert "planted, columns counted without a price" in err
    assert "could have proved up to mu" in err
    assert "no evidence either way" in out or result.unseen == 0


def test_json_is_one_document_and_strict_fails_where_nothing_could_be_seen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Four plays prove nothing: without --strict that is no failure, and never a pass."""
    asked = ["audit", "--generator", "independent", "--runs", "4", "--format", "json"]
    assert run(asked) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["class"], found["ok"]) == ("synthspec.audit/1", "P", True)
    assert {game["outcome"] for game in found["games"]} == {"could not have seen it"}
    assert run([*asked, "--strict"]) == 3
    assert json.loads(capsys.readouterr().out)["ok"] is False


def test_a_name_that_no_shelf_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--mechanism", "laplace"]) == 2
    said = capsys.readouterr().err
    assert "Q670" in said
    assert "`rounded_gaussian`" in said


def test_the_result_that_the_package_carries_is_of_this_version_and_passed() -> None:
    found = recent()
    assert found is not None
    assert found.passed
    assert found.games
