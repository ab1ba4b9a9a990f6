"""`synthspec verify`: honest releases of every kind pass; each check fails what only it can see."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from synthspec.api.compiled import compiled
from synthspec.cli.main import run
from synthspec.draw.table import write_table
from synthspec.privacy.home import home
from synthspec.privacy.journal import Journal
from synthspec.release.bundle import read_release
from synthspec.release.release import LedgerFacts
from synthspec.verify import standalone
from synthspec.verify.counts import check_gates, check_rules
from synthspec.verify.heads import check_ledger, check_pair
from synthspec.verify.models import check_models
from synthspec.verify.priced import check_questions
from synthspec.verify.rendered import check_report
from synthspec.verify.rows import check_rows
from synthspec.verify.standalone import Check
from synthspec.verify.verify import verify
from tests.verify.conftest import Kept
from tests.verify.releases import SPECS, changed


def not_passed(folder: Path) -> dict[str, str]:
    found = verify(folder, planner=compiled).checks
    return {check.name: check.outcome for check in found if check.outcome != "passed"}


def alone_passes(folder: Path) -> bool:
    return all(check.outcome != "failed" for check in standalone.verify(folder))


def failing(checks: Check | tuple[Check, ...]) -> list[str]:
    every = (checks,) if isinstance(checks, Check) else checks
    return [check.name for check in every if check.outcome == "failed"]


@pytest.mark.parametrize("kind", ["marginal", pytest.param("bought", marks=pytest.mark.slow)])
def test_an_honest_release_passes_every_check(release: Kept, kind: str) -> None:
    found = not_passed(release(kind))
    assert found.pop("signatures") == "not done"
    charts = {} if find_spec("vl_convert") else {"report.html": "not done"}
    assert found in ({}, charts, {"noise": "could not have seen it", **charts})


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in SPECS if kind not in ("marginal", "bought", "network")])
def test_honest_releases_of_other_kinds_pass(release: Kept, kind: str) -> None:
    found = not_passed(release(kind))
    allowed = {"signatures": "not done"}
    if kind in ("public", "nothing"):
        allowed["noise"] = "not done"
    elif found.get("noise") == "could not have seen it":  # as many tables overlap as were chosen
        allowed["noise"] = "could not have seen it"
    assert found == allowed


@pytest.mark.slow
def test_a_network_is_taken_as_released_and_its_rows_are_drawn_again(release: Kept) -> None:
    pytest.importorskip("torch", reason="the extra `neural` is not installed")
    found = not_passed(release("network"))
    assert found.pop("noise", "") in ("", "could not have seen it")  # as many tables as were chosen
    assert found == {"signatures": "not done", "model all": "not done"}


# ---- each check, on a release that was changed for it and digested anew ------------------------------------


def test_a_row_that_was_changed_is_found_by_drawing_again(release: Kept, tmp_path: Path) -> None:
    def other(content: bytes) -> bytes:
        path = tmp_path / "rows.parquet"
        path.write_bytes(content)
        frame = pl.read_parquet(path)
        ages = frame["age"].to_list()
        ages[17] = (ages[17] + 1) % 10
        write_table(frame.with_columns(pl.Series("age", ages)), path)
        return path.read_bytes()

    folder = changed(release("marginal"), tmp_path / "changed", {"synthetic.parquet": other})
    assert alone_passes(folder)
    checks = check_rows(read_release(folder), folder)
    assert failing(checks) == ["rows"]
    assert "row 18" in checks[0].detail


def test_a_scenario_that_was_changed_is_found_by_drawing_again(release: Kept, tmp_path: Path) -> None:
    def shorter(content: bytes) -> bytes:
        path = tmp_path / "rows.parquet"
        path.write_bytes(content)
        write_table(pl.read_parquet(path).reverse(), path)
        return path.read_bytes()

    folder = changed(release("marginal"), tmp_path / "changed", {"scenario-1-icu.parquet": shorter})
    assert alone_passes(folder)
    assert failing(check_rows(read_release(folder), folder)) == ["scenario icu"]


def test_a_csv_cell_that_was_changed_is_found(release: Kept, tmp_path: Path) -> None:
    def other(content: bytes) -> bytes:
        return content.replace(b",F,", b",M,", 1)

    folder = changed(release("bought"), tmp_path / "changed", {"synthetic.csv": other})
    assert alone_passes(folder)
    assert failing(check_rows(read_release(folder), folder)) == ["rows"]


def _model(name: str) -> Callable[[Any], Any]:
    def edit(arrays: Any) -> Any:
        table = arrays[name].ravel().copy()
        at, to = int(np.argmax(table)), int(np.argmin(table))
        table[at] -= 1 << 32
        table[to] += 1 << 32
        return arrays | {name: table.reshape(arrays[name].shape)}

    return edit


def test_a_model_that_does_not_follow_from_its_measurements_is_found(release: Kept, tmp_path: Path) -> None:
    """Four millionths of the mass of one table, moved."""
    folder = changed(release("marginal"), tmp_path / "changed", {"models.npz": _model("0/table/0")})
    assert alone_passes(folder)
    assert failing(check_models(read_release(folder))) == ["model all"]
    honest = check_models(read_release(release("marginal")))
    assert [check.outcome for check in honest] == ["passed"]


def test_a_measurement_that_was_changed_is_found_by_fitting_again(release: Kept, tmp_path: Path) -> None:
    def edit(arrays: Any) -> Any:
        values = arrays["0/values"].copy()
        values[0] += 3
        return arrays | {"0/values": values}

    folder = changed(release("marginal"), tmp_path / "changed", {"measurements.npz": edit})
    assert failing(check_models(read_release(folder))) == ["model all"]


def test_a_selection_that_went_otherwise_is_found_by_fitting_again(release: Kept, tmp_path: Path) -> None:
    def edit(tree: Any) -> Any:
        event = next(e for e in tree["events"] if e["mechanism"]["kind"] == "exponential")
        event["chosen"] = 1 - min(1, event["chosen"])
        return tree

    folder = changed(release("scaled"), tmp_path / "changed", {"ledger.json": edit})
    assert alone_passes(folder)
    assert failing(check_models(read_release(folder))) == ["model all"]


def test_a_bought_range_that_asked_otherwise_is_found(release: Kept, tmp_path: Path) -> None:
    def edit(tree: Any) -> Any:
        event = next(e for e in tree["events"] if e["stage"] == "tighten")
        event["query"] = "0" * 32
        return tree

    folder = changed(release("bought"), tmp_path / "changed", {"ledger.json": edit})
    assert alone_passes(folder)
    assert failing(check_questions(read_release(folder))) == ["questions"]


def test_a_certificate_that_says_otherwise_is_found_by_the_second_engine(
    release: Kept, tmp_path: Path
) -> None:
    def edit(tree: Any) -> Any:
        tree["rules"][0]["recounted"] += 1
        return tree

    folder = changed(release("marginal"), tmp_path / "changed", {"rules.json": edit})
    assert alone_passes(folder)
    assert failing(check_rules(read_release(folder), folder)) == ["rules"]


def test_an_answer_to_a_question_that_is_not_that_of_the_rows_is_found(release: Kept, tmp_path: Path) -> None:
    def edit(tree: Any) -> Any:
        tree[0]["groups"][0]["rows"] += 1
        return tree

    folder = changed(release("marginal"), tmp_path / "changed", {"answers.json": edit})
    assert failing(check_rules(read_release(folder), folder)) == ["rules"]


def test_a_paid_figure_with_a_narrower_interval_is_found(release: Kept, tmp_path: Path) -> None:
    def edit(tree: Any) -> Any:
        middle = [min(0.9, max(0.1, each["value"])) for each in tree]
        return [
            each | {"value": v, "low": v - 1e-6, "high": v + 1e-6}
            for each, v in zip(tree, middle, strict=True)
        ]

    folder = changed(release("marginal"), tmp_path / "changed", {"evaluation.json": edit})
    assert alone_passes(folder)
    assert failing(check_gates(read_release(folder))) == ["gates"]


@pytest.mark.parametrize("name", ["report.json", "report.html"])
def test_a_report_of_other_bytes_is_found_by_rendering_again(
    release: Kept, name: str, tmp_path: Path
) -> None:
    if name == "report.html" and find_spec("vl_convert") is None:
        pytest.skip("the extra `report` is not installed")

    def raw(content: Any) -> Any:
        return content | {"title": "other"} if isinstance(content, dict) else content + b"\n"

    folder = changed(release("marginal"), tmp_path / "changed", {name: raw})
    assert alone_passes(folder)
    assert failing(check_report(read_release(folder), folder)) == [name]


# ---- the ledger ------------------------------------------------------------------------------------------


def test_two_releases_of_one_entry_are_found_and_two_of_two_are_not(release: Kept, tmp_path: Path) -> None:
    first = release("marginal")
    second = changed(first, tmp_path / "second", {"answers.json": lambda tree: tree[:0]})
    one, two = read_release(first), read_release(second)
    assert failing(check_pair(one, two, (first, second))) == ["ledger heads"]
    assert not failing(check_pair(one, one, (first, first)))

    def entry(facts: LedgerFacts | None, place: int, releases: int) -> LedgerFacts:
        assert facts is not None
        named = {"entry": f"{place}:{'ab' * 16}", "releases": releases, "opened_by": "owner"}
        return facts.model_copy(update=named)

    early = replace(one, ledger=entry(one.ledger, 3, 1))
    later = replace(two, ledger=entry(one.ledger, 90, 2))
    assert not failing(check_pair(early, later, (first, second)))
    for place, releases in ((90, 1), (3, 2)):  # no more releases than before; another entry of that place
        lying = replace(two, ledger=entry(one.ledger, place, releases))
        assert lying.ledger is not None
        lying = replace(lying, ledger=lying.ledger.model_copy(update={"entry": f"{place}:{'cd' * 16}"}))
        assert failing(check_pair(early, lying, (first, second))) == ["ledger heads"]
    # of two default ledgers nobody can tell whether they are one
    assert not failing(check_pair(one, later, (first, second)))


def test_a_ledger_that_does_not_hold_the_entry_is_found(
    release: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = release("independent")
    monkeypatch.setenv("SYNTHSPEC_HOME", str(folder.parent / "home"))
    assert home().is_dir()
    (journal,) = Journal.every()
    held = read_release(folder)
    assert check_ledger(held, journal).outcome == "passed"
    assert held.ledger is not None
    place, digest = str(held.ledger.entry).split(":")
    for entry in (f"{int(place) + 5}:{digest}", f"{place}:{'0' * len(digest)}", f"0:{digest}"):
        lying = replace(held, ledger=held.ledger.model_copy(update={"entry": entry}))
        assert check_ledger(lying, journal).outcome == "failed"
    told = {"releases": 7, "raises": 1, "opened_by": "owner", "name": "other", "day": "2001-01-01"}
    for key, value in told.items():
        lying = replace(held, ledger=held.ledger.model_copy(update={key: value}))
        assert check_ledger(lying, journal).outcome == "failed", key


# ---- the command -----------------------------------------------------------------------------------------


def test_the_command_prints_a_line_a_check_and_ends_with_3_where_one_fails(
    release: Kept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "verify.json"
    assert run(["verify", str(release("independent")), "-o", str(out), "--format", "json"]) == 0
    tree = json.loads(capsys.readouterr().out)
    assert tree["ok"] and tree["checks"] == json.loads(out.read_text())["checks"]
    assert {check["outcome"] for check in tree["checks"]} == {"passed", "not done", "could not have seen it"}

    broken = Path(shutil.copytree(release("independent"), tmp_path / "broken"))
    (broken / "fit.json").write_text("{}\n")
    assert run(["verify", str(broken)]) == 3
    seen = capsys.readouterr()
    assert "✗ digests" in seen.out and "`fit.json`" in seen.out and "Q630" in seen.err
    assert "that one person has at most the stated number of rows" in seen.out

    assert run(["verify", str(tmp_path)]) == 2
    assert "Q603" in capsys.readouterr().err
    assert run(["verify", str(release("independent")), "-o", str(release("independent") / "v.json")]) == 2
    capsys.readouterr()
    assert run(["verify", "--standalone"]) == 0
    assert capsys.readouterr().out.rstrip("\n") == Path(standalone.__file__).read_text().rstrip("\n")


def test_a_release_that_reads_but_contradicts_itself_fails_its_parts_and_no_more_is_tried(
    release: Kept, tmp_path: Path
) -> None:
    def edit(tree: Any) -> Any:
        tree[0]["axes"][0]["size"] += 1
        return tree

    folder = changed(release("independent"), tmp_path / "changed", {"measurements.json": edit})
    found = {check.name: check.outcome for check in verify(folder).checks}
    assert found["parts"] == "failed" and found["rows"] == "not done"


def test_hostile_plans_are_not_carried_out(release: Kept, tmp_path: Path) -> None:
    """A plan of a thousand billion rows, and a scenario over a file of the reader's machine."""

    def huge(tree: Any) -> Any:
        tree["rows"] = 10**12
        return tree

    folder = changed(release("marginal"), tmp_path / "huge", {"plan.json": huge})
    assert check_rows(read_release(folder), folder)[0].outcome == "not done"

    def reading(tree: Any) -> Any:
        tree["scenarios"][0]["given"] = {"path": "/dev/zero", "sha256": "0" * 64}
        return tree

    try:
        held = read_release(changed(release("marginal"), tmp_path / "reading", {"plan.json": reading}))
    except Exception as refusal:  # whatever the plan's own reading says of it, politely
        assert "Q605" in str(refusal)
        return
    assert [c.outcome for c in check_rows(held, tmp_path / "reading")][1] == "not done"


def test_what_another_version_did_is_not_held_against_a_release_and_is_not_passed(
    release: Kept, tmp_path: Path
) -> None:
    edits = {"models.npz": _model("0/table/0")}
    folder = changed(release("independent"), tmp_path / "same", edits)
    own = {check.name: check for check in verify(folder).checks}
    assert own["model all"].outcome == "failed"
    older = {"plan.json": lambda tree: tree | {"tool": "0.0.1"}}
    folder = changed(release("independent"), tmp_path / "older", edits | older)
    found = {check.name: check for check in verify(folder).checks}
    assert found["model all"].outcome == "not done" and "0.0.1" in found["model all"].detail
    assert found["digests"].outcome == "passed"
