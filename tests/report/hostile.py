"""A release whose spec was written by somebody who means harm."""

from __future__ import annotations

from dataclasses import replace

from synthspec.columns import Category
from synthspec.plan.plan import Gate, PlannedColumn
from synthspec.release.release import Certificate, FitCounts, Measurement, Release, RuleCheck
from synthspec.terms.query import Axis
from synthspec.terms.types import TEXT
from tests.release.example import release

SCRIPT = "<script>alert(1)</script>"
RIGHT_TO_LEFT = "age\u202egnp.exe"
TERMINAL = "\x1b[31mred[bold]x[/bold]"
LONG = "x" * 10_000
NAMES = (
    SCRIPT,
    RIGHT_TO_LEFT,
    TERMINAL,
    LONG,
    "'\"><img src=x onerror=alert(1)>",
    "]]>--><svg onload=alert(1)>",
    '=HYPERLINK("http://x")',
)


def hostile() -> Release:
    """Return the example with hostile names wherever the spec's author may write."""
    base = release()
    columns = tuple(
        PlannedColumn(
            name=name,
            role="modelled",
            type=TEXT,
            column=Category(name=name, values=(*NAMES, "b")),
            basis=SCRIPT,
            about=SCRIPT,
        )
        for name in NAMES
    )
    first = base.measurements[3]
    axes = (Axis(NAMES[0], 6, first.axes[0].levels), Axis(NAMES[3], 4))
    plan = base.plan.model_copy(
        update={
            "name": SCRIPT + RIGHT_TO_LEFT,
            "about": LONG + SCRIPT,
            "source_basis": SCRIPT,
            "format": "csv",
            "gates": (
                Gate(name=SCRIPT, text=SCRIPT, metric="violations", op="=", bounds=(0,)),
                Gate(name=LONG, text=LONG, metric="nonsense", op="=", bounds=(0,)),
            ),
        }
    )
    assert base.fit is not None
    return replace(
        base,
        plan=plan,
        columns=columns,
        fit=FitCounts(
            event=base.fit.event, labels=NAMES[:4], values=(900, 900, 900, 900), stddev=base.fit.stddev
        ),
        measurements=(
            *base.measurements,
            Measurement(first.event, "other", axes, first.values, first.stddev),
        ),
        certificate=Certificate(
            rows=1,
            rules=tuple(RuleCheck(name=n, kind="check", text=n, because=n, violations=1) for n in NAMES),
        ),
    )
