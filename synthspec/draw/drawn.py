"""Drawn: a drawn table, how it came about, and what its parts say together.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field as Key

from synthspec.draw.broken import broken_rows, copies, overlapping, row_conditions, undetermined
from synthspec.rules import AnyRule, Determines, NoOverlap, Unique
from synthspec.terms.frozen import Frozen


@dataclass
class Tally:
    """How many candidates were drawn and how many met each condition; public, synthetic rows only.

    `tested` says of how many candidates a condition was asked, where that is not of all of them.
    """

    drawn: int = 0
    kept: int = 0
    broke: dict[str, int] = field(default_factory=dict)
    mended: dict[str, int] = field(default_factory=dict)
    tested: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        rows: int,
        good: NDArray[np.bool_],
        masks: Mapping[str, NDArray[np.bool_]],
        mended: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """Take in one batch of candidates: rows drawn, which are good, which break what, rows mended."""
        self.drawn += rows
        _add(self.mended, mended)
        self.kept += int(good.sum())
        _add(self.broke, {name: int(mask.sum()) for name, mask in masks.items()})

    def test(self, rows: int, broke: Mapping[str, int], mended: Mapping[str, int]) -> None:
        """Take in what conditions say of candidates that are no rows of the table."""
        _add(self.tested, dict.fromkeys(broke, rows))
        _add(self.broke, broke)
        _add(self.mended, mended)

    @property
    def acceptance(self) -> float:
        """The share of candidates that met everything."""
        return self.kept / self.drawn if self.drawn else 1.0

    def accepted(self, name: str) -> float:
        """Return the share of candidates that met one condition."""
        of = self.tested.get(name, self.drawn)
        return 1.0 - self.broke.get(name, 0) / of if of else 1.0


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawn table in its released form, how it came about, and how many rows break each rule."""

    frame: pl.DataFrame
    acceptance: float
    accepted: Mapping[str, float]
    violations: Mapping[str, int]
    repaired: Mapping[str, int] = field(default_factory=dict)
    """Rows changed, or drawn anew with their unit, because of each rule."""
    mended: Mapping[str, float] = field(default_factory=dict)
    """Share of candidates whose values were drawn again inside their codes because of each rule."""
    said: Said | None = None
    """The same as numbers that add up over parts; None where the table is not drawn in parts."""


class Said(Frozen):
    """What a part says of how it came about, as whole numbers: those of several parts add up.

    The rows that break a rule over the whole table (`unique`) are more than those that break it in parts.
    """

    rows: int = 0
    drawn: int = 0
    kept: int = 0
    conditions: tuple[str, ...] = ()
    broke: dict[str, int] = Key(default_factory=dict)
    mended: dict[str, int] = Key(default_factory=dict)
    tested: dict[str, int] = Key(default_factory=dict)
    repaired: dict[str, int] = Key(default_factory=dict)
    violations: dict[str, int] = Key(default_factory=dict)

    def of(self, frame: pl.DataFrame) -> Drawn:
        """Return it of the rows of `frame`, in their released form."""
        tally = Tally(self.drawn, self.kept, self.broke, self.mended, self.tested)
        return Drawn(
            frame=frame,
            acceptance=tally.acceptance,
            accepted={name: tally.accepted(name) for name in self.conditions},
            violations=self.violations,
            repaired=self.repaired,
            mended={
                name: count / max(self.tested.get(name, self.drawn), 1) for name, count in self.mended.items()
            },
            said=self,
        )


def together(parts: Sequence[Said]) -> Said:
    """Return what parts say together."""
    names = tuple(dict.fromkeys(name for part in parts for name in part.conditions))
    sums: dict[str, dict[str, int]] = {}
    for what in ("broke", "mended", "tested", "repaired", "violations"):
        sums[what] = {}
        for part in parts:
            _add(sums[what], getattr(part, what))
    return Said(
        rows=sum(part.rows for part in parts),
        drawn=sum(part.drawn for part in parts),
        kept=sum(part.kept for part in parts),
        conditions=names,
        **sums,
    )


def violations(frame: pl.DataFrame, rules: Sequence[AnyRule]) -> dict[str, int]:
    """Return the number of rows of a typed frame that break each rule."""
    found = {
        name: int(mask.sum())
        for name, mask in broken_rows(frame, row_conditions(rules, enforced_only=False)).items()
    }
    for rule in rules:
        if isinstance(rule, Unique):
            found[rule.name] = int(copies(frame, rule).sum())
        elif isinstance(rule, NoOverlap):
            found[rule.name] = int(overlapping(frame, rule).sum())
        elif isinstance(rule, Determines):
            found[rule.name] = int(undetermined(frame, rule).sum())
    return {rule.name: found[rule.name] for rule in rules if rule.name in found}


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count
