"""A view gives what its level says, and its guarantee is what one unit can add to it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from synthspec.errors import InternalError
from synthspec.plan.level import Level, level_of, leveled, protection_of, step_of
from synthspec.plan.ops import CountFit, Fit, Sample, Units
from synthspec.plan.view import build_view
from synthspec.terms.protection import Protection
from tests.compile.specs import PANEL, plan


def test_the_view_of_units_has_what_is_per_unit_and_how_many_rows_there_are() -> None:
    found = plan(PANEL)
    view = build_view(found, found.columns, level=Level(once=True))
    assert view.domain.attributes == ("sex", "born", "young", "person.rows")
    assert (view.domain.size("person.rows"), view.protection.max_rows, view.bound.most) == (5, 1, 1)


def test_the_view_of_rows_has_the_row_before_for_each_column_in_order_and_no_number_of_rows() -> None:
    found = plan(PANEL)
    view = build_view(found, found.columns, level=Level())
    before = [coded for coded in view.codes if coded.attribute.endswith(".before")]
    assert [coded.attribute for coded in before] == ["year.before", "state.before", "paid.before"]
    assert all(coded.by is not None for coded in before)
    assert {coded.attribute: coded.size for coded in before}["state.before"] == 4
    assert "person.rows" not in view.domain.attributes and view.protection.max_rows == 5


def test_a_view_cannot_claim_less_than_a_unit_adds() -> None:
    found = plan(PANEL)
    for level, less in ((Level(), 4), (Level(weight=60), 5)):
        view = build_view(found, found.columns, level=level)
        fields = view.model_dump() | {"protection": Protection(unit="person", max_rows=less).model_dump()}
        with pytest.raises(ValidationError):
            type(view).model_validate(fields)


@pytest.mark.parametrize("neighbours", ["add-remove", "replace"])
def test_a_level_changes_the_rows_of_a_guarantee_and_nothing_else(neighbours: str) -> None:
    held = Protection(unit="person", max_rows=5, neighbours=neighbours)
    for level, most in ((Level(), 5), (Level(once=True), 1), (Level(weight=60), 60), (Level(held=True), 5)):
        assert leveled(held, level) == held.model_copy(update={"max_rows": most})


def test_only_bounded_rows_have_a_level() -> None:
    found = plan(PANEL)
    for at, op in enumerate(found.ops):
        if isinstance(op, Sample | Fit | CountFit) or at == 0:
            with pytest.raises(InternalError) as error:
                level_of(found, at)
            assert error.value.code == "I302"


def test_what_was_bought_is_of_the_level_of_its_step_whatever_it_says_of_itself() -> None:
    found = plan(PANEL)
    (once,) = [at for at, op in enumerate(found.ops) if isinstance(op, Units)]
    assert protection_of(found, once).max_rows == 1
    assert step_of(found, "learn", "who", ()).once and not step_of(found, "learn", "visits", ()).once
    assert step_of(found, "discover", None, ("area",)).once
    for stage, group, target in (
        ("learn", "nobody", ()),
        ("discover", None, ("paid",)),
        ("report", None, ()),
    ):
        assert not step_of(found, stage, group, target).once
