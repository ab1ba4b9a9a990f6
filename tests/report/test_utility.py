"""Section 9: paid figures with interval, class and events; which rows were counted; too few: no number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from synthspec.plan.plan import Gate
from synthspec.release.release import Release
from synthspec.report.blocks import Section, Value
from synthspec.report.build import build
from synthspec.report.gates import judge, require
from synthspec.report.sections.gates import gates
from synthspec.report.sections.scope import scope
from synthspec.report.sections.utility import TOO_FEW, utility
from synthspec.report.usefulness import by_group, gate_figure, labels
from tests.release.example import empty, release
from tests.release.scored_example import scored


def values(tree: object) -> Iterator[Value]:
    """Yield every value of a block."""
    if isinstance(tree, Value):
        yield tree
    elif isinstance(tree, tuple):
        for child in tree:
            yield from values(child)
    elif hasattr(type(tree), "model_fields"):
        for name in type(tree).model_fields:
            yield from values(getattr(tree, name))


def text(section: Section) -> str:
    """Return everything that a section says."""
    return " ".join(str(part) for part in _words(section))


def _words(tree: object) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, tuple):
        for child in tree:
            yield from _words(child)
    elif hasattr(type(tree), "model_fields"):
        for name in type(tree).model_fields:
            yield from _words(getattr(tree, name))


def test_every_paid_number_names_its_event_and_its_interval() -> None:
    paid = [value for value in values(utility(scored())) if value.class_ == "B"]
    assert len(paid) > 30
    assert {event for value in paid for event in value.events} == {"e9001", "e9002", "e9003", "e9004"}
    for value in paid:
        assert value.low is not None
        assert value.high is not None
        assert value.number is not None
        assert value.low <= value.number <= value.high


def test_it_says_which_rows_were_counted_and_warns_of_naive_errors() -> None:
    says = text(utility(scored()))
    assert "units that were held out: nothing was learned from them" in says
    assert "Naive standard errors from released rows are too small" in says
    assert "Groups of outcome, predicting ward" in says
    made = scored()
    every = made.scores[0].model_copy(update={"part": "all"})

    other = replace(made, evaluation=made.evaluation.model_copy(update={"scores": (every,)}))
    assert "those that the models learned from included" in text(utility(other))


def test_a_gate_on_a_figure_that_was_bought_says_that_its_rows_are_too_few() -> None:
    def says(made: Release, column: str) -> str:
        gate = Gate(name="g", text="t", metric="auc_gap", argument=column, op="<=", bounds=(0.05,))
        return text(gates(replace(made, plan=made.plan.model_copy(update={"gates": (gate,)}))))

    few = scored(noise=5000.0)
    bought = labels(few)[0].name
    assert TOO_FEW in says(few, bought) and "was not bought" not in says(few, bought)
    assert "was not bought" in says(few, "nobody")


def test_too_few_rows_give_words_and_never_a_number() -> None:
    few = utility(scored(noise=400.0))
    assert TOO_FEW in text(few)
    says = text(utility(scored(noise=40.0, rows=0.4)))
    assert "too few rows" in says, "some group is too small"
    assert not any(
        value.number is not None for value in values(utility(scored(noise=5000.0))) if value.text == TOO_FEW
    )


def test_what_is_shown_is_decided_by_the_released_rows_and_not_by_the_counts() -> None:
    """Noise that moves every count up must not bring a figure onto the page."""

    made = scored(noise=400.0)
    (one,) = made.scores
    kind = one.model_copy(update={"values": tuple(value + 20_000 for value in one.values)})
    lucky = replace(made, evaluation=made.evaluation.model_copy(update={"scores": (kind,)}))
    for each in (made, lucky):
        (label,) = labels(each)
        assert label.private.auc() is None
    assert "not by the counts themselves" in text(utility(made))


def test_a_figure_without_any_width_is_not_shown_to_six_places() -> None:
    says = text(utility(scored(noise=0.0)))
    assert not any(word.count(".") == 1 and len(word.split(".")[1]) >= 6 for word in says.split())


@pytest.mark.parametrize("make", [release, empty])
def test_without_paid_scores_it_says_how_to_get_them(make: object) -> None:
    assert "auc_gap(COLUMN)" in text(utility(make()))  # type: ignore[operator]


def test_gaps_between_groups_are_to_everybody_else() -> None:
    made = scored(noise=0.0)
    (label,) = labels(made)
    for at, group in enumerate(by_group(made, label, made.scores[0])):
        others = made.scores[0].others(at).true_positives(label.threshold)
        assert group.hits is not None
        assert others is not None
        assert group.hits_gap is not None
        assert group.hits_gap.value == pytest.approx(group.hits.value - others.value)


def test_gates_on_paid_figures_are_judged_by_their_intervals() -> None:
    made = scored()
    found = {result.gate.name: result for result in judge(made)}
    assert [found[name].class_ for name in ("useful", "tail")] == ["B", "B"]
    assert found["useful"].events == ("e9001",)
    assert found["tail"].events == ("e9002",)
    assert {result.outcome for result in judge(made)} == {"pass"}
    assert found["useful"].low < 0 < found["useful"].high, "the same law on both sides: no gap"
    require(made)
    assert {result.outcome for result in judge(scored(noise=4000.0))} == {"unknown"}
    assert gate_figure(made, "auc_gap", "age") is None
    assert gate_figure(made, "tail_ratio", "age, 0.8") is None
    assert gate_figure(made, "tail_ratio", "age") is None


def test_the_datasheet_is_part_of_the_scope() -> None:
    says = text(scope(scored()))
    for words in ("Purpose", "Teaching.", "Owner", "Ward 7", "Contact", "a@b.example", "Kept for", "2 years"):
        assert words in says
    assert "Owner" not in text(scope(release()))


def test_the_whole_report_takes_it() -> None:
    made = build(scored())
    assert "utility" in [section.id for section in made.sections]
