"""Conditioned: a plan's models given that a condition is true, exactly, with its probability.

The condition is split into clauses; each becomes the share of every cell of codes in which it is true,
a factor of the model of the last group that draws one of its columns. What such a group then says of
the columns it is given is a factor of the groups before it (backward messages), so that rows can be
drawn group by group, forward, without rejection, however rare the condition is. What no table of codes
can say is left to whoever checks the rows.

Source: Koller & Friedman 2009, ch. 9.3.2 and 12.3 (conditioning, and sampling from the posterior).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthspec.columns import AnyColumn, Id
from synthspec.generators.base import Model
from synthspec.generators.neural.neural_model import NeuralModel
from synthspec.generators.neural.tilted import TiltedModel, tilted
from synthspec.generators.tree_model import TreeModel
from synthspec.generators.weighted import Factor, evidence, weighted
from synthspec.plan.cells import MOST_CELLS, MOST_VALUES, cells_of, listing_of, values_of
from synthspec.plan.clauses import Clause, bases, clauses, substituted
from synthspec.plan.plan import Plan, PlannedColumn
from synthspec.terms.expr import Column, Expr, IsNull, Logic, Not
from synthspec.terms.tabulate import tabulate
from synthspec.terms.walk import has_window

Array = NDArray[np.float64]
_einsum: Any = np.einsum  # its stubs do not know the form with lists of axes
MOST_JOINED = 8
"""Open clauses of rules that are tried together with one of the condition."""


@dataclass(frozen=True, eq=False)
class Conditioned:
    """Models to draw from, and what is known of the condition.

    Attributes:
        models: per group, the model given the condition.
        log_probability: of what the models were conditioned on; -inf when it is impossible.
        exact: whether that is the whole condition; if not, it is an upper bound of the condition's.
        told: the part of the condition that the models know by its exact share of each cell.
    """

    models: Mapping[str, Model]
    log_probability: float
    exact: bool
    told: Expr | None = None

    @property
    def probability(self) -> float:
        """The probability, 0 when impossible."""
        return float(np.exp(self.log_probability))


def conditioned(
    plan: Plan, columns: Sequence[PlannedColumn], models: Mapping[str, Model], where: Expr
) -> Conditioned:
    """Return the models of `plan` given that `where` is true.

    Args:
        plan: what was planned.
        columns: its columns with bought domains in place.
        models: a fitted model per group.
        where: a condition over the columns; unknown is not enough.
    """
    return _Conditioning(plan, {column.name: column for column in columns}, dict(models)).made(where)


def _untilted(
    model: NeuralModel | TiltedModel, factors: Sequence[Factor]
) -> tuple[NeuralModel, tuple[Factor, ...]]:
    """Return the model under all its conditions, and these with the new ones."""
    if isinstance(model, TiltedModel):
        return model.base, (*model.factors, *factors)
    return model, tuple(factors)


def must(condition: Expr) -> Expr:
    """Return a condition that is false wherever `condition` is not true."""
    return Logic(op="and", args=(condition, Not(arg=IsNull(arg=condition))))


def _by_columns(parts: Sequence[Clause]) -> list[Clause]:
    """Return the parts, each true or false, those over the same columns as one: shares do not multiply."""
    found: dict[frozenset[str], list[Clause]] = {}
    for part in parts:
        found.setdefault(frozenset(part.columns), []).append(part)
    return [
        replace(alike[0], expression=_all([must(part.expression) for part in alike]))
        for alike in found.values()
    ]


class _Conditioning:
    def __init__(self, plan: Plan, planned: Mapping[str, PlannedColumn], models: dict[str, Model]) -> None:
        self.plan = plan
        self.planned = planned
        self.models = models
        self.coded = {name: coded for name, c in planned.items() if (coded := _coded(c)) is not None}
        self.home = {name: at for at, group in enumerate(plan.groups) for name in group.columns}
        self.open_rules = tuple(
            clause
            for rule in plan.rules
            if rule.enforce == "always" and (expression := rule.row_expression()) is not None
            for clause in clauses(rule.name, expression, planned)
            if self._usable(clause)
        )

    def made(self, where: Expr) -> Conditioned:
        factors: list[tuple[Factor, Expr | None]] = []
        exact = True
        told: list[Expr] = []
        for clause in _by_columns(clauses("where", where, self.planned)):
            # The parts together have the value of the whole, so it is true when each of them is.
            found = self._factor(clause)
            if found is None:
                exact = False
                continue
            factor, sure = found
            factors.append((factor, clause.expression if sure else None))
            exact &= sure
        log_probability = 0.0
        for factor, expression in factors:
            changed = self._with(factor)
            if changed is None:
                exact = False
                continue
            models, gained = changed
            self.models |= models
            log_probability += gained
            told += [] if expression is None else [expression]
            if gained == -np.inf:
                break
        return Conditioned(self.models, log_probability, exact, _all(told) if told else None)

    def _usable(self, clause: Clause) -> bool:
        return not has_window(clause.expression) and all(
            name in self.coded and name in self.home for name in clause.columns
        )

    def _factor(self, clause: Clause) -> tuple[Factor, bool] | None:
        """Return the share of lawful values of each cell for which a clause is true, and if it is exact."""
        if not clause.columns or not self._usable(clause):
            return None
        coded = [self.coded[name] for name in clause.columns]
        cells = cells_of(clause.expression, coded)
        if cells is None:
            return None
        if cells.lawful is None:
            return (cells.columns, np.where(cells.never, 0.0, 1.0)), not bool(cells.some.any())
        share = cells.lawful
        beside = [c.expression for c in self.open_rules if set(c.columns) <= set(clause.columns)]
        if cells.some.any() and beside:
            lawful = cells_of(_all(beside[:MOST_JOINED]), coded)
            both = cells_of(_all([clause.expression, *beside[:MOST_JOINED]]), coded)
            if lawful is not None and both is not None and lawful.lawful is not None:
                assert both.lawful is not None
                order = [lawful.columns.index(name) for name in cells.columns]
                base = np.transpose(lawful.lawful, order)
                top = np.transpose(both.lawful, [both.columns.index(name) for name in cells.columns])
                share = np.divide(top, base, out=share.copy(), where=base > 0)
        return (cells.columns, share), True

    def _with(self, factor: Factor) -> tuple[dict[str, Model], float] | None:
        """Return the models that change when one factor is multiplied in, and the log of its mean.

        None when a model cannot take it; nothing has changed then.
        """
        changed: dict[str, Model] = {}
        waiting: list[Factor] = [factor]
        total = 0.0
        for at in range(len(self.plan.groups) - 1, -1, -1):
            group = self.plan.groups[at]
            mine = [each for each in waiting if max(self.home[name] for name in each[0]) == at]
            if not mine:
                continue
            waiting = [each for each in waiting if max(self.home[name] for name in each[0]) != at]
            model = self.models[group.name]
            known = {*group.given, *group.columns}
            if any(not set(clique) <= known for clique, _ in mine):
                return None
            if isinstance(model, NeuralModel | TiltedModel):
                if model.given:
                    return None  # what its network says of the given columns is in no table
                again = tilted(*_untilted(model, mine))
                if again is None:
                    return None
                changed[group.name] = again
                total += again.log_probability - getattr(model, "log_probability", 0.0)
                continue
            if not isinstance(model, TreeModel):
                return None
            found, told = weighted(model, mine), evidence(model, mine)
            if found is None or told is None:
                return None
            changed[group.name] = found[0]
            if not told:
                total += found[1]
                continue
            computed = [each for each in told if any(name not in self.home for name in each[0])]
            waiting += [each for each in told if all(name in self.home for name in each[0])]
            if computed:
                # In one piece: the mean of a product is not the product of the means.
                message = _product(computed)
                on_bases = None if message is None else self._on_bases(message)
                if on_bases is None:
                    return None
                waiting.append(on_bases)
        return changed, total

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


def _all(parts: Sequence[Expr]) -> Expr:
    distinct = tuple(dict.fromkeys(parts))
    return distinct[0] if len(distinct) == 1 else Logic(op="and", args=distinct)


def _coded(planned: PlannedColumn) -> AnyColumn | None:
    if planned.column is None or isinstance(planned.column, Id) or planned.role == "id":
        return None
    return None if planned.discovery is not None else planned.column
