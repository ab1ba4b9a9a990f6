"""Levels: what is learned once per unit, what row by row given it, and in which order rows of a unit come.

A column `per: unit` has one value in all rows of its unit, so that it is counted once per unit, with noise
for one row instead of `max_rows`. How many rows a unit has is a hidden column of the unit, `UNIT.rows`, with
a share of the budget of its own. A group with columns of both levels is learned in two steps, the unit's
first; the rows are given them.

Source: ours; LANGUAGE 2.3 (`per: unit`) and PRIVACY 3 of the design.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from synthspec.columns import Integer
from synthspec.compile.checked import CheckedGroup
from synthspec.compile.findings import Findings
from synthspec.compile.groups import bases
from synthspec.generators import GENERATORS
from synthspec.generators.neural.network import Network
from synthspec.plan.plan import ROWS, PlannedColumn, PlannedSequence
from synthspec.spec.model import Spec
from synthspec.spec.tree import Path_
from synthspec.terms.types import INT
from synthspec.terms.walk import columns_of, has_window

COUNTER = "rows_per_unit"
"""The group that draws how many rows a unit has, and the name of its share."""


def asks_for_units(spec: Spec) -> tuple[Path_, str] | None:
    """Return where a spec first asks for whole units, and in words; None where rows are all it speaks of."""
    if spec.tables:
        return ("tables",), "units have a table of their own"
    for name, column in spec.columns.items():
        if column.per == "unit":
            return ("columns", name, "per"), f"`{name}` is per unit"
    for name, group in spec.generate.items():
        if group.sequence is not None:
            return ("generate", name, "sequence"), f"the rows of `{name}` come in order"
    if spec.sample.units is not None:
        return ("sample", "units"), "whole units are drawn"
    for name, scenario in spec.sample.scenarios.items():
        if scenario.units is not None:
            return ("sample", "scenarios", name, "units"), "whole units are drawn"
    return None


def has_units(spec: Spec) -> bool:
    """Return whether the source is private and its units have rows of their own."""
    privacy = spec.privacy
    return spec.source is not None and privacy is not None and privacy.unit != "row"


def leveled(columns: Mapping[str, PlannedColumn]) -> dict[str, PlannedColumn]:
    """Return the columns; what is computed from columns per unit alone is per unit itself.

    A column that is read is what the spec says of it, also where an equation gives its value.
    """
    found = dict(columns)

    def of(name: str, above: frozenset[str]) -> bool:
        column = found.get(name)
        if column is None or name in above:
            return False
        if column.value is None or column.field is not None:
            return column.per == "unit"
        parts = columns_of(column.value)
        return (
            bool(parts) and not has_window(column.value) and all(of(part, above | {name}) for part in parts)
        )

    per_unit = {
        name: of(name, frozenset())
        for name, column in found.items()
        if column.value is not None and column.field is None
    }
    for name, yes in per_unit.items():
        found[name] = found[name].model_copy(update={"per": "unit" if yes else "row"})
    return found


@dataclass(frozen=True, eq=False)
class Levels:
    """Reads what the spec says of units against its columns and groups."""

    findings: Findings
    spec: Spec
    columns: Mapping[str, PlannedColumn]

    def check(self) -> None:
        """Report P441 and C129: whole units without a unit, and a column per unit that follows from rows."""
        asked = asks_for_units(self.spec)
        twice = asked is not None and self.findings.written(*asked[0][:-1], "rows")  # has its own finding
        if asked is not None and not has_units(self.spec) and not twice:
            path, what = asked
            privacy = self.spec.privacy
            self.findings.report(
                "P441",
                f"{what}, and the spec has no unit with rows",
                path,
                "needs a privacy unit",
                also=((("privacy", "unit"), "each row is a unit of its own"),) if privacy is not None else (),
                helps=(
                    "name the column of the person: `privacy: {unit: patient_id, max_rows: 4, epsilon: 1}`",
                    f"or drop `{path[-1]}`",
                ),
                unless=() if privacy is not None else ("privacy",),
            )
        for name, spec in self.spec.columns.items():
            column = self.columns.get(name)
            if spec.per != "unit" or column is None or column.per == "unit" or column.value is None:
                continue
            reads = [part for part in columns_of(column.value) if not self._unit(part)]
            what = f"`{reads[0]}` differs from row to row" if reads else "it follows from no column of a unit"
            self.findings.report(
                "C129",
                f"`{name}` is declared per unit, and computed row by row",
                ("columns", name, "per"),
                what,
                also=((self.findings.parsed.key_span(("columns", reads[0])), "declared here"),)
                if reads and reads[0] in self.spec.columns
                else (),
                helps=("drop `per: unit`", "or derive it from columns that are per unit"),
            )

    def split(self, groups: Sequence[CheckedGroup]) -> tuple[CheckedGroup, ...]:
        """Return the groups, the units' first; a group of both levels in two, its rows given its units.

        Reports G426 for a group per unit that is given columns that differ from row to row, G427 and G428
        for a sequence that cannot be followed, G429 for a network on rows by weight.
        """
        found: list[CheckedGroup] = []
        for group in groups:
            mine = tuple(name for name in group.columns if self._unit(name))
            rest = tuple(name for name in group.columns if name not in mine)
            sequence = self._sequence(group, rest)
            if rest:
                self._weighed(group)
            if not mine:
                found.append(replace(group, sequence=sequence))
                continue
            if not rest:
                self._given(group)
                found.append(replace(group, unit=True))
                continue
            given = tuple(name for name in group.given if self._unit(name))
            part_of = group.written
            first = replace(
                group, name=f"{group.name}.units", columns=mine, given=given, unit=True, part_of=part_of
            )
            second = replace(
                group, name=f"{group.name}.rows", columns=rest, given=(*group.given, *mine), part_of=part_of
            )
            found += [first, replace(second, sequence=sequence)]
        return tuple(sorted(found, key=lambda group: not group.unit))

    def sequences(self, groups: Sequence[CheckedGroup]) -> None:
        """Report G427 for a step of a group whose rows are ordered by a column that is drawn later."""
        drawn: set[str] = set()
        for group in groups:
            drawn |= {*group.columns, *group.determined}
            by = None if group.sequence is None else group.sequence.by
            if by is not None and by in self.columns and not set(bases(by, self.columns)) <= drawn:
                self._order(group.written, by, "drawn after columns of this group")

    def _unit(self, name: str) -> bool:
        return name in self.columns and self.columns[name].per == "unit"

    def _weighed(self, group: CheckedGroup) -> None:
        """Report G429: gradients are clipped unit by unit, and no weight reaches them."""
        privacy = self.spec.privacy
        if privacy is None or privacy.contribution != "weights" or privacy.max_rows in (None, 1):
            return
        if isinstance(group.generator, Network) and group.generator.fine_tune != "never":
            self.findings.report(
                "G429",
                f"`{group.using}` cannot be fine-tuned on rows that share a weight",
                ("generate", group.name, "using"),
                "its gradients count each row once",
                also=((("privacy", "contribution"), "weights asked for here"),),
                helps=("write `with: {fine_tune: never}`: it is then raked to tables that are weighed",
                       "or `contribution: rows`"),
            )  # fmt: skip

    def _given(self, group: CheckedGroup) -> None:
        loose = [name for name in group.given if name in self.columns and not self._unit(name)]
        if not loose:
            return
        self.findings.report(
            "G426",
            f"the group `{group.name}` is per unit, and is given `{loose[0]}`",
            ("generate", group.name, "given"),
            f"`{loose[0]}` differs from row to row",
            also=((self.findings.parsed.key_span(("columns", loose[0])), "declared here"),),
            helps=("drop it from `given:`; rows are drawn after their unit, and may be given its columns",),
        )

    def _sequence(self, group: CheckedGroup, rows: Sequence[str]) -> PlannedSequence | None:
        """Return the order of a group's rows, or None after reporting why it has none."""
        spec = self.spec.generate.get(group.name)
        if spec is None or spec.sequence is None:
            return None
        path, by = ("generate", group.name, "sequence"), spec.sequence.by
        if spec.sequence.memory != 1:
            self.findings.report(
                "G428",
                f"the group `{group.name}` is to remember {spec.sequence.memory} rows",
                (*path, "memory"),
                "one row is remembered",
                helps=(
                    "write `memory: 1`, or derive what more a row needs: `lag(x) over (...)` in `derive:`",
                ),
            )
            return None
        if by not in self.columns:
            return None  # has its own finding
        column = self.columns[by]
        if not rows:
            self._order(group.name, by, "the columns of this group are the same in all rows of a unit")
        elif column.role == "id" or column.column is None or not column.column.ordinal:
            self._order(group.name, by, "has no order")
        elif column.column.missing:
            self._order(group.name, by, "may be missing")
        elif column.per == "unit":
            self._order(group.name, by, "is the same in all rows of a unit")
        else:
            return PlannedSequence(by=by)
        return None

    def _order(self, group: str, by: str, why: str) -> None:
        self.findings.report(
            "G427",
            f"the rows of the group `{group}` cannot come in the order of `{by}`",
            ("generate", group, "sequence", "by"),
            why,
            also=((self.findings.parsed.key_span(("columns", by)), "declared here"),),
            helps=("order them by a date, a time or a number that each row has, drawn with them or before",),
        )


def with_units(
    spec: Spec, columns: Mapping[str, PlannedColumn], groups: Sequence[CheckedGroup]
) -> tuple[dict[str, PlannedColumn], tuple[CheckedGroup, ...]]:
    """Return columns and groups with the number of rows of a unit, where a spec asks for whole units.

    What is learned per unit is given that number: who has many rows differs from who has one.
    """
    made = leveled(columns)
    if asks_for_units(spec) is None or spec.privacy is None:
        return made, tuple(groups)
    most = spec.privacy.max_rows or 1
    name = f"{spec.privacy.unit}{ROWS}"
    made[name] = PlannedColumn(
        name=name,
        role="modelled",
        type=INT,
        per="unit",
        column=Integer(name=name, lo=1, hi=most, cuts=None, bins=None),
        hidden=True,
        about=f"number of rows of one {spec.privacy.unit}",
    )
    independent = GENERATORS["independent"]
    counter = CheckedGroup(
        name=COUNTER,
        using="independent",
        columns=(name,),
        given=(),
        generator=independent(),
        unit=True,
    )
    rest = tuple(
        replace(group, given=(*group.given, name)) if group.unit and group.using != "rules" else group
        for group in groups
    )
    return made, (counter, *rest)
