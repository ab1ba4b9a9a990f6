"""Expression: the text of a rule, a derived column or a condition as a typed `Expr`, or findings."""

from __future__ import annotations

from collections.abc import Callable

from synthspec.errors import Diagnostic, Edit, Fix, Span
from synthspec.spec.convert import widen
from synthspec.spec.grammar import parse
from synthspec.spec.scope import Scope, type_name
from synthspec.spec.tokens import Refused
from synthspec.spec.typecheck import TypeChecker
from synthspec.terms.expr import Expr
from synthspec.terms.types import Type

At = Callable[[int, int], Span]


def parse_expression(
    text: str,
    scope: Scope,
    *,
    at: At | None = None,
    windows: bool = False,
    unit: str | None = None,
    what: str = "this expression",
    path: tuple[str, ...] = (),
    wants: Type | None = None,
) -> Expr | list[Diagnostic]:
    """Return the typed expression that `text` writes, or everything that is wrong with it.

    Args:
        text: the expression as the user wrote it.
        scope: the columns that it may name, by name.
        at: from offsets in `text` to spans (`Parsed.at(path)`); None gives spans inside `text` itself.
        windows: whether `sum(...) OVER (...)` and the like are allowed (`derive` only).
        unit: the column that windows partition by; None allows any one column.
        what: how messages call it, like "rule `adults`".
        path: its path in the spec.
        wants: the type it must have; int widens to decimal and float, date to datetime.
    """
    place = at or (lambda start, end: Span("<expression>", 1, start + 1, 1, end + 1))
    checker = TypeChecker(text, scope, place, what, path, windows, unit)
    try:
        syntax = parse(text)
    except Refused as refused:
        return [_finding(refused, place, path)]
    found = checker.value(syntax)
    if found is None or checker.found:
        return checker.found
    if wants is None or found.type == wants:
        return found
    if wants.name == "bool":
        checker.report(
            "R117",
            f"{what} is not a condition",
            syntax,
            f"this is a value of type {type_name(found.type)}",
            ("write a comparison, like `age >= 18`",),
        )
        return checker.found
    widened = widen(found, wants)
    if widened is None:
        checker.report(
            "R111",
            f"{what} must be of type {type_name(wants)}",
            syntax,
            f"this is a value of type {type_name(found.type)}",
            (f"write `CAST(... AS {type_name(wants)})` or `round(...)`",),
        )
        return checker.found
    return widened


def _finding(refused: Refused, at: At, path: tuple[str, ...]) -> Diagnostic:
    span = at(refused.start, max(refused.end, refused.start + 1))
    span = Span(span.file, span.line, span.column, span.end_line, span.end_column, refused.label, True)
    fixes: tuple[Fix, ...] = ()
    if refused.replacement is not None:
        fixes = (Fix(f"write `{refused.replacement.strip()}`", (Edit(span, refused.replacement),), True),)
    return Diagnostic(refused.code, refused.message, "error", path, (span,), (), refused.helps[:3], fixes)
