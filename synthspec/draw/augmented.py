"""Augmented: synthetic rows varied, so that a rare class is not a few rows over and over.

Jitter moves a value a few points on its grid. Interpolation moves a row towards one of its nearest
neighbours of the same class, numbers in proportion, categories as one of the two has them. Labels (the
classes, and the columns whose shares were set) stay as they are. Computed columns are computed anew; a
row that then breaks a rule is tried again, and left as it was drawn where that does not help, so that
every rule holds as before. Only synthetic rows are looked at.

Source: Chawla et al. 2002 (SMOTE, JAIR 16; SMOTE-NC for categories).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.columns import Ordered
from synthspec.draw.frame import encoded
from synthspec.draw.on_grid import from_grid, to_grid
from synthspec.draw.whole import Whole, whole_units
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.scenario import Interpolate, Jitter, Scenario
from synthspec.privacy.entropy import SampleRng

TRIES = 20
TURNS = 50
POOL = 20_000
"""Rows of one class among which neighbours are looked for."""
MOST_VALUES = 32
"""Categories with more values do not count in the distance."""

Rows = NDArray[np.int64]


def augmented(
    plan: Plan, columns: Sequence[PlannedColumn], frame: pl.DataFrame, scenario: Scenario, rng: SampleRng
) -> tuple[pl.DataFrame, int]:
    """Return the typed, lawful rows of `frame` varied as the scenario says, and how many changed.

    Args:
        plan: what was planned.
        columns: its columns with bought domains in place.
        frame: every column of the table, hidden ones included.
        scenario: with `augment`.
        rng: public randomness.
    """
    return _Augmenting(plan, columns, frame, scenario).done(rng)


class _Augmenting:
    def __init__(
        self, plan: Plan, columns: Sequence[PlannedColumn], frame: pl.DataFrame, scenario: Scenario
    ) -> None:
        self.whole = Whole(tuple(columns), plan.rules, scenario.where)
        self.rules = {rule.name: rule for rule in plan.rules}
        self.frame = frame
        self.steps = scenario.augment
        classes = [name for step in self.steps if isinstance(step, Interpolate) for name in step.classes]
        self.labels = tuple(dict.fromkeys((*classes, *(part.column for part in scenario.rebalance))))
        self.modelled = tuple(c for c in columns if c.role == "modelled" and c.column is not None)
        self.near = {
            at: _neighbours(frame, self.modelled, self.labels, step.k)
            for at, step in enumerate(self.steps)
            if isinstance(step, Interpolate)
        }

    def done(self, rng: SampleRng) -> tuple[pl.DataFrame, int]:
        late = list(self.whole.late_names)
        before = self.frame.drop(late)
        after, left = before, np.arange(before.height)
        for turn in range(TRIES):
            if not len(left):
                break
            made = self._varied(before, left, rng.split("try", turn))
            good = self.whole.lawful(made) & self._same(before[left], made)
            after = _put(after, left[good], made.filter(pl.Series(good)))
            left = left[~good]
        return self._settled(before, after)

    def _settled(self, before: pl.DataFrame, after: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        """Return the table with the rows of every unit that breaks a rule as they were."""
        for _ in range(TURNS):
            whole = self.whole.with_late(after)
            broken = self.whole.broken(whole)
            if not broken:
                return whole, int(_different(before, after).sum())
            bad = np.zeros(before.height, dtype=np.bool_)
            for name, mask in broken.items():
                bad |= whole_units(whole, mask, self.whole.unit_of(self.rules.get(name)))
            if not (bad & _different(before, after)).any():
                break
            after = _put(after, np.flatnonzero(bad), before.filter(pl.Series(bad)))
        return self.frame, 0

    def _varied(self, before: pl.DataFrame, rows: Rows, rng: SampleRng) -> pl.DataFrame:
        made, changed = before[rows], list[str]()
        for at, step in enumerate(self.steps):
            generator = rng.split("step", at).generator
            if isinstance(step, Jitter):
                planned = next(column for column in self.modelled if column.name == step.column)
                made = made.with_columns(_jittered(made[step.column], planned, step.points, generator))
                changed.append(step.column)
                continue
            near = self.near[at][rows]
            chosen = near[np.arange(len(rows)), generator.integers(0, near.shape[1], len(rows))]
            free = [column for column in self.modelled if column.name not in self.labels]
            part = generator.random(len(rows))
            made = made.with_columns(
                _between(made[column.name], before[column.name][chosen], column, part) for column in free
            )
            changed += [column.name for column in free]
        return self.whole.recomputed(made, changed)

    def _same(self, before: pl.DataFrame, made: pl.DataFrame) -> NDArray[np.bool_]:
        """Return which rows have the labels that they had."""
        same = np.ones(made.height, dtype=np.bool_)
        for name in self.labels:
            same &= before[name].eq_missing(made[name]).to_numpy()
        return same


def _jittered(series: pl.Series, planned: PlannedColumn, points: int, rng: np.random.Generator) -> pl.Series:
    column = planned.column
    assert isinstance(column, Ordered)
    place = (to_grid(series, column) - column.lo) // column.step
    low, high = np.maximum(place - points, 0), np.minimum(place + points, column.points - 1)
    moved = rng.integers(low, high + 1)
    null = series.is_null().to_numpy()
    return from_grid(column.lo + moved * column.step, null, column).alias(planned.name)


def _between(one: pl.Series, two: pl.Series, planned: PlannedColumn, part: NDArray[np.float64]) -> pl.Series:
    """Return values between those of a row and its neighbour; where one of them is missing, the row's."""
    column = planned.column
    none = (one.is_null() | two.is_null()).to_numpy()
    if not isinstance(column, Ordered):
        keep = pl.Series(none | (part < 0.5))
        return one.zip_with(keep, two).alias(planned.name)
    first, second = (to_grid(each, column) for each in (one, two))
    steps = np.rint((second - first) / column.step * part).astype(np.int64)
    grid = np.where(none, first, first + steps * column.step)
    return from_grid(grid, one.is_null().to_numpy(), column).alias(planned.name)


def _neighbours(frame: pl.DataFrame, columns: Sequence[PlannedColumn], labels: Sequence[str], k: int) -> Rows:
    """Return for each row the places of the `k` nearest of its class; itself where there is no other."""
    from scipy.spatial import cKDTree  # slow to import, and few specs augment

    points = _points(frame, [column for column in columns if column.name not in labels])
    own = np.zeros(frame.height, dtype=np.int64)
    if labels and frame.height:
        key = frame.select(pl.struct(list(labels)).rank("dense").alias("key"))["key"]
        own = key.to_numpy().astype(np.int64)
    found = np.repeat(np.arange(frame.height)[:, None], k, axis=1)
    for kind in np.unique(own):
        mine = np.flatnonzero(own == kind)
        pool = mine[:POOL]
        if len(pool) < 2:
            continue
        many = min(k + 1, len(pool))
        _, near = cKDTree(points[pool]).query(points[mine], k=many)
        near = pool[near]
        # A row is its own nearest neighbour, unless an equal one was found first.
        itself = near == mine[:, None]
        order = np.argsort(itself, axis=1, kind="stable")
        near = np.take_along_axis(near, order, axis=1)[:, : many - 1]
        found[mine] = near[:, np.arange(k) % near.shape[1]]
    return found


def _points(frame: pl.DataFrame, columns: Sequence[PlannedColumn]) -> NDArray[np.float64]:
    """Return rows as points: numbers over the width of their domain, a category's values at distance 1."""
    parts = [np.zeros((frame.height, 1))]
    for planned in columns:
        column, series = planned.column, frame[planned.name]
        if isinstance(column, Ordered):
            null = series.is_null().to_numpy()
            place = (to_grid(series, column) - column.lo) / max(column.hi - column.lo, 1)
            parts += [np.where(null, 0.0, place)[:, None], null.astype(np.float64)[:, None]]
        elif column is not None and column.size <= MOST_VALUES:
            parts.append(np.eye(column.size)[encoded(frame, planned)] / np.sqrt(2.0))
    return np.hstack(parts)


def _put(frame: pl.DataFrame, rows: Rows, fresh: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with `fresh` in the place of `rows`."""
    at = np.arange(frame.height)
    at[rows] = frame.height + np.arange(len(rows))
    return pl.concat([frame, fresh.select(frame.columns)])[at]


def _different(before: pl.DataFrame, after: pl.DataFrame) -> NDArray[np.bool_]:
    changed = np.zeros(before.height, dtype=np.bool_)
    for name in before.columns:
        changed |= ~before[name].eq_missing(after[name]).to_numpy()
    return changed
