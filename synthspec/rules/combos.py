"""combos: only the listed tuples of values may occur together."""

from __future__ import annotations

from typing import Literal

from synthspec.rules.base import Rule
from synthspec.terms.expr import Column, Expr, IsNull, Logic, Lookup, Not
from synthspec.terms.types import TEXT, Type


class Combos(Rule):
    """Allowed tuples from a public list or file; canonical literal texts, in the order of `over`."""

    kind: Literal["combos"] = "combos"
    over: tuple[str, ...]
    types: tuple[Type, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """See `Rule.columns`."""
        return self.over

    def row_expression(self) -> Expr | None:
        """See `Rule.row_expression`: a tuple with a null passes (unknown), a listed one holds."""
        keys = tuple(Column(name=n, type=t) for n, t in zip(self.over, self.types, strict=True))
        listed = Not(
            arg=IsNull(arg=Lookup(keys=keys, table=tuple((row, "y") for row in self.rows), type=TEXT))
        )
        return Logic(op="or", args=(*(IsNull(arg=key) for key in keys), listed))

    @property
    def filters_source(self) -> bool:
        """See `Rule.filters_source`."""
        return self.enforce == "always"
