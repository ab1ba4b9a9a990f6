"""Rows: a table drawn from fitted models in which every enforced rule holds, by bounded redrawing.

The table is drawn in parts of fixed size, each with a random stream of its own, so that it does not
depend on how many processes share the work. Everything here reads released models only.

Source: ours (rejection sampling: von Neumann 1951).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.draw.broken import (
    broken_rows,
    copies,
    overlapping,
    row_conditions,
    true_rows,
    undetermined,
)
from synthspec.draw.candidates import Candidates, surrogates
from synthspec.draw.finish import finished
from synthspec.draw.frame import released
from synthspec.draw.leaning import Leaning, Tie
from synthspec.draw.mend import Batch, Mender
from synthspec.draw.whole import Whole, certain
from synthspec.errors import SamplingError
from synthspec.generators.base import Model
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.zeros import Zeros, all_zeros
from synthspec.privacy.entropy import SampleRng
from synthspec.rules import AnyRule, Determines, NoOverlap, Unique
from synthspec.terms.expr import Expr
from synthspec.terms.walk import columns_of

PART = 100_000
TRIES = 200
"""Candidates drawn per wanted row, at most (and at least LEAST in all)."""
LEAST = 20_000
RARE = 0.02
"""Below this acceptance batches grow by doubling, so that a hopeless draw ends soon."""
BATCH = 400_000
MENDINGS = 50
WHERE = "where"
TOLD = "where, told"
"""How the names of told parts begin; no rule's name has a comma."""


@dataclass
class Tally:
    """How many candidates were drawn and how many met each condition; public, synthetic rows only."""

    drawn: int = 0
    kept: int = 0
    broke: dict[str, int] = field(default_factory=dict)
    mended: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        rows: int,
        good: NDArray[np.bool_],
        masks: Mapping[str, NDArray[np.bool_]],
        mended: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """Take in one batch of candidates: rows drawn, which are good, which break what, rows mended."""
        self.drawn += rows
        for name, count in mended.items():
            self.mended[name] = self.mended.get(name, 0) + count
        self.kept += int(good.sum())
        for name, mask in masks.items():
            self.broke[name] = self.broke.get(name, 0) + int(mask.sum())

    @property
    def acceptance(self) -> float:
        """The share of candidates that met everything."""
        return self.kept / self.drawn if self.drawn else 1.0

    def accepted(self, name: str) -> float:
        """Return the share of candidates that met one condition."""
        return 1.0 - self.broke.get(name, 0) / self.drawn if self.drawn else 1.0


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


def draw(
    plan: Plan,
    columns: Sequence[PlannedColumn],
    models: Mapping[str, Model],
    rows: int,
    rng: SampleRng,
    where: Expr | None = None,
    told: Sequence[Expr] = (),
    shapes: Mapping[str, Model] | None = None,
    leanings: Mapping[str, Sequence[Leaning]] = MappingProxyType({}),
) -> Drawn:
    """Return `rows` rows in which every enforced rule, and `where`, holds.

    Args:
        plan: what was planned.
        columns: its columns with bought domains in place, in output order.
        models: a fitted model per group.
        rows: how many.
        rng: public randomness.
        where: a further condition; it must be true in every row.
        told: the parts of `where` that the models were conditioned on, cell by cell, by their share of
            each cell: they are met by drawing values again inside the codes, everything else of `where`
            by drawing rows again.
        shapes: the models that say how values spread inside codes; by default `models`.
        leanings: per group, what `where` asks of it row by row.

    Raises:
        SamplingError: G450, when a condition cannot be met within the tries allowed.
    """
    whole = Whole(tuple(columns), plan.rules, where)
    conditions, where = whole.early(), whole.early_where()
    if where is not None:
        conditions = {**conditions, **{f"{TOLD} {at}": certain(part) for at, part in enumerate(told)}}
    sure = [each.rule for each in plan.met if each.by == "transform"]
    source = Source(plan, columns, models, conditions, shapes=shapes, sure=sure, leanings=leanings)
    tally = Tally()
    parts = [
        _part(source, conditions, where, min(PART, rows - start), rng.split("part", start // PART), tally)
        for start in range(0, rows, PART)
    ]
    frame = pl.concat(parts) if parts else source.draw(0, rng)
    frame = _mended(frame, source, conditions, where, plan.rules, rng, tally)
    frame = frame.with_columns(surrogates(column, rows, 1) for column in columns if column.role == "id")
    frame, repaired = finished(
        frame,
        whole,
        lambda count, stream: _part(source, conditions, where, count, stream, tally),
        rng.split("whole"),
        drawn=True,
    )
    return Drawn(
        frame=released(frame, columns),
        acceptance=tally.acceptance,
        accepted={name: tally.accepted(name) for name in conditions if not name.startswith(TOLD)},
        violations=violations(frame, plan.rules),
        repaired=repaired,
        mended={name: count / max(tally.drawn, 1) for name, count in tally.mended.items()},
    )


class Source:
    """Candidate rows, mended inside their codes where they break a rule."""

    def __init__(
        self,
        plan: Plan,
        columns: Sequence[PlannedColumn],
        models: Mapping[str, Model],
        conditions: Mapping[str, Expr],
        zeros: Zeros | None = None,
        shapes: Mapping[str, Model] | None = None,
        sure: Collection[str] = (),
        leanings: Mapping[str, Sequence[Leaning]] = MappingProxyType({}),
    ) -> None:
        """Take a plan with `columns` as resolved; `zeros` saves finding them again; `shapes`: see `draw`.

        sure: rules that hold by how columns are computed; they are tested, and no value is fitted to them.
        """
        zeros = all_zeros(plan, columns) if zeros is None else zeros
        ties: dict[str, tuple[Tie, ...]]
        ties = {name: (*zeros.crosses.get(name, ()), *leanings.get(name, ())) for name in models}
        self._candidates = Candidates(columns, plan.groups, models, ties, shapes)
        self._conditions = {name: c for name, c in conditions.items() if name not in zeros.idle}
        open_ = {name: c for name, c in self._conditions.items() if name not in sure}
        self._mender = Mender(self._candidates.columns, plan.groups, open_)
        self._groups = plan.groups
        self._open = open_
        self._early: dict[str, Mender] = {}

    @property
    def ids(self) -> frozenset[str]:
        """The columns of fresh surrogates: distinct in every row."""
        return self._candidates.ids

    def draw(self, rows: int, rng: SampleRng) -> pl.DataFrame:
        """Return candidates as they come."""
        return self._candidates.draw(rows, rng)

    def lawful(
        self, rows: int, rng: SampleRng
    ) -> tuple[pl.DataFrame, dict[str, NDArray[np.bool_]], dict[str, int]]:
        """Return candidates after mending, which of them still break what, and how many were mended."""
        early: dict[str, NDArray[np.bool_]] = {}

        def settle(group: str, batch: Batch, rng: SampleRng) -> pl.DataFrame:
            frame, mended = self._settled(group, batch, rng)
            early.update({name: mask | early.get(name, False) for name, mask in mended.items()})
            return frame

        batch = self._candidates.batch(rows, rng, settle)
        masks = broken_rows(batch.frame, self._conditions)
        frame, left = batch.frame, masks
        if any(mask.any() for mask in masks.values()):
            frame, left = self._mender.mend(batch, masks, rng.split("inside"))
        mended = {name: (mask & ~left[name]) | early.get(name, False) for name, mask in masks.items()}
        return frame, left, {name: int(mask.sum()) for name, mask in mended.items() if mask.any()}

    def _settled(
        self, group: str, batch: Batch, rng: SampleRng
    ) -> tuple[pl.DataFrame, dict[str, NDArray[np.bool_]]]:
        """Return the rows drawn before `group`, mended under the rules on them, and which were mended."""
        if group not in self._early:
            here = [column for column in self._candidates.columns if column.name in batch.frame.columns]
            names = {column.name for column in here}
            drawn = [each for each in self._groups if set(each.columns) <= names]
            own = {name: c for name, c in self._open.items() if set(columns_of(c)) <= names}
            self._early[group] = Mender(here, drawn, own)
        mender = self._early[group]
        masks = broken_rows(batch.frame, mender.conditions)
        if not any(mask.any() for mask in masks.values()):
            return batch.frame, {}
        frame, left = mender.mend(batch, masks, rng)
        return frame, {name: mask & ~left[name] for name, mask in masks.items()}


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


def _part(
    source: Source,
    conditions: Mapping[str, Expr],
    where: Expr | None,
    rows: int,
    rng: SampleRng,
    tally: Tally,
) -> pl.DataFrame:
    """Return one part: redraw until enough candidates are good."""
    mine, kept, have = Tally(), [], 0
    free = not conditions and where is None
    while have < rows:
        if mine.drawn > max(LEAST, TRIES * rows) or _hopeless(mine):
            raise _impossible(mine, conditions)
        share = max(mine.acceptance if mine.drawn else 1.0, 1 / TRIES)
        ask = rows if free else min(BATCH, int((rows - have) / share * 1.05) + 32)
        if mine.drawn and share < RARE:
            ask = min(ask, max(mine.drawn, LEAST - mine.drawn))  # look before a large leap
        stream = rng.split("try", mine.drawn)
        frame, masks, mended = source.lawful(ask, stream)
        if where is not None:
            masks[WHERE] = ~true_rows(frame, where)
        good = ~np.logical_or.reduce([np.zeros(ask, dtype=np.bool_), *masks.values()])
        for each in (mine, tally):
            each.add(ask, good, masks, mended)
        chosen = stream.split("shuffle").generator.permutation(np.flatnonzero(good))[: rows - have]
        kept.append(frame[chosen])
        have += len(chosen)
    return pl.concat(kept)


def _mended(
    frame: pl.DataFrame,
    source: Source,
    conditions: Mapping[str, Expr],
    where: Expr | None,
    rules: Sequence[AnyRule],
    rng: SampleRng,
    tally: Tally,
) -> pl.DataFrame:
    """Return the frame with rows that repeat an enforced key redrawn."""
    keys = [rule for rule in rules if isinstance(rule, Unique) and rule.enforce == "always"]
    keys = [rule for rule in keys if not set(rule.over) & source.ids and set(rule.over) <= set(frame.columns)]
    for turn in range(MENDINGS):
        again = np.logical_or.reduce(
            [np.zeros(frame.height, dtype=np.bool_), *(copies(frame, rule) for rule in keys)]
        )
        missing = int(again.sum())
        if not missing:
            return frame
        fresh = _part(source, conditions, where, missing, rng.split("mend", turn), tally)
        frame = pl.concat([frame.filter(pl.Series(~again)), fresh])
    worst = max(keys, key=lambda rule: int(copies(frame, rule).sum()))
    raise SamplingError(
        "G450",
        f"rule `{worst.name}` could not be met: too few different keys are left",
        helps=("draw fewer rows with `-n`", "widen the domain of its columns"),
    )


def _hopeless(tally: Tally) -> bool:
    """Return whether the limit will not do: 100 were to be good at its rate, and under half of them are.

    Of rows at the limit's rate or above, fewer than one draw in ten million ends so.
    """
    return tally.drawn >= LEAST and tally.acceptance * TRIES < 0.5


def _impossible(tally: Tally, conditions: Mapping[str, Expr]) -> SamplingError:
    worst = min((*conditions, *([WHERE] if WHERE in tally.broke else [])), key=tally.accepted)
    about_where = worst == WHERE or worst.startswith(TOLD)
    what = "the condition `where`" if about_where else f"rule `{worst}`"
    return SamplingError(
        "G450",
        f"{what} could not be met within {TRIES} tries per row",
        notes=(f"of the rows drawn, {tally.accepted(worst):.2%} met it",),
        helps=("loosen the condition", "draw more rows and filter them")
        if about_where
        else (
            "loosen the rule, or derive one of its columns with `derive:`",
            "mark it `enforce: report` to count instead",
        ),
    )
