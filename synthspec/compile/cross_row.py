"""Cross row: rules about several rows, and what a rule may change: `determines`, `no_overlap`, `repair`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from synthspec.columns import Id, Listed, Ordered
from synthspec.compile.findings import Findings
from synthspec.plan.plan import PlannedColumn
from synthspec.rules import AnyRule, Determines, NoOverlap
from synthspec.spec.model import DeterminesRule, NoOverlapRule
from synthspec.spec.tree import Path_

MOST_CELLS = 600_000
"""The largest table that is bought for a dependency: the cap of the engine (PRIVACY 6.6)."""


@dataclass(frozen=True, eq=False)
class CrossRow:
    """Checks the parts of one rule against the columns."""

    findings: Findings
    columns: Mapping[str, PlannedColumn]

    def no_overlap(self, name: str, rule: NoOverlapRule, path: Path_) -> AnyRule | None:
        """Return the rule; R215 unless both ends are of one ordered type and `per` names an id."""
        if not {*rule.no_overlap, rule.per} <= set(self.columns):
            return None
        start, end = (self.columns[each] for each in rule.no_overlap)
        alike = start.type == end.type and start.type.name not in ("text", "bool")
        if not alike or start.name == end.name:
            self.findings.report(
                "R215",
                f"rule `{name}` needs the start and the end of an interval",
                (*path, "no_overlap"),
                f"`{start.name}` is {start.type.name}, `{end.name}` is {end.type.name}",
                helps=(
                    "name two dates, times or numbers of one type: `no_overlap: [admit_at, discharge_at]`",
                ),
            )
            return None
        if self.columns[rule.per].role != "id":
            self.findings.report(
                "R215",
                f"rule `{name}` compares the rows of one unit",
                (*path, "per"),
                f"`{rule.per}` is not an id",
                helps=("name the column of the unit: `per: patient_id`",),
            )
            return None
        return NoOverlap(
            name=name,
            text=f"no overlap of {start.name}..{end.name} per {rule.per}",
            because=rule.because,
            start=start.name,
            end=end.name,
            per=rule.per,
        )

    def determines(self, name: str, rule: DeterminesRule, path: Path_) -> AnyRule | None:
        """Return the rule; R230 when a column cannot be determined, or determine, by a bought table."""
        if not {*rule.determines, *rule.by} <= set(self.columns):
            return None
        for key, each in (
            *(("determines", n) for n in rule.determines),
            *(("by", n) for n in rule.by),
        ):
            why = self._not_coded(each, exact=key == "determines")
            if why is not None:
                self._refuse(name, (*path, key), f"`{each}` {why}", each)
                return None
        for each in rule.determines:
            cells = prod(self._size(part) for part in (*rule.by, each))
            if cells > MOST_CELLS:
                what = f"a table of {cells:,} cells, at most {MOST_CELLS:,}"
                self._refuse(name, (*path, "by"), what, each)
                return None
        return Determines(
            name=name,
            text=f"{', '.join(rule.by)} determines {', '.join(rule.determines)}",
            because=rule.because,
            determined=rule.determines,
            by=rule.by,
        )

    def repairable(self, name: str, repair: tuple[str, ...], path: Path_) -> bool:
        """Report R231 for columns under `repair` that no model draws; returns whether there are none."""
        found = [each for each in repair if each in self.columns and self.columns[each].role != "modelled"]
        for each in found:
            at = (*path, "repair", str(repair.index(each)))
            role = self.columns[each].role
            self.findings.report(
                "R231",
                f"rule `{name}` is to be repaired by changing `{each}`",
                at if self.findings.written(*at) else (*path, "repair"),
                "an id is made up fresh" if role == "id" else "computed from other columns",
                also=((("columns", each), "declared here"),),
                helps=("name the modelled columns that it comes from",),
            )
        return not found

    def _refuse(self, name: str, path: Path_, label: str, column: str) -> None:
        self.findings.report(
            "R230",
            f"rule `{name}` needs a table that cannot be learnt",
            path,
            label,
            also=((("columns", column), "declared here"),),
            helps=("list the pairs in a public file: `combos: [...]` with `file:`", "or use coarser columns"),
        )

    def _not_coded(self, name: str, *, exact: bool) -> str | None:
        """Return why a column cannot be an axis of the table, or None; `exact`: its codes are its values."""
        planned = self.columns[name]
        column = planned.column
        if column is None or isinstance(column, Id):
            return "has no coded domain"
        if not exact:
            return None
        if planned.role != "modelled":
            return "is not modelled"
        if planned.discovery is not None or planned.tightening is not None:
            return "has a domain that is bought"
        if isinstance(column, Ordered) and column.cuts is not None:
            return "has more values than codes"
        return None

    def _size(self, name: str) -> int:
        planned = self.columns[name]
        if planned.discovery is not None:
            return planned.discovery.limit + 1
        column = planned.column
        return column.size if isinstance(column, Listed | Ordered) else 1
