"""Holdout: whether the units that `sample.holdout` keeps out of the learning serve anything.

Two readers have a use for them: the report, which scores a classifier on them, and the internal edition,
whose attacks take them for people who are not in the table. The second needs no label and no budget, so
that only a spec without units is refused; what the report will not say is a warning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synthspec.compile.evaluated import labels_among
from synthspec.compile.findings import Findings
from synthspec.plan.plan import Gate, PlannedColumn, Question
from synthspec.spec.model import Spec


def check_holdout(
    findings: Findings,
    spec: Spec,
    gates: Sequence[Gate],
    questions: Sequence[Question],
    columns: Mapping[str, PlannedColumn],
) -> None:
    """Report Q615 where there is nobody to hold out; Q616 where no classifier is scored on those who are."""
    if spec.sample.holdout is None:
        return
    place = ("sample", "holdout")
    if spec.source is None and not findings.written("source"):
        findings.report(
            "Q615",
            "units are held out for nothing",
            place,
            "the spec has no source, so there are no units",
            helps=("drop `holdout`",),
        )
        return
    why = ""
    if spec.privacy is not None and spec.privacy.split.get("report") == 0:
        why = "`report: 0` buys nothing from them"
    elif not labels_among(gates, questions, columns) and not any(
        "auc" in text for text in spec.gates.values()
    ):
        why = "no column is scored"
    if why:
        findings.report(
            "Q616",
            "the report scores nothing on the units that are held out",
            place,
            why,
            notes=("they serve the attacks of `report --internal` as people who are not in the table",),
            helps=(
                "name a column to score: `gates: {useful: auc_gap(column) <= 0.05}`",
                "or drop `holdout`, to learn from everybody",
            ),
            level="warning",
        )
