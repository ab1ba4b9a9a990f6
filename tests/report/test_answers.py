"""The section on answers: estimates with intervals from the release alone, classes and events on each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synthspec.release.release import Release
from synthspec.report.blocks import Section, Table, Value
from synthspec.report.sections.answers import answers
from synthspec.report.sections.subgroups import subgroups
from synthspec.report.uncertain import inside, known, resting_on, within
from tests.release.example import empty, release


def tables(section: Section) -> dict[str, Table]:
    return {block.caption: block for block in section.blocks if isinstance(block, Table)}


def test_a_question_is_answered_by_group_with_two_intervals() -> None:
    table = tables(answers(release()))["Answers to adults by ward"]
    assert [row[0].text for row in table.rows] == ["icu", "medicine", "surgery", "maternity", "missing"]
    rows, estimate, interval, share, inner = table.rows[0][1:]
    assert rows.class_ == "S" and rows.number == 1180
    n_hat = known(release())[0].errors.uncertainty.rows
    assert estimate.number == pytest.approx(1180 / 5000 * n_hat)
    assert share.number == pytest.approx(1180 / 1260)
    for value in (estimate, interval, share, inner):
        assert value.class_ == "M" and value.events
        assert value.low is not None and value.high is not None and value.number is not None
        assert 0 <= value.low <= value.number <= value.high


def test_every_event_named_is_one_of_the_release() -> None:
    made = release()
    ids = {event.id for event in made.events}
    values = [value for t in tables(answers(made)).values() for row in t.rows for value in row]
    assert ids.issuperset(event for value in values for event in value.events)


def test_without_paid_figures_intervals_are_wider() -> None:
    def width(made: Release) -> float:
        value: Value = tables(answers(made))["Answers to adults by ward"].rows[0][2]
        assert value.low is not None and value.high is not None
        return value.high - value.low

    assert width(replace(release(), assessments=())) > width(release())


def test_without_measurements_the_rows_still_answer_without_interval() -> None:
    bare = replace(release(), measurements=(), assessments=())
    table = tables(answers(bare))["Answers to adults by ward"]
    assert table.rows[0][2].text == "not estimated"
    assert tables(answers(empty())) == {}


def test_small_subgroups_have_larger_errors() -> None:
    table = next(t for caption, t in tables(subgroups(release())).items() if "within each group" in caption)
    sizes = [row[1].number for row in table.rows]
    means = [row[2].number for row in table.rows]
    assert all(size is not None for size in sizes) and all(mean is not None for mean in means)
    order = sorted(range(3), key=lambda i: sizes[i])  # type: ignore[arg-type,return-value]
    assert [means[i] for i in order] == sorted(means, reverse=True)  # type: ignore[type-var]


def test_the_whole_as_one_group_errs_as_the_table_does() -> None:
    made = release()
    groups = known(made)
    found = resting_on(made, groups, ["ward", "outcome"])
    assert found is not None
    one = inside(*found, [1.0])
    table = groups[0].errors.of(found[1])
    assert one is not None and table is not None
    assert one[0].expected == pytest.approx(table.expected)


def test_a_share_of_nothing_may_be_anything() -> None:
    made = release()
    found = resting_on(made, known(made), ["ward"])
    assert found is not None
    empty_group = within(*found, 0, 0, 5000)
    assert (empty_group.low, empty_group.high) == (0.0, 1.0)
    assert resting_on(made, known(made), ["ward", "age", "outcome"]) is not None
    assert resting_on(made, (), ["ward"]) is None
