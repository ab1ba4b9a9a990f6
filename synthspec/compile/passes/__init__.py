"""PASSES: what a plan goes through after lowering, in order; each keeps its meaning and its price."""

from __future__ import annotations

from collections.abc import Callable

from synthspec.compile.passes.differences import differences
from synthspec.compile.passes.drop_unread import drop_unread
from synthspec.compile.passes.met import met
from synthspec.compile.passes.order_groups import order_groups
from synthspec.plan.plan import Plan

PASSES: tuple[Callable[[Plan], Plan], ...] = (drop_unread, order_groups, differences, met)

__all__ = ["PASSES", "differences", "drop_unread", "met", "order_groups"]
