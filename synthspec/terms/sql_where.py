"""SQL where: the query of the rows in which a condition is false; long lookups are joined.

A public table of a few lines stays in the condition as a CASE. A longer one (a code list, a hierarchy)
is written into the query as VALUES and joined on its keys: engines hash it once, where a CASE would be
walked for every row. The query names no file, so that it can be run wherever the rows are.
"""

from __future__ import annotations

from synthspec.terms.dialect import DIALECTS, Dialect
from synthspec.terms.expr import Column, Expr, Lookup
from synthspec.terms.to_sql import DialectName, rows_of, to_sql
from synthspec.terms.types import TEXT, Type
from synthspec.terms.walk import rebuild

IN_PLACE = 16
"""Lines of a lookup that are written as a CASE; longer ones are joined."""


def where_false(condition: Expr, source: str, dialect: DialectName = "duckdb") -> str:
    """Return the query over `source` (a quoted name) that gives the rows in which `condition` is false.

    Unknown is not false (SQL CHECK). No row is given twice: every key of a lookup stands there once.
    """
    joins = _Joins(dialect)
    rest = joins.pull(condition)
    rows = joins.rows if joins.parts else "*"
    table = " ".join((f"{source} AS {joins.alias}", *joins.parts)) if joins.parts else source
    return f"SELECT {rows} FROM {table} WHERE NOT ({to_sql(rest, dialect)})"


class _Joins:
    """Takes long lookups out of a condition, innermost first, and keeps the joins that stand for them."""

    def __init__(self, dialect: DialectName) -> None:
        self.name = dialect
        self.dialect: Dialect = DIALECTS[dialect]
        self.parts: list[str] = []
        self.known: dict[Lookup, Column] = {}

    @property
    def alias(self) -> str:
        """The name of the checked table; with a space, it is never the name of a column."""
        return self.dialect.identifier("checked rows")

    @property
    def rows(self) -> str:
        return f"{self.alias}.*"

    def pull(self, expr: Expr) -> Expr:
        changed = rebuild(expr, self.pull)
        if not isinstance(changed, Lookup) or len(changed.table) <= IN_PLACE:
            return changed
        if changed not in self.known:
            self.known[changed] = self.join(changed)
        return self.known[changed]

    def join(self, lookup: Lookup) -> Column:
        """Add the join of one lookup; return the column that has its value."""
        number = len(self.parts) + 1
        types = (*(key.type for key in lookup.keys), lookup.type)
        made = [f"lookup {number} key {at + 1}" for at in range(len(lookup.keys))]
        value = Column(name=f"lookup {number} value", type=lookup.type)
        names = [self.dialect.identifier(name) for name in (*made, value.name)]
        lines = ", ".join(
            "(" + ", ".join(self.dialect.text(text) for text in (*keys, found)) + ")"
            for keys, found in rows_of(lookup)
        )
        raw = [f"c{at + 1}" for at in range(len(types))]
        typed = ", ".join(
            f"{self.typed(name, type_)} AS {to}" for name, type_, to in zip(raw, types, names, strict=True)
        )
        table = f"SELECT {typed} FROM (VALUES {lines}) AS listed({', '.join(raw)})"
        on = " AND ".join(
            f"{to_sql(key, self.name)} = {to}" for key, to in zip(lookup.keys, names, strict=False)
        )
        self.parts.append(f"LEFT JOIN ({table}) AS {self.dialect.identifier(f'lookup {number}')} ON {on}")
        return value

    def typed(self, name: str, type_: Type) -> str:
        """Return a listed text as a value of its type: the canonical text of a constant says which."""
        if type_ == TEXT:
            return name
        text = f"replace({name}, 'T', ' ')" if type_.name == "datetime" else name
        return f"CAST({text} AS {self.dialect.type(type_)})"
