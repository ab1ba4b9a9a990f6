"""Source: candidate rows in which every row rule holds, by mending inside codes and bounded redrawing.

Everything here reads released models only.

Source: ours (rejection sampling: von Neumann 1951).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.draw.broken import broken_rows, true_rows
from synthspec.draw.candidates import Candidates
from synthspec.draw.drawn import Tally
from synthspec.draw.fixed import Held
from synthspec.draw.leaning import Leaning, Tie
from synthspec.draw.mend import Batch, Mender
from synthspec.errors import SamplingError
from synthspec.generators.base import Model
from synthspec.plan.plan import Group, Plan, PlannedColumn
from synthspec.plan.zeros import Zeros, all_zeros
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.expr import Expr
from synthspec.terms.walk import columns_of

TRIES = 200
"""Candidates drawn per wanted row, at most (and at least LEAST in all)."""
LEAST = 20_000
RARE = 0.02
"""Below this acceptance batches grow by doubling, so that a hopeless draw ends soon."""
BATCH = 400_000
WHERE = "where"
TOLD = "where, told"
"""How the names of told parts begin; no rule's name has a comma."""


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
        known: frozenset[str] = frozenset(),
    ) -> None:
        """Take a plan with `columns` as resolved; `zeros` saves finding them again; `shapes`: see `draw`.

        sure: rules that hold by how columns are computed; they are tested, and no value is fitted to them.
        known: the columns that rows come with; they stay as they are.
        """
        zeros = all_zeros(plan, columns) if zeros is None else zeros
        ties: dict[str, tuple[Tie, ...]]
        ties = {name: (*zeros.crosses.get(name, ()), *leanings.get(name, ())) for name in models}
        self._candidates = Candidates(columns, plan.groups, models, ties, shapes, known)
        self._known = known
        self._conditions = {name: c for name, c in conditions.items() if name not in zeros.idle}
        open_ = {name: c for name, c in self._conditions.items() if name not in sure}
        self._mender = self._menders(self._candidates.columns, plan.groups, open_)
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
        self, rows: int, rng: SampleRng, start: Batch | None = None
    ) -> tuple[pl.DataFrame, dict[str, NDArray[np.bool_]], dict[str, int]]:
        """Return candidates after mending, which of them still break what, and how many were mended.

        start: see `Candidates.batch`.
        """
        early: dict[str, NDArray[np.bool_]] = {}

        def settle(group: str, batch: Batch, rng: SampleRng) -> pl.DataFrame:
            frame, mended = self._settled(group, batch, rng)
            early.update({name: mask | early.get(name, False) for name, mask in mended.items()})
            return frame

        batch = self._candidates.batch(rows, rng, settle, start)
        masks = broken_rows(batch.frame, self._conditions)
        frame, left = batch.frame, masks
        if any(mask.any() for mask in masks.values()):
            frame, left = self._mender.mend(batch, masks, rng.split("inside"))
        mended = {name: (mask & ~left[name]) | early.get(name, False) for name, mask in masks.items()}
        return frame, left, {name: int(mask.sum()) for name, mask in mended.items() if mask.any()}

    def _menders(
        self, columns: Sequence[PlannedColumn], groups: Sequence[Group], conditions: Mapping[str, Expr]
    ) -> Mender:
        if not self._known:
            return Mender(columns, groups, conditions)
        return Held(columns, groups, conditions, self._known)

    def _settled(
        self, group: str, batch: Batch, rng: SampleRng
    ) -> tuple[pl.DataFrame, dict[str, NDArray[np.bool_]]]:
        """Return the rows drawn before `group`, mended under the rules on them, and which were mended."""
        if group not in self._early:
            here = [column for column in self._candidates.columns if column.name in batch.frame.columns]
            names = {column.name for column in here}
            drawn = [each for each in self._groups if set(each.columns) <= names]
            own = {name: c for name, c in self._open.items() if set(columns_of(c)) <= names}
            self._early[group] = self._menders(here, drawn, own)
        mender = self._early[group]
        masks = broken_rows(batch.frame, mender.conditions)
        if not any(mask.any() for mask in masks.values()):
            return batch.frame, {}
        frame, left = mender.mend(batch, masks, rng)
        return frame, {name: mask & ~left[name] for name, mask in masks.items()}


def lawful_rows(
    source: Source,
    conditions: Mapping[str, Expr],
    where: Expr | None,
    rows: int,
    rng: SampleRng,
    tally: Tally,
) -> pl.DataFrame:
    """Return so many rows that meet every condition: candidates are drawn until enough are good.

    Raises:
        SamplingError: G450, when a condition cannot be met within the tries allowed.
    """
    mine, kept, have = Tally(), [], 0
    free = not conditions and where is None
    while have < rows:
        if mine.drawn > max(LEAST, TRIES * rows) or _hopeless(mine):
            raise impossible(mine, conditions)
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


def _hopeless(tally: Tally) -> bool:
    """Return whether the limit will not do: 100 were to be good at its rate, and under half of them are.

    Of rows at the limit's rate or above, fewer than one draw in ten million ends so.
    """
    return tally.drawn >= LEAST and tally.acceptance * TRIES < 0.5


def impossible(tally: Tally, conditions: Mapping[str, Expr], tries: int = TRIES) -> SamplingError:
    """Return the refusal that names the condition which turned most candidates away."""
    worst = min((*conditions, *([WHERE] if WHERE in tally.broke else [])), key=tally.accepted)
    about_where = worst == WHERE or worst.startswith(TOLD)
    what = "the condition `where`" if about_where else f"rule `{worst}`"
    return SamplingError(
        "G450",
        f"{what} could not be met within {tries} tries per row",
        notes=(f"of the rows drawn, {tally.accepted(worst):.2%} met it",),
        helps=("loosen the condition", "draw more rows and filter them")
        if about_where
        else (
            "loosen the rule, or derive one of its columns with `derive:`",
            "mark it `enforce: report` to count instead",
        ),
    )
