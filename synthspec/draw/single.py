"""Single: the rows of parts, each a unit of its own.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType

import numpy as np
import polars as pl

from synthspec.draw.broken import copies
from synthspec.draw.candidates import surrogates
from synthspec.draw.drawn import Tally
from synthspec.draw.finish import finished
from synthspec.draw.leaning import Leaning
from synthspec.draw.source import TOLD, Source, lawful_rows
from synthspec.draw.whole import Whole, certain
from synthspec.errors import SamplingError
from synthspec.generators.base import Model
from synthspec.plan.plan import Plan
from synthspec.privacy.entropy import SampleRng
from synthspec.rules import Unique
from synthspec.terms.expr import Expr

MENDINGS = 50


class Single:
    """Draws rows one by one; see `partition.Maker`."""

    def __init__(
        self,
        whole: Whole,
        plan: Plan,
        models: Mapping[str, Model],
        told: Sequence[Expr] = (),
        shapes: Mapping[str, Model] | None = None,
        leanings: Mapping[str, Sequence[Leaning]] = MappingProxyType({}),
    ) -> None:
        """Take what `draw` takes."""
        self._whole = whole
        conditions, self._where = whole.early(), whole.early_where()
        if self._where is not None:
            conditions = {**conditions, **{f"{TOLD} {at}": certain(part) for at, part in enumerate(told)}}
        self._conditions = conditions
        sure = [each.rule for each in plan.met if each.by == "transform"]
        self._source = Source(
            plan, whole.columns, models, conditions, shapes=shapes, sure=sure, leanings=leanings
        )
        self._ids = [column for column in whole.columns if column.role == "id"]
        keys = [rule for rule in plan.rules if isinstance(rule, Unique) and rule.enforce == "always"]
        self._keys = [rule for rule in keys if not set(rule.over) & self._source.ids]

    def part(
        self, at: int, size: int, full: int, rng: SampleRng, beside: SampleRng, tally: Tally
    ) -> tuple[pl.DataFrame, dict[str, int]]:
        """See `partition.Maker.part`."""
        if size:
            frame = self._mended(self._drawn(size, rng, tally), beside, tally)
        else:
            frame = self._source.draw(0, rng)
        frame = frame.with_columns(surrogates(column, size, at * full + 1) for column in self._ids)
        redraw = partial(self.again, tally=tally)
        return finished(frame, self._whole, redraw, beside.split("whole"), drawn=True)

    def again(self, rows: pl.DataFrame, rng: SampleRng, *, tally: Tally, anew: bool = False) -> pl.DataFrame:
        """See `whole.Redraw`: each row is a unit of its own."""
        return self._drawn(rows.height, rng, tally)

    def _drawn(self, rows: int, rng: SampleRng, tally: Tally) -> pl.DataFrame:
        return lawful_rows(self._source, self._conditions, self._where, rows, rng, tally)

    def _mended(self, frame: pl.DataFrame, rng: SampleRng, tally: Tally) -> pl.DataFrame:
        """Return the frame with rows that repeat an enforced key redrawn."""
        keys = [rule for rule in self._keys if set(rule.over) <= set(frame.columns)]
        for turn in range(MENDINGS):
            again = np.logical_or.reduce(
                [np.zeros(frame.height, dtype=np.bool_), *(copies(frame, rule) for rule in keys)]
            )
            missing = int(again.sum())
            if not missing:
                return frame
            fresh = self._drawn(missing, rng.split("mend", turn), tally)
            frame = pl.concat([frame.filter(pl.Series(~again)), fresh])
        worst = max(keys, key=lambda rule: int(copies(frame, rule).sum()))
        raise SamplingError(
            "G450",
            f"rule `{worst.name}` could not be met: too few different keys are left",
            helps=("draw fewer rows with `-n`", "widen the domain of its columns"),
        )
