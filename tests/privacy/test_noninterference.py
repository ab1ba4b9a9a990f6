"""With every mechanism replaced by a constant, nothing that leaves a run may depend on the rows."""

from __future__ import annotations

import secrets
from pathlib import Path

import numpy as np
import pytest

from synthspec.mechanisms import Exponential, RoundedGaussian, Threshold
from synthspec.privacy.commitment import Commitment
from synthspec.privacy.home import home
from synthspec.run.engine import engine
from synthspec.run.execute import Progress, execute
from tests.run.stand_ins import SPEC, CountedNoise, charged, plan_for, visits

GARBAGE = "\n".join(
    [
        "patient,age,sex,ward,days,cost",
        ",,,,,",
        "p1,old,F,icu,?,cheap",
        'p1,"40,M',
        "p2,999999999999999999999,Q,\x00,-7,1e99",
        *(["p3,40,M,icu,3,10.00"] * 50),
    ]
)


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def recorder(steps: list[tuple[int, int, str]]) -> Progress:
    """Return a progress callback that keeps what it is told."""

    def told(step: int, of: int, name: str) -> None:
        steps.append((step, of, name))

    return told


def constants(patch: pytest.MonkeyPatch) -> None:
    """Replace every mechanism by a constant."""
    patch.setattr(RoundedGaussian, "release", lambda self, exact, bound, noise: np.arange(7, 7 + exact.size))
    patch.setattr(Exponential, "choose", lambda self, scores, bound, noise: 0)
    patch.setattr(Threshold, "keep", lambda self, counts, bound, noise: (("er", 90), ("icu", 80)))
    patch.setattr(secrets, "token_hex", lambda count=8: "ab" * count)
    patch.setattr(Commitment, "of", classmethod(lambda cls, key, paths: cls(value="ab" * 32)))


@pytest.mark.parametrize("unit_null", ["own", "drop"])
def test_release_report_and_streams_do_not_depend_on_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], unit_null: str
) -> None:
    constants(monkeypatch)
    source = tmp_path / "visits.csv"
    found = []
    tables = [visits(300), GARBAGE, "patient,age,sex,ward,days,cost\n", visits(3, seed=9)]
    for number, table in enumerate(tables):
        monkeypatch.setenv("SYNTHSPEC_HOME", str(tmp_path / f"home{number}"))
        source.write_text(table)
        plan = plan_for(source, unit_null)
        journal, charge = charged(plan)
        steps: list[tuple[int, int, str]] = []
        folder = tmp_path / f"out{number}" / "release"
        execute(
            plan,
            journal,
            charge,
            engine(),
            CountedNoise([]),
            folder,
            progress=recorder(steps),
        )
        _report(folder)
        kept = {name: data for name, data in tree(home()).items() if name.endswith("answers.jsonl")}
        assert kept
        states = [(entry.kind, entry.model_dump_json()) for entry in journal.entries()]
        found.append((tree(folder), kept, states, steps, capfd.readouterr()))
    for other in found[1:]:
        assert other == found[0]


def _report(folder: Path) -> None:
    """Build the public report, which reads the release only."""
    from synthspec.release.bundle import read_release
    from synthspec.report import build

    made = build.build(read_release(folder))
    (folder / "report.txt").write_text(
        repr(made.model_dump_json() if hasattr(made, "model_dump_json") else made)
    )


def test_the_releases_do_differ_when_mechanisms_are_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "visits.csv"
    seen = []
    for number, table in enumerate((visits(300), "patient,age,sex,ward,days,cost\n")):
        monkeypatch.setenv("SYNTHSPEC_HOME", str(tmp_path / f"home{number}"))
        source.write_text(table)
        plan = plan_for(source, spec=SPEC.replace("epsilon: 4", "epsilon: 50"))
        journal, charge = charged(plan)
        folder = tmp_path / f"out{number}"
        execute(plan, journal, charge, engine(), CountedNoise([]), folder)
        seen.append((folder / "synthetic.csv").read_text())
    assert seen[0] != seen[1]
