"""Attacks on a resumed run: answers that were bought once must not be drawn a second time for free."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthspec.errors import BudgetError
from synthspec.privacy.answers import AnswerLog
from synthspec.privacy.home import home


def test_a_charge_that_was_opened_cannot_go_on_without_its_answers() -> None:
    AnswerLog.open("rel-1", "plan").close()
    path = home() / "runs" / "rel-1" / "answers.jsonl"
    AnswerLog.open("rel-1", "plan", begun=True).close()
    path.unlink()
    with pytest.raises(BudgetError) as caught:
        AnswerLog.open("rel-1", "plan", begun=True)
    assert caught.value.code == "B512"


def test_a_run_whose_log_was_deleted_draws_nothing_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from synthspec.cli.main import run
    from synthspec.run.charged import Charged

    monkeypatch.chdir(tmp_path)
    Path("t.csv").write_text("sex\n" + "F\nM\n" * 30)
    Path("s.yaml").write_text(
        "spec: 1\nname: a\nsource: t.csv\nprivacy: {unit: row, epsilon: 3, delta: 1e-6}\n"
        "columns: {sex: [F, M], b: {derive: sex, in: [F, M]}}\nsample: {rows: 20}\n"
    )

    def died(self: Charged) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Charged, "commit", died)
        assert run(["train", "s.yaml", "--yes", "-o", "one"]) == 130
    (log,) = (home() / "runs").glob("*/answers.jsonl")
    log.unlink()
    capsys.readouterr()
    assert run(["train", "s.yaml", "--yes", "-o", "two", "--resume"]) == 4
    assert "B512" in capsys.readouterr().err
    assert not Path("two").exists()
