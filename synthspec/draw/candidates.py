"""Candidates: rows drawn group by group from fitted models, with derived and looked-up columns.

A computed column is there as soon as its inputs are, so that later groups can be conditioned on it.

Source: ours; PRIVACY 6.7 for what a model's own sampling does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

import numpy as np
import polars as pl

from synthspec.columns import Id
from synthspec.draw.crossed import Crossed
from synthspec.draw.frame import decoded, encoded
from synthspec.draw.leaning import Tie
from synthspec.draw.mend import Batch
from synthspec.draw.shaped import shaped
from synthspec.errors import InternalError, SamplingError
from synthspec.generators.base import Model
from synthspec.generators.neural.tilted import resampled
from synthspec.plan.late import late_columns
from synthspec.plan.plan import Group, PlannedColumn
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Domain
from synthspec.terms.to_polars import to_polars
from synthspec.terms.walk import columns_of

Work = Group | PlannedColumn
Settle = Callable[[str, Batch, SampleRng], pl.DataFrame]
"""Takes the name of the group that comes next and the rows so far; gives the rows with other values."""


class Candidates:
    """Draws candidate rows; the order of work is fixed once."""

    def __init__(
        self,
        columns: Sequence[PlannedColumn],
        groups: Sequence[Group],
        models: Mapping[str, Model],
        crosses: Mapping[str, Sequence[Tie]] = MappingProxyType({}),
        shapes: Mapping[str, Model] | None = None,
        known: Collection[str] = (),
    ) -> None:
        """Take resolved `columns`, fitted `models`, and what rules ask across groups (plan/zeros).

        known: the columns that rows come with: nothing draws or computes them.
        """
        columns = shaped(columns, groups, models if shapes is None else shapes)
        self.columns = tuple(columns)
        self._columns = {column.name: column for column in columns}
        self._ids = [column for column in columns if column.role == "id"]
        self.models = {name: Crossed(model, crosses.get(name, ())) for name, model in models.items()}
        late = late_columns(columns)
        open_ = [column for column in columns if column not in late and column.name not in known]
        todo = [group for group in groups if not set(group.columns) <= set(known)]
        self.order = order_of_work(open_, todo, known)

    @property
    def ids(self) -> frozenset[str]:
        """The columns of fresh surrogates: distinct in every row."""
        return frozenset(column.name for column in self._ids)

    def draw(self, rows: int, rng: SampleRng) -> pl.DataFrame:
        """Return `rows` typed candidate rows; a function of the models and of `rng`'s seed and stream."""
        return self.batch(rows, rng).frame

    def batch(
        self, rows: int, rng: SampleRng, settle: Settle | None = None, start: Batch | None = None
    ) -> Batch:
        """Return `draw`'s rows with the codes that they were drawn with.

        Args:
            rows: how many.
            rng: public randomness.
            settle: mends the rows so far before a computed column becomes what a group is given.
            start: the known columns of each row with their codes, and the codes of the row before.

        Raises:
            SamplingError: G458, when rows that have known columns would have to be exchanged.
        """
        frame = pl.DataFrame([surrogates(column, rows, 1) for column in self._ids])
        if not self._ids:
            frame = pl.DataFrame({"\x00row": np.zeros(rows, dtype=np.uint8)})
        codes: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]] = {}
        if start is not None:
            frame, codes = start.frame, dict(start.codes)
        for work in self.order:
            if isinstance(work, PlannedColumn):
                assert work.value is not None
                frame = frame.with_columns(to_polars(work.value).alias(work.name))
                continue
            new = [name for name in work.given if name not in codes]
            if settle is not None and any(self._columns[name].role == "computed" for name in new):
                frame = settle(work.name, Batch(frame, codes), rng.split("settle", work.name))
            for name in new:
                codes[name] = encoded(frame, self._columns[name])
            for name, own in zip(work.lagged, work.columns, strict=False):
                codes.setdefault(name, np.full(rows, self._size(own), dtype=np.int64))  # no row before
            given = self._given(work, codes, rows)
            stream = rng.split("group", work.name)
            drawn, weights = self.models[work.name].weighed(rows, stream, given, codes)
            generator = rng.split("decode", work.name).generator
            found = []
            for name in work.columns:
                codes[name] = np.asarray(drawn.columns[name], dtype=np.int64)
                found.append(decoded(codes[name], self._columns[name], generator))
            frame = frame.with_columns(found)
            if weights is not None and start is not None:
                raise SamplingError(
                    "G458",
                    f"a condition on the columns of group `{work.name}` cannot be met person by person",
                    helps=("leave them out of the condition, and filter the rows",),
                )
            if weights is not None:
                kept = resampled(weights, rows, rng.split("kept", work.name).generator)
                frame = frame[kept].with_columns(surrogates(column, rows, 1) for column in self._ids)
                codes = {name: each[kept] for name, each in codes.items()}
        return Batch(frame, codes)

    def _given(
        self, group: Group, codes: Mapping[str, np.ndarray[tuple[int], np.dtype[np.int64]]], rows: int
    ) -> Codes | None:
        known = (*group.given, *group.lagged)
        if not known:
            return None
        sizes = [self._size(name) for name in group.given]
        sizes += [self._size(name) + 1 for name in group.columns if group.lagged]
        return Codes(Domain(attributes=known, sizes=tuple(sizes)), {name: codes[name] for name in known})

    def _size(self, name: str) -> int:
        column = self._columns[name].column
        return 1 if column is None else column.size


def order_of_work(
    columns: Sequence[PlannedColumn], groups: Sequence[Group], known: Collection[str] = ()
) -> tuple[Work, ...]:
    """Return groups and computed columns so that each comes after what it reads, `known` columns aside.

    Raises:
        InternalError: I331, when there is no such order (the compiler refuses such specs).
    """
    done = {*known, *(column.name for column in columns if column.role == "id")}
    waiting: list[Work] = [*(c for c in columns if c.value is not None), *groups]
    order: list[Work] = []
    while waiting:
        ready = [work for work in waiting if _needs(work) <= done]
        if not ready:
            raise InternalError("I331", "the columns of this plan wait for each other")
        work = ready[0]
        order.append(work)
        done |= set(work.columns) if isinstance(work, Group) else {work.name}
        waiting.remove(work)
    return tuple(order)


def surrogates(column: PlannedColumn, rows: int, start: int) -> pl.Series:
    """Return fresh names for rows, counted from `start`."""
    named = column.column if isinstance(column.column, Id) else Id(name=column.name)
    return pl.Series(column.name, named.surrogates(rows, start).tolist(), dtype=pl.String)


def _needs(work: Work) -> set[str]:
    if isinstance(work, Group):
        return set(work.given)
    return set() if work.value is None else set(columns_of(work.value))
