"""A private training from the command line: what a terminal shows, Ctrl-C, and what a resume takes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `neural` is not installed")
pty = pytest.importorskip("pty", reason="this system has no terminals of this kind")

from synthspec.privacy.home import home  # noqa: E402
from synthspec.privacy.journal import Journal  # noqa: E402
from tests.cli.conftest import Command  # noqa: E402

ROOT = Path(__file__).parents[2]
STEPS = 400
ROWS = 317
SPEC = f"""\
spec: 1
name: visits
source: {{path: visits.csv}}
privacy: {{unit: person, max_rows: 2, epsilon: 3, delta: 1e-6}}
columns:
  person: id
  age: int 0..99
  sex: [F, M]
  ward: [icu, er, med]
generate:
  all:
    columns: [age, sex, ward]
    using: autoregressive
    with: {{fine_tune: always, steps: {STEPS}, width: 8}}
sample: {{rows: 100, seed: 2}}
"""
LINE = re.compile(
    rf"step \d+ of \d+: fit, training step (\d+) of {STEPS}"
    r"(?:, loss on synthetic rows -?[\d.e+-]+)?, epsilon of the steps so far (\d+(?:\.\d+)?)"
)


@pytest.fixture
def trained(command: Command) -> Command:
    """Return the command line in a folder with a table and a spec that trains."""
    lines = [f"{i // 2},{i % 90},{'FM'[i % 2]},{('icu', 'er', 'med')[i % 3]}" for i in range(ROWS)]
    Path("visits.csv").write_text("person,age,sex,ward\n" + "\n".join(lines) + "\n")
    Path("visits.yaml").write_text(SPEC)
    return command


def on_a_terminal(until: str, number: int) -> tuple[int, str]:
    """Train on a terminal; send `number` once `until` is shown; return the exit code and what was shown."""
    screen, inside = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "synthspec", "train", "visits.yaml", "--yes", "-o", "rel"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "200"},
        stdin=inside, stdout=subprocess.DEVNULL, stderr=inside,
    )  # fmt: skip
    os.close(inside)
    shown, sent = b"", False
    while True:
        try:
            more = os.read(screen, 4096)
        except OSError:  # the other end is closed
            break
        shown += more
        if not sent and until.encode() in shown:
            process.send_signal(number)
            sent = True
        if not more:
            break
    os.close(screen)
    assert sent, shown.decode()[-2000:]
    return process.wait(timeout=120), re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown.decode())


def counted() -> int:
    """Return how many training steps the ledger holds, its chain verified."""
    journal = Journal.of_source(str(Path("visits.csv").resolve()))
    assert journal is not None
    journal.verify()
    (charge,) = journal.standing().charges.values()
    return sum(each.counted for each in charge.counters)


def test_ctrl_c_on_a_terminal_ends_cleanly_and_a_resume_takes_the_steps_that_are_left(
    trained: Command,
) -> None:
    code, shown = on_a_terminal("training step", signal.SIGINT)
    assert code == 130, shown[-2000:]
    said = dict(LINE.findall(shown))
    assert list(map(int, said)) == sorted(map(int, said)), "steps only grow"
    assert [float(each) for each in said.values()] == sorted(float(each) for each in said.values())
    assert "the budget is charged; `synthspec train --resume` goes on" in shown
    assert "Traceback" not in shown
    training = shown[shown.index("training step") :]
    for private in (ROWS, (ROWS + 1) // 2):
        assert not re.search(rf"(?<!\d){private}(?!\d)", training), "no count of rows or units"
    assert not re.search(r"\d+(\.\d+)? *(s|it/s|rows|%|seconds|min)\b", training), "no rate and no time left"
    gone = counted()
    assert int([*said][-1]) <= gone < STEPS
    assert not Path("rel").exists()

    done = trained("train", "visits.yaml", "--yes", "--resume", "-o", "rel")
    assert done.code == 0, done.err
    words = [line for line in done.err.splitlines() if "training" in line]
    assert words and all(LINE.fullmatch(line) for line in words)
    taken = [int(LINE.findall(line)[0][0]) for line in words]
    assert taken[0] > gone and taken[-1] == STEPS
    assert counted() == STEPS
    assert trained("budget", "verify", "--source", "visits.csv").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("state", ["as it was saved", "gone"])
def test_killed_it_goes_on_after_the_steps_that_are_counted(state: str, trained: Command) -> None:
    code, _ = on_a_terminal("training step", signal.SIGKILL)
    assert code == -signal.SIGKILL
    gone = counted()
    assert 0 < gone < STEPS
    saved = list((home() / "runs").rglob("steps-*"))
    assert saved
    if state == "gone":
        for path in saved:
            path.unlink()
    done = trained("train", "visits.yaml", "--yes", "--resume", "-o", "rel")
    assert done.code == 0, done.err
    taken = [int(step) for step, _ in LINE.findall(done.err)]
    assert taken[0] > gone and taken[-1] == STEPS
    assert counted() == STEPS
    again = trained("train", "visits.yaml", "--yes", "--resume", "-o", "rel")
    assert "training step" not in again.err, "nothing is left to take"
    assert counted() == STEPS
