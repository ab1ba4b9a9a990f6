"""Answers counted over released rows, against a count by hand."""

from __future__ import annotations

import polars as pl

from synthspec.draw.answers import counted
from synthspec.plan.plan import Question
from synthspec.terms.expr import Column, Compare, Literal_
from synthspec.terms.types import INT
from tests.release.example import columns, plan

OLD = Compare(op=">=", left=Column(name="age", type=INT), right=Literal_(text="60", type=INT))


def frame() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "patient_id": ["a", "b", "c", "d", "e"],
            "age": [70, 20, None, 90, 61],
            "ward": ["icu", "icu", "icu", None, "surgery"],
            "outcome": ["home", "died", "home", "died", "home"],
        },
        schema_overrides={"age": pl.Int64},
    )


def ask(*by: str) -> list[tuple[tuple[str | None, ...], int, int]]:
    made = plan().model_copy(
        update={"questions": (Question(name="q", text="age >= 60", count=OLD, by=by),), "subgroups": ()}
    )
    (found,) = counted(made, columns(), frame())
    assert (found.kind, found.name, found.by) == ("question", "q", by)
    return [(group.values, group.rows, group.of) for group in found.groups]


def test_without_groups_every_row_is_asked_and_unknown_does_not_count() -> None:
    assert ask() == [((), 3, 5)]


def test_groups_come_in_order_with_the_missing_one_last() -> None:
    assert ask("ward") == [(("icu",), 1, 3), (("surgery",), 1, 1), ((None,), 1, 1)]


def test_several_columns_make_one_group_per_combination_that_occurs() -> None:
    assert ask("ward", "outcome") == [
        (("icu", "died"), 0, 1),
        (("icu", "home"), 1, 2),
        (("surgery", "home"), 1, 1),
        ((None, "died"), 1, 1),
    ]


def test_a_subgroup_counts_its_rows() -> None:
    made = plan().model_copy(update={"subgroups": ("outcome",), "questions": ()})
    (found,) = counted(made, columns(), frame())
    assert [(g.values, g.rows, g.of) for g in found.groups] == [(("died",), 2, 2), (("home",), 3, 3)]


def test_a_plan_without_questions_counts_nothing() -> None:
    made = plan().model_copy(update={"subgroups": (), "questions": ()})
    assert counted(made, columns(), frame()) == ()
