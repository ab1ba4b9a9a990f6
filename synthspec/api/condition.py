"""condition: a `where` text as a typed condition over a table's columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from synthspec.errors import Diagnostic, SpecError

if TYPE_CHECKING:
    from synthspec.plan.plan import PlannedColumn
    from synthspec.terms.expr import Expr


def condition(text: str, columns: Sequence[PlannedColumn]) -> Expr:
    """Return the condition that `text` writes over `columns`.

    Raises:
        SpecError: with every finding, when it cannot be read.
    """
    from synthspec.columns import Category
    from synthspec.spec.expression import parse_expression
    from synthspec.spec.scope import ColumnInfo
    from synthspec.terms.types import BOOL

    scope = {
        planned.name: ColumnInfo(
            planned.type,
            values=planned.column.values if isinstance(planned.column, Category) else None,
            missing=planned.column is not None and planned.column.missing,
        )
        for planned in columns
        if not planned.hidden
    }
    found = parse_expression(text, scope, what="the condition `where`", wants=BOOL)
    if isinstance(found, list):
        raise SpecError(found[0].code, found[0].message, diagnostics=[_typed(each, text) for each in found])
    return found


def _typed(found: Diagnostic, text: str) -> Diagnostic:
    """Return a finding as one of a text that was typed, not of a file: no place, no fix to apply."""
    marked = next((f": {span.label}" for span in found.spans if span.primary and span.label), "")
    return replace(
        found,
        spans=(),
        fixes=(),
        notes=(f"in `{text}`{marked}", *found.notes),
        helps=tuple(each.partition("  (safe fix")[0] for each in found.helps),
    )
