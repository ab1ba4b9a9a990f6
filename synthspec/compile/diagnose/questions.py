"""Questions: what `must_answer` and `subgroups` ask, checked: expressions, groups that can be counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synthspec.compile.diagnose.names import known_column
from synthspec.compile.expressions import Expressions
from synthspec.compile.findings import Findings
from synthspec.plan.plan import PlannedColumn, Question
from synthspec.spec.model import Spec
from synthspec.spec.tree import Path_
from synthspec.terms.types import BOOL

MOST_VALUES = 100
MOST_GROUPS = 1000
COUNTABLE = ("bool", "int", "text")


@dataclass(frozen=True, eq=False)
class Questions:
    """Reads `must_answer` and checks `subgroups`."""

    findings: Findings
    spec: Spec
    expressions: Expressions
    columns: Mapping[str, PlannedColumn]

    def resolve(self) -> tuple[Question, ...]:
        """Return the questions; reports G424 and G425."""
        self._groups(self.spec.subgroups, "`subgroups`", ("subgroups",), together=False)
        found = []
        for name, question in self.spec.must_answer.items():
            path = ("must_answer", name)
            what = f"question `{name}`"
            count = self.expressions.parse(question.count, (*path, "count"), what, wants=BOOL)
            self._groups(question.by, what, (*path, "by"), together=True)
            if count is not None:
                text = " ".join(question.count.split())
                found.append(Question(name=name, text=text, count=count, by=question.by))
        return tuple(found)

    def _groups(self, names: tuple[str, ...], where: str, path: Path_, *, together: bool) -> None:
        cells = 1
        for at, name in enumerate(names):
            spot = (*path, str(at)) if self.findings.parsed.tree.node((*path, str(at))) is not None else path
            if not known_column(self.findings, self.expressions, name, where, spot):
                continue
            planned = self.columns.get(name)
            if planned is None:
                continue
            values = values_of(planned)
            if values is None or values > MOST_VALUES:
                many = "an id" if planned.role == "id" else "not a list of values"
                self.findings.report(
                    "G424",
                    f"{where} cannot be told apart by `{name}`",
                    spot,
                    many if values is None else f"{values:,} values, of {MOST_VALUES} at most",
                    helps=("derive a coarse column, like `age_band: {derive: ..., in: [young, old]}`",),
                )
                return
            cells *= values
        if together and cells > MOST_GROUPS:
            self.findings.report(
                "G425",
                f"{where} asks for too many answers",
                path,
                f"{cells:,} groups, of {MOST_GROUPS:,} at most",
                helps=("group by fewer columns, or ask several questions",),
            )


def values_of(planned: PlannedColumn) -> int | None:
    """Return how many values a column has, or None where it is no list of values."""
    if planned.role == "id" or planned.type.name not in COUNTABLE:
        return None
    if planned.discovery is not None:
        return planned.discovery.limit + 1
    column = planned.column
    if column is None:
        return 2 if planned.type.name == "bool" else None if planned.type.name == "int" else MOST_VALUES
    ends = getattr(column, "lo", None), getattr(column, "hi", None)
    if isinstance(ends[0], int) and isinstance(ends[1], int):
        return ends[1] - ends[0] + 1 + column.missing
    return column.size


__all__ = ["MOST_GROUPS", "MOST_VALUES", "Questions", "values_of"]
