"""Filled: each of some places gets a lawful row that agrees with what is known of it.

Source: ours (rejection sampling: von Neumann 1951), place by place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.draw.broken import true_rows
from synthspec.draw.drawn import Tally
from synthspec.draw.mend import Batch
from synthspec.draw.source import WHERE, Source
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.expr import Expr

TRIES = 120
"""Candidates of one place, at least, before it is given up."""
SPREAD = 2_000
"""Candidates that are drawn together when few places are left."""
MOST = 32

Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Filling:
    """What one level of a table is drawn from: candidates, and what must be true of each besides.

    rows: whether candidates are rows of the table; those of persons are counted apart.
    """

    source: Source
    where: Expr | None = None
    rows: bool = True

    def filled(self, start: Batch, rng: SampleRng, tally: Tally) -> tuple[pl.DataFrame, Index]:
        """Return a row for each place that could be filled, in order, and these places.

        Args:
            start: what is known of each place.
            rng: public randomness.
            tally: takes note.
        """
        left = np.arange(start.frame.height)
        found: list[pl.DataFrame] = []
        places: list[Index] = []
        tries = 0
        while len(left) and tries < TRIES:
            times = 1 if not tries else int(np.clip(SPREAD // len(left), 1, MOST))
            at = np.repeat(left, times)
            frame, good = self._tried(_taken(start, at), rng.split("fill", tries), tally)
            tries += times
            hits = np.flatnonzero(good)
            mine, first = np.unique(at[hits], return_index=True)
            found.append(frame if len(mine) == frame.height else frame[hits[first]])
            places.append(mine)
            left = np.setdiff1d(left, mine, assume_unique=True)
        if not found:
            return self.source.lawful(0, rng, start)[0], left
        if len(found) == 1:
            return found[0], places[0]
        place = np.concatenate(places)
        order = np.argsort(place, kind="stable")
        return pl.concat(found)[order], place[order]

    def _tried(self, start: Batch, rng: SampleRng, tally: Tally) -> tuple[pl.DataFrame, NDArray[np.bool_]]:
        rows = start.frame.height
        frame, masks, mended = self.source.lawful(rows, rng, start)
        good = ~np.logical_or.reduce([np.zeros(rows, dtype=np.bool_), *masks.values()])
        if self.where is not None:
            masks = {**masks, WHERE: ~true_rows(frame, self.where)}
            good &= ~masks[WHERE]
        if self.rows:
            tally.add(rows, good, {}, {})
        tally.test(rows, {name: int(mask.sum()) for name, mask in masks.items()}, mended)
        return frame, good


def _taken(start: Batch, at: Index) -> Batch:
    if len(at) == start.frame.height and len(at) and bool((np.diff(at) == 1).all()):
        return start
    codes: Mapping[str, Index] = {name: column[at] for name, column in start.codes.items()}
    return Batch(start.frame[at], codes)
