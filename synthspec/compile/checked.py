"""Checked: a spec without errors, with everything resolved that public facts can resolve.

Made in compile/check.py only; `lower` takes nothing weaker.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from synthspec.generators.base import Generator
from synthspec.plan.plan import Gate, KnownTable, PlannedColumn, PlannedSequence, PublicFile, Question
from synthspec.plan.scenario import Scenario
from synthspec.rules import AnyRule
from synthspec.spec.model import Spec
from synthspec.spec.parse import Parsed


@dataclass(frozen=True, eq=False)
class CheckedGroup:
    """One group: its generator with options (None while it is not built), and what it is given.

    `determined` columns are paid for from its budget and given by a bought table. `part_of` names the
    spec's group that this is a step of (compile/stages). With `unit` all its columns are per unit
    (compile/levels); `sequence`: its rows come in an order.
    """

    name: str
    using: str
    columns: tuple[str, ...]
    given: tuple[str, ...]
    generator: Generator | None
    determined: tuple[str, ...] = ()
    part_of: str | None = None
    unit: bool = False
    sequence: PlannedSequence | None = None

    @property
    def written(self) -> str:
        """The name that the spec gives the group."""
        return self.part_of or self.name


@dataclass(frozen=True, eq=False)
class Checked:
    """Attributes in the order of checking; `groups` are in order of work, `shares` of the budget's mu2."""

    parsed: Parsed
    spec: Spec
    columns: tuple[PlannedColumn, ...]
    rules: tuple[AnyRule, ...]
    groups: tuple[CheckedGroup, ...]
    gates: tuple[Gate, ...]
    questions: tuple[Question, ...]
    shares: tuple[tuple[str, Fraction], ...]
    files: tuple[PublicFile, ...]
    reasons: tuple[tuple[str, str], ...]
    tables: tuple[KnownTable, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
