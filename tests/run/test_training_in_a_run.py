"""A private training inside a whole run: what the release lists, what a resume repeats, what leaks."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `neural` is not installed")

from synthspec.errors import KernelError
from synthspec.privacy.entropy import SystemNoise
from synthspec.privacy.home import home
from synthspec.privacy.journal import Journal
from synthspec.run.charged import Interrupted
from synthspec.run.engine import engine
from synthspec.run.execute import execute
from tests.privacy.test_canary import everything
from tests.run import small_training
from tests.run.small_training import STEPS, counted, tuned_plan
from tests.run.stand_ins import charged, visits

ROOT = Path(__file__).parents[2]
CANARIES = ("CANARYUNIT7741", "CANARYSEX9317", "CANARYWARD5502", "987654321")
ROWS = "".join(
    f"CANARYUNIT7741,{age},{sex},{ward},3,12.00\n"
    for age, sex, ward in (
        ("987654321", "F", "icu"),
        ("40", "CANARYSEX9317", "icu"),
        ("41", "F", "CANARYWARD5502"),
    )
)


def source_in(folder: Path, extra: str = "") -> Path:
    """Return a table of visits."""
    folder.mkdir()
    path = folder / "visits.csv"
    path.write_text(visits(200) + extra)
    return path


def steps_heard(heard: list[str]) -> list[int]:
    """Return the training steps among public words."""
    return [int(words.split("training step ")[1].split()[0]) for words in heard if "training step" in words]


def test_a_release_lists_the_purchase_and_canaries_are_nowhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    plan = tuned_plan(source_in(tmp_path / "private", ROWS))
    journal, charge = charged(plan)
    heard: list[str] = []
    seen: list[bytes] = []

    def watch(step: int, steps: int, name: str) -> None:
        heard.append(name)
        seen.append(everything(home()))

    release = tmp_path / "out" / "r"
    execute(plan, journal, charge, engine(), SystemNoise(), release, progress=watch)
    out, err = capfd.readouterr()
    seen += [
        everything(tmp_path / "out"),
        everything(home()),
        (out + err + caplog.text).encode(),
        *map(str.encode, heard),
    ]
    together = b"\n".join(seen)
    assert b"safetensors" in together, "the search does look at saved states"
    assert b"icu" in together, "and at the release"
    for canary in CANARIES:
        assert canary.encode() not in together
    assert not out + err

    events = json.loads((release / "ledger.json").read_text())
    found = [each for each in events["events"] if each["mechanism"]["kind"] == "subsampled_gaussian"]
    assert len(found) == 1
    assert found[0]["mechanism"]["steps"] == STEPS
    assert "Poisson" in found[0]["property_used"]
    assert found[0]["cost"] == {name: found[0]["mechanism"][name] for name in ("mu2", "delta0")}
    assert found[0]["stddev"] == pytest.approx(found[0]["mechanism"]["multiplier"] / 1e9)
    assert counted(journal, charge) == STEPS
    assert steps_heard(heard) == list(range(1, STEPS + 1))
    trained = [words for words in heard if "training step" in words]
    epsilons = [float(words.split("steps so far ")[1]) for words in trained]
    assert epsilons == sorted(epsilons)
    assert 0 < epsilons[0] < epsilons[-1] < 4
    assert all(str(number) not in " ".join(trained) for number in (200, 100, 203)), (
        "no count of rows or units"
    )


def test_rows_that_are_declared_public_are_trained_on_without_a_ledger(tmp_path: Path) -> None:
    plan = tuned_plan(source_in(tmp_path / "open"), spec=small_training.PUBLIC)
    heard: list[str] = []
    execute(
        plan, None, None, engine(), SystemNoise(), tmp_path / "r",
        progress=lambda step, steps, name: heard.append(name),
    )  # fmt: skip
    assert steps_heard(heard) == list(range(1, STEPS + 1))
    assert "epsilon" not in " ".join(heard)
    assert not list(home().rglob("steps-*"))
    assert not list(home().rglob("*.sqlite"))


@pytest.mark.parametrize("state", ["newest", "older", "none"])
def test_an_interrupted_training_takes_only_the_steps_that_are_not_counted(
    tmp_path: Path, state: str
) -> None:
    plan = tuned_plan(source_in(tmp_path / "private"))
    journal, charge = charged(plan)
    run = home() / "runs" / "visits-0"
    older = tmp_path / "older"

    def stop(step: int, steps: int, name: str) -> None:
        if "training step 2 " in name:
            shutil.copytree(run, older)
        if "training step 4 " in name:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        execute(plan, journal, charge, engine(), SystemNoise(), tmp_path / "r", progress=stop)
    assert counted(journal, charge) == 4
    assert journal.state(charge) == "opened"
    if state != "newest":
        for path in run.glob("steps-*"):
            path.unlink()
    if state == "older":
        for path in older.glob("steps-*"):
            shutil.copy(path, run / path.name)
    heard: list[str] = []
    execute(
        plan, journal, charge, engine(), SystemNoise(), tmp_path / "r",
        resume=True, progress=lambda step, steps, name: heard.append(name),
    )  # fmt: skip
    assert steps_heard(heard) == [5, 6]
    assert counted(journal, charge) == STEPS
    assert journal.state(charge) == "committed"


def test_trained_on_a_gpu_it_is_the_same_purchase_and_loads_on_the_processor(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    if not torch.cuda.is_available():
        pytest.skip("torch finds no GPU here")
    bought = []
    for device in ("cpu", "cuda"):
        folder = tmp_path / device
        plan = tuned_plan(source_in(folder))
        journal, charge = charged(plan, f"visits-{device}")
        execute(plan, journal, charge, engine(), SystemNoise(), folder / "r", device=device)
        assert (journal.state(charge), counted(journal, charge)) == ("committed", STEPS)
        events = json.loads((folder / "r" / "ledger.json").read_text())["events"]
        (found,) = [each for each in events if each["mechanism"]["kind"] == "subsampled_gaussian"]
        bought.append((found["cost"], found["mechanism"]["steps"]))
        (state,) = (home() / "runs" / f"visits-{device}").glob("*.safetensors")
        assert all(each.device.type == "cpu" for each in load_file(state).values())
    assert bought[0] == bought[1]


def test_memory_that_runs_out_is_said_with_the_ledger_true_and_the_run_goes_on(tmp_path: Path) -> None:
    """Numpy, torch on the processor and torch on a GPU say it in three ways."""
    import numpy as np
    import torch

    plan = tuned_plan(source_in(tmp_path / "private"))
    journal, charge = charged(plan)
    heard: list[int] = []

    def gpu() -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 EiB")

    for work in (lambda: np.empty(1 << 55), lambda: torch.empty(1 << 55), gpu):

        def hungry(step: int, steps: int, name: str, work: Callable[[], object] = work) -> None:
            if "training step" in name:
                heard.extend(steps_heard([name]))
                work()

        with pytest.raises(KernelError) as raised:
            execute(
                plan, journal, charge, engine(), SystemNoise(), tmp_path / "r",
                resume=bool(heard), progress=hungry,
            )  # fmt: skip
        assert raised.value.code == "K702"
        assert raised.value.__cause__ is None and raised.value.__context__ is None
        assert "--resume" in str(raised.value.diagnostics[0].notes)
        assert (journal.state(charge), counted(journal, charge)) == ("opened", len(heard))
    execute(
        plan, journal, charge, engine(), SystemNoise(), tmp_path / "r",
        resume=True, progress=lambda step, steps, name: heard.extend(steps_heard([name])),
    )  # fmt: skip
    assert heard == list(range(1, STEPS + 1))


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
def test_killed_at_any_moment_no_step_is_taken_twice_and_none_beyond_what_was_charged(tmp_path: Path) -> None:
    source = source_in(tmp_path / "private")
    heard: list[int] = []
    before = 0
    for attempt in range(8):
        how = "resume" if attempt else "first"
        command = [
            sys.executable,
            "-W",
            "ignore",
            small_training.__file__,
            str(source),
            str(tmp_path / "r"),
            how,
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        words = []
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                words.append(line)
                if attempt < 3 and "training step" in line:
                    time.sleep(0.01 * attempt)
                    process.send_signal(signal.SIGKILL)
        journal = Journal.of_source(str(source))
        assert journal is not None
        journal.verify()
        gone = counted(journal, next(iter(journal.standing().charges)))
        assert before <= gone <= 60
        fresh = steps_heard(words)
        assert all(step > before for step in fresh), "what is counted is not taken again"
        heard += fresh
        before = gone
        if process.returncode == 0:
            break
    assert before == 60
    assert heard == sorted(set(heard))
    assert (tmp_path / "r" / "manifest.json").exists()
