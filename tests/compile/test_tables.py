"""Known tables and declared families: what cases mean on codes, and what a plan makes of them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from numpy.typing import NDArray

from synthspec.compile.drawing import drawing_of, to_dot, to_mermaid
from synthspec.compile.picture import to_svg
from synthspec.draw.learn import workload_of
from synthspec.generators import Workload
from synthspec.plan.plan import KnownTable
from tests.compile.specs import PATIENTS, SMALL, checked, diagnose, plan


def table(cases: str, columns: str = "", child: str = "sex") -> KnownTable:
    """Return the table of `child` in a small spec."""
    text = SMALL.replace("rules:", f"{columns}rules:", 1) if columns else SMALL
    (found,) = checked(text + f"network: {{known: {{{child}: {{cite: x, cases: {cases}}}}}}}\n").tables
    return found


def dense(found: KnownTable) -> NDArray[np.float64]:
    return np.array(found.rows).reshape(found.shape)


def test_the_first_case_that_applies_counts() -> None:
    found = table("[{if: age < 50, is: {F: 1}}, {if: age < 70, is: {M: 1}}, {else: {X: 1}}]")
    assert found.parents == ("age",) and found.shape == (121, 3)
    assert [int(row.argmax()) for row in dense(found)] == [0] * 50 + [1] * 20 + [2] * 51


def test_conditions_over_two_columns_and_unknown_ones_fall_through() -> None:
    text = "[{if: ward = 'icu' AND age >= 60, is: {F: 0.25, M: 0.75}}, {else: {F: 1}}]"
    mass = dense(table(text))  # ward, age, sex
    assert mass[3, 60:, 1].tolist() == [0.75] * 61
    assert not mass[3, :60, 1].any() and not mass[:3, :, 1].any()
    gap = dense(table("[{if: x > 3, is: {F: 1}}, {else: {M: 1}}]", "  x: int? 0..9\n"))
    assert gap[:, 0].tolist() == [0] * 4 + [1] * 6 + [0], "a missing x is not above 3"


def test_a_case_that_splits_a_bin_counts_by_its_share() -> None:
    cases = "[{if: x < 25, is: {F: 1}}, {else: {M: 1}}]"
    found = dense(table(cases, "  x: {type: int, in: 0..99, bins: 10}\n"))
    assert found[:, 0].tolist() == [1, 1, 0.5, 0, 0, 0, 0, 0, 0, 0]
    text = SMALL.replace("rules:", "  x: {type: int, in: 0..99, bins: 10}\nrules:", 1)
    text += f"network: {{known: {{sex: {{cite: x, cases: {cases}}}}}}}\n"
    assert [each.code for each in diagnose(text)] == ["N317"]


def workload(text: str, group: int = 0) -> Workload:
    made = plan(text)
    return workload_of(made, made.groups[group], made.columns)


def test_edges_become_families_and_gaps_of_the_group_that_generates_the_child() -> None:
    text = PATIENTS.replace("given: [old, sex]", "given: [old, sex, age]")
    text += "network: {require: [age -> area, 'sex, old -> stay', age -> stay.missing, paid -> stay]}\n"
    first, second = workload(text), workload(text, 1)
    assert first.edges == (("age", "area"),) and not first.missing_edges
    assert second.edges == (("sex", "old", "paid", "stay"),)
    assert second.missing_edges == ((("age", "stay"), frozenset({"stay"})),)


def test_forbid_has_a_direction_and_any_stands_for_every_column() -> None:
    found = workload(SMALL + "network: {forbid: [any -> sex, any -> stay]}\n")
    assert ("age", "sex") in found.forbidden and ("sex", "age") not in found.forbidden
    assert found.barred("stay", "sex") and not found.barred("age", "sex")


def test_fixed_tables_priors_and_totals_reach_the_generator_as_what_they_are() -> None:
    known = (
        "network: {known: {sex: {cite: x, cases: [{if: age > 50, is: {F: 1}}, {else: {M: 1}}]}, "
        "ward: {cite: x, strength: 50, cases: [{if: age > 50, is: {icu: 1}}, {else: {surgery: 1}}]}, "
        "stay: {cite: x, cases: [{else: poisson(9)}]}}}\n"
    )
    found = workload(SMALL + known)
    assert [(c.child, c.parents, c.strength) for c in found.conditionals] == [
        ("sex", ("age",), None),
        ("ward", ("age",), 50.0),
    ]
    assert found.edges == (("age", "ward"),), "a fixed family is not measured, a prior's is"
    assert [clique for clique, _ in found.known] == [("stay",)]


GAP = (
    "network: {known: {lab.missing: {cite: x, cases: "
    "[{if: ward = 'icu', is: {true: 0.25}}, {else: {true: 0.5}}]}}}\n"
)
LAB = SMALL.replace("rules:", "  lab: {type: int, in: 0..9, missing: modelled}\nrules:", 1)


def test_a_published_share_of_missing_values_is_a_table_of_present_and_missing() -> None:
    (found,) = checked(LAB + GAP).tables
    assert (found.child, found.parents, found.shape) == ("lab.missing", ("ward",), (4, 2))
    assert dense(found).tolist() == [[0.5, 0.5]] * 3 + [[0.75, 0.25]]
    (told,) = workload(LAB + GAP).conditionals
    assert told.gap and told.child == "lab" and told.strength is None
    prior = workload(LAB + GAP.replace("cite: x", "cite: x, strength: 9"))
    assert prior.missing_edges == ((("ward", "lab"), frozenset({"lab"})),), "its family is measured as such"
    total = workload(LAB + "network: {known: {lab.missing: {cite: x, cases: [{else: {true: 0.1}}]}}}\n")
    assert not total.known and total.conditionals[0].table.tolist() == [0.9, 0.1]


def test_a_share_of_missing_values_is_checked_like_any_table() -> None:
    assert [d.code for d in diagnose(LAB + GAP.replace("true: 0.5", "true: 0.5, false: 0.4"))] == ["N311"]
    assert [d.code for d in diagnose(SMALL + GAP.replace("lab.missing", "stay.missing"))] == ["N312"]
    assert [d.code for d in diagnose(LAB + GAP.replace("ward = 'icu'", "lab > 3"))] == ["N301"]
    needs = LAB.replace("rules:", "rules:\n  told: {if: ward = 'icu', then: lab IS NOT NULL}", 1)
    (found,) = diagnose(needs + GAP)
    assert found.code == "N305" and "lab.missing = true has probability 0.25" in found.spans[0].label
    assert not diagnose(needs + GAP.replace("0.25", "0"))


def test_to_forbid_an_edge_of_a_gap_is_to_forbid_that_of_its_column() -> None:
    found = workload(LAB + "network: {forbid: [ward -> lab.missing, lab.missing -> stay]}\n")
    assert {("ward", "lab"), ("lab", "stay")} <= found.forbidden and ("lab", "ward") not in found.forbidden
    against = LAB + "network: {forbid: [ward -> lab.missing], require: [%s]}\n"
    (clash,) = diagnose(against % "ward -> lab")
    assert clash.code == "N302" and "lab.missing" in clash.notes[0]
    assert not diagnose(against.replace("ward -> lab.missing]", "ward -> lab]") % "ward -> lab.missing")


def test_strength_counts_units_whatever_number_of_rows_they_have() -> None:
    cases = "[{if: age > 9, is: {F: 1}}, {else: {M: 1}}]"
    known = f"network: {{known: {{sex: {{cite: x, strength: 50, cases: {cases}}}}}}}\n"
    many = PATIENTS.replace("max_rows: 4", "max_rows: 400")
    one = PATIENTS.replace("max_rows: 4", "max_rows: 1")
    assert [workload(text + known).conditionals[0].strength for text in (one, many)] == [50.0, 50.0]


def test_a_condition_is_an_edge_of_the_one_cycle_check() -> None:
    text = SMALL + (
        "network: {require: [sex -> age], known: {sex: {cite: x, cases: "
        "[{if: age > 50, is: {F: 1}}, {else: {M: 1}}]}}}\n"
    )
    (found,) = diagnose(text)
    assert found.code == "N301" and "sex -> age -> sex" in found.message
    assert any("known table of `sex` reads `age`" in span.label for span in found.spans)


def test_a_rule_through_the_parents_decides_where_mass_is_allowed() -> None:
    bad = "network: {known: {ward: {cite: x, cases: [{else: {obstetrics: 0.5, icu: 0.5}}]}}}\n"
    assert not diagnose(SMALL + bad), "a total may be met by women alone"
    cases = "[{if: sex = 'F', is: {icu: 1}}, {else: {obstetrics: 1}}]"
    worse = f"network: {{known: {{ward: {{cite: x, cases: {cases}}}}}}}\n"
    (found,) = diagnose(SMALL + worse)
    assert found.code == "N305" and "sex = M" in found.spans[0].label


@pytest.mark.parametrize("write", [to_dot, to_mermaid, lambda d: to_svg(d, "t")])
def test_every_form_tells_declared_derived_given_and_learned_edges_apart(write) -> None:  # type: ignore[no-untyped-def]
    spec = checked(PATIENTS + "network: {require: [sex -> stay]}\n").spec
    base = drawing_of(spec)
    assert {"declared", "derived", "given"} <= {arc.kind for arc in base.arcs} - {"learned"}
    full = drawing_of(spec, [("age", "sex", True), ("paid", "stay", False), ("stay", "sex", True)])
    learned = [(arc.source, arc.target, arc.directed) for arc in full.arcs if arc.kind == "learned"]
    assert learned == [("age", "sex", True), ("paid", "stay", False)], "a declared edge is not learned again"
    texts = {write(base), write(full)}
    assert len(texts) == 2
    colours = {"#1b4f8a", "#444444", "#8a8a8a", "#b0521b"}
    assert all(colour in write(full) for colour in colours)


def test_the_picture_is_well_formed_and_holds_every_column_without_styles_or_scripts() -> None:
    spec = checked(PATIENTS).spec
    svg = to_svg(drawing_of(spec), 'a < b & "c"')
    root = ET.fromstring(svg)
    texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert set(spec.columns) <= texts
    assert "style=" not in svg and "script" not in svg
    assert root.attrib["aria-label"] == 'a < b & "c"'


CASES = """\
spec: 1
columns: {age: int 0..120, sex: [F, M], sick: bool, old: {derive: age > 65}}
network:
  forbid: [FORBID]
  known: {sick: {cite: x, cases: [CASES{else: {true: 0.1}}]}}
"""


def warned(cases: str = "", forbid: str = "sick -> sex") -> list[tuple[str, str, str]]:
    found = diagnose(CASES.replace("CASES", cases).replace("FORBID", forbid))
    return [(d.code, d.level, d.spans[0].label) for d in found if d.code.startswith("N")]


def test_a_case_that_can_never_apply_is_named_with_why() -> None:
    shadowed = "{if: age >= 18, is: {true: 0.2}}, {if: age >= 65, is: {true: 0.5}}, "
    assert warned(shadowed) == [("N327", "warning", "only true where a case above it is")]
    assert warned("{if: age > 120, is: {true: 0.2}}, ") == [
        ("N327", "warning", "true for no value of the domains")
    ]
    assert not warned("{if: age >= 65, is: {true: 0.5}}, {if: age >= 18, is: {true: 0.2}}, ")


def test_to_forbid_everything_or_what_is_computed_is_told() -> None:
    assert warned(forbid="any -> any") == [("N328", "warning", "no dependence is learned at all")]
    assert warned(forbid="age -> old") == [("N329", "warning", "speaks of learned edges only")]
    assert not warned()


def test_a_picture_draws_each_edge_once_and_a_gap_as_a_node_of_its_own() -> None:
    spec = checked(
        "spec: 1\ncolumns: {sex: [F, M], lab: {type: int, in: 0..9, missing: modelled}}\n"
        "network:\n  require: [sex -> lab, sex -> lab.missing]\n"
        "  known: {lab: {cite: x, strength: 5, cases: [{if: sex = 'F', is: {1: 1}}, {else: {2: 1}}]}}\n"
    ).spec
    found = drawing_of(spec)
    assert found.columns["lab.missing"] == "gap"
    assert [(a.source, a.target, a.kind, a.why) for a in found.arcs] == [
        ("sex", "lab", "known", "require and known"),
        ("sex", "lab.missing", "declared", "require"),
        ("lab.missing", "lab", "missing", "missing"),
    ]
    for write in (to_dot, to_mermaid, lambda d: to_svg(d, "t")):
        text = write(found)
        assert "lab.missing" in text
        assert "a published table reads it" in text and "the spec requires it" in text
