"""Execute: what is durable when, what a crash costs, what a resumed run repeats."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import synthspec.run.execute as execute_module
from synthspec.errors import BudgetError, GateError, InternalError, ReleaseError, SourceError
from synthspec.mechanisms import Exponential, RoundedGaussian
from synthspec.privacy.answers import AnswerLog
from synthspec.privacy.journal import Journal
from synthspec.release.bundle import read_release
from synthspec.run.charged import Interrupted
from synthspec.run.engine import engine
from synthspec.run.execute import execute
from tests.run.stand_ins import SPEC, CountedNoise, charged, plan_for, visits

SMALL = SPEC.replace("rows: 400", "rows: 60")


class Crash(RuntimeError):
    """The process dies here."""


class OneKey:
    """The same key every time: which rows of a unit stay is drawn anew on a resume."""

    def bytes(self, count: int) -> bytes:
        """Return a constant."""
        return b"k" * count


def answers(release: str, plan_digest: str) -> list[tuple[int, ...]]:
    """Return the answers in a log."""
    with AnswerLog.open(release, plan_digest) as log:
        return [each.values for each in log._answers]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a small table of visits."""
    path = tmp_path / "visits.csv"
    path.write_text(visits(200))
    return path


def test_a_run_ends_committed_with_a_release_that_reads_back(tmp_path: Path, source: Path) -> None:
    plan = plan_for(source)
    journal, charge = charged(plan)
    steps: list[int] = []
    folder = execute(
        plan,
        journal,
        charge,
        engine(),
        CountedNoise([]),
        tmp_path / "out",
        progress=lambda i, n, name: steps.append(i),
    )
    release = read_release(folder)
    assert journal.state(charge) == "committed"
    assert steps == list(range(1, len(plan.ops) + 2))
    assert release.rows == plan.rows == 400
    assert release.certificate.violations == 0
    assert release.spent.fits(plan.most_it_can_spend)
    assert release.fit is not None and len(release.fit.labels) == len(release.fit.values)
    assert [a.name for a in release.assessments] == [
        f"{kind}_tvd_{order}way" for order in (1, 2, 3) for kind in ("mean", "max")
    ]
    assert release.ledger is not None and release.ledger.entry is not None
    seq, _, digest = release.ledger.entry.partition(":")
    assert journal.holds(int(seq), digest)
    bought = {event.stage for event in release.events}
    assert bought == {"discover", "tighten", "fit", "learn", "report"}
    age = next(column for column in release.columns if column.name == "age")
    ward = next(column for column in release.columns if column.name == "ward")
    assert age.tightening is None and ward.discovery is None


def test_the_paid_distance_lies_near_the_true_one(tmp_path: Path, source: Path) -> None:
    spec = SPEC.replace("epsilon: 4", "epsilon: 90").replace("rows: 400", "rows: 4000")
    source.write_text(visits(3000, patients=2900))
    plan = plan_for(source, spec=spec)
    journal, charge = charged(plan)
    release = read_release(execute(plan, journal, charge, engine(), CountedNoise([]), tmp_path / "out"))
    by_name = {each.name: each for each in release.assessments}
    units = Counter(line.split(",")[0] for line in source.read_text().splitlines()[1:])
    kept = sum(min(3, rows) for rows in units.values())
    assert abs(by_name["mean_tvd_1way"].n_hat - kept) < 15
    assert by_name["max_tvd_1way"].value < 0.05
    assert by_name["mean_tvd_1way"].value <= by_name["max_tvd_1way"].value
    assert by_name["mean_tvd_2way"].value <= by_name["mean_tvd_3way"].value


def test_a_crash_after_any_answer_and_a_resume_give_what_an_uninterrupted_run_gives(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        RoundedGaussian, "release", lambda self, exact, bound, noise: exact + np.arange(exact.size)
    )
    monkeypatch.setattr(Exponential, "choose", lambda self, scores, bound, noise: int(np.argmax(scores)))
    plan = plan_for(source, spec=SMALL)
    monkeypatch.setenv("SYNTHSPEC_HOME", str(tmp_path / "whole"))
    journal, charge = charged(plan)
    execute(plan, journal, charge, engine(), OneKey(), tmp_path / "out")
    whole = answers("visits-0", plan.digest())
    wanted = _comparable(tmp_path / "out")
    recorded = AnswerLog.record
    for stop in range(0, len(whole), max(1, len(whole) // 9)):
        monkeypatch.setenv("SYNTHSPEC_HOME", str(tmp_path / f"home{stop}"))
        journal, charge = charged(plan)
        folder = tmp_path / f"out{stop}"

        def dies(self: AnswerLog, answer: object, stop: int = stop) -> object:
            if len(self) == stop:
                raise Crash
            return recorded(self, answer)  # type: ignore[arg-type]

        monkeypatch.setattr(AnswerLog, "record", dies)
        with pytest.raises(Crash):
            execute(plan, journal, charge, engine(), OneKey(), folder)
        monkeypatch.setattr(AnswerLog, "record", recorded)
        assert journal.state(charge) == "opened"
        assert not folder.exists()
        assert answers("visits-0", plan.digest()) == whole[:stop]
        with pytest.raises(BudgetError, match="B505"):
            execute(plan, journal, charge, engine(), OneKey(), folder)
        execute(plan, journal, charge, engine(), OneKey(), folder, resume=True)
        assert journal.state(charge) == "committed"
        assert journal.spent() == plan.most_it_can_spend
        assert answers("visits-0", plan.digest()) == whole
        assert _comparable(folder) == wanted


def _comparable(folder: Path) -> dict[str, bytes]:
    """Return a release's files but for the ledger's entry, whose id is random, and what names its digest."""
    return {
        p.name: p.read_bytes()
        for p in sorted(folder.iterdir())
        if p.name not in ("ledger.json", "manifest.json", "croissant.json")
    }


def test_with_real_noise_a_resumed_run_keeps_the_answers_already_bought(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_for(source, spec=SMALL)
    journal, charge = charged(plan)
    monkeypatch.setattr(execute_module, "write_release", _crash)
    with pytest.raises(Crash):
        execute(plan, journal, charge, engine(), CountedNoise([], 1), tmp_path / "out")
    before = answers("visits-0", plan.digest())
    monkeypatch.undo()
    monkeypatch.setenv("SYNTHSPEC_HOME", str(Path(journal.place).parents[1]))
    told: list[str] = []
    execute(plan, journal, charge, engine(), CountedNoise(told, 2), tmp_path / "out", resume=True)
    assert answers("visits-0", plan.digest()) == before
    assert len(told) <= sum(op.op in ("discover", "tighten") for op in plan.ops) + 1, "only keys were drawn"


def _crash(*arguments: object, **options: object) -> None:
    raise Crash


def test_a_crash_between_the_release_and_the_commit_is_mended_by_a_resume(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_for(source, spec=SMALL)
    journal, charge = charged(plan)
    monkeypatch.setattr(Journal, "commit", _crash)
    with pytest.raises(Crash):
        execute(plan, journal, charge, engine(), CountedNoise([]), tmp_path / "out")
    monkeypatch.undo()
    monkeypatch.setenv("SYNTHSPEC_HOME", str(Path(journal.place).parents[1]))
    before = _comparable(tmp_path / "out")
    told: list[str] = []
    execute(plan, journal, charge, engine(), CountedNoise(told), tmp_path / "out", resume=True)
    assert journal.state(charge) == "committed"
    assert _comparable(tmp_path / "out") == before
    assert told == []


def test_a_plan_read_back_from_its_file_is_the_same_plan(source: Path) -> None:
    plan = plan_for(source)
    assert type(plan).model_validate_json(plan.model_dump_json()).digest() == plan.digest()


def test_another_plan_cannot_use_the_charge(tmp_path: Path, source: Path) -> None:
    plan = plan_for(source, spec=SMALL)
    journal, charge = charged(plan)
    other = plan.model_copy(update={"seed": 5})
    with pytest.raises(BudgetError, match="B511"):
        execute(other, journal, charge, engine(), CountedNoise([]), tmp_path / "out")
    assert journal.state(charge) == "reserved"


def test_private_rows_are_not_read_without_a_charge(tmp_path: Path, source: Path) -> None:
    with pytest.raises(InternalError, match="I323"):
        execute(plan_for(source), None, None, engine(), CountedNoise([]), tmp_path / "out")


@pytest.mark.parametrize("fault", ["source", "folder", "occupied"])
def test_a_public_fault_leaves_the_charge_reserved(tmp_path: Path, source: Path, fault: str) -> None:
    plan = plan_for(source, spec=SMALL)
    journal, charge = charged(plan)
    folder = tmp_path / "out"
    if fault == "source":
        source.unlink()
    elif fault == "folder":
        (tmp_path / "file").write_text("")
        folder = tmp_path / "file" / "out"
    else:
        folder.mkdir()
        (folder / "mine.txt").write_text("")
    with pytest.raises((SourceError, ReleaseError, GateError)):
        execute(plan, journal, charge, engine(), CountedNoise([]), folder)
    assert journal.state(charge) == "reserved"


def test_ctrl_c_says_where_the_charge_stands(tmp_path: Path, source: Path) -> None:
    plan = plan_for(source, spec=SMALL)
    journal, charge = charged(plan)

    def stop(step: int, steps: int, name: str) -> None:
        if name == "fit":
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as caught:
        execute(plan, journal, charge, engine(), CountedNoise([]), tmp_path / "out", progress=stop)
    assert "train --resume" in caught.value.message
    assert not (tmp_path / "out").exists()
    assert list(tmp_path.glob(".out*")) == []


@pytest.mark.parametrize("body", ["", "p1,40,F,icu,3,10.00\n", ",,,,,\n" * 5, "p1,40,F,icu,3,10.00\n" * 5000])
def test_odd_tables_end_normally(tmp_path: Path, source: Path, body: str) -> None:
    source.write_text("patient,age,sex,ward,days,cost\n" + body)
    plan = plan_for(source, spec=SMALL)
    journal, charge = charged(plan)
    folder = execute(plan, journal, charge, engine(), CountedNoise([]), tmp_path / "out")
    assert read_release(folder).rows == 60


@pytest.mark.slow
def test_a_killed_process_loses_no_answer(tmp_path: Path, source: Path) -> None:
    plan = plan_for(source, spec=SMALL)
    journal, charge = charged(plan)
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from synthspec.privacy.answers import AnswerLog\nfrom synthspec.privacy.journal import Journal\n"
        "from synthspec.plan.plan import Plan\nfrom synthspec.privacy.entropy import SystemNoise\n"
        "from synthspec.run.engine import engine\nfrom synthspec.run.execute import execute\n"
        "import os, signal\n"
        "source, charge, plan, out, stop = sys.argv[1:]\nrecord = AnswerLog.record\n"
        "def dies(self, answer):\n"
        "    record(self, answer)\n"
        "    len(self) > int(stop) and os.kill(os.getpid(), signal.SIGKILL)\n"
        "AnswerLog.record = dies\n"
        "plan = Plan.model_validate_json(Path(plan).read_text())\n"
        "execute(plan, Journal.of_source(source), charge, engine(), SystemNoise(), Path(out), True)\n"
    )
    (tmp_path / "plan.json").write_text(plan.model_dump_json())
    assert plan.source is not None
    for stop in (0, 1, 3, 8):
        call = [
            sys.executable,
            "-c",
            script,
            plan.source.path,
            charge,
            str(tmp_path / "plan.json"),
            str(tmp_path / "out"),
            str(stop),
        ]
        done = subprocess.run(
            call, env={**os.environ, "PYTHONPATH": str(Path.cwd())}, capture_output=True, check=False
        )
        assert done.returncode == -signal.SIGKILL
        assert journal.state(charge) == "opened"
        assert len(answers("visits-0", plan.digest())) == stop + 1
    before = answers("visits-0", plan.digest())
    execute(plan, journal, charge, engine(), CountedNoise([]), tmp_path / "out", resume=True)
    assert answers("visits-0", plan.digest())[: len(before)] == before
    assert journal.state(charge) == "committed"
