"""Notes of a plan: what a published table is worth, and rules that say nothing about units of one row."""

from __future__ import annotations

from synthspec.compile.plan import mock_plan
from synthspec.plan.explain import explain
from synthspec.plan.notes import published_lines, vacuous_lines
from tests.compile.specs import checked, plan

SPEC = """\
spec: 1
name: wards
source: {path: t.csv, rows: 40000, units: 9500}
privacy: {unit: patient_id, max_rows: 5, epsilon: 1}
columns:
  patient_id: id
  stay: id
  sex: [F, M]
  sick: bool
  start: int 0..9
  finish: int 0..9
  sofar: {derive: count(start) OVER (PARTITION BY patient_id ORDER BY start), in: 0..100}
rules:
  apart: {no_overlap: [start, finish], per: patient_id}
  key: {unique: [patient_id, start]}
  name: {unique: [stay]}
network:
  known:
    sex: {cite: census, cases: [{else: {F: 0.5, M: 0.5}}]}
    sick: {cite: a paper, strength: 500, cases: [{if: sex = 'F', is: {true: 0.1}}, {else: {true: 0.2}}]}
"""


def test_each_published_table_says_whether_it_is_exact_or_worth_units_and_where_it_is_from() -> None:
    assert published_lines(plan(SPEC)) == [
        "Published tables",
        "  sex: exact, not measured; census",
        "  sick given sex: worth 500 units beside about 9,500 units of the source (5 %); a paper",
    ]
    assert "worth 500 units" in explain(plan(SPEC))


def test_a_table_with_strength_holds_in_full_where_there_is_no_data() -> None:
    lines = published_lines(mock_plan(checked(SPEC)))
    assert lines[-1] == (
        "  sick given sex: worth 500 units, and holds in full: no data to weigh it against; a paper"
    )


def test_rules_within_a_unit_are_named_as_long_as_each_row_is_a_unit_of_its_own() -> None:
    assert vacuous_lines(plan(SPEC)) == [
        "  note: every row gets a `patient_id` of its own: `apart` holds of itself, `key` holds of itself, "
        "`sofar` sees one row at a time"
    ]
    assert "every row gets a `patient_id`" in explain(plan(SPEC))
    without = plan(SPEC.replace("  apart: {no_overlap: [start, finish], per: patient_id}\n", ""))
    assert "apart" not in vacuous_lines(without)[0]
