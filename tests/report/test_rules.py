"""The rules section says of each rule what it demands, why, how it is met, and what two engines counted."""

from __future__ import annotations

from synthspec.plan.explain_rules import CLASSES
from synthspec.release.release import Certificate, RuleCheck
from synthspec.report.sections.rules import _counted, _stated


def test_every_rule_is_stated_with_reason_class_rows_and_both_counts() -> None:
    held = Certificate(
        rows=3000,
        engine="DuckDB 2.0.0",
        rules=(
            RuleCheck(
                name="limit",
                kind="check",
                text="a < 3",
                because="the scale ends there",
                strategy="repair",
                violations=0,
                recounted=0,
                repaired=0.02,
            ),
            RuleCheck(
                name="rare",
                kind="check",
                text="b > 1",
                enforce="report",
                strategy="unchecked",
                violations=7,
                recounted=7,
            ),
        ),
    )
    stated = _stated(held, {"limit": "`a` is shrunk", "rare": "counted, not enforced"})
    assert [[cell.text for cell in row] for row in stated.rows] == [
        ["rare", "b > 1", CLASSES["unchecked"], "counted, not enforced"],
        ["limit", "a < 3; because the scale ends there", "bounded repair", "a is shrunk"],
    ]
    table = _counted(held)
    assert table.columns[-1] == "By DuckDB 2.0.0"
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["rare", "", "", "", "3,000", "7", "7"],
        ["limit", "", "2 %", "", "3,000", "0", "0"],
    ]
