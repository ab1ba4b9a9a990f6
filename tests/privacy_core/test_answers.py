"""The durable log of noisy answers: replay, torn ends, damage, other plans, two processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from synthspec.errors import BudgetError
from synthspec.privacy.answers import Answer, AnswerLog

GAUSS = {"kind": "rounded_gaussian", "mu2": 10**18}


def answer(index: int, query: str = "q") -> Answer:
    """Return the answer to question `query` + its index."""
    return Answer(
        index=index,
        query=f"{query}{index}",
        kind="measure",
        mechanism=GAUSS,
        values=(-(2**62), index, 2**62),
        stddev=1.25,
        labels=("é\u2028\x85 new\nline", "b"),
    )


def log(plan: str = "plan") -> AnswerLog:
    """Open the log of one release."""
    return AnswerLog.open("rel", plan)


def filled(count: int = 3) -> Path:
    """Write `count` answers and close."""
    with log() as written:
        for index in range(count):
            assert written.record(answer(index)) == answer(index)
        return written.path


def test_what_was_bought_is_replayed_and_the_rest_is_asked_for() -> None:
    filled()
    with log() as resumed:
        assert len(resumed) == 3
        for index in range(3):
            assert resumed.replay(index, f"q{index}", GAUSS) == answer(index)
        assert resumed.replay(3, "q3", GAUSS) is None
        resumed.record(answer(3))
    with log() as again:
        assert len(again) == 4


def test_an_answer_to_another_question_is_never_handed_out() -> None:
    filled()
    with log() as resumed:
        with pytest.raises(BudgetError, match="B511"):
            resumed.replay(1, "q2")
        with pytest.raises(BudgetError, match="B511"):
            resumed.replay(1, "q1", {**GAUSS, "mu2": 5})


def test_a_question_asked_again_is_answered_anew() -> None:
    filled(1)
    with log() as resumed:
        assert resumed.replay(0, "q0", GAUSS) == answer(0)
        assert resumed.replay(1, "q0", GAUSS) is None


def test_answers_are_recorded_in_order_and_once() -> None:
    filled()
    with log() as resumed:
        for wrong in (0, 2, 4):
            with pytest.raises(BudgetError, match="B511"):
                resumed.record(answer(wrong))


def test_another_plan_cannot_continue() -> None:
    filled()
    with pytest.raises(BudgetError, match="B511"):
        log("another plan")
    with log() as free_again:
        assert len(free_again) == 3


def test_every_torn_end_is_cut_off_and_drawn_anew() -> None:
    path = filled()
    whole = path.read_bytes()
    last = whole.rindex(b"\n", 0, -1) + 1
    for cut in (*range(last + 1, len(whole), 37), len(whole) - 1):
        path.write_bytes(whole[:cut])
        with log() as resumed:
            assert len(resumed) == 2
            resumed.record(answer(2))
        assert path.read_bytes() == whole
    path.write_bytes(whole[: last + 5] + b"\0" * (len(whole) - last - 6) + b"\n")
    with log() as resumed:
        assert len(resumed) == 2


def test_a_torn_first_line_is_a_fresh_start() -> None:
    path = filled(0)
    path.write_bytes(path.read_bytes()[:20])
    with log("another plan") as fresh:
        assert len(fresh) == 0


def test_damage_before_the_end_is_refused() -> None:
    path = filled()
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + b"#" + whole[middle + 1 :])
    with pytest.raises(BudgetError, match="B512"):
        log()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join((lines[0], lines[2], lines[3])))
    with pytest.raises(BudgetError, match="B512"):
        log()


def test_two_processes_cannot_continue_one_release() -> None:
    with log() as first:
        with pytest.raises(BudgetError, match="B512"):
            log()
        first.record(answer(0))
    with log() as after:
        assert len(after) == 1


def test_the_file_is_for_its_owner_only() -> None:
    path = filled(1)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("release", ["", "..", "a/b", "a" * 65])
def test_a_release_id_is_a_plain_word(release: str) -> None:
    with pytest.raises(ValueError, match="release id"):
        AnswerLog.open(release, "plan")


CHILD = """
import sys
from synthspec.privacy.answers import Answer, AnswerLog
log = AnswerLog.open("rel", "plan")
if sys.argv[1] == "full":
    import resource, signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
for index in range(len(log), 10**6):
    try:
        values = (index,) * 999
        log.record(Answer(index=index, query=f"q{index}", kind="m", mechanism={}, values=values, stddev=1))
    except Exception as refused:
        print(refused.code, flush=True)
        break
    print(index, flush=True)
"""


def _child(how: str) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, how],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )


def test_a_killed_run_loses_no_answer_that_it_had_used() -> None:
    for pause in (1, 12):
        victim = _child("kill")
        assert victim.stdout is not None
        used = [int(victim.stdout.readline()) for _ in range(pause)]
        victim.send_signal(signal.SIGKILL)
        # not `communicate`: it would miss the lines that `readline` has buffered already
        used += [int(line) for line in victim.stdout.read().split()]
        victim.wait(timeout=60)
        victim.stdout.close()
        with log() as resumed:
            assert used[-1] < len(resumed) <= used[-1] + 2
            for index in used:
                found = resumed.replay(index, f"q{index}")
                assert found is not None
                assert found.values == (index,) * 999


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on file sizes there")
def test_a_full_disk_ends_the_run_and_leaves_a_log_that_continues() -> None:
    *used, code = _child("full").communicate(timeout=60)[0].split()
    assert code == "B512"
    assert len(used) > 5
    with log() as resumed:
        assert len(resumed) == len(used)
        resumed.record(Answer(index=len(used), query="x", kind="m", mechanism={}, values=(), stddev=0))
