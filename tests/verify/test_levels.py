"""What was counted once per unit hides one row, and no event can claim that where the plan does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from synthspec.api.compiled import compiled
from synthspec.plan.level import level_of, protection_of
from synthspec.plan.ops import Fit
from synthspec.release.bundle import read_release
from synthspec.release.level import event_level, rows_alone
from synthspec.verify import standalone
from synthspec.verify.models import check_models
from synthspec.verify.priced import check_questions
from synthspec.verify.rows import check_rows
from synthspec.verify.spec import check_spec
from synthspec.verify.standalone import Check
from synthspec.verify.verify import check_parts, verify
from tests.verify.conftest import Kept
from tests.verify.releases import changed

Edits = Mapping[str, Callable[[Any], Any]]


def failing(checks: tuple[Check, ...]) -> dict[str, str]:
    return {check.name: check.detail for check in checks if check.outcome == "failed"}


@pytest.mark.parametrize("kind", ["panel", "weights"])
def test_a_release_with_people_is_what_it_says(release: Kept, kind: str) -> None:
    folder = release(kind)
    found = read_release(folder)
    checks = (check_parts(found), *check_spec(found, compiled), check_questions(found))
    again = (*check_models(found), *check_rows(found, folder))
    assert failing((*checks, *again)) == {}
    assert failing(standalone.verify(folder)) == {}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["panel", "weights"])
def test_a_release_with_people_passes_the_whole_verifier(release: Kept, kind: str) -> None:
    assert failing(verify(release(kind), planner=compiled).checks) == {}


def test_a_spec_without_a_name_has_that_of_its_file(release: Kept, tmp_path: Path) -> None:
    text = (release("panel") / "spec.yaml").read_text()
    named = next(line for line in text.splitlines(keepends=True) if line.startswith("name: "))
    unnamed = text.replace(named, "")

    def of(file: str) -> dict[str, str]:
        def edit(tree: Any) -> Any:
            return tree | {"spec_text": unnamed, "spec_path": file}

        folder = changed(release("panel"), tmp_path / file, {"plan.json": edit})
        return failing(check_spec(read_release(folder), None))

    assert of(f"{named.split()[1]}.yaml") == {}
    assert "name" in of("other.yaml")["spec"]


def test_each_event_hides_what_a_unit_adds_at_its_step(release: Kept) -> None:
    found = read_release(release("panel"))
    assert found.claim is not None and found.claim.max_rows == 2
    bound = {event.purpose: event.sensitivity_l1 for event in found.events if event.stage != "report"}
    assert bound["discover code"] == 2 and bound["learn rows_per_unit"] == bound["learn them"] == 2  # replace
    assert all(
        event.sensitivity_l1 == 4
        for event in found.events
        if event.purpose == "learn stays" and event.mechanism["kind"] == "rounded_gaussian"
    )
    assert {each.group for each in rows_alone(found)} == {"stays"}


def test_weighed_rows_are_hidden_by_the_weight(release: Kept) -> None:
    found = read_release(release("weights"))
    fit = next(op for op in found.plan.ops if isinstance(op, Fit))
    assert fit.view is not None and level_of(found.plan, fit.view).weight == 2
    assert protection_of(found.plan, fit.view).max_rows == 2


def relabelled(purpose: str, group: str) -> Edits:
    """Say that the purchases of one group were those of another."""

    def events(tree: Any) -> Any:
        for event in tree["events"]:
            if event["purpose"] == f"learn {group}":
                event["purpose"] = purpose
        return tree

    def answers(tree: Any) -> Any:
        for answer in tree:
            if answer["group"] == group:
                answer["group"] = purpose.removeprefix("learn ")
        return tree

    return {"ledger.json": events, "measurements.json": answers}


def kinder(tree: Any) -> Any:
    """State half the sensitivity, and half the noise, for what was learned of rows."""
    for event in tree["events"]:
        if event["purpose"] == "learn stays":
            event["sensitivity_l1"] //= 2
            event["sensitivity_l2_squared"] //= 4
            event["stddev"] /= 2
    return tree


def test_an_event_cannot_take_the_smaller_sensitivity_of_another_level(release: Kept, tmp_path: Path) -> None:
    """The noise hides one row of a unit, where up to two were counted."""

    def halved(tree: Any) -> Any:
        for answer in tree:
            if answer["group"] == "stays":
                answer["stddev"] /= 2
        return tree

    edits: Edits = {"ledger.json": kinder, "measurements.json": halved}
    folder = changed(release("panel"), tmp_path / "changed", edits)
    assert "sensitivity" in failing(standalone.verify(folder))["sensitivities"]


def test_an_event_cannot_move_to_a_step_of_the_other_level(release: Kept, tmp_path: Path) -> None:
    """Relabelled as purchases of a group per unit, they spend what that group never had."""
    folder = changed(release("panel"), tmp_path / "changed", relabelled("learn them", "stays"))
    found = failing(standalone.verify(folder))
    assert "sensitivities" in found or "completeness" in found


def to_units(tree: Any) -> Any:
    """Let the steps that count rows read the view of units."""
    (once,) = [at for at, op in enumerate(tree["ops"]) if op["op"] == "units"]
    for op in tree["ops"]:
        if op["op"] == "fit" and op["group"] == "stays":
            op["view"] = once
    return tree


def test_a_plan_cannot_count_rows_as_units(release: Kept, tmp_path: Path) -> None:
    folder = changed(release("panel"), tmp_path / "changed", {"plan.json": to_units, "ledger.json": kinder})
    assert "not per unit" in failing(standalone.verify(folder))["sensitivities"]
    assert check_parts(read_release(folder)).outcome == "failed"


def test_a_plan_cannot_call_a_column_per_unit_that_its_spec_does_not(release: Kept, tmp_path: Path) -> None:
    """The last way to a smaller sensitivity: every part of the plan agrees, and the spec says otherwise."""

    def all_of_it(tree: Any) -> Any:
        for column in tree["columns"]:
            column["per"] = "unit"
        for group in tree["groups"]:
            group["unit"], group["sequence"] = True, None
        return to_units(tree)

    folder = changed(release("panel"), tmp_path / "changed", {"plan.json": all_of_it})
    found = failing(check_spec(read_release(folder), compiled))
    assert found["spec"].startswith("columns per unit: `age, sex, ward, code` in the plan, `sex, code`")


def test_a_weight_below_the_rows_of_a_unit_is_refused(release: Kept, tmp_path: Path) -> None:
    def lighter(tree: Any) -> Any:
        for op in tree["ops"]:
            if op["op"] == "weigh":
                op["weight"] = 1
        return tree

    folder = changed(release("weights"), tmp_path / "changed", {"plan.json": lighter})
    assert "too small" in failing(standalone.verify(folder))["sensitivities"]
    assert check_parts(read_release(folder)).outcome == "failed"


def test_the_product_prices_a_list_of_a_unit_as_one_value_of_it(release: Kept, tmp_path: Path) -> None:
    def wider(tree: Any) -> Any:
        for event in tree["events"]:
            if event["stage"] == "discover":
                event["sensitivity_l1"], event["sensitivity_l2_squared"] = 4, 4
                event["stddev"] *= 2**0.5
        return tree

    folder = changed(release("panel"), tmp_path / "changed", {"ledger.json": wider})
    assert check_questions(read_release(folder)).outcome == "failed"
    found = read_release(release("panel"))
    (bought,) = [event for event in found.events if event.stage == "discover"]
    assert event_level(found.plan, bought).once


def test_a_source_in_a_folder_beside_the_spec_is_the_one_that_was_read(release: Kept, tmp_path: Path) -> None:
    """The run opens an absolute place, of which the release keeps the last name."""

    def moved(text: str) -> str:
        return text.replace("table.csv", "../data/table.csv")

    edits: Edits = {
        "spec.yaml": lambda content: moved(content.decode()).encode(),
        "plan.json": lambda tree: tree | {"spec_text": moved(tree["spec_text"])},
    }
    folder = changed(release("weights"), tmp_path / "changed", edits)
    assert failing(check_spec(read_release(folder), compiled)) == {}
