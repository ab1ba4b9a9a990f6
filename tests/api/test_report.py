"""A report and a plan in a notebook, and a report's figures as Altair charts."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from synthspec.api.plan import Plan
from synthspec.api.report import Report
from synthspec.errors import SpecError
from synthspec.plan.plan import Plan as PlanValue
from synthspec.report import charts
from synthspec.report.differences import differences
from tests.release.example import plan, release
from tests.report.hostile import SCRIPT, hostile


def test_a_report_shows_itself_in_a_frame_without_scripts() -> None:
    shown = Report(release())._repr_html_()
    assert shown.startswith('<iframe sandbox=""') and shown.count("<") == 2
    inside = re.search(r'srcdoc="([^"]*)"', shown)
    assert inside is not None
    assert html.unescape(inside[1]).encode() == Report(release()).html()


def test_hostile_names_do_not_leave_the_frame() -> None:
    shown = Report(hostile())._repr_html_()
    assert shown.count("<") == 2 and SCRIPT not in shown


def public(made: PlanValue) -> PlanValue:
    """Return the plan without a ledger to look up."""
    return made.model_copy(update={"ledger": "nobody-opened-this"})


def test_a_plan_shows_steps_and_the_best_possible_attack() -> None:
    shown = html.unescape(Plan(public(plan()))._repr_html_())
    assert "3 tables" in shown and "a family of 4 units" in shown
    assert "Nothing was read and nothing was charged." in shown
    assert "<script" not in shown


def test_every_figure_is_an_altair_chart_that_can_be_changed() -> None:
    pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    found = Report(release()).charts()
    assert len(found) >= 8 and any("What any attack can reach" in name for name in found)
    assert all(chart.properties(title="mine").to_dict()["title"] == "mine" for chart in found.values())


def test_without_the_extra_charts_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "drawable", lambda: False)
    with pytest.raises(SpecError, match="S160"):
        Report(release()).charts()


def test_two_releases_of_the_same_noise_differ_in_nothing_that_can_be_told() -> None:
    found = differences(release(), release())
    assert {each.verdict for each in found} <= {"equal", "cannot be told"}
    assert {"μ", "released rows"} <= {each.what for each in found}
    assert any(each.what.startswith("count: adults by ward") for each in found)
    assert any(each.what.startswith("size ratio: outcome") for each in found)
    assert any(each.what.startswith("expected distance: ") for each in found)


def test_a_difference_beyond_both_intervals_is_told_and_its_interval_holds_both() -> None:
    base = release()
    worse = tuple(
        each.model_copy(update={"value": each.value + 0.2, "low": each.low + 0.2, "high": each.high + 0.2})
        for each in base.assessments
    )
    found = {each.what: each for each in differences(base, replace(base, assessments=worse))}
    gap = found["mean distance of 3 columns"]
    assert gap.verdict == "higher" and gap.gap.low > 0.1
    assert gap.gap.half == pytest.approx(2**0.5 * gap.first.half)


def test_figures_over_other_tables_are_not_compared() -> None:
    base = release()
    other = tuple(each.model_copy(update={"cliques": each.cliques + 1}) for each in base.assessments)
    found = differences(base, replace(base, assessments=other))
    assert not [each for each in found if "distance of" in each.what and "expected" not in each.what]
