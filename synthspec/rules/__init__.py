"""The shelf of rule kinds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from synthspec.rules.base import Rule
from synthspec.rules.check import Check
from synthspec.rules.combos import Combos
from synthspec.rules.determines import Determines
from synthspec.rules.no_overlap import NoOverlap
from synthspec.rules.unique import Unique
from synthspec.shelf import shelf

AnyRule = Annotated[Check | Combos | Determines | NoOverlap | Unique, Field(discriminator="kind")]
RULES = shelf(AnyRule)

__all__ = [
    "RULES",
    "AnyRule",
    "Check",
    "Combos",
    "Determines",
    "NoOverlap",
    "Rule",
    "Unique",
]
