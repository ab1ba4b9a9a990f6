"""Paid evaluation in a release: it comes back as it was, answers its own question, and may be absent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from synthspec.errors import GateError
from synthspec.release.bundle import read_release, write_release
from synthspec.release.release import Release
from synthspec.release.scored import Evaluation, Scores
from synthspec.release.stored import dump, load
from tests.release.scored_example import scored


def contents(release: Release) -> dict[str, bytes]:
    """Return the files of a release."""
    return {name: part.content for name, part in dump(release).items()}


def test_scores_tails_and_rows_come_back_as_they_were() -> None:
    made = scored()
    back = load(contents(made))
    assert back.evaluation == made.evaluation
    assert back.scores[0].query().digest() == made.scores[0].query().digest()
    assert back.plan.datasheet == made.plan.datasheet
    assert dump(made)["scores.json"].class_ == "B"


def test_a_release_from_before_has_no_such_file_and_still_loads(tmp_path: Path) -> None:
    files = contents(replace(scored(), evaluation=Evaluation()))
    plan = json.loads(files["plan.json"])
    for key in ("datasheet", "holdout", "bought_for_report"):
        del plan[key]
    del files["scores.json"]
    files["plan.json"] = json.dumps(plan).encode()
    back = load(files)
    assert back.evaluation == Evaluation()
    assert back.plan.holdout is None


@pytest.mark.parametrize("change", ["event", "values", "question", "released", "points"])
def test_an_answer_that_is_not_its_events_is_refused(tmp_path: Path, change: str) -> None:
    made = scored()
    scores = made.scores[0]
    other: dict[str, Scores] = {
        "event": scores.model_copy(update={"event": "e7777"}),
        "values": scores.model_copy(update={"values": scores.values[:-1]}),
        "released": scores.model_copy(update={"released": scores.released[:-1]}),
        "question": scores.model_copy(update={"edges": (150, 300, 500, 701)}),
        "points": scores.model_copy(update={"points": scores.points[:1]}),
    }
    wrong = replace(made, evaluation=made.evaluation.model_copy(update={"scores": (other[change],)}))
    folder = write_release(tmp_path / "out", wrong, pl.DataFrame({"a": [1]}))
    with pytest.raises(GateError, match="Q605"):
        read_release(folder)


def test_groups_and_the_rest_are_the_whole() -> None:
    scores = scored().scores[0]
    whole = scores.counted()
    for at in range(3):
        together = scores.counted(at).cells + scores.others(at).cells
        assert (together == whole.cells).all()
    assert whole.variance == pytest.approx(3 * scores.counted(0).variance)
    assert scores.others(0).variance == pytest.approx(2 * scores.counted(0).variance)
    assert scores.kept_out().variance == 0


def test_a_number_of_rows_is_never_negative_and_a_tail_of_nobody_has_no_ratio() -> None:
    few = scored(rows=0.0)
    assert few.evaluation.rows[0].estimate().low == 0
    assert few.evaluation.tails[0].ratio() is None
    full = scored().evaluation.tails[0].ratio()
    assert full is not None
    assert full.low < 900 / 8000 / 0.11 < full.high
