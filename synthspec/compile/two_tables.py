"""Two tables: the unit's columns in a file of their own, with one row per unit; the rest with the rows.

`tables:` says where columns lie and nothing else: those of the table of units are `per: unit` (set as the
spec is read), are joined to the rows by the unit's id, and are written as a table of their own.
specs/TABLES.md has the design, and what is refused.

Source: ours; LANGUAGE 2.3 (`tables`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from synthspec.compile.diagnose.extras import source_format
from synthspec.compile.diagnose.names import known_column
from synthspec.compile.expressions import Expressions
from synthspec.compile.findings import Findings, listing
from synthspec.plan.plan import PlannedColumn, PlannedTable
from synthspec.spec.model import Spec, TableSpec
from synthspec.spec.tree import Path_
from synthspec.terms.view import UnitTable

FILES = ("csv", "parquet")


@dataclass(frozen=True, eq=False)
class TwoTables:
    """Checks `tables:`."""

    findings: Findings
    spec: Spec
    expressions: Expressions
    columns: Mapping[str, PlannedColumn]

    def check(self) -> None:
        """Report G441 for other tables than one of units and one of rows, G442 for a misplaced column."""
        tables = self.spec.tables
        if not tables:
            return
        own = {name: table for name, table in tables.items() if table.path is not None}
        rest = [name for name in tables if name not in own]
        if len(own) != 1 or len(rest) != 1:
            self._refuse(("tables",), _wrong(len(own), len(rest)))
            return
        ((name, table),) = own.items()
        path: Path_ = ("tables", name)
        if table.columns is None:
            self._refuse(path, "names no columns")
        for key in ("format", "key"):
            if getattr(tables[rest[0]], key) is not None:
                self._refuse(("tables", rest[0], key), "the rows are read as `source` says")
        if _format(table) is None:
            self._refuse((*path, "path"), "neither .csv nor .parquet")
        source = self.spec.source
        if source is not None and (source.format or source_format(source.path)) not in (*FILES, None):
            self._refuse((*path, "path"), "the rows are in a database: join the two there")
        self._placed(name, table)
        self._rest(rest[0], tables[rest[0]], table)

    def _placed(self, name: str, table: TableSpec) -> None:
        for at, column in enumerate(table.columns or ()):
            path = ("tables", name, "columns", str(at))
            if not known_column(self.findings, self.expressions, column, f"the table `{name}`", path):
                continue
            planned = self.columns.get(column)
            if planned is not None and planned.role == "id":
                self._misplaced(column, path, "an id: the unit's is in both tables, others are with the rows")
            elif planned is not None and planned.value is not None:
                self._misplaced(column, path, "computed: it is written where what it is computed from is")
        listed = set(table.columns or ())
        for column, spec in self.spec.columns.items():
            if spec.per == "unit" and column not in listed:
                planned = self.columns.get(column)
                if planned is not None and planned.value is None:
                    text = f"per unit, and not among the columns of `{name}`"
                    self._misplaced(column, ("columns", column, "per"), text)

    def _rest(self, name: str, table: TableSpec, units: TableSpec) -> None:
        """Columns that are listed for the rows are all that there are besides."""
        if table.columns is None:
            return
        unit = None if self.spec.privacy is None else self.spec.privacy.unit
        wanted = [
            each
            for each in self.spec.columns
            if each not in (units.columns or ()) and each != unit and each in self.columns
            if self.columns[each].per == "row"
        ]
        lost = [each for each in wanted if each not in table.columns]
        more = [each for each in table.columns if each not in (*wanted, unit)]
        if lost or more:
            what = f"lacks {listing(lost)}" if lost else f"has {listing(more)}"
            self._misplaced(name, ("tables", name, "columns"), f"{what}: write `columns: rest`", table=True)

    def _refuse(self, path: Path_, label: str) -> None:
        self.findings.report(
            "G441",
            "these tables cannot be read as one of units and one of rows",
            path,
            label,
            helps=(
                "write `tables: {patients: {path: patients.csv, columns: [sex]}, visits: {columns: rest}}`",
                "or join them, and mark what is the same in all rows of a unit `per: unit`",
            ),
        )

    def _misplaced(self, name: str, path: Path_, label: str, *, table: bool = False) -> None:
        self.findings.report(
            "G442",
            f"the {'table' if table else 'column'} `{name}` is not where it can be",
            path,
            label,
            helps=("list under the table of units what has one value per unit and is read there",),
        )


def _wrong(own: int, rest: int) -> str:
    if own > 1:
        return "several have a `path`, and one is that of the units"
    if own == 0:
        return "none has a `path`: that of the table with one row per unit"
    return "no table for the rows" if rest == 0 else "several tables of rows"


def _format(table: TableSpec) -> str | None:
    kind = table.format or source_format(table.path or "")
    return kind if kind in FILES else None


def unit_table(spec: Spec) -> UnitTable | None:
    """Return where the table of units lies, in a spec without errors."""
    table = spec.units_table
    if table is None or table.path is None or spec.privacy is None:
        return None
    kind = "csv" if _format(table) == "csv" else "parquet"
    column = spec.columns[spec.privacy.unit]
    key = table.key or column.from_ or spec.privacy.unit
    return UnitTable(path=table.path, format="csv" if kind == "csv" else "parquet", key=key)


def planned_tables(spec: Spec, columns: Mapping[str, PlannedColumn]) -> tuple[PlannedTable, ...]:
    """Return the tables that rows are written as, that of the units first; none without `tables`."""
    if not spec.tables or spec.privacy is None:
        return ()
    unit, suffix = spec.privacy.unit, spec.output.format
    shown = [column for column in columns.values() if not column.hidden]
    first = next(name for name, table in spec.tables.items() if table.path is not None)
    second = next(name for name in spec.tables if name != first)
    return (
        PlannedTable(
            name=first,
            file=f"table-{first}.{suffix}",
            columns=tuple(c.name for c in shown if c.per == "unit"),
            key=unit,
        ),
        PlannedTable(
            name=second,
            file=f"table-{second}.{suffix}",
            columns=tuple(c.name for c in shown if c.per == "row" or c.name == unit),
            key=unit,
            parent=first,
        ),
    )
