"""Refit: a model fitted again to the noisy answers that paid for it, under other rules; costs nothing.

What was selected and bought stays; levels are split where new rules tell their codes apart, and the
estimator runs as it did at the end of the first fit, to the same criterion. It sets out from the first
fit: at the optimum every noisy marginal's factor is (answer - model) / tau, so the stored model tells
the factors (as far as it came to its optimum: where they do not help, the start is a cold one). Cells
that a new rule forbids get no mass while the noisy tables are fitted (not cut out afterwards), cells
that an old rule forbade get what the noisy tables say: nothing but noise where the rows were left out
of the counting.

Source: ours; post-processing (Dwork & Roth 2014, prop. 2.1); PRIVACY 6.3 of the design.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.base import Model, Oracle, Workload
from synthspec.generators.budget import Purse
from synthspec.generators.coding import Coding, told_apart
from synthspec.generators.independent import Independent
from synthspec.generators.oneways import OneWays
from synthspec.generators.pgm.calibrate import calibrate
from synthspec.generators.pgm.estimate import Estimator, Evidence, coarsen, shape_of
from synthspec.generators.pgm.factor import Scope
from synthspec.generators.product_model import product_model
from synthspec.generators.rounds import Engine, Measured
from synthspec.generators.tree_model import TreeModel
from synthspec.privacy.cost import FREE
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.query import Axis

FAR = 30.0
"""The largest factor taken from a stored model, which is near its optimum and not at it [nats]."""

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


class Answer(Protocol):
    """Noisy counts of one marginal, flat in C order of the axes; noise `stddev` a cell [rows]."""

    @property
    def axes(self) -> tuple[Axis, ...]:
        """What was counted."""

    @property
    def values(self) -> NDArray[np.int64]:
        """The noisy counts."""

    @property
    def stddev(self) -> float:
        """The deviation of each."""


def refit(
    model: Model,
    generator: object,
    oracle: Oracle,
    workload: Workload,
    answers: Sequence[Answer],
) -> Model | None:
    """Return the model that `answers` give under `workload`; a function of released values only.

    Args:
        model: as it was fitted; its levels are kept where they can be.
        generator: of the spec.
        oracle: tells the domain and the protection; asked for nothing else.
        workload: with the new zeros.
        answers: everything that was measured for the model.

    Returns:
        None where this kind of model cannot be fitted again, or grows beyond the generator's cells.
    """
    if not isinstance(model, TreeModel) or not answers:
        return None
    cells = getattr(generator, "max_cells", None)
    if isinstance(generator, Independent):
        ones = Ones(oracle, workload, Purse(FREE, oracle.protection))
        ones.take(answers)
        total = ones.total()
        shares = {a: counts / total for a, counts in ones.fitted(total).items()}
        return product_model(oracle.domain, workload, shares, total)
    if not isinstance(cells, int):
        return None
    found = _engine(oracle, workload, cells).again(model, answers)
    return found if found is not None and _sound(found) else None


def refits(generator: object) -> bool:
    """Return whether models of this generator can be fitted again to what was measured."""
    return isinstance(generator, Independent) or isinstance(getattr(generator, "max_cells", None), int)


def fits_again(
    model: Model, generator: object, oracle: Oracle, workload: Workload, answers: Sequence[Answer]
) -> bool:
    """Return whether `refit` would give a model: as it decides, without fitting."""
    if not isinstance(model, TreeModel) or not answers or not refits(generator):
        return False
    cells = getattr(generator, "max_cells", None)
    if isinstance(generator, Independent) or not isinstance(cells, int):
        return True
    return _engine(oracle, workload, cells).prepare(model, answers)


def _engine(oracle: Oracle, workload: Workload, cells: int) -> Again:
    purse = Purse(FREE, oracle.protection)
    return Again(oracle, workload, purse, cells, SampleRng(0, "refit").generator)


class Ones(OneWays):
    """One-ways that were measured before."""

    def take(self, answers: Sequence[Answer]) -> None:
        """Pool the answers about single attributes, code by code."""
        for each in answers:
            if is_one_way(each) and each.axes[0].attribute in self.domain.attributes:
                name, precision = each.axes[0].attribute, 1.0 / max(each.stddev, 1e-9) ** 2
                values = np.asarray(each.values, dtype=np.float64)
                self._sums[name] = self._sums.get(name, 0.0) + values * precision
                self._precision[name] = self._precision.get(name, 0.0) + precision


class Continued(Estimator):
    """An estimator that can set out from the factors of an earlier fit."""

    def begin(self, factors: Array, sweeps: int, gap: float) -> None:
        """Fit a little from where it stands and from `factors`, and go on from what is nearer."""
        self.fit(sweeps, gap=gap)
        cold, lack = self._factors(), self.lack()
        self._place(factors)
        self.fit(sweeps, gap=gap)
        if not self.lack() < lack:
            self._place(cold)

    def _place(self, factors: Array) -> None:
        self._put(factors)
        tree = self.beliefs.tree
        self.beliefs = calibrate(tree, self._potentials(tree)[0])
        self._pending = [0.0] * len(tree.cliques)
        for each in self.evidence:
            each.moved = 1.0


class Again(Engine):
    """The engine without a purse: all that it would buy is there."""

    estimator: Continued
    before: TreeModel

    def replant(self, sweeps: int) -> None:
        """Build the tree, set out from the model as it was, and fit."""
        self.estimator.plant(self.structure.tree())
        stored = [self._stored(each).ravel() for each in self.estimator.evidence]
        self.estimator.begin(np.concatenate(stored), self.recipe.sweeps, self.recipe.gap)
        self.estimator.fit(sweeps, gap=self.recipe.gap)

    def _stored(self, each: Evidence) -> Array:
        """Return the factor that the model as it was implies, where it implies one."""
        if each.exact or each.conditional or each.idle:
            return each.theta
        held = self.before.marginal(tuple(self.oracle.domain.attributes[a] for a in each.scope))
        labels = [self.coding.levels[a] for a in each.scope]
        groups = tuple(
            own if group is None else group[own] for own, group in zip(labels, each.groups, strict=True)
        )
        model: Array = coarsen(held, groups, each.target.shape)
        return np.clip((each.target - model) / each.tau, -FAR, FAR)

    def again(self, model: TreeModel, answers: Sequence[Answer]) -> TreeModel | None:
        """Return the model, or None when it has too many cells."""
        if not self.prepare(model, answers):
            return None
        coding, beliefs = self.finish()
        densities = tuple(coding.densities())
        return replace(
            model, levels=tuple(coding.levels), densities=densities, beliefs=beliefs, total=self.total
        )

    def prepare(self, model: TreeModel, answers: Sequence[Answer]) -> bool:
        """Take all evidence; return whether the model's tables fit into the cells allowed."""
        domain = self.oracle.domain
        ones = Ones(self.oracle, self.workload, self.purse, self.recipe)
        ones.take(answers)
        self.ones, self.total = ones, ones.total()
        tables = [each for each in answers if not is_one_way(each)]
        self.pairs = bool(tables)
        self.coding = Coding(domain, self.workload, ones.fitted(self.total))
        self.coding.levels = self._levels(model, tables)
        self.coding.sizes = tuple(int(level.max()) + 1 for level in self.coding.levels)
        self.structure.sizes = self.coding.sizes
        self.estimator, self.before = Continued(self.coding.sizes), model
        self._pin_ones()
        self._add_public()
        for each in tables:
            self._answered(each)
        return self.structure.tree().cells <= self.max_cells

    def _levels(self, model: TreeModel, tables: Sequence[Answer]) -> list[Labels]:
        """Return the old levels, split where zeros or a measured table tell codes apart."""
        found = []
        for index, name in enumerate(self.oracle.domain.attributes):
            kinds = [model.levels[index]]
            classes = told_apart(self.workload, name, len(model.levels[index]))
            kinds += [] if classes is None else [classes]
            kinds += [_labels(axis) for each in tables for axis in each.axes if axis.attribute == name]
            _, labels = np.unique(np.stack(kinds, 1), axis=0, return_inverse=True)
            finer = labels.reshape(-1).astype(np.int64)
            same = int(finer.max()) == int(model.levels[index].max())
            found.append(model.levels[index] if same else finer)
        return found

    def _answered(self, each: Answer) -> None:
        """Add a measured table to the evidence, pooled with others of its scope and groups."""
        names = [axis.attribute for axis in each.axes]
        places = [self.oracle.domain.attributes.index(name) for name in names]
        order = sorted(range(len(places)), key=places.__getitem__)
        scope: Scope = tuple(places[at] for at in order)
        values = np.asarray(each.values, dtype=np.float64).reshape([axis.size for axis in each.axes])
        values = np.ascontiguousarray(np.transpose(values, order))
        groups = tuple(_by_level(each.axes[at], self.coding.levels[places[at]]) for at in order)
        key = (scope, (*shape_of(self.coding.sizes, groups, scope), *(hash(g.tobytes()) for g in groups)))
        precision = 1.0 / max(each.stddev, 1e-9) ** 2
        if key not in self._measured:
            evidence = Evidence(scope, groups, np.zeros(values.shape), np.ones(()))
            self._measured[key] = Measured(evidence, np.zeros(values.shape))
            self.structure.take(scope)
            self.estimator.add([evidence])
        held = self._measured[key]
        held.weighted = held.weighted + precision * values
        held.precision += precision
        kappa = self.recipe.kappa[min(len(scope), len(self.recipe.kappa)) - 1]
        held.evidence.tau = np.full((), kappa * held.precision**-0.5 / self.total)
        held.evidence.exact = False
        held.evidence.target = held.weighted / held.precision / self.total


def is_one_way(answer: Answer) -> bool:
    """Return whether an answer counts the codes of one attribute."""
    return len(answer.axes) == 1 and answer.axes[0].levels is None


def _labels(axis: Axis) -> Labels:
    if axis.levels is None:
        return np.arange(axis.size, dtype=np.int64)
    return np.asarray(axis.levels, dtype=np.int64)


def _by_level(axis: Axis, levels: Labels) -> Labels:
    """Return the group of each level; the codes of a level are of one group."""
    _, first = np.unique(levels, return_index=True)
    return np.asarray(_labels(axis)[first], dtype=np.int64)


def _sound(model: TreeModel) -> bool:
    tables = model.beliefs.tables
    return all(bool(np.isfinite(table).all()) and float(table.sum()) > 0 for table in tables)
