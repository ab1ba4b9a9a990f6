"""Conditioned: a plan's models given that a condition is true, exactly, with its probability.

The condition is split into clauses; each becomes the share of every cell of codes in which it is true,
a factor of the model of the last group that draws one of its columns. What such a group then says of
the columns it is given is a factor of the groups before it (backward messages), so that rows can be
drawn group by group, forward, without rejection, however rare the condition is. Rules that a group meets
row by row (crosses), and conditions of that kind, are part of this (draw/leaning). What no table of codes
can say is left to whoever checks the rows.

Source: Koller & Friedman 2009, ch. 9.3.2 and 12.3 (conditioning, and sampling from the posterior).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import AnyColumn, Id
from synthspec.draw.leaning import Leaning, Tie, leaning, message
from synthspec.draw.portions import Portions
from synthspec.generators.base import Model
from synthspec.generators.neural.neural_model import NeuralModel
from synthspec.generators.neural.tilted import TiltedModel, tilted
from synthspec.generators.tree_model import TreeModel
from synthspec.generators.weighted import Factor, weighted
from synthspec.plan.cells import MOST_CELLS, MOST_VALUES, listing_of, values_of
from synthspec.plan.clauses import bases, substituted
from synthspec.plan.plan import Group, Plan, PlannedColumn
from synthspec.plan.zeros import all_zeros
from synthspec.terms.expr import Column, Expr
from synthspec.terms.tabulate import tabulate
from synthspec.terms.walk import has_window

Array = NDArray[np.float64]
_einsum: Any = np.einsum  # its stubs do not know the form with lists of axes


@dataclass(frozen=True, eq=False)
class Conditioned:
    """Models to draw from, and what is known of the condition.

    Attributes:
        models: per group, the model given the condition.
        log_probability: of what the models were conditioned on; -inf when it is impossible.
        exact: whether that is the whole condition; if not, it is an upper bound of the condition's.
        told: the parts of the condition that the models know by their exact share of each cell.
        leanings: per group, what is asked of it by columns drawn before and not given; like crosses.
    """

    models: Mapping[str, Model]
    log_probability: float
    exact: bool
    told: tuple[Expr, ...] = ()
    leanings: Mapping[str, tuple[Leaning, ...]] = field(default_factory=dict)

    @property
    def probability(self) -> float:
        """The probability, 0 when impossible."""
        return float(np.exp(self.log_probability))


def conditioned(
    plan: Plan,
    columns: Sequence[PlannedColumn],
    models: Mapping[str, Model],
    where: Expr,
    crosses: Mapping[str, Sequence[Tie]] | None = None,
    fixed: Collection[str] = (),
) -> Conditioned:
    """Return the models of `plan` given that `where` is true.

    Args:
        plan: what was planned.
        columns: its columns with bought domains in place.
        models: a fitted model per group.
        where: a condition over the columns; unknown is not enough.
        crosses: per group, what it is drawn under row by row; by default those of the rules.
        fixed: columns whose values, finer than codes, are known to whoever draws: what a condition asks of
            them is left to the rows.
    """
    ties = all_zeros(plan, columns).crosses if crosses is None else crosses
    planned = {column.name: column for column in columns}
    return _Conditioning(plan, planned, dict(models), ties, frozenset(fixed)).made(where)


def _untilted(
    model: NeuralModel | TiltedModel, factors: Sequence[Factor]
) -> tuple[NeuralModel, tuple[Factor, ...]]:
    """Return the model under all its conditions, and these with the new ones."""
    if isinstance(model, TiltedModel):
        return model.base, (*model.factors, *factors)
    return model, tuple(factors)


def _asked_more(again: TiltedModel, model: NeuralModel | TiltedModel) -> tuple[tuple[Factor, ...], float]:
    """Return what a network asks of the columns it is given beyond what it did, and the log mean gained."""
    if not isinstance(model, TiltedModel):
        return again.message, again.log_probability
    before = tuple(
        (clique, np.divide(1.0, table, out=np.zeros_like(table), where=table > 0))
        for clique, table in model.message
    )
    if model.log_probability == -np.inf:
        return again.message, -np.inf
    return (*again.message, *before), again.log_probability - model.log_probability


class _Conditioning:
    def __init__(
        self,
        plan: Plan,
        planned: Mapping[str, PlannedColumn],
        models: dict[str, Model],
        crosses: Mapping[str, Sequence[Tie]],
        fixed: frozenset[str],
    ) -> None:
        self.plan = plan
        self.planned = planned
        self.models = models
        self.ties = {name: tuple(each) for name, each in crosses.items()}
        self.measured = False
        """Whether a network's columns were weighed in rows of the model that it was started from."""
        self.coded = {name: coded for name, c in planned.items() if (coded := _coded(c)) is not None}
        self.home = {name: at for at, group in enumerate(plan.groups) for name in group.columns}
        self.portions = Portions(plan, planned, self.coded, self.home, fixed)

    def made(self, where: Expr) -> Conditioned:
        portions, exact = self.portions.of(where)
        log_probability = 0.0
        told: list[Expr] = []
        for portion in portions:
            gained = self._take(portion.factor)
            if gained is None:
                exact = False
                for factor in portion.rough:
                    log_probability += self._take(factor) or 0.0
                continue
            log_probability += gained
            told += [] if portion.told is None else [portion.told]
            if gained == -np.inf:
                break
        leanings = {
            name: tuple(t for t in ties if isinstance(t, Leaning)) for name, ties in self.ties.items()
        }
        exact &= not self.measured
        return Conditioned(self.models, log_probability, exact, tuple(told), leanings)

    def _take(self, factor: Factor) -> float | None:
        """Multiply a factor into the models; return the log of its mean, None when they cannot take it."""
        changed = self._with(factor)
        if changed is None:
            return None
        models, leanings, gained = changed
        self.models |= models
        for name, each in leanings.items():
            self.ties[name] = (*self.ties.get(name, ()), *each)
        return gained

    def _with(self, factor: Factor) -> tuple[dict[str, Model], dict[str, tuple[Leaning, ...]], float] | None:
        """Return the models and ties that change when one factor is multiplied in, and the log of its mean.

        None when a model cannot take it; nothing has changed then.
        """
        changed: dict[str, Model] = {}
        leanings: dict[str, tuple[Leaning, ...]] = {}
        waiting: list[Factor] = [factor]
        total = 0.0
        for at in range(len(self.plan.groups) - 1, -1, -1):
            group = self.plan.groups[at]
            mine = [each for each in waiting if max(self.home[name] for name in each[0]) == at]
            if not mine:
                continue
            waiting = [each for each in waiting if max(self.home[name] for name in each[0]) != at]
            model, ties = self.models[group.name], self.ties.get(group.name, ())
            if isinstance(model, NeuralModel | TiltedModel):
                known = {*group.columns, *group.given}
                if ties or any(not set(clique) <= known for clique, _ in mine):
                    return None  # what its network says of other columns is in no table
                again = tilted(*_untilted(model, mine))
                if again is None:
                    return None
                changed[group.name] = again
                told, gained = _asked_more(again, model)
                self.measured |= bool(again.message)
            else:
                if not isinstance(model, TreeModel):
                    return None
                made = self._asked(group, model, ties, mine)
                if made is None:
                    return None
                changed[group.name], leanings[group.name], told, gained = made
            total += gained
            computed = [each for each in told if any(name not in self.home for name in each[0])]
            waiting += [each for each in told if all(name in self.home for name in each[0])]
            if computed:
                # In one piece: the mean of a product is not the product of the means.
                back = _product(computed)
                on_bases = None if back is None else self._on_bases(back)
                if on_bases is None:
                    return None
                waiting.append(on_bases)
        return changed, leanings, total

    def _asked(
        self, group: Group, model: TreeModel, ties: Sequence[Tie], factors: Sequence[Factor]
    ) -> tuple[TreeModel, tuple[Leaning, ...], tuple[Factor, ...], float] | None:
        """Return the group's model under factors, further ties, factors of earlier groups, and a log mean."""
        known = (*group.given, *group.columns)
        asked = [leaning(factor, known) for factor in factors]
        if any(each is None for each in asked):
            return None
        parts = [each for each in asked if each is not None]
        said = message(model, ties, parts)
        found = weighted(model, [(each.inner, each.factor(0)) for each in parts if not each.outer])
        if said is None or found is None:
            return None
        return found[0], tuple(each for each in parts if each.outer), *said

    def _on_bases(self, factor: Factor) -> Factor | None:
        """Return a factor over given columns as one over the columns that groups generate."""
        while True:
            name = next((each for each in factor[0] if each not in self.home), None)
            if name is None:
                return factor
            shares = self._computed(name)
            if shares is None:
                return None
            sources, table = shares
            joined = _joined(factor, name, sources, table)
            if joined is None:
                return None
            factor = joined

    def _computed(self, name: str) -> tuple[tuple[str, ...], Array] | None:
        """Return P(code of a computed column | codes of its sources), 0 or 1, sources first.

        None when it is too large, or when values of one code differ in it: the values inside a code
        would then have to be weighted too.
        """
        sources = bases(name, self.planned)
        column, value = self.coded.get(name), self.planned[name].value
        if column is None or value is None or has_window(value) or any(s not in self.home for s in sources):
            return None
        coded = [self.coded[source] for source in sources]
        sizes = [each.size for each in coded]
        if prod(values_of(each) for each in coded) > MOST_VALUES or prod(sizes) * column.size > MOST_CELLS:
            return None
        lists = [listing_of(each) for each in coded]
        every = np.indices([len(listing) for listing, _, _ in lists], dtype=np.int32).reshape(len(lists), -1)
        found, _ = tabulate(
            substituted(column.encode(Column(name=name, type=column.type)), self.planned),
            {source: listing for source, (listing, _, _) in zip(sources, lists, strict=True)},
            dict(zip(sources, every, strict=True)),
        )
        whole = found.astype(np.int64)
        codes = np.where((whole < 0) | (whole >= column.size), 0, whole)
        cell, share = np.zeros(every.shape[1], dtype=np.int64), np.ones(every.shape[1])
        for size, place, (_, own, part) in zip(sizes, every, lists, strict=True):
            cell = cell * size + own[place]
            share *= part[place]
        flat = np.bincount(cell * column.size + codes, weights=share, minlength=prod(sizes) * column.size)
        table = flat.astype(np.float64).reshape(*sizes, column.size)
        return (sources, table) if bool((table.max(axis=-1) > 1 - 1e-9).all()) else None


def _joined(factor: Factor, name: str, sources: tuple[str, ...], shares: Array) -> Factor | None:
    """Return the factor with `name` replaced by its sources: the mean over what `name` can be."""
    clique, table = factor
    at = clique.index(name)
    rest = tuple(each for each in clique if each != name)
    columns = tuple(dict.fromkeys((*rest, *sources)))
    letters = {each: number for number, each in enumerate((*columns, name))}
    sizes = dict(zip(clique, table.shape, strict=True)) | dict(zip(sources, shares.shape, strict=False))
    if prod(sizes[each] for each in columns) > MOST_CELLS:
        return None
    moved = np.moveaxis(table, at, -1)
    left = [letters[each] for each in (*rest, name)]
    right = [letters[each] for each in (*sources, name)]
    out: Array = _einsum(moved, left, shares, right, [letters[each] for each in columns])
    return columns, out


def _product(factors: Sequence[Factor]) -> Factor | None:
    """Return the product of factors as one; None when it has too many cells."""
    columns = tuple(dict.fromkeys(name for clique, _ in factors for name in clique))
    letters = {each: number for number, each in enumerate(columns)}
    sizes = {name: size for clique, table in factors for name, size in zip(clique, table.shape, strict=True)}
    if prod(sizes[each] for each in columns) > MOST_CELLS:
        return None
    parts: list[object] = []
    for clique, table in factors:
        parts += [table, [letters[each] for each in clique]]
    return columns, _einsum(*parts, [letters[each] for each in columns])


def _coded(planned: PlannedColumn) -> AnyColumn | None:
    if planned.column is None or isinstance(planned.column, Id) or planned.role == "id":
        return None
    return None if planned.discovery is not None else planned.column
