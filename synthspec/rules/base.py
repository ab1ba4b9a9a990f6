"""The contract of a rule kind: what must hold in every emitted row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

from synthspec.terms.expr import Expr
from synthspec.terms.frozen import Frozen


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
