"""Shapes are dispatched before anything is validated: one slip gives one finding."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthspec.errors import CODES
from synthspec.spec import model
from synthspec.spec.fmt import apply_fixes
from synthspec.spec.parse import Parsed, parse

HERE = Path(__file__).parent
BASE = "spec: 1\ncolumns:\n  a: int 0..5\n"


def codes(text: str) -> list[str]:
    return [found.code for found in parse(text, "x.yaml").diagnostics]


def only(text: str) -> Parsed:
    parsed = parse(text, "x.yaml")
    assert parsed.diagnostics == () and parsed.spec is not None
    return parsed


@pytest.mark.parametrize("name", ["smallest", "hospital", "cards"])
def test_the_worked_examples_parse_without_findings(name: str) -> None:
    assert only((HERE / "examples" / f"{name}.yaml").read_text()).spec is not None


@pytest.mark.parametrize(
    ("form", "column"),
    [
        ("id", model.ColumnSpec(type="id")),
        ("bool", model.ColumnSpec(type="bool")),
        ("bool?", model.ColumnSpec(type="bool", missing="modelled")),
        ("int 0..300_000", model.ColumnSpec(type="int", domain=model.RangeDomain(lo="0", hi="300000"))),
        (
            "float? 0.37..28.64",
            model.ColumnSpec(
                type="float", domain=model.RangeDomain(lo="0.37", hi="28.64"), missing="modelled"
            ),
        ),
        (
            "decimal(2) -5..500",
            model.ColumnSpec(type="decimal", scale=2, domain=model.RangeDomain(lo="-5", hi="500")),
        ),
        (
            "date 2018-01-01..2024-12-31",
            model.ColumnSpec(type="date", domain=model.RangeDomain(lo="2018-01-01", hi="2024-12-31")),
        ),
        (
            "[NO, 0742, 12:30]",
            model.ColumnSpec(type="category", domain=model.ListDomain(values=("NO", "0742", "12:30"))),
        ),
        (
            "{type: category, in: {discover: 9, else: OTHER}}",
            model.ColumnSpec(type="category", domain=model.DiscoverDomain(limit=9, other="OTHER")),
        ),
        ("{derive: a + 1, bins: [0, 1_000]}", model.ColumnSpec(derive="a + 1", bins=("0", "1000"))),
        ("{lookup: f.csv, by: a, take: v}", model.ColumnSpec(lookup="f.csv", by={"a": "a"}, take="v")),
    ],
)
def test_each_column_form_has_one_long_form(form: str, column: model.ColumnSpec) -> None:
    spec = only(f"spec: 1\ncolumns:\n  x: {form}\n").spec
    assert spec is not None and spec.columns["x"] == column


@pytest.mark.parametrize(
    "form",
    [
        "itn 0..5",
        "int 0-5",
        "decimal 0..5",
        "decimal(99) 0..5",
        "id?",
        "bool 0..1",
        "category",
        "5",
        "int 0..1..2",
    ],
)
def test_an_unreadable_short_form_gives_one_finding(form: str) -> None:
    assert codes(f"{BASE}  b: {form}\n") == ["S125"]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (BASE + "rules:\n  r: {if: a > 1, than: a < 3}\n", "S102", 5),
        (BASE + "rules:\n  r: {iff: a > 1, then: a < 3}\n", "S102", 5),
        (BASE + "rules:\n  r: {combo: [a], rows: [[1]]}\n", "S102", 5),
        (BASE + "  b: {tpye: int, in: 0..5}\n", "S102", 4),
        (BASE + "  b: {type: int, in: {fil: x.csv, column: y}}\n", "S102", 4),
        (BASE + "network:\n  known:\n    a: {cite: x, cases: [{els: {1: 1}}]}\n", "S102", 6),
        (BASE + "sampel: {rows: 5}\n", "S102", 4),
        (BASE + "sample: {where: a > 1, rows: 5}\n", "S102", 4),
        (BASE + "privacy: {unit: a, max_rows: 4}\n", "S124", 4),
        (BASE + "rules:\n  r: {if: a > 1}\n", "S124", 5),
        (BASE + "  b: {type: int, in: 0..5, missing: modeled}\n", "S108", 4),
        (BASE + "  b: {type: integer, in: 0..5}\n", "S108", 4),
        (BASE + "  b-c: id\n", "S123", 4),
        (BASE + "  case: id\n", "S123", 4),
        (BASE + "subgroups: [a, a]\n", "S104", 4),
        (BASE + "source: ${SYNTHSPEC_TEST_UNSET}/a.csv\n", "S119", 4),
        (BASE + "# synthspec: allow P402\n", "S120", 4),
        (BASE + "rules: [a > 1]\n", "S106", 4),
        (BASE + "sample: {scenarios: {w: {rows: 20, where: a IN (12, 1, 2)}}}\n", "S105", 4),
        (BASE + "network: {require: [a > b]}\n", "S108", 4),
        ("spec: 2\nwhatever: 3\n", "S118", 1),
        ("- a\n- b\n", "S114", 1),
        ("spec: 1\n", "S124", 1),
        ("columns: {a: id}\n", "S124", 1),
    ],
)
def test_one_slip_gives_one_finding_at_its_line(text: str, code: str, line: int) -> None:
    (found,) = parse(text, "x.yaml").diagnostics
    assert (found.code, next(span.line for span in found.spans if span.primary)) == (code, line)
    assert found.code in CODES and found.message == found.message.rstrip(".")
    assert len(found.helps) <= 3


@pytest.mark.parametrize(
    "value", ["0", "-1", ".nan", ".inf", "-.inf", "'1'", "one", "1e400", "", "[1]", "{}", "true"]
)
def test_an_epsilon_that_is_no_positive_number_is_refused_with_a_span(value: str) -> None:
    (found,) = parse(f"{BASE}privacy: {{unit: a, max_rows: 1, epsilon: {value}}}\n", "x").diagnostics
    assert (
        found.code in ("S106", "S107") and found.path == ("privacy", "epsilon") and found.spans[-1].line == 4
    )


@pytest.mark.parametrize("value", ["0", "10_001", "1.5", "many", "-3", "9" * 300])
def test_max_rows_is_a_whole_number_in_range(value: str) -> None:
    assert codes(f"{BASE}privacy: {{unit: a, max_rows: {value}, epsilon: 1}}\n") in (["S106"], ["S107"])


def test_everything_wrong_is_found_in_one_run() -> None:
    text = (
        "spec: 1\ncolums: {}\ncolumns:\n  a: int 0..5\n  b: itn 0..5\nprivacy: {unit: a, epsilon: 0}\n"
        "rules:\n  r: {if: a > 1, than: a < 3}\n"
    )
    assert codes(text) == ["S102", "S125", "S107", "S102"]


def test_what_cannot_be_read_is_left_out_and_named() -> None:
    parsed = parse(BASE + "  b: itn 0..5\nrules:\n  r: {if: a > 1, than: a < 3}\n  s: a < 4\n", "x")
    assert parsed.spec is not None and set(parsed.spec.columns) == {"a"} and set(parsed.spec.rules) == {"s"}
    assert {("columns", "b"), ("rules", "r")} <= parsed.broken


def test_a_safe_fix_of_a_misspelt_key_makes_the_spec_readable() -> None:
    text = BASE + "rules:\n  r: {if: a > 1, than: a < 3}\n  q: {chekc: a < 4}\n"
    fixed = apply_fixes(text, [fix for found in parse(text, "x").diagnostics for fix in found.fixes])
    assert codes(fixed) == [] and "then: a < 3" in fixed


def test_the_fix_of_a_cut_expression_quotes_it() -> None:
    for rule in ("{if: a IN (1, 2), then: a < 3}", "{if: a = 1, then: coalesce(a, 2) < 3}"):
        text = f"{BASE}rules:\n  r: {rule}\n"
        (found,) = parse(text, "x").diagnostics
        assert found.code == "S105"
        assert codes(apply_fixes(text, found.fixes)) == []


def test_parts_of_a_short_form_have_spans_of_their_own() -> None:
    span = only(BASE).span(("columns", "a", "in"))
    assert (span.line, span.column, span.end_column) == (3, 10, 14)


def test_the_name_defaults_to_the_file_and_paths_take_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SYNTHSPEC_TEST_DIR", "/srv")
    spec = parse(BASE + "source: ${SYNTHSPEC_TEST_DIR}/a.csv\nabout: ${HOME}\n", "dir/cards.yaml").spec
    assert spec is not None and spec.source is not None
    assert (spec.name, spec.source.path, spec.about.text) == ("cards", "/srv/a.csv", "${HOME}")


def test_a_suppression_holds_on_its_line_and_above_it() -> None:
    text = BASE + "  # synthspec: allow C900 because it is so\n  b: int 0..5\n  c: int 0..5\n"
    parsed = only(text)
    assert parsed.allowed == (("C900", "it is so", 4),)
    from synthspec.errors import Diagnostic

    def warning(code: str, name: str, level: str = "warning") -> Diagnostic:
        return Diagnostic(code, "m", level, (), (parsed.key_span(("columns", name)),))  # type: ignore[arg-type]

    assert parsed.reason(warning("C900", "b")) == "it is so"
    assert parsed.reason(warning("C900", "c")) is None
    assert parsed.reason(warning("C901", "b")) is None
    assert parsed.reason(warning("C900", "b", "error")) is None


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_damage_to_a_spec_raises(data: st.DataObject) -> None:
    text = (HERE / "examples" / data.draw(st.sampled_from(["smallest.yaml", "hospital.yaml"]))).read_text()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        piece = data.draw(
            st.sampled_from(
                [
                    "",
                    " ",
                    ":",
                    "{",
                    "}",
                    "[",
                    "]",
                    "'",
                    '"',
                    "\n",
                    "- ",
                    ",",
                    "x",
                    "&a ",
                    "*a",
                    "\t",
                    "#",
                    "..",
                    "é",
                ]
            )
        )
        text = text[:at] + piece + text[at + cut :]
    parsed = parse(text, "x.yaml")
    for found in parsed.diagnostics:
        assert found.code in CODES and len(found.helps) <= 3
        for span in found.spans:
            assert 1 <= span.line <= span.end_line


def test_a_value_over_several_lines_keeps_its_label_on_one_and_a_wrong_word_gets_a_help() -> None:
    found = parse(
        'spec: 1\ncolumns: {a: ["x", "b\\nc"]}\nrules: {r: {check: a = 1, enforce: sometimes}}\n', "s.yaml"
    )
    labels = [span.label for each in found.diagnostics for span in each.spans]
    assert labels and not any("\n" in label for label in labels)
    assert all(each.helps for each in found.diagnostics)
