"""The contract of a rule kind: what must hold in every emitted row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal

from synthspec.terms.evaluate import Row, evaluate
from synthspec.terms.expr import Expr
from synthspec.terms.frozen import Frozen
from synthspec.terms.sql_where import where_false
from synthspec.terms.to_sql import DialectName


class Rule(Frozen, ABC):
    """A named rule with its text, as the spec says it."""

    name: str
    text: str
    because: str | None = None
    enforce: Literal["always", "report"] = "always"

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns that the rule reads."""

    @abstractmethod
    def row_expression(self) -> Expr | None:
        """Return the expression that must not be false in any row, or None for a cross-row rule."""

    @property
    @abstractmethod
    def filters_source(self) -> bool:
        """Whether source rows that break it are dropped before learning (row rules, enforced)."""

    def broken_query(self, source: str, dialect: DialectName = "duckdb") -> str:
        """Return an SQL query over `source` (a quoted name) that gives the rows which break the rule.

        Unknown does not break a rule (SQL CHECK). A rule across rows says its own query.
        """
        condition = self.row_expression()
        if condition is None:
            raise NotImplementedError
        return where_false(condition, source, dialect)

    def broken_count(self, rows: Sequence[Row]) -> int:
        """Return how many of `rows` break the rule, in plain Python; the law for `broken_query`."""
        condition = self.row_expression()
        if condition is None:
            raise NotImplementedError
        return sum(evaluate(condition, row) is False for row in rows)
