"""condition: a `where` text as a typed condition over a table's columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from synthspec.errors import Diagnostic, SamplingError, Span, SpecError

if TYPE_CHECKING:
    from synthspec.plan.plan import PlannedColumn
    from synthspec.terms.expr import Expr

TYPED = "--where"
"""What spans of a condition that was typed name as their file."""


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
    found = parse_expression(text, scope, at=_at(text), what="the condition `where`", wants=BOOL)
    if isinstance(found, list):
        raise SpecError(found[0].code, found[0].message, diagnostics=[_typed(each) for each in found])
    return found


def _at(text: str) -> Callable[[int, int], Span]:
    """Return the function from offsets in a typed text to spans in it; lines as they were typed."""

    def place(start: int, end: int) -> Span:
        (line, column), (end_line, end_column) = _place(text, start), _place(text, end)
        return Span(TYPED, line, column, end_line, end_column)

    return place


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def _typed(found: Diagnostic) -> Diagnostic:
    """Return a finding as one of a text that was typed, not of a file: there is no fix to apply."""
    return replace(
        found,
        spans=tuple(span for span in found.spans if span.file == TYPED),
        fixes=(),
        helps=tuple(each.partition("  (safe fix")[0] for each in found.helps),
    )


@contextmanager
def marked(text: str | None) -> Iterator[None]:
    """Point at the whole of a condition that was typed when no row can meet it (G451)."""
    try:
        yield
    except SamplingError as refusal:
        first = refusal.diagnostics[0]
        if text is None or refusal.code != "G451" or first.spans:
            raise
        line, column = _place(text, len(text))
        span = Span(TYPED, 1, 1, line, column, "true in no row that can come out", primary=True)
        found = replace(first, spans=(span,), notes=())
        raise SamplingError(refusal.code, refusal.message, diagnostics=[found]) from None
