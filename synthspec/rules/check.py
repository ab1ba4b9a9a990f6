"""check: an expression that must not be false in any row (SQL CHECK semantics)."""

from __future__ import annotations

from typing import Literal

from synthspec.rules.base import Rule
from synthspec.terms.expr import Expr
from synthspec.terms.walk import columns_of, has_window


class Check(Rule):
    """A row rule: plain expression, if/then, or long form; `repair` limits what may be changed."""

    kind: Literal["check"] = "check"
    expression: Expr
    repair: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """See `Rule.columns`."""
        return columns_of(self.expression)

    def row_expression(self) -> Expr | None:
        """See `Rule.row_expression`."""
        return self.expression

    @property
    def filters_source(self) -> bool:
        """See `Rule.filters_source`; rules over window derives never filter source rows."""
        return self.enforce == "always" and not has_window(self.expression)
