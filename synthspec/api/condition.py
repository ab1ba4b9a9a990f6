"""condition: a `where` text as a typed condition over a table's columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from synthspec.errors import SpecError

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
    }
    found = parse_expression(text, scope, what="the condition `where`", wants=BOOL)
    if isinstance(found, list):
        raise SpecError(found[0].code, found[0].message, diagnostics=found)
    return found
