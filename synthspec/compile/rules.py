"""Rules: the spec's rules, and those that computed columns imply, as entries of the rules shelf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import assert_never

from synthspec.columns import AnyColumn, Id, Listed, Ordered
from synthspec.compile.cross_row import CrossRow
from synthspec.compile.diagnose.names import known_column
from synthspec.compile.domains import holds
from synthspec.compile.expressions import Expressions
from synthspec.compile.files import PublicFiles
from synthspec.compile.findings import Findings, listing, plural
from synthspec.compile.literals import canonical
from synthspec.plan.plan import DEFAULT_ROWS, PlannedColumn
from synthspec.plan.view import domain_rule
from synthspec.rules import AnyRule, Check, Combos, Unique
from synthspec.spec.model import (
    CheckRule,
    ColumnSpec,
    CombosRule,
    DeterminesRule,
    FileDomain,
    IfRule,
    NoOverlapRule,
    Spec,
    UniqueRule,
)
from synthspec.spec.tree import Path_
from synthspec.terms.expr import Column, Expr, IsNull, Logic, Not
from synthspec.terms.types import BOOL
from synthspec.terms.walk import columns_of, has_window


@dataclass(frozen=True, eq=False)
class Rules:
    """Reads every rule against the columns; what is in error is left out."""

    findings: Findings
    files: PublicFiles
    spec: Spec
    expressions: Expressions
    columns: Mapping[str, PlannedColumn]

    def resolve(self) -> tuple[AnyRule, ...]:
        """Return the rules that can be enforced, those implied by computed columns first."""
        found: list[AnyRule | None] = [
            implied(column, self.spec.columns[column.name]) for column in self.columns.values()
        ]
        for name, rule in self.spec.rules.items():
            path = ("rules", name)
            match rule:
                case CheckRule() | IfRule():
                    found.append(self._check(name, rule, path))
                case UniqueRule():
                    if self._names(rule.unique, name, (*path, "unique")):
                        self._keys(rule, name, (*path, "unique"))
                        found.append(
                            Unique(name=name, text=_unique_text(rule), because=rule.because, over=rule.unique)
                        )
                case CombosRule():
                    found.append(self._combos(name, rule, path))
                case DeterminesRule():
                    known = self._names(rule.determines, name, (*path, "determines"))
                    if self._names(rule.by, name, (*path, "by")) and known and self._itself(rule, path):
                        found.append(CrossRow(self.findings, self.columns).determines(name, rule, path))
                case NoOverlapRule():
                    known = self._names((rule.per,), name, (*path, "per"))
                    if self._names(rule.no_overlap, name, (*path, "no_overlap")) and known:
                        found.append(CrossRow(self.findings, self.columns).no_overlap(name, rule, path))
                case _:
                    assert_never(rule)
        return tuple(rule for rule in found if rule is not None)

    def _check(self, name: str, rule: CheckRule | IfRule, path: Path_) -> Check | None:
        where = path if self.findings.parsed.tree.node((*path, "check")) is None else (*path, "check")
        what = f"rule `{name}`"
        if rule.repair and self._names(rule.repair, name, (*path, "repair")):
            CrossRow(self.findings, self.columns).repairable(name, rule.repair, path)
        if isinstance(rule, CheckRule):
            expression = self.expressions.parse(rule.check, where, what, wants=BOOL)
            text = rule.check
        else:
            when = self.expressions.parse(rule.if_, (*path, "if"), what, wants=BOOL)
            then = self.expressions.parse(rule.then, (*path, "then"), what, wants=BOOL)
            if when is None or then is None:
                return None
            expression, text = Logic(op="or", args=(Not(arg=when), then)), f"if {rule.if_} then {rule.then}"
        if expression is None or not self._speaks(name, expression, where):
            return None
        return Check(
            name=name,
            text=" ".join(text.split()),
            because=rule.because,
            enforce=rule.enforce,
            expression=expression,
            repair=rule.repair,
        )

    def _names(self, names: tuple[str, ...], rule: str, path: Path_) -> bool:
        items = self.findings.parsed.tree.node((*path, "0")) is not None
        known = [
            known_column(
                self.findings, self.expressions, name, f"rule `{rule}`", (*path, str(at)) if items else path
            )
            for at, name in enumerate(names)
        ]
        return all(known)

    def _speaks(self, name: str, expression: Expr, path: Path_) -> bool:
        """Report R216 for a rule over no column, R213 for one about an id; returns whether it can stay."""
        used = columns_of(expression)
        if not used:
            self.findings.report(
                "R216",
                f"rule `{name}` names no column",
                path,
                "the same for every row",
                helps=("name the columns that it is about, or drop it",),
            )
        ids = tuple(each for each in used if each in self.columns and self.columns[each].role == "id")
        return bool(used) and not self._ids(ids, name, path)

    def _keys(self, rule: UniqueRule, name: str, path: Path_) -> None:
        """Report R217 when there are fewer different keys than rows are to be drawn."""
        known = [self.columns[each].column for each in rule.unique if each in self.columns]
        if any(column is None or isinstance(column, Id) for column in known):
            return
        if any(self.columns[each].discovery is not None for each in rule.unique):
            return
        most = prod(_values_of(column) for column in known)
        rows = self.spec.sample.rows or DEFAULT_ROWS
        if most < rows:
            self.findings.report(
                "R217",
                f"rule `{name}` cannot hold: there are fewer keys than rows",
                path,
                f"{most} different keys for {rows} rows",
                also=[(("columns", each), "declared here") for each in rule.unique],
                helps=("name more columns, or draw fewer rows: `sample: {rows: ...}`",),
            )

    def _ids(self, names: tuple[str, ...], rule: str, path: Path_) -> bool:
        """Report R213 for ids, whose values are made up; returns whether there was one."""
        found = [name for name in names if name in self.columns and self.columns[name].role == "id"]
        for name in found:
            at = (*path, str(names.index(name)))
            self.findings.report(
                "R213",
                f"rule `{rule}` asks for values of the id `{name}`",
                at if self.findings.written(*at) else path,
                "an id is made up fresh",
                also=((("columns", name), "declared here"),),
                helps=("leave it out: only `unique` can be said of an id",),
            )
        return bool(found)

    def _itself(self, rule: DeterminesRule, path: Path_) -> bool:
        """Report R214 for a column on both sides; returns whether there is none."""
        both = [name for name in rule.determines if name in rule.by]
        for name in both:
            self.findings.report(
                "R214",
                f"`{name}` is to determine itself",
                (*path, "by"),
                "always so",
                also=(((*path, "determines"), "determined here"),),
                helps=(f"drop `{name}` from `by:`",),
            )
        return not both

    def _combos(self, name: str, rule: CombosRule, path: Path_) -> Combos | None:
        broken = self.findings.written(*path, "rows") and rule.rows is None
        if (rule.rows is None) == (rule.file is None) and not broken:
            self.findings.report(
                "R210",
                f"rule `{name}` needs its tuples once",
                path,
                "give `rows:` or `file:`",
                helps=("list the tuples under `rows:`, or name a public CSV under `file:`",),
            )
            return None
        if broken or not self._names(rule.combos, name, (*path, "combos")):
            return None
        if self._ids(rule.combos, name, (*path, "combos")):
            return None
        where = (*path, "rows") if rule.file is None else (*path, "file")
        rows = rule.rows if rule.file is None else self._file_rows(rule, path)
        if rows is None:
            return None
        types = tuple(self.columns[column].type for column in rule.combos)
        typed: dict[tuple[str, ...], None] = {}
        for at, row in enumerate(rows):
            spot = (*where, str(at)) if rule.file is None else where
            if len(row) != len(types):
                if (*path, "combos") not in self.findings.parsed.broken:
                    self._length(name, rule, len(row), spot)
                return None
            texts = [canonical(type_, text) for type_, text in zip(types, row, strict=True)]
            known = tuple(text for text in texts if text is not None)
            if len(known) != len(texts) or not self._inside(name, rule, row, known, spot):
                if len(known) != len(texts):
                    self._bad_value(name, rule.combos[texts.index(None)], row[texts.index(None)], spot)
                return None
            typed[known] = None
        return Combos(
            name=name,
            text=f"combos of {', '.join(rule.combos)}" + (f" from {rule.file}" if rule.file else ""),
            because=rule.because,
            enforce=rule.enforce,
            over=rule.combos,
            types=types,
            rows=tuple(typed),
        )

    def _length(self, name: str, rule: CombosRule, count: int, spot: Path_) -> None:
        self.findings.report(
            "R211",
            f"a tuple of rule `{name}` has the wrong length",
            spot,
            f"{plural(count, 'value')} for {plural(len(rule.combos), 'column')}",
            helps=(f"give one value for each of {listing(rule.combos)}",),
        )

    def _inside(
        self, name: str, rule: CombosRule, row: tuple[str, ...], texts: tuple[str, ...], spot: Path_
    ) -> bool:
        """Report R212 for the first value outside a listed domain (rows only: files may hold more)."""
        if rule.file is not None:
            return True
        for column, text in zip(rule.combos, texts, strict=True):
            domain = self.columns[column].column
            if self.columns[column].discovery is None and not holds(domain, text):
                self._bad_value(name, column, row[rule.combos.index(column)], spot)
                return False
        return True

    def _bad_value(self, name: str, column: str, text: str, spot: Path_) -> None:
        domain = self.columns[column].column
        listed = domain.listed() if isinstance(domain, Listed) else ()
        helps, fixes = self.findings.did_you_mean(text, listed, self.findings.parsed.span(spot))
        self.findings.report(
            "R212",
            f"a tuple of rule `{name}` holds a value that `{column}` cannot take",
            spot,
            f"`{text}` is not in the domain of `{column}`",
            also=((("columns", column), "declared here"),),
            helps=helps or ("correct the value, or add it to the domain",),
            fixes=() if spot[-1] == "file" else fixes,
        )

    def _file_rows(self, rule: CombosRule, path: Path_) -> tuple[tuple[str, ...], ...] | None:
        """Return the file's distinct tuples; a domain from that file says which column of it to read."""
        table = self.files.table(rule.file or "", (*path, "file"))
        if table is None:
            return None
        parts = []
        for column in rule.combos:
            domain = self.spec.columns[column].domain
            same = isinstance(domain, FileDomain) and domain.file == rule.file
            wanted = domain.column if same and isinstance(domain, FileDomain) else column
            if wanted not in table.header:
                at = rule.combos.index(column)
                spot = (*path, "combos", str(at))
                self.files.missing_column(table, wanted, spot if self.findings.written(*spot) else spot[:-1])
                return None
            parts.append(table.column(wanted))
        return tuple(dict.fromkeys(zip(*parts, strict=True)))


def implied(column: PlannedColumn, written: ColumnSpec) -> Check | None:
    """Return the rule that a computed column lies in its domain and is not missing unless declared."""
    if column.role != "computed" or column.value is None or has_window(column.value):
        return None
    value = Column(name=column.name, type=column.type)
    may_be_missing = written.missing != "never"
    parts: list[Expr] = [] if may_be_missing else [Not(arg=IsNull(arg=value))]
    text = [] if may_be_missing else [f"{column.name} IS NOT NULL"]
    if column.column is not None and written.domain is not None:
        parts.append(column.column.inside(value))
        text.append(f"{column.name} in {column.column.domain_text()}")
    if not parts:
        return None
    expression = parts[0] if len(parts) == 1 else Logic(op="and", args=tuple(parts))
    return Check(name=domain_rule(column.name), text=" and ".join(text), expression=expression)


def _values_of(column: AnyColumn | None) -> int:
    gap = int(column is not None and column.missing)
    match column:
        case Listed():
            return len(column.listed()) + gap
        case Ordered():
            return column.points + gap
    return 1


def _unique_text(rule: UniqueRule) -> str:
    return f"unique: {', '.join(rule.unique)}"
