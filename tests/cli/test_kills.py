"""kill -9, Ctrl-C, two runs at once: time is lost, never budget, and no release is half there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from synthspec.api import ledgers
from synthspec.errors import BudgetError
from tests.cli.conftest import Command

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start the command line in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "synthspec", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def home() -> Path:
    """Return the folder of ledgers and answers."""
    return Path(os.environ["SYNTHSPEC_HOME"])


def answers() -> list[str]:
    """Return the whole lines of the answers that are durable now."""
    text = "".join(file.read_text() for file in home().rglob("answers.jsonl"))
    return text.split("\n")[:-1]


def reserved() -> bool:
    """Return whether a ledger file is there: the run is about to charge or has charged."""
    return any(home().rglob("*.sqlite"))


def events(path: str = "events.jsonl") -> list[str]:
    """Return the names of the steps that have begun."""
    lines = Path(path).read_text().split("\n")[:-1] if Path(path).exists() else []
    return [tree.get("name", tree["event"]) for tree in map(json.loads, lines)]


def kill_when(moment: Callable[[], bool], process: subprocess.Popen[str], number: int) -> bool:
    """Send `number` as soon as `moment` is there; return whether the process was still at work."""
    end = time.monotonic() + PATIENCE
    while not moment():
        assert time.monotonic() < end, "the moment never came"
        if process.poll() is not None:
            break
        time.sleep(0.0005)
    working = process.poll() is None
    process.send_signal(number)
    process.communicate(timeout=PATIENCE)
    return working


def charges() -> list[dict[str, object]]:
    """Return the charges of the table's ledger, its chain verified; none before it is opened."""
    try:
        return [dict(each) for each in ledgers.state(None, "table.csv").charges]
    except BudgetError as missing:
        assert missing.code == "B550"
        return []


MOMENTS = {
    "the ledger file appears": reserved,
    "the first answer": lambda: len(answers()) > 1,
    "between two answers": lambda: len(answers()) > 4,
    "learning is over": lambda: "sample" in events(),
    "while the release is written": lambda: "write" in events(),
}
QUICK = ("between two answers",)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in MOMENTS]
)
def test_a_killed_run_goes_on_with_what_it_bought(name: str, command: Command, spec: Path) -> None:
    assert command("plan", str(spec), "-o", "small.plan").code == 0
    process = start("train", "small.plan", "-o", "rel", "--events", "events.jsonl")
    if not kill_when(MOMENTS[name], process, signal.SIGKILL):
        pytest.skip("the run was over before the moment was seen")
    bought = answers()
    state = [each["state"] for each in charges()]
    finished = state == ["committed"]
    if not finished:
        assert not (Path("rel") / "manifest.json").exists() or state == ["opened"]
    if state == ["opened"] or state == ["reserved"]:
        twice = command("train", "small.plan", "-o", "rel2")
        assert (twice.code, "B552" in twice.err) == (4, True)
        resumed = command("train", "small.plan", "-o", "rel", "--resume")
        assert resumed.code == 0, resumed.err
    elif not finished:
        assert state == [] and not bought
        assert command("train", "small.plan", "-o", "rel").code == 0
    (charge,) = charges()
    assert charge["state"] == "committed"
    assert answers()[: len(bought)] == bought, "an answer that was bought was drawn again"
    assert command("report", "rel").code == 0
    assert command("budget", "verify", "--source", "table.csv").code == 0
    assert sorted(path.name for path in Path().iterdir()) == [
        "events.jsonl", "rel", "small.plan", "small.yaml", "table.csv",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.2, 2.6])
def test_a_run_killed_at_any_time_ends_with_one_charge(delay: float, command: Command, spec: Path) -> None:
    assert command("plan", str(spec), "-o", "small.plan").code == 0
    for turn in range(20):
        again = ("--resume",) if charges() else ()
        process = start("train", "small.plan", "-o", "rel", *again)
        try:
            process.communicate(timeout=delay * (1 + turn / 4))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        if [each["state"] for each in charges()] == ["committed"]:
            break
    (charge,) = charges()
    assert charge["state"] == "committed"
    assert command("report", "rel").code == 0


def test_ctrl_c_exits_130_and_says_that_the_budget_is_charged(command: Command, spec: Path) -> None:
    assert command("plan", str(spec), "-o", "small.plan").code == 0
    process = start("train", "small.plan", "-o", "rel", "--json")
    end = time.monotonic() + PATIENCE
    while len(answers()) <= 2 and process.poll() is None and time.monotonic() < end:
        time.sleep(0.0005)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    if process.returncode == 0:
        pytest.skip("the run was over before Ctrl-C came")
    assert process.returncode == 130, err
    (found,) = json.loads(out)["diagnostics"]
    assert "charged" in found["message"] and "--resume" in found["message"]
    assert err == "" and not Path("rel").exists()
    assert command("train", "small.plan", "-o", "rel", "--resume").code == 0
    assert [each["state"] for each in charges()] == ["committed"]


def test_two_runs_at_once_spend_what_one_may(command: Command, spec: Path) -> None:
    assert command("plan", str(spec), "-o", "small.plan").code == 0
    both = [start("train", "small.plan", "-o", f"rel{i}", "-q") for i in range(2)]
    said = [process.communicate(timeout=PATIENCE) for process in both]
    assert sorted(process.returncode for process in both) == [0, 4], said
    refused = next(err for process, (_, err) in zip(both, said) if process.returncode == 4)
    assert "error[B5" in refused
    assert [each["state"] for each in charges()] == ["committed"]
    assert sum(Path(f"rel{i}").exists() for i in range(2)) == 1
