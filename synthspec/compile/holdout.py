"""Holdout: whether the units that `sample.holdout` keeps out of the learning serve anything."""

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
    """Report Q615 where nothing is scored on the units that are held out."""
    if spec.sample.holdout is None:
        return
    why = ""
    if spec.source is None and not findings.written("source"):
        why = "the spec has no source, so there are no units"
    elif spec.privacy is not None and spec.privacy.split.get("report") == 0:
        why = "`report: 0` buys nothing from them"
    elif not labels_among(gates, questions, columns) and not any(
        "auc" in text for text in spec.gates.values()
    ):
        why = "no column is scored"
    if why:
        findings.report(
            "Q615",
            "units are held out for nothing",
            ("sample", "holdout"),
            why,
            helps=("name a column to score: `gates: {useful: auc_gap(column) <= 0.05}`", "or drop `holdout`"),
        )
