"""Layers: named SQL expressions, each of which may read earlier ones, as nested SELECTs.

Every expression is written once and computed once per row, however many others read it: it stands in the
first layer behind all that it reads, and a layer carries on only what a later one needs.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class _Named:
    sql: str
    reads: frozenset[str]
    level: int


class Layers:
    """Expressions by name over one table; names are ours, plain and without quotes."""

    def __init__(self, table: str, raw: Mapping[str, str], fence: str = "") -> None:
        """Start over `table` (SQL that may stand after FROM), whose columns `raw` gives by our names."""
        self._table = table
        self._fence = fence
        self._named = {name: _Named(sql, frozenset(), 0) for name, sql in raw.items()}
        self._filters: dict[int, tuple[str, frozenset[str]]] = {}
        self._floor = 1
        self._made = 0

    def add(self, sql: str, *reads: str) -> str:
        """Give an expression over earlier names a name."""
        self._made += 1
        name = f"v{self._made}"
        level = max([self._floor, *(self._named[read].level + 1 for read in reads)])
        self._named[name] = _Named(sql, frozenset(reads), level)
        return name

    def keep(self, condition: str, *reads: str) -> None:
        """Keep the rows where the condition is true; whatever is added later sees those only."""
        level = 1 + max(each.level for each in self._named.values())
        self._filters[level] = (condition, frozenset(reads))
        self._floor = level

    def select(self, wanted: Iterable[str]) -> str:
        """Return the SELECT that gives the columns `wanted`, under their names."""
        needed = frozenset(wanted)
        top = max([0, *self._filters, *(self._named[name].level for name in needed)])
        carried = [needed]
        for level in range(top, 0, -1):
            here = carried[-1]
            below = {name for name in here if self._named[name].level < level}
            for name in here - below:
                below |= self._named[name].reads
            carried.append(frozenset(below) | self._filters.get(level, ("", frozenset()))[1])
        text = ""
        for level, names in enumerate(reversed(carried)):
            made = [self._column(name, level) for name in sorted(names)] or ["1 AS nothing"]
            source = self._table if level == 0 else f"({text}) AS q{level}"
            where = f" WHERE {self._filters[level][0]}" if level in self._filters else ""
            text = f"SELECT {', '.join(made)} FROM {source}{where}{self._fence if level < top else ''}"
        return text

    def _column(self, name: str, level: int) -> str:
        named = self._named[name]
        return f"{named.sql} AS {name}" if named.level == level else name
