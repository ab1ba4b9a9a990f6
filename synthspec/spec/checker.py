"""Checker: what every part of the type check shares: the scope, where findings go, and the way back up."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from synthspec.errors import Diagnostic, Edit, Fix, Span
from synthspec.spec.scope import Scope, type_name
from synthspec.spec.syntax import Syntax
from synthspec.terms.expr import Expr
from synthspec.terms.types import NULL, Type


class Checker(ABC):
    """One expression being checked; findings gather in `found`, and None stands for what was refused."""

    def __init__(
        self,
        text: str,
        scope: Scope,
        at: Callable[[int, int], Span],
        what: str,
        path: tuple[str, ...],
        windows: bool,
        unit: str | None,
    ) -> None:
        self.text, self.scope, self.at, self.what, self.path = text, scope, at, what, path
        self.windows, self.unit = windows, unit
        self.found: list[Diagnostic] = []

    def place(self, node: Syntax, label: str) -> Span:
        """Return the primary span of a piece of syntax."""
        span = self.at(node.start, node.end)
        return Span(span.file, span.line, span.column, span.end_line, span.end_column, label, True)

    def report(
        self,
        code: str,
        message: str,
        node: Syntax,
        label: str,
        helps: Sequence[str] = (),
        replacement: str | None = None,
        other: Span | None = None,
    ) -> None:
        """Record a finding at `node`; `replacement` makes it a safe fix."""
        span = self.place(node, label)
        fixes: tuple[Fix, ...] = ()
        if replacement is not None:
            fixes = (Fix(f"write `{replacement}`", (Edit(span, replacement),), True),)
            if helps and "safe fix" not in helps[0]:
                helps = (f"{helps[0]}  (safe fix, `synthspec check --fix`)", *helps[1:])
        spans = (span,) if other is None else (other, span)
        self.found.append(Diagnostic(code, message, "error", self.path, spans, (), tuple(helps)[:3], fixes))

    def mismatch(self, message: str, node: Syntax, type_: Type, *helps: str) -> None:
        """Record a type mismatch (R111)."""
        kind = "NULL" if type_ == NULL else f"a value of type {type_name(type_)}"
        self.report("R111", f"{message} in {self.what}", node, f"this is {kind}", helps)

    def source(self, node: Syntax) -> str:
        """Return the text of a piece of syntax, at most 60 characters."""
        return self.text[node.start : node.end][:60]

    @abstractmethod
    def value(self, node: Syntax) -> Expr | None:
        """Return the typed expression of any piece of syntax."""

    @abstractmethod
    def alike(self, nodes: Sequence[Syntax], message: str) -> list[Expr] | None:
        """Return pieces of syntax converted to one type; constants take the type of the others."""
