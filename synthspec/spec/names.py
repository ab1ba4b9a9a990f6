"""Names: columns in expressions, and what was probably meant by a name that is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from synthspec.errors import Span
from synthspec.spec.checker import Checker
from synthspec.spec.nearest import nearest
from synthspec.spec.scope import ColumnInfo, info
from synthspec.spec.syntax import Name, Syntax
from synthspec.terms.expr import Column, Expr, IsNull

MOST_SHOWN = 5
_TRUTH = "write `true` or `false`, or the column alone"
_NOW = "write the date itself: its value must not change from run to run"
_WORDS = {"yes": _TRUTH, "no": _TRUTH, "y": _TRUTH, "n": _TRUTH, "t": _TRUTH, "f": _TRUTH,
          "current_date": _NOW, "current_timestamp": _NOW, "today": _NOW, "now": _NOW,
          "na": "write `x IS NULL`", "nan": "write `x IS NULL`", "none": "write `x IS NULL`",
          "missing": "write `x IS NULL`"}  # fmt: skip
"""Words of other languages that are no columns, and what to write."""


def partner(checker: Checker, nodes: Sequence[Syntax]) -> ColumnInfo | None:
    """Return the column whose type constants beside it take: the first known one."""
    for node in nodes:
        if isinstance(node, Name) and node.part is None:
            found = info(checker.scope, node.name)
            if found is not None:
                return replace(found, name=node.name)
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
                f"did you mean `{quoted}`, a value of `{beside.name if beside else ''}`?  (safe fix, "
                "`synthspec check --fix`)",
            ),
            quoted,
        )
        return
    unknown(checker, node, close, beside if values else None)


def unknown(checker: Checker, node: Name, close: tuple[str, ...], beside: ColumnInfo | None = None) -> None:
    """Record an unknown column (C101) with the one that was probably meant, or a value of `beside`."""
    other: Span | None = None
    replacement = None
    helps: tuple[str, ...] = ("declare it under `columns:`",)
    if node.name.lower() in _WORDS and node.part is None:
        helps = (_WORDS[node.name.lower()],)
    elif beside is not None and beside.values and node.part is None:
        shown = ", ".join("`'" + v.replace("'", "''") + "'`" for v in beside.values[:MOST_SHOWN])
        more = ", ..." if len(beside.values) > MOST_SHOWN else ""
        helps = (f"write a value of `{beside.name}` in single quotes: {shown}{more}", *helps)
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
