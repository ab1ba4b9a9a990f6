"""Devices: a GPU that is not there, an extra that is not there, and one plan for all of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import synthspec
from synthspec.errors import SpecError
from synthspec.run import device
from synthspec.run.device import check_device, chosen_device, trains_networks
from tests.run.stand_ins import plan_for, visits


def cuda() -> bool:
    """Return whether torch finds a GPU."""
    torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")
    return bool(torch.cuda.is_available())


def test_a_gpu_that_is_not_there_is_said_so() -> None:
    if cuda():
        pytest.skip("there is a GPU here")
    with pytest.raises(SpecError) as raised:
        check_device("cuda", neural=False)
    assert raised.value.code == "G470"
    assert chosen_device("auto") == "cpu"


def test_a_gpu_that_is_there_is_taken() -> None:
    if not cuda():
        pytest.skip("torch finds no GPU here")
    assert chosen_device("auto") == chosen_device("cuda") == "cuda"
    assert chosen_device("cpu") == "cpu"


@pytest.mark.parametrize(("asked", "neural"), [("auto", True), ("cpu", True), ("cuda", False)])
def test_a_missing_extra_is_said_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, asked: str, neural: bool
) -> None:
    monkeypatch.setattr(device, "NEEDED", ("surely_not_installed",))
    with pytest.raises(SpecError) as raised:
        check_device(asked, neural=neural)
    assert raised.value.code == "G471"
    assert "pip install 'synthspec[neural]'" in str(raised.value.diagnostics[0].helps)


def test_a_plan_without_a_network_needs_no_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "visits.csv"
    source.write_text(visits(50))
    assert not trains_networks(plan_for(source))
    monkeypatch.setattr(device, "NEEDED", ("surely_not_installed",))
    check_device("auto", neural=False)


def test_torch_is_not_loaded_before_a_network_is_trained() -> None:
    asked = "import sys, synthspec, synthspec.cli.main, synthspec.run.execute; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_plan_with_a_network_says_so(tmp_path: Path) -> None:
    from tests.run.small_training import tuned_plan

    source = tmp_path / "visits.csv"
    source.write_text(visits(50))
    assert trains_networks(tuned_plan(source))


def test_check_and_plan_say_early_that_the_extra_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note, no error: the plan may be trained on another machine."""
    text = (
        "spec: 1\nname: t\nsource: {path: t.csv}\nprivacy: {unit: row, epsilon: 1}\n"
        "columns: {a: [x, y], b: [x, y]}\ngenerate: {g: {columns: [a, b], using: vae}}\n"
    )
    path = tmp_path / "t.yaml"
    path.write_text(text)
    monkeypatch.setattr(device, "NEEDED", ("surely_not_installed",))
    (found,) = [each for each in synthspec.load(path).check() if each.code == "G471"]
    assert (found.level, found.path) == ("note", ("generate", "g", "using"))
    assert synthspec.load(path).plan() is not None
    path.write_text(text.replace("vae", "marginal"))
    assert not [each for each in synthspec.load(path).check() if each.code == "G471"]
