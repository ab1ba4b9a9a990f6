"""Attacks through rules, public files and public sources: certificates, globs, ledgers, replay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from synthspec.cli.main import run
from synthspec.columns import Category, Integer
from synthspec.draw.public_rows import file_rows
from synthspec.draw.recount import plain_recount, recount
from synthspec.plan.plan import PlannedColumn
from synthspec.plan.resolve import resolve_determined
from synthspec.privacy.answers import Answer, AnswerLog
from synthspec.privacy.home import home
from synthspec.rules import AnyRule, Check, Determines, NoOverlap, Unique
from synthspec.terms.expr import Column, Compare, Literal_
from synthspec.terms.types import INT, TEXT
from tests.privacy.test_noninterference_of_rules import SPEC, visits

SMALL = """\
spec: 1
name: small
source: {path: t.csv, PUBLIC}
PRIVACY
columns: {sex: [F, M], site: [north, south, west], risk: bool}
sample: {rows: 20}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def number(name: str) -> PlannedColumn:
    return PlannedColumn(name=name, role="modelled", type=INT, column=Integer(name=name, lo=0, hi=9))


def category(name: str, values: tuple[str, ...]) -> PlannedColumn:
    return PlannedColumn(
        name=name, role="modelled", type=TEXT, column=Category(name=name, values=values), determined_by=()
    )


def at_least(left: str, right: str) -> Check:
    sides = (Column(name=name, type=INT) for name in (left, right))
    return Check(name="r", text="", expression=Compare(op=">=", left=next(sides), right=next(sides)))


@pytest.mark.parametrize(
    ("names", "rule", "broken"),
    [
        (("Age", "age"), at_least("Age", "age"), 1),
        (("nth_of_key", "b"), Unique(name="r", text="", over=("nth_of_key", "b")), 0),
        (("a", "nth_value"), Determines(name="r", text="", determined=("nth_value",), by=("a",)), 0),
        (
            ("a", "different_values"),
            Determines(name="r", text="", determined=("different_values",), by=("a",)),
            0,
        ),
        (
            ("latest_end_before", "b"),
            NoOverlap(name="r", text="", start="latest_end_before", end="b", per="b"),
            0,
        ),
    ],
)
def test_the_second_engine_is_not_deceived_by_names(
    names: tuple[str, str], rule: AnyRule, broken: int
) -> None:
    path = Path("rows.parquet")
    pl.DataFrame({names[0]: [3, 4, 5], names[1]: [9, 2, 1]}).write_parquet(path)
    columns = [number(name) for name in names]
    assert recount(path, columns, [rule]).broken == {"r": broken}
    assert plain_recount(path, columns, [rule]).broken == {"r": broken}


def test_a_public_file_whose_name_is_a_pattern_is_that_file_and_not_the_private_one() -> None:
    Path("priv.csv").write_text("sex\nCANARY\n")
    Path("pri[v].csv").write_text("sex\nF\n")
    assert file_rows(Path("pri[v].csv"), [category("sex", ("F", "M"))])["sex"].to_list() == ["F"]


def test_a_source_that_was_paid_for_cannot_be_read_as_a_public_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("t.csv").write_text("sex,site,risk\n" + "F,north,true\nM,south,false\n" * 30)
    Path("link.csv").symlink_to("t.csv")
    private = SMALL.replace("PUBLIC", "").replace("PRIVACY", "privacy: {unit: row, epsilon: 1, delta: 1e-6}")
    Path("s.yaml").write_text(private)
    Path("p.yaml").write_text(SMALL.replace("PUBLIC", "public: true, basis: so I say").replace("PRIVACY", ""))
    assert run(["train", "p.yaml", "--yes", "-q", "-o", "before"]) == 0
    assert run(["train", "s.yaml", "--yes", "-q", "-o", "rel"]) == 0
    capsys.readouterr()
    for more in ((), ("--source", "link.csv"), ("--source", "./t.csv")):
        assert run(["graph", "p.yaml", "--learn", *more]) == 4
        assert "B554" in capsys.readouterr().err
    assert run(["train", "p.yaml", "--yes", "-q", "-o", "after"]) == 4
    assert not Path("after").exists()


def test_noise_alone_does_not_determine_a_value_that_a_rule_excludes() -> None:
    by, made = category("sex", ("F", "M")), category("region", ("a", "b"))
    made = made.model_copy(update={"determined_by": ("sex",)})
    excluded = Compare(op="<>", left=Column(name="region", type=TEXT), right=Literal_(text="b", type=TEXT))
    counts = np.array([1, 90, -5, 3])
    found = resolve_determined(made, [by], counts, 2.0, [Check(name="q", text="", expression=excluded)])
    free = resolve_determined(made, [by], counts, 2.0)
    assert found.value is not None and free.value is not None
    assert {value for _, value in found.value.table} == {"a"}  # type: ignore[union-attr]
    assert "b" in {value for _, value in free.value.table}  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.parametrize("after", [2, 9, 25])
def test_a_resumed_run_asks_the_same_questions_in_the_same_order(
    after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("s.yaml").write_text(SPEC)
    Path("t.csv").write_text(visits(200))
    record = AnswerLog.record

    def cut(self: AnswerLog, answer: Answer) -> Answer:
        if len(self) == after:
            raise KeyboardInterrupt
        return record(self, answer)

    with monkeypatch.context() as patch:
        patch.setattr(AnswerLog, "record", cut)
        assert run(["train", "s.yaml", "--yes", "-q", "-o", "rel"]) == 130
    (log,) = (home() / "runs").glob("*/answers.jsonl")
    before = log.read_text()
    assert before.count("\n") == 1 + after
    assert run(["train", "s.yaml", "--yes", "-q", "-o", "rel", "--resume"]) in (0, 6)
    assert log.read_text().startswith(before)
