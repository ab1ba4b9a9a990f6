"""Columns: every column of the spec with its type, public domain, reading and computation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from synthspec.columns import AnyColumn, Category, Ordered
from synthspec.compile.diagnose.keys import check_keys, is_computed
from synthspec.compile.diagnose.reading import check_reading
from synthspec.compile.domains import Domains
from synthspec.compile.expressions import Expressions
from synthspec.compile.files import PublicFiles
from synthspec.compile.findings import Findings
from synthspec.compile.graph import mentions
from synthspec.compile.literals import value_type
from synthspec.compile.lookups import resolve_lookup
from synthspec.plan.plan import Discovery, PlannedColumn, Tightening
from synthspec.spec.model import ColumnKind, ColumnSpec, DiscoverDomain, Spec
from synthspec.terms.expr import Cast, Column, Expr
from synthspec.terms.types import Type
from synthspec.terms.view import Field
from synthspec.terms.walk import walk

Outside = Literal["clip", "missing", "other", "drop"]
_KINDS: dict[str, ColumnKind] = {"bool": "bool", "int": "int", "float": "float", "decimal": "decimal",
                                 "text": "category", "date": "date", "datetime": "datetime"}  # fmt: skip
_CASTS = {
    ("int", "float"),
    ("float", "int"),
    ("int", "decimal"),
    ("decimal", "int"),
    ("float", "decimal"),
    ("decimal", "float"),
    ("decimal", "decimal"),
    ("datetime", "date"),
    ("date", "datetime"),
}


@dataclass(frozen=True, eq=False)
class Columns:
    """Resolves all columns; those in error are in `expressions.unread` and nowhere else."""

    findings: Findings
    files: PublicFiles
    spec: Spec
    expressions: Expressions
    done: dict[str, PlannedColumn] = field(default_factory=dict)

    def resolve(self) -> dict[str, PlannedColumn]:
        """Return the planned columns by name, in the order of the spec; reports everything found."""
        self.expressions.unread.update(set(self.findings.keys("columns")) - set(self.spec.columns))
        for name, column in self.spec.columns.items():
            unit = self.spec.privacy is not None and self.spec.privacy.unit == name
            sourced = self.spec.source is not None or self.findings.written("source")
            check_keys(self.findings, name, column, has_source=sourced, is_unit=unit)
        for name, column in self.spec.columns.items():
            if not is_computed(column):
                self._read(name, column)
        self._compute_all()
        return {name: self.done[name] for name in self.spec.columns if name in self.done}

    def _read(self, name: str, spec: ColumnSpec) -> None:
        """Plan a column that is read from the source, or made up: an id or a modelled one."""
        if spec.type is None:
            self.expressions.unread.add(name)
            return
        type_ = value_type(spec.type, spec.scale)
        column = Domains(self.findings, self.files).resolve(name, spec.type, spec, spec.scale)
        self._declare(name, type_, spec.missing != "never", column)
        if self.spec.source is not None:
            check_reading(self.findings, name, spec, type_, column)
        if spec.type not in ("id", "bool") and spec.domain is None:
            self._no_domain(name, spec)
        unit = self.spec.privacy.unit if self.spec.privacy is not None else None
        discovery = None
        if isinstance(spec.domain, DiscoverDomain):
            discovery = Discovery(limit=spec.domain.limit, other=spec.domain.other)
        self.done[name] = PlannedColumn(
            name=name,
            role="id" if spec.type == "id" else "modelled",
            type=type_,
            per="unit" if unit == name else spec.per,
            column=column,
            field=self._field(name, spec, type_),
            outside=outside_of(spec, column),
            other=discovery.other if discovery else spec.other,
            discovery=discovery,
            tightening=_tightening(spec, column),
            basis=spec.basis,
            about=spec.about,
            measured_in=spec.measured_in,
        )

    def _no_domain(self, name: str, spec: ColumnSpec) -> None:
        example = {
            "category": "[a, b]",
            "date": "2018-01-01..2024-12-31",
            "datetime": "2018-01-01..2024-12-31",
        }
        self.findings.report(
            "C102",
            f"the column `{name}` has no domain",
            ("columns", name),
            "needs a public `in:`",
            span=self.findings.parsed.key_span(("columns", name)),
            unless=("columns", name, "in"),
            notes=("a domain is public: what the column may hold, never what the data happens to hold",),
            helps=(
                f"add `in: {example.get(spec.type or '', '0..100')}` from a code book or a form",
                *(("or let it be found under privacy: `in: {discover: 100, else: OTHER}`",)
                  if spec.type == "category" and self.spec.source else ()),
            ),
        )  # fmt: skip

    def _field(self, name: str, spec: ColumnSpec, type_: Type) -> Field | None:
        if self.spec.source is None:
            return None
        units = self.spec.units_table
        return Field(
            table="units" if units is not None and name in (units.columns or ()) else "rows",
            name=name,
            origin=spec.from_ or name,
            type=type_,
            nulls=spec.nulls,
            labels=tuple(spec.labels.items()),
            format=spec.format,
        )

    def _declare(self, name: str, type_: Type, gaps: bool, column: AnyColumn | None) -> None:
        self.expressions.types[name] = type_
        if isinstance(column, Category) and not (isinstance(self.spec.columns[name].domain, DiscoverDomain)):
            self.expressions.values[name] = column.values
        if gaps:
            self.expressions.gaps.add(name)

    def _compute_all(self) -> None:
        """Plan computed columns, each after those it mentions; what is left is part of a cycle."""
        waiting = {name: c for name, c in self.spec.columns.items() if is_computed(c)}
        names = tuple(self.spec.columns)
        while waiting:
            ready = [
                name
                for name, column in waiting.items()
                if not {*mentions(column.derive or "", names), *column.by} & (set(waiting) - {name})
                and name not in mentions(column.derive or "", (name,))
            ]
            for name in ready:
                self._computed(name, waiting.pop(name))
            if not ready:
                self.expressions.unread.update(waiting)
                return

    def _computed(self, name: str, spec: ColumnSpec) -> None:
        value: Expr | None = None
        if spec.derive is not None:
            value = self.expressions.parse(
                spec.derive, ("columns", name, "derive"), f"the derived column `{name}`", windows=True
            )
        elif spec.lookup is not None:
            value = resolve_lookup(self.findings, self.files, self.expressions, name, spec)
        if value is not None and spec.type is not None:
            value = self._as(name, value, value_type(spec.type, spec.scale))
        if value is not None and spec.derive is not None and self._about_id(name, value):
            value = None
        if value is None or value.type.name == "null":
            self.expressions.unread.add(name)
            return
        kind = spec.type or _KINDS[value.type.name]
        column: AnyColumn | None = None
        if spec.domain is not None or kind == "bool":
            column = Domains(self.findings, self.files).resolve(name, kind, spec, value.type.scale)
        self._declare(name, value.type, spec.missing != "never", column)
        self.done[name] = PlannedColumn(
            name=name,
            role="computed",
            type=value.type,
            column=column,
            value=value,
            basis=spec.basis,
            about=spec.about,
            measured_in=spec.measured_in,
        )

    def _about_id(self, name: str, value: Expr) -> bool:
        """Report C127 for a column derived from an id (a window may name one to order or divide rows)."""
        read = [node.name for node in walk(value) if isinstance(node, Column)]
        ids = [each for each in read if each in self.done and self.done[each].role == "id"]
        if ids:
            at = mentions(self.spec.columns[name].derive or "", ids[:1]).get(ids[0], (0, 0))
            self.findings.report(
                "C127",
                f"`{name}` is derived from the id `{ids[0]}`",
                ("columns", name, "derive"),
                "an id is made up fresh",
                span=self.findings.parsed.at(("columns", name, "derive"))(*at),
                also=((("columns", ids[0]), "declared here"),),
                helps=("derive it from columns that mean something",),
            )
        return bool(ids)

    def _as(self, name: str, value: Expr, wanted: Type) -> Expr | None:
        if value.type == wanted:
            return value
        if (value.type.name, wanted.name) in _CASTS:
            return Cast(arg=value, type=wanted)
        self.findings.report(
            "C119",
            f"`{name}` is declared as one type and computed as another",
            ("columns", name, "type"),
            f"declared {wanted.name}, computed {value.type.name}",
            helps=("drop `type:`, so that it is inferred, or use CAST",),
        )
        return None


def outside_of(spec: ColumnSpec, column: AnyColumn | None) -> Outside:
    """Return what happens to a value outside the domain: written, or the type's default."""
    if spec.outside is not None:
        return spec.outside
    if isinstance(column, Ordered):
        return "clip"
    return "other" if spec.other is not None or isinstance(spec.domain, DiscoverDomain) else "drop"


def _tightening(spec: ColumnSpec, column: AnyColumn | None) -> Tightening | None:
    if spec.clip is None or not isinstance(column, Ordered):
        return None
    bins = spec.bins if isinstance(spec.bins, int) else 128
    return Tightening(quantile=spec.clip, edges=column.edges(), bins=bins)
