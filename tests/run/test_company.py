"""A whole run whose private steps two processes share: the same purchase, and everybody gone afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `neural` is not installed")
if not torch.distributed.is_available():
    pytest.skip("torch was built without torch.distributed", allow_module_level=True)

from synthspec.errors import KernelError, SpecError  # noqa: E402
from synthspec.privacy.entropy import SystemNoise  # noqa: E402
from synthspec.privacy.home import home  # noqa: E402
from synthspec.privacy.journal import Journal  # noqa: E402
from synthspec.run.charged import Interrupted  # noqa: E402
from synthspec.run.company import check_processes, company, is_companion  # noqa: E402
from synthspec.run.engine import engine  # noqa: E402
from synthspec.run.execute import execute  # noqa: E402
from tests.privacy.test_canary import everything  # noqa: E402
from tests.run import small_training  # noqa: E402
from tests.run.small_training import STEPS, counted, tuned_plan  # noqa: E402
from tests.run.stand_ins import charged  # noqa: E402
from tests.run.test_training_in_a_run import CANARIES, ROWS, source_in, steps_heard  # noqa: E402

ROOT = Path(__file__).parents[2]


def children() -> list[int]:
    """Return the living children of this process; [] where the system does not list them."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(each) for each in listed.read_text().split()] if listed.exists() else []


def bought(release: Path) -> object:
    """Return the purchase of the private steps that a release lists."""
    events = json.loads((release / "ledger.json").read_text())["events"]
    (found,) = [each for each in events if each["mechanism"]["kind"] == "subsampled_gaussian"]
    return found["cost"], found["mechanism"], found["stddev"]


def test_two_processes_buy_what_one_buys_and_are_gone_afterwards(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """One training: stopped with Ctrl-C, gone on with, its other process killed, ended by one process."""
    plan = tuned_plan(source_in(tmp_path / "private", ROWS))
    journal, charge = charged(plan)
    heard: list[str] = []
    mine: list[int] = []

    def stop(step: int, steps: int, name: str) -> None:
        heard.append(name)
        if "training step 2 " in name:
            raise KeyboardInterrupt

    def kill(step: int, steps: int, name: str) -> None:
        heard.append(name)
        if "training step 4 " in name:
            os.kill(mine[0], signal.SIGKILL)

    before = children()
    release = tmp_path / "out" / "r"
    arguments = (plan, journal, charge, engine(), SystemNoise(), release)
    with pytest.raises(Interrupted), company(2) as ranks:
        execute(*arguments, progress=stop, ranks=ranks)
    assert children() == before, "Ctrl-C ends it"
    assert (journal.state(charge), counted(journal, charge)) == ("opened", 2)

    with pytest.raises(KernelError) as raised, company(2) as ranks:
        mine += [child for child in children() if child not in before]
        execute(*arguments, resume=True, progress=kill, ranks=ranks)
    assert raised.value.code == "K701"
    assert raised.value.__cause__ is None and raised.value.__context__ is None
    assert (journal.state(charge), counted(journal, charge)) == ("opened", 5), "the block is gone"
    assert children() == before

    execute(*arguments, resume=True, progress=lambda step, steps, name: heard.append(name))
    assert steps_heard(heard) == [1, 2, 3, 4, 6]
    assert (journal.state(charge), counted(journal, charge)) == ("committed", STEPS)
    out, err = capfd.readouterr()
    together = b"\n".join([everything(tmp_path / "out"), everything(home()), (out + err).encode()])
    for canary in CANARIES:
        assert canary.encode() not in together
    assert not out + err

    alone = tuned_plan(source_in(tmp_path / "again"))
    execute(alone, *charged(alone, "alone"), engine(), SystemNoise(), tmp_path / "alone")
    assert bought(tmp_path / "alone") == bought(release)


def test_processes_that_cannot_be_are_refused_before_anything_is_charged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("RANK", raising=False)
    for processes in (0, 65, "torchrun"):
        with pytest.raises(SpecError) as raised:
            check_processes(processes)  # type: ignore[arg-type]
        assert raised.value.code == "G474"
        assert "nothing was charged" in str(raised.value.diagnostics[0].notes)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SpecError) as raised, company(2):
        pass
    assert raised.value.code == "G474"
    assert children() == []


def test_only_another_process_of_torchrun_merely_takes_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    assert is_companion("torchrun")
    assert not is_companion(2), "the environment alone changes nothing"
    monkeypatch.setenv("RANK", "0")
    assert not is_companion("torchrun")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
def test_a_child_ends_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    script = (
        "import os, signal\n"
        "from synthspec.run.company import company\n"
        "from tests.run.test_company import children\n"
        "with company(2):\n"
        "    print(*children(), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == -signal.SIGKILL
    (child,) = (int(word) for word in done.stdout.split())
    until = time.monotonic() + 20
    while Path(f"/proc/{child}/stat").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}/stat").exists()


@pytest.mark.slow
def test_torchrun_starts_them_too(tmp_path: Path) -> None:
    """The first holds the ledger, the other only takes part; neither says a private word."""
    source = source_in(tmp_path / "private", ROWS)
    words = [sys.executable, "-W", "ignore", "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    words += ["--master-port", "29571", small_training.__file__, str(source), str(tmp_path / "r"), "torchrun"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    journal = Journal.of_source(str(source))
    assert journal is not None
    journal.verify()
    assert counted(journal, next(iter(journal.standing().charges))) == 60
    assert (tmp_path / "r" / "manifest.json").exists()
    assert not [canary for canary in CANARIES if canary in done.stdout + done.stderr]
