"""The commitment to the source: after the charge is opened, never before; its key stays inside."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from synthspec.errors import BudgetError, KernelError
from synthspec.privacy.commitment import Commitment
from synthspec.privacy.home import home
from synthspec.privacy.inside import inside_of
from synthspec.privacy.journal import Journal
from synthspec.release.bundle import read_release
from synthspec.run.charged import Charged
from synthspec.run.engine import engine
from synthspec.run.execute import execute
from tests.run.stand_ins import CountedNoise, charged, plan_for, visits


def source_in(folder: Path) -> Path:
    """Write a table of visits."""
    source = folder / "visits.csv"
    source.write_text(visits(60))
    return source


def watched(patch: pytest.MonkeyPatch, journal: Journal, charge: str) -> list[str | None]:
    """Note where the charge stands whenever the source is committed to."""
    states: list[str | None] = []
    real = Commitment.of.__func__  # type: ignore[attr-defined]

    def spy(cls: type[Commitment], key: bytes, paths: Iterable[Path]) -> Commitment:
        states.append(journal.state(charge))
        made = real(cls, key, paths)
        assert isinstance(made, Commitment)
        return made

    patch.setattr(Commitment, "of", classmethod(spy))
    return states


def test_the_release_commits_to_the_source_under_a_key_that_stays_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_in(tmp_path)
    plan = plan_for(source)
    journal, charge = charged(plan)
    states = watched(monkeypatch, journal, charge)
    folder = execute(plan, journal, charge, engine(), CountedNoise([]), tmp_path / "out")
    assert states == ["opened"]
    made, keys = read_release(folder).commitment, inside_of(charge, make=False)
    assert made is not None
    assert made.opens(keys.commitment, [source])
    assert not made.opens(keys.holdout, [source])
    for path in folder.iterdir():
        content = path.read_bytes()
        for key in (keys.commitment, keys.holdout):
            assert key not in content and key.hex().encode() not in content


def test_a_charge_that_cannot_be_opened_reads_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_for(source_in(tmp_path))
    journal, charge = charged(plan)
    states = watched(monkeypatch, journal, charge)
    journal.open(charge)
    with pytest.raises(BudgetError, match="B51"):
        execute(plan, journal, charge, engine(), CountedNoise([]), tmp_path / "out")
    assert states == []


def test_a_resumed_run_has_the_same_keys_and_without_them_there_is_none(tmp_path: Path) -> None:
    plan = plan_for(source_in(tmp_path))
    journal, charge = charged(plan)
    mine = Charged(journal, charge)
    keys = mine.inside()
    mine.open(plan, resume=False)
    assert mine.inside() == keys
    (home() / "inside" / f"{charge}.json").unlink()
    with pytest.raises(BudgetError, match="B513"):
        mine.inside()


def test_a_source_that_cannot_be_read_says_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_for(source_in(tmp_path))
    journal, charge = charged(plan)

    def broken(cls: type[Commitment], key: bytes, paths: Iterable[Path]) -> Commitment:
        raise OSError("row 17: 44,M,icu")

    monkeypatch.setattr(Commitment, "of", classmethod(broken))
    with pytest.raises(KernelError, match="K701") as refused:
        execute(plan, journal, charge, engine(), CountedNoise([]), tmp_path / "out")
    assert "row 17" not in str(refused.value) and refused.value.__cause__ is None
