"""`--device`: refused before anything is charged where it cannot be had; else the same plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthspec.privacy.home import home
from tests.cli.conftest import Command


@pytest.mark.parametrize("verb", ["train", "run"])
def test_a_gpu_that_is_not_there_costs_nothing(verb: str, command: Command, spec: Path) -> None:
    torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    done = command(verb, str(spec), "--yes", "--device", "cuda")
    assert done.code == 1
    assert "error[G470]" in done.err
    assert not list(home().rglob("*.sqlite"))


def test_the_device_is_no_part_of_the_plan(command: Command, spec: Path) -> None:
    assert command("train", str(spec), "--yes", "--device", "cpu", "-o", "rel").code == 0
    assert "device" not in (Path("rel") / "plan.json").read_text()


def test_an_unknown_device_is_a_wrong_option(command: Command, spec: Path) -> None:
    done = command("train", str(spec), "--yes", "--device", "tpu")
    assert done.code == 2
    assert "auto" in done.err


def test_the_processes_are_no_part_of_the_plan_and_not_started_where_nothing_is_trained(
    command: Command, spec: Path
) -> None:
    done = command("train", str(spec), "--yes", "--processes", "3", "-o", "rel")
    assert done.code == 0
    assert "processes" not in (Path("rel") / "plan.json").read_text()


@pytest.mark.parametrize("verb", ["train", "run"])
@pytest.mark.parametrize("word", ["0", "two", "-1", "1.5"])
def test_no_number_of_processes_is_a_wrong_option(verb: str, word: str, command: Command, spec: Path) -> None:
    done = command(verb, str(spec), "--yes", "--processes", word)
    assert done.code == 2
    assert "torchrun" in done.err


def test_torchrun_that_did_not_start_this_costs_nothing(
    command: Command, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RANK", raising=False)
    done = command("train", str(spec), "--yes", "--processes", "torchrun")
    assert done.code == 1
    assert "error[G474]" in done.err and "RANK" in done.err
    assert not list(home().rglob("*.sqlite"))
