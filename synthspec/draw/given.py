"""Given: partial rows made whole. Their own values stay as they are, all others are drawn given them.

Where no group has to look ahead, each model is turned into a conditional of the given columns and all
rows are drawn together. Else the models are conditioned on each different partial row (draw/conditioned),
which carries what later columns say back to earlier ones. Computed columns are computed from the very
values that were given, which may be finer than any code.

Source: ours; Koller & Friedman 2009, ch. 12.1 (forward sampling from the posterior).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthspec.draw.broken import broken_rows, true_rows
from synthspec.draw.candidates import Candidates, surrogates
from synthspec.draw.conditioned import conditioned
from synthspec.draw.fixed import Firm, Fixed, known_columns
from synthspec.draw.frame import encoded, released
from synthspec.draw.leaning import Leaning, Tie
from synthspec.draw.public_rows import positions
from synthspec.draw.rows import Drawn, violations
from synthspec.draw.shaped import shaped
from synthspec.draw.whole import Whole, certain, whole_units
from synthspec.errors import SamplingError
from synthspec.generators.base import Model
from synthspec.generators.tree_model import TreeModel
from synthspec.generators.weighted import conditional
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.plan.zeros import all_zeros
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.expr import Column, Compare, Expr, IsNull, Literal_, Logic, Not
from synthspec.terms.literal import literal
from synthspec.terms.types import INT

TRIES = 200
MOST_KEYS = 1_000
"""Different partial rows that the models are conditioned on one by one."""
TURNS = 50

Index = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Lot:
    """Rows that are drawn together: their places and models, and what stands for values given.

    told: the parts of that which the models know by their share of each cell. checks: all of it.
    """

    rows: Index
    models: Mapping[str, Model]
    told: tuple[Expr, ...]
    fixed: frozenset[str]
    leanings: Mapping[str, Sequence[Leaning]] = field(default_factory=dict)
    checks: tuple[Expr, ...] = ()


def completed(
    plan: Plan,
    columns: Sequence[PlannedColumn],
    models: Mapping[str, Model],
    partial: pl.DataFrame,
    rng: SampleRng,
    where: Expr | None = None,
) -> Drawn:
    """Return one lawful row for each partial row, in their order, which holds its values verbatim.

    Args:
        plan: what was planned.
        columns: its columns with bought domains in place.
        models: a fitted model per group.
        partial: typed values of some columns, in the domains of these.
        rng: public randomness.
        where: must be true in every row.

    Raises:
        SamplingError: G451, naming partial rows that no lawful row continues; G457, when there are too
            many different ones; G450, when rules across rows are not met.
    """
    return _Completing(plan, columns, models, partial, where).done(rng)


class _Completing:
    def __init__(
        self,
        plan: Plan,
        columns: Sequence[PlannedColumn],
        models: Mapping[str, Model],
        partial: pl.DataFrame,
        where: Expr | None,
    ) -> None:
        self.plan = plan
        self.columns = tuple(columns)
        self.models = dict(models)
        self.shapes = models
        self.partial = partial
        self.whole = Whole(tuple(columns), plan.rules, where)
        self.known = known_columns(columns, partial)
        self._refuse(self._disagreeing(), "their computed columns have other values than the rest gives")
        self.open = tuple(name for name in partial.columns if name not in self.known.columns)
        self.crosses: dict[str, tuple[Tie, ...]] = dict(all_zeros(plan, columns).crosses)
        self.told: tuple[Expr, ...] = ()
        if where is not None:
            held = conditioned(plan, self._shaped(), models, where, self.crosses, self.known.columns)
            self.models, self.told = dict(held.models), held.told
            for name, more in held.leanings.items():
                self.crosses[name] = (*self.crosses.get(name, ()), *more)

    def done(self, rng: SampleRng) -> Drawn:
        frame, tries = self._drawn(np.arange(self.partial.height), rng.split("rows"))
        ids = [surrogates(c, frame.height, 1) for c in self.columns if c.role == "id"]
        frame = self.whole.with_late(frame.with_columns(ids))
        for turn in range(TURNS):
            broken = self.whole.broken(frame)
            if not broken:
                drawn = max(tries, 1)
                return Drawn(
                    released(frame, self.columns),
                    frame.height / drawn,
                    {},
                    violations(frame, self.plan.rules),
                )
            rules = {rule.name: rule for rule in self.plan.rules}
            bad = np.zeros(frame.height, dtype=np.bool_)
            for name, mask in broken.items():
                bad |= whole_units(frame, mask, self.whole.unit_of(rules.get(name)))
            again, more = self._drawn(np.flatnonzero(bad), rng.split("again", turn))
            frame, tries = self._put(frame, np.flatnonzero(bad), again), tries + more
        worst = max(broken, key=lambda name: int(broken[name].sum()))
        raise SamplingError(
            "G450",
            f"rule `{worst}` is not met by these given rows together",
            helps=("give other rows, or mark the rule `enforce: report`",),
        )

    def _put(self, frame: pl.DataFrame, rows: Index, fresh: pl.DataFrame) -> pl.DataFrame:
        at = np.arange(frame.height)
        at[rows] = frame.height + np.arange(len(rows))
        ids = frame.select(sorted(self.whole.ids))
        names = [n for n in fresh.columns if n not in self.whole.ids]
        joined = pl.concat([frame.select(names), fresh.select(names)])[at]
        return self.whole.with_late(joined.hstack(ids.get_columns()))

    def _drawn(self, rows: Index, rng: SampleRng) -> tuple[pl.DataFrame, int]:
        """Return lawful rows for the partial rows `rows`, in that order, and how many were drawn."""
        found: list[pl.DataFrame] = []
        places: list[Index] = []
        lost: list[Index] = []
        tries = 0
        for at, lot in enumerate(self._lots(rows)):
            left, source = lot.rows, self._source(lot)
            for turn in range(TRIES):
                if not len(left):
                    break
                frame, good = source.batch(left, rng.split(at, turn))
                tries += len(left)
                found.append(frame.filter(pl.Series(good)))
                places.append(left[good])
                left = left[~good]
            lost.append(left)
        self._refuse(np.concatenate([*lost, np.zeros(0, dtype=np.int64)]), "no lawful row continues them")
        if not found:
            return self._source(Lot(rows, self.models, (), frozenset())).batch(rows, rng)[0], 0
        order = np.argsort(np.concatenate(places), kind="stable")
        return pl.concat(found)[order], tries

    def _source(self, lot: Lot) -> _Lot:
        return _Lot(self, lot)

    def _lots(self, rows: Index) -> Iterator[Lot]:
        together = self._together()
        if together is not None:
            yield Lot(rows, together, (), frozenset(self.known.columns))
            return
        part = self.known.with_columns(self.partial[name] for name in self.open)[rows]
        coded = [name for name in self._coded if name in part.columns and name not in self.open]
        marks = [pl.Series(name, encoded(part, self._coded[name])) for name in coded]
        marks += [part[name] for name in self.open]
        keys = pl.DataFrame(marks).select(pl.struct(pl.all()).rank("dense").alias("key"))["key"].to_numpy()
        kinds, first = np.unique(keys, return_index=True)
        if len(kinds) > MOST_KEYS:
            raise SamplingError(
                "G457",
                f"the given rows are of {len(kinds)} different kinds, and their columns need them one by one",
                notes=(f"at most {MOST_KEYS} kinds can be; a column drawn early waits for one drawn late",),
                helps=("give the columns of the first groups only, or fewer rows",),
            )
        for kind, example in zip(kinds, first, strict=True):
            tests = {name: _is(part[name][int(example) : int(example) + 1], self._by_name[name])
                     for name in (*coded, *self.open)}  # fmt: skip
            mine = rows[keys == kind]
            test = _all(list(tests.values()))
            held = conditioned(self.plan, self._shaped(), self.models, test, self.crosses)
            if held.log_probability == -np.inf:
                self._refuse(mine, "the model gives them no probability")
            checks = tuple(tests[name] for name in self.open)
            yield Lot(mine, held.models, held.told, frozenset(self.known.columns), held.leanings, checks)

    def _together(self) -> dict[str, Model] | None:
        """Return the models as conditionals of the known columns; None where one has to look ahead."""
        if self.open:
            return None
        models = dict(self.models)
        for group in self.plan.groups:
            mine = [name for name in group.columns if name in self.known.columns]
            model = models[group.name]
            if not mine or len(mine) == len(group.columns):
                if mine and not set(group.given) <= set(self.known.columns):
                    return None
                continue
            if not set(group.given) <= set(self.known.columns) or not isinstance(model, TreeModel):
                return None
            turned = conditional(model, mine)
            if turned is None:
                return None
            models[group.name] = turned
        return models

    @property
    def _by_name(self) -> dict[str, PlannedColumn]:
        return {column.name: column for column in self.columns}

    @property
    def _coded(self) -> dict[str, PlannedColumn]:
        """The columns with codes that some group draws or is given."""
        used = {name for group in self.plan.groups for name in (*group.columns, *group.given)}
        return {column.name: column for column in self.columns if column.name in used and column.column}

    def _shaped(self) -> tuple[PlannedColumn, ...]:
        return shaped(self.columns, self.plan.groups, self.shapes)

    def _disagreeing(self) -> Index:
        wrong = np.zeros(self.partial.height, dtype=np.bool_)
        for name in self.partial.columns:
            if self._by_name[name].role == "computed" and name in self.known.columns:
                wrong |= ~self.known[name].eq_missing(self.partial[name]).to_numpy()
        return np.flatnonzero(wrong)

    def _refuse(self, rows: Index, why: str) -> None:
        if len(rows):
            mask = np.zeros(self.partial.height, dtype=np.bool_)
            mask[rows] = True
            raise SamplingError(
                "G451",
                f"the given rows {positions(mask)} are impossible: {why}",
                helps=("correct these rows of the public file, or leave them out",),
            )


class _Lot:
    """Draws candidates for the rows of one lot, and says which are lawful."""

    def __init__(self, all_: _Completing, lot: Lot) -> None:
        self.all = all_
        self.lot = lot
        ties = {n: (*all_.crosses.get(n, ()), *lot.leanings.get(n, ())) for n in lot.models}
        candidates = Candidates(all_.columns, all_.plan.groups, lot.models, ties, all_.shapes)
        self.fixed = Fixed(candidates, lot.fixed)
        told = {f"told {at}": certain(part) for at, part in enumerate((*all_.told, *lot.told))}
        conditions = {**all_.whole.early(), **told}
        self.conditions = conditions
        self.mender = Firm(candidates.columns, all_.plan.groups, conditions, lot.fixed)

    def batch(self, rows: Index, rng: SampleRng) -> tuple[pl.DataFrame, NDArray[np.bool_]]:
        batch, same = self.fixed.batch(self.all.known[rows], rng)
        masks = broken_rows(batch.frame, self.conditions)
        frame = batch.frame
        if any(mask.any() for mask in masks.values()):
            frame, masks = self.mender.mend(batch, masks, rng.split("inside"))
        good = same.copy()
        for mask in masks.values():
            good &= ~mask
        where = self.all.whole.early_where()
        for check in (*self.lot.checks, *([] if where is None else [where])):
            good &= true_rows(frame, check)
        return frame, good


def _is(value: pl.Series, planned: PlannedColumn) -> Expr:
    """Return the condition that a column has the one value of a series."""
    column = Column(name=planned.name, type=planned.type)
    if value.null_count():
        return IsNull(arg=column)
    held = value[0]
    if planned.type.name == "decimal":
        held = Decimal(int(held)).scaleb(-planned.type.scale)
    return Logic(
        op="and",
        args=(
            Compare(op="=", left=column, right=literal(held, planned.type)),
            Not(arg=IsNull(arg=column)),
        ),
    )


def _all(parts: Sequence[Expr]) -> Expr:
    if not parts:
        return Compare(op="=", left=Literal_(text="1", type=INT), right=Literal_(text="1", type=INT))
    return parts[0] if len(parts) == 1 else Logic(op="and", args=tuple(parts))
