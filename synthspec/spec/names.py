"""Names: columns in expressions, and what was probably meant by a name that is none."""

from __future__ import annotations

from collections.abc import Sequence

from synthspec.errors import Span
from synthspec.spec.checker import Checker
from synthspec.spec.nearest import nearest
from synthspec.spec.scope import ColumnInfo, info
from synthspec.spec.syntax import Name, Syntax
from synthspec.terms.expr import Column, Expr, IsNull


def partner(checker: Checker, nodes: Sequence[Syntax]) -> ColumnInfo | None:
    """Return the column whose type constants beside it take: the first known one."""
    for node in nodes:
        if isinstance(node, Name) and node.part is None:
            found = info(checker.scope, node.name)
            if found is not None:
                return found
    return None


def column(checker: Checker, node: Name, beside: ColumnInfo | None = None) -> Expr | None:
    """Return a column, or the test that `x.missing` stands for; `beside` is what it is compared with."""
    found = info(checker.scope, node.name)
    if found is None:
        _unknown(checker, node, beside)
        return None
    made = Column(name=node.name, type=found.type)
    if node.part is None:
        return made
    if node.part != "missing":
        checker.report(
            "C101",
            f"unknown column in {checker.what}",
            node,
            f"`{node.name}` has no `{node.part}`",
            (f"write `{node.name}` or `{node.name}.missing`",),
        )
        return None
    if not found.missing:
        checker.report(
            "R119",
            f"`{node.name}` has no `.missing`",
            node,
            "it is not `missing: modelled`",
            (f"write `missing: modelled` at `{node.name}`, or `{node.name} IS NULL`",),
        )
        return None
    return IsNull(arg=made)


def _unknown(checker: Checker, node: Name, beside: ColumnInfo | None) -> None:
    values = beside.values if beside is not None and beside.values is not None else ()
    value = next((v for v in values if v == node.name), None)
    close = nearest(node.name, checker.scope)
    if value is None and not close:
        value = next(iter(nearest(node.name, values)), None)
    if value is not None and node.part is None:
        quoted = "'" + value.replace("'", "''") + "'"
        checker.report(
            "R108",
            f"a value without quotes in {checker.what}",
            node,
            f"there is no column `{node.name}`",
            (
                f"did you mean `{quoted}`, a value of the column beside it?  (safe fix, "
                "`synthspec check --fix`)",
            ),
            quoted,
        )
        return
    unknown(checker, node, close)


def unknown(checker: Checker, node: Name, close: tuple[str, ...]) -> None:
    """Record an unknown column (C101) with the one that was probably meant."""
    other: Span | None = None
    replacement = None
    helps: tuple[str, ...] = ("declare it under `columns:`",)
    if len(close) == 1:
        replacement = close[0] if node.part is None else f"{close[0]}.{node.part}"
        helps = (f"did you mean `{close[0]}`?  (safe fix, `synthspec check --fix`)",)
        declared = info(checker.scope, close[0])
        if declared is not None and declared.span is not None:
            s = declared.span
            other = Span(s.file, s.line, s.column, s.end_line, s.end_column, "similar column declared here")
    elif close:
        helps = (f"did you mean `{close[0]}` or `{close[1]}`?",)
    checker.report(
        "C101",
        f"unknown column in {checker.what}",
        node,
        f"there is no column `{node.name}`",
        helps,
        replacement,
        other,
    )
