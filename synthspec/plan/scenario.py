"""Scenario: another table to draw from the same models; post-processing of what is released, free."""

from __future__ import annotations

from synthspec.terms.expr import Expr
from synthspec.terms.frozen import Frozen


class Rebalance(Frozen):
    """The shares that the values of one column shall have; values are canonical literal texts."""

    column: str
    shares: tuple[tuple[str, float], ...]


class Scenario(Frozen):
    """A named table: how many rows, under which condition, with which shares.

    `weights` names a column that undoes the rebalancing in analysis: its mean is 1.
    """

    name: str
    rows: int
    where: Expr | None = None
    where_text: str = ""
    rebalance: tuple[Rebalance, ...] = ()
    weights: str | None = None
