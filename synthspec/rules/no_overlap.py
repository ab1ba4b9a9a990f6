"""no_overlap: the intervals of one unit do not overlap; one may begin where another ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from synthspec.rules.base import Rule
from synthspec.terms.evaluate import Row
from synthspec.terms.expr import Expr
from synthspec.terms.to_sql import DialectName, identifier


class NoOverlap(Rule):
    """Intervals from `start` to `end` of the rows that share `per`; one with a null in it counts for none.

    It never filters source rows. A row breaks it when it starts before the latest end of the rows
    that come before it, ordered by start, then end.
    """

    kind: Literal["no_overlap"] = "no_overlap"
    start: str
    end: str
    per: str

    @property
    def columns(self) -> tuple[str, ...]:
        """See `Rule.columns`."""
        return (self.start, self.end, self.per)

    def row_expression(self) -> Expr | None:
        """See `Rule.row_expression`."""
        return None

    @property
    def filters_source(self) -> bool:
        """See `Rule.filters_source`."""
        return False

    def broken_query(self, source: str, dialect: DialectName = "duckdb") -> str:
        """See `Rule.broken_query`."""
        start, end, per = (identifier(name, dialect) for name in (self.start, self.end, self.per))
        known = " AND ".join(f"{name} IS NOT NULL" for name in (start, end, per))
        frame = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
        latest = identifier("latest end before", dialect)  # with spaces, it is never the name of a column
        before = f"max({end}) OVER (PARTITION BY {per} ORDER BY {start}, {end} {frame}) AS {latest}"
        inner = f"SELECT *, {before} FROM {source} WHERE {known}"
        return f"SELECT * FROM ({inner}) AS ordered WHERE {start} < {latest}"

    def broken_count(self, rows: Sequence[Row]) -> int:
        """See `Rule.broken_count`."""
        units: dict[object, list[tuple[Any, Any]]] = {}
        for row in rows:
            start, end, per = row[self.start], row[self.end], row[self.per]
            if start is not None and end is not None and per is not None:
                units.setdefault(per, []).append((start, end))
        broken = 0
        for intervals in units.values():
            latest: Any = None
            for start, end in sorted(intervals):
                broken += latest is not None and start < latest
                latest = end if latest is None or end > latest else latest
        return broken
