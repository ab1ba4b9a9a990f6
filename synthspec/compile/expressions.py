"""Expressions: the texts of a spec as typed `Expr`, each against the columns known so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from synthspec.compile.findings import Findings
from synthspec.compile.graph import mentions
from synthspec.spec.scope import ColumnInfo
from synthspec.spec.tree import Path_
from synthspec.terms.expr import Expr
from synthspec.terms.types import Type

GAP = ".missing"
"""`lactate.missing` is true where `lactate` is null."""


@dataclass(frozen=True, eq=False)
class Expressions:
    """Parses and types expressions; `types` grows as columns get theirs.

    `values` are the listed values of categories, for "did you mean"; `gaps` the columns that may be
    missing; `unread` the columns whose own form or type is in error: expressions that mention one are
    left alone, since that column has its own finding.
    """

    findings: Findings
    unit: str | None = None
    types: dict[str, Type] = field(default_factory=dict)
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    gaps: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)

    def parse(
        self, text: str, path: Path_, what: str, *, wants: Type | None = None, windows: bool = False
    ) -> Expr | None:
        """Return the expression in `text`, or None after reporting what is wrong with it.

        Args:
            text: the expression as written.
            path: where it is written.
            what: how messages call it, like "rule `adults`".
            wants: the type it must have, when only one will do.
            windows: whether window functions are allowed.
        """
        if path in self.findings.parsed.broken or mentions(text, tuple(self.unread)):
            return None
        from synthspec.spec.expression import parse_expression

        scope: dict[str, Type | ColumnInfo] = {
            name: self._info(name, type_) for name, type_ in self.types.items()
        }
        at = self.findings.parsed.at(path)
        found = parse_expression(
            text, scope, at=at, windows=windows, unit=self.unit, what=what, path=path, wants=wants
        )
        if isinstance(found, list):
            self.findings.add(found)
            return None
        return found

    def _info(self, name: str, type_: Type) -> ColumnInfo:
        span = self.findings.parsed.key_span(("columns", name))
        return ColumnInfo(type_, self.values.get(name), name in self.gaps, span)
