"""unique: no two rows share the values of these columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from synthspec.rules.base import Rule
from synthspec.terms.evaluate import Row
from synthspec.terms.expr import Expr
from synthspec.terms.to_sql import DialectName, identifier


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

    def broken_query(self, source: str, dialect: DialectName = "duckdb") -> str:
        """See `Rule.broken_query`: every row whose key an earlier one has; a key with a null is no key."""
        names = [identifier(name, dialect) for name in self.over]
        keys, known = ", ".join(names), " AND ".join(f"{name} IS NOT NULL" for name in names)
        nth = identifier("nth of key", dialect)  # with spaces, it is never the name of a column
        number = f"row_number() OVER (PARTITION BY {keys} ORDER BY {keys}) AS {nth}"
        return f"SELECT * FROM (SELECT *, {number} FROM {source} WHERE {known}) AS numbered WHERE {nth} > 1"

    def broken_count(self, rows: Sequence[Row]) -> int:
        """See `Rule.broken_count`."""
        keys = [tuple(row[name] for name in self.over) for row in rows]
        keys = [key for key in keys if None not in key]
        return len(keys) - len(set(keys))
