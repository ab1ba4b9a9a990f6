"""determines: what some columns are follows from others, by a table that is learnt under privacy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from synthspec.rules.base import Rule
from synthspec.terms.evaluate import Row
from synthspec.terms.expr import Expr
from synthspec.terms.to_sql import DialectName, identifier


class Determines(Rule):
    """Rows that agree on `by` agree on `determined`; a null is a value like any other.

    It never filters source rows: which of them disagree depends on other units. A row breaks it when
    another row has the same `by` and other `determined` values.
    """

    kind: Literal["determines"] = "determines"
    determined: tuple[str, ...]
    by: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """See `Rule.columns`."""
        return (*self.determined, *self.by)

    def row_expression(self) -> Expr | None:
        """See `Rule.row_expression`."""
        return None

    @property
    def filters_source(self) -> bool:
        """See `Rule.filters_source`."""
        return False

    def broken_query(self, source: str, dialect: DialectName = "duckdb") -> str:
        """See `Rule.broken_query`."""
        by = ", ".join(identifier(name, dialect) for name in self.by)
        values = ", ".join(identifier(name, dialect) for name in self.determined)
        nth, different = (identifier(made, dialect) for made in ("nth value", "different values"))
        ranks = f"dense_rank() OVER (PARTITION BY {by} ORDER BY {values}) AS {nth}"
        most = f"max({nth}) OVER (PARTITION BY {by}) AS {different}"
        inner = f"SELECT *, {most} FROM (SELECT *, {ranks} FROM {source}) AS ranked"
        return f"SELECT * FROM ({inner}) AS compared WHERE {different} > 1"

    def broken_count(self, rows: Sequence[Row]) -> int:
        """See `Rule.broken_count`."""
        found: dict[tuple[object, ...], list[tuple[object, ...]]] = {}
        for row in rows:
            key = tuple(row[name] for name in self.by)
            found.setdefault(key, []).append(tuple(row[name] for name in self.determined))
        return sum(len(values) for values in found.values() if len(set(values)) > 1)
