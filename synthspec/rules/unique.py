"""unique: no two rows share the values of these columns."""

from __future__ import annotations

from typing import Literal

from synthspec.rules.base import Rule
from synthspec.terms.expr import Expr


class Unique(Rule):
    """A key; it never filters source rows, since that would tie one unit's rows to another's."""

    kind: Literal["unique"] = "unique"
    over: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """See `Rule.columns`."""
        return self.over

    def row_expression(self) -> Expr | None:
        """See `Rule.row_expression`."""
        return None

    @property
    def filters_source(self) -> bool:
        """See `Rule.filters_source`."""
        return False
