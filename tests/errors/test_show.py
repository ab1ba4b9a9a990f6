"""Findings are shown as LANGUAGE 3.6 shows them."""

from __future__ import annotations

from synthspec.errors import Diagnostic, Span
from synthspec.errors.show import show, show_all
from synthspec.spec.expression import parse_expression
from synthspec.spec.parse import parse
from synthspec.spec.scope import ColumnInfo
from synthspec.terms.types import BOOL, TEXT


def test_an_expression_cut_by_a_comma() -> None:
    line = "    icu-winter: {rows: 20000, where: ward = 'icu' AND month(admit_at) IN (12, 1, 2)}"
    text = f"spec: 1\ncolumns: {{ward: [icu]}}\nsample:\n  scenarios:\n{line}\n"
    (found,) = parse(text, "hospital.yaml").diagnostics
    assert show(found, {"hospital.yaml": text}) == (
        "error[S105]: expression cut short by a comma inside `{ }`\n"
        "  ╭─ hospital.yaml:5:71\n"
        "  │\n"
        f"5 │ {line}\n"
        f"  │ {' ' * 70}^^^^^^^ YAML ends the value at this comma\n"
        "  │\n"
        "  = note: YAML read three keys here: `where`, `1` and `2)`\n"
        "  = help: put the expression on its own line, or quote it: "
        "`where: \"ward = 'icu' AND month(admit_at) IN (12, 1, 2)\"`"
    )


def test_an_unknown_column_with_the_similar_one() -> None:
    text = (
        "spec: 1\ncolumns:\n  disposition: [home, died]\n  readmitted_30d: bool\nrules:\n"
        "  dead-stay-out: {if: dispostion = 'died', then: NOT readmitted_30d}\n"
    )
    parsed = parse(text, "hospital.yaml")
    scope = {
        "disposition": ColumnInfo(TEXT, ("home", "died"), span=parsed.key_span(("columns", "disposition"))),
        "readmitted_30d": ColumnInfo(BOOL),
    }
    path = ("rules", "dead-stay-out", "if")
    found = parse_expression(
        "dispostion = 'died'", scope, at=parsed.at(path), what="rule `dead-stay-out`", path=path
    )
    assert isinstance(found, list)
    assert show_all(tuple(found), {"hospital.yaml": text}) == (
        "error[C101]: unknown column in rule `dead-stay-out`\n"
        "  ╭─ hospital.yaml:6:23\n"
        "  │\n"
        "3 │   disposition: [home, died]\n"
        "  │   ----------- similar column declared here\n"
        "  ┆\n"
        "6 │   dead-stay-out: {if: dispostion = 'died', then: NOT readmitted_30d}\n"
        "  │                       ^^^^^^^^^^ there is no column `dispostion`\n"
        "  │\n"
        "  = help: did you mean `disposition`?  (safe fix, `synthspec check --fix`)"
    )


def test_a_finding_without_a_place_and_one_in_a_file_that_is_not_at_hand() -> None:
    plain = Diagnostic("X1", "headline", notes=("why",), helps=("what",))
    assert show(plain, {}) == "error[X1]: headline\n  = note: why\n  = help: what"
    far = Diagnostic("X1", "headline", "warning", (), (Span("a", 1, 2, 1, 3, "here", True),))
    assert show(far, {}) == "warning[X1]: headline\n  ╭─ a:1:2\n  │  here"


def test_very_long_lines_are_cut_around_the_caret() -> None:
    text = "x" * 5000
    found = Diagnostic("X1", "headline", "error", (), (Span("a", 1, 3000, 1, 3004, "here", True),))
    shown = show(found, {"a": text})
    assert max(len(line) for line in shown.split("\n")) < 260 and "^^^^ here" in shown
