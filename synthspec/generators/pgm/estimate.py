"""Proximal iterative fitting: the maximum-entropy model near noisy marginals.

Maximises entropy(p) - sum_c (p_c - y_c)^2 / (2 tau_c) over distributions p, y the normalised answers.
Stationarity gives each measured marginal a factor theta = (y - p) / tau, so the optimum is a product
of factors over the measured scopes and lives on their junction tree. One block step fits one
measured marginal with all other factors fixed: with L = log m0 - theta0 - log tau + y / tau, the new
marginal is m = tau * omega(L - z), omega the Wright function and z the scalar that makes m sum to 1.
As tau goes to 0 the step becomes ordinary iterative proportional fitting, which is what exact public
marginals get. Steps are exact block-coordinate ascent in the dual, so the objective never falls.

Stopping: the duality gap is under `gap` nats and no exact marginal is off by more than its root in L1;
or no block moved by more than `TOLERANCE` in L1 within one sweep; or the sweep limit. Every few sweeps
the factors are extrapolated (see `extrapolate`, and there what the gap bounds).

Source: the estimator is ours (PRIVACY 6.3 of the design); Darroch & Ratcliff 1972 (iterative
fitting); Dudik, Phillips & Schapire 2007, JMLR 8 (regularised maximum entropy);
Corless & Jeffrey 2002 (Wright omega); McKenna, Miklau & Sheldon 2021, arXiv:2108.04978 (inference
from noisy marginals on a junction tree).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.pgm.calibrate import Beliefs, calibrate, collect, send, settle
from synthspec.generators.pgm.extrapolate import KEPT, ahead
from synthspec.generators.pgm.factor import Scope, Table, collapse, ratio, spread
from synthspec.generators.pgm.graft import graft
from synthspec.generators.pgm.tree import JunctionTree

TOLERANCE = 1e-4
FLOOR = 1e-30
FAINT = -150.0
"""Logarithm below which no possible cell falls when tables are built: only zeros are impossible."""
Groups = tuple[NDArray[np.int64] | None, ...]


@dataclass(eq=False)
class Evidence:
    """One marginal that the model is fitted to, on groups of the levels of each axis.

    Attributes:
        scope: its attributes, increasing.
        groups: per axis, the group of each level, or None for the levels themselves.
        target: shape = groups per axis; noisy shares, or exact ones.
        tau: variance per cell times kappa, normalised; broadcastable to `target`; 0 when exact.
        theta: the fitted log factor.
        idle: whether it is left out of the fit (its attribute follows from a published table).
        relief: how much tighter than by `tau` it is held, together with a published table.
        pulled: its target pooled with that table, or None.
    """

    scope: Scope
    groups: Groups
    target: Table
    tau: Table
    idle: bool = False
    theta: Table = field(init=False)
    centre: float = field(init=False, default=0.0)
    moved: float = field(init=False, default=1.0)
    relief: Table = field(init=False)
    pulled: Table | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.theta = np.zeros_like(self.target)
        self.relief = np.ones(())
        self.exact = not bool(np.any(self.tau > 0))
        self.grouped = any(g is not None for g in self.groups)

    @property
    def conditional(self) -> bool:
        """Whether it fixes a conditional and leaves the marginal of the parents free."""
        return False

    @property
    def partial(self) -> bool:
        """Whether it speaks of a part of its cells only, and leaves the others to data."""
        return False

    def join(self, evidence: Sequence[Evidence]) -> None:
        """Take note of all other evidence, before a fit."""

    def coarse(self, table: Table) -> Table:
        """Return `table`, over levels, summed within groups."""
        return coarsen(table, self.groups, self.target.shape)

    def fine(self, table: Table) -> Table:
        """Return `table`, over groups, repeated for each level."""
        for axis, group in enumerate(self.groups):
            if group is not None:
                table = np.take(table, group, axis=axis)
        return table

    def step(self, old: Table) -> Table:
        """Return the ratio new / old of the marginal `old`, over groups, and update the factor."""
        if self.idle:
            self.moved = 0.0
            return np.ones_like(old)
        if self.exact:
            change = ratio(self.target, old)
            with np.errstate(divide="ignore"):
                self.theta = self.theta + np.log(change, out=np.zeros_like(change), where=change > 0)
            self.moved = float(np.abs(self.target - old).sum())
            return change
        tau, alive = self.tau * self.relief, old > 0
        target = self.target if self.pulled is None else self.pulled
        logs = np.log(old, out=np.full_like(old, -np.inf), where=alive) - self.theta - np.log(tau)
        logs += target / tau
        new = self._solve(logs, tau)
        change = ratio(new, old)
        self.theta = np.where(alive, (target - new) / tau, self.theta)
        self.moved = float(np.abs(new - old).sum())
        return change

    def _solve(self, logs: Table, tau: Table) -> Table:
        """Return tau * omega(logs - z) with z such that it sums to 1: Newton on a convex function."""
        from scipy.special import wrightomega  # 0.3 s to import, and `check` builds generators too

        centre = self.centre
        new = logs
        for _ in range(60):
            omega = wrightomega(logs - centre)
            new = tau * omega
            excess = float(new.sum()) - 1.0
            slope = float((new / (1.0 + omega)).sum())
            if abs(excess) < 1e-10 or slope <= 0:
                break
            centre += min(max(excess / slope, -1e6), 1e6)
        self.centre = centre
        alive = np.isfinite(logs)
        new = np.where(alive, np.maximum(new, FLOOR), 0.0)
        return new / max(float(new.sum()), FLOOR)


def coarsen(table: Table, groups: Groups, shape: Sequence[int]) -> Table:
    """Return `table` with the levels of each axis summed into `shape[axis]` groups."""
    for axis, group in enumerate(groups):
        if group is None:
            continue
        member = np.zeros((len(group), shape[axis]))
        member[np.arange(len(group)), group] = 1.0
        table = np.moveaxis(np.tensordot(table, member, axes=(axis, 0)), -1, axis)
    return table


class Estimator:
    """The model under construction: evidence, structural zeros, and beliefs on the current tree."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = tuple(sizes)
        self.evidence: list[Evidence] = []
        self.masks: list[tuple[Scope, NDArray[np.bool_]]] = []
        self.beliefs = Beliefs(JunctionTree(self.sizes, (), (), ()), [], [])
        self._hosted: list[list[Evidence]] = []
        self._pending: list[float] = []
        self._planted: tuple[int, tuple[Evidence, ...]] = (0, ())

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Every scope that the tree must cover."""
        masks = (scope for scope, _ in self.masks)
        return tuple(dict.fromkeys((*(e.scope for e in self.evidence), *masks)))

    def add(self, evidence: Iterable[Evidence]) -> None:
        """Add evidence; `plant` a tree that covers it before the next `fit`."""
        self.evidence.extend(evidence)

    def plant(self, tree: JunctionTree) -> None:
        """Move to `tree`: the joint stays, new evidence joins without effect until the next `fit`.

        Tables of cliques that stay are kept; all are made again from the factors where evidence or
        masks were replaced, or where keeping them would cost more.
        """
        for each in self.evidence:
            each.join(self.evidence)
        self._hosted = [[] for _ in tree.cliques]
        for each in self.evidence:
            self._hosted[_host(tree, each.scope)].append(each)
        state = (len(self.masks), tuple(self.evidence))
        kept = len(self._planted[1])
        grown = state[0] == self._planted[0] and state[1][:kept] == self._planted[1]
        new = state[1][kept:]
        grafted = (
            graft(self.beliefs, tree) if kept and grown and not any(e.theta.any() for e in new) else None
        )
        self.beliefs = grafted or calibrate(tree, self._potentials(tree)[0])
        self._planted = state
        self._pending = [0.0] * len(tree.cliques)

    def _potentials(self, tree: JunctionTree) -> tuple[list[Table], float]:
        """Return the product of the factors that each clique hosts, scaled, and the log of all scales."""
        potentials = [np.ones([self.sizes[a] for a in clique]) for clique in tree.cliques]
        scale = 0.0
        for scope, possible in self.masks:
            host = _host(tree, scope)
            potentials[host] *= spread(possible.astype(np.float64), scope, tree.cliques[host])
        for index, (clique, hosted) in enumerate(zip(tree.cliques, self._hosted)):
            if hosted:  # scaled by the largest *possible* cell, or all could vanish
                table = np.zeros(potentials[index].shape)
                for each in hosted:
                    table += spread(each.fine(each.theta), each.scope, clique)
                alive = potentials[index] > 0
                largest = float(table[alive].max()) if alive.any() else 0.0
                potentials[index] *= np.exp(np.where(alive, np.maximum(table - largest, FAINT), 0.0))
                scale += largest
        return potentials, scale

    def fit(self, sweeps: int, tolerance: float = TOLERANCE, gap: float = 0.0) -> float:
        """Sweep until a stated criterion is met (see the module), or `sweeps` times.

        Returns:
            The largest move of a block in the last sweep, in L1.
        """
        moved = 0.0
        smooth = not any(e.conditional for e in self.evidence)
        path = [self._factors()]
        for left in range(sweeps - 1, -1, -1):
            moved = self._sweep(tolerance)
            if moved <= tolerance:
                break
            path.append(self._factors())
            if len(path) == KEPT and left and smooth:
                settle(self.beliefs)
                if self.lack() <= gap:
                    return moved
                self._leap(path)
                path = [self._factors()]
        settle(self.beliefs)
        return moved

    def lack(self) -> float:
        """Return a bound on how far settled beliefs are from the optimum [nats]: the duality gap.

        Exact marginals have no penalty: the square of the largest miss in L1 stands for theirs.
        """
        total = missed = 0.0
        for each in self.evidence:
            if each.idle or each.conditional:
                continue
            off = self.current(each) - each.target
            if each.exact:
                missed = max(missed, float(np.abs(off).sum()))
            else:
                tau = each.tau * each.relief
                total += float(((off + tau * each.theta) ** 2 / (2 * tau)).sum())
        return max(total, missed**2)

    def _factors(self) -> Table:
        return np.concatenate([e.theta.ravel() for e in self.evidence] or [np.zeros(0)])

    def _leap(self, path: list[Table]) -> None:
        """Move the factors to where `path` leads, if the dual objective is lower there."""
        tree = self.beliefs.tree
        before = self._dual(self._potentials(tree))
        self._put(ahead(path))
        found = self._potentials(tree)
        if self._dual(found) >= before:
            self._put(path[-1])
            return
        self.beliefs = calibrate(tree, found[0])
        self._pending = [0.0] * len(tree.cliques)
        for each in self.evidence:
            each.moved = 1.0

    def _put(self, factors: Table) -> None:
        at = 0
        for each in self.evidence:
            each.theta = factors[at : at + each.theta.size].reshape(each.theta.shape)
            at += each.theta.size

    def _dual(self, potentials: tuple[list[Table], float]) -> float:
        """Return the dual objective of the factors, given their products."""
        value = collect(self.beliefs.tree, potentials[0])[2] + potentials[1]
        for each in self.evidence:
            if not each.idle:
                tau = each.tau * each.relief
                value -= float((each.theta * each.target).sum() - (tau * each.theta**2).sum() / 2)
        return value

    def fasten(self, tolerance: float = 1e-12, sweeps: int = 400) -> float:
        """Step the exact published conditionals alone until each holds to `tolerance` in L1.

        Returns:
            The largest move of the last sweep.
        """
        fixed = [e for e in self.evidence if e.conditional and e.exact]
        if not fixed:
            return 0.0
        settle(self.beliefs)
        moved = 0.0
        for _ in range(sweeps):
            moved = 0.0
            for each in fixed:
                index = _host(self.beliefs.tree, each.scope)
                clique, table = self.beliefs.tree.cliques[index], self.beliefs.tables[index]
                change = each.fine(each.step(each.coarse(collapse(table, clique, each.scope))))
                table *= spread(np.ascontiguousarray(change), each.scope, clique)
                settle(self.beliefs)
                moved = max(moved, each.moved)
            if moved <= tolerance:
                break
        return moved

    def objective(self) -> float:
        """Return entropy(p) minus the penalties, for tests: exact from the calibrated tables."""
        value = 0.0
        for index, table in enumerate(self.beliefs.tables):
            value += _entropy(table)
            if self.beliefs.tree.parents[index] >= 0:
                value -= _entropy(self.beliefs.separators[index])
        for each in self.evidence:
            if not each.exact and not each.idle and not each.conditional:
                value -= float(((self.current(each) - each.target) ** 2 / (2 * each.tau)).sum())
        return value

    def current(self, each: Evidence) -> Table:
        """Return the model's marginal for a piece of evidence, over its groups."""
        tree = self.beliefs.tree
        host = _host(tree, each.scope)
        return each.coarse(collapse(self.beliefs.tables[host], tree.cliques[host], each.scope))

    def _sweep(self, tolerance: float) -> float:
        """Walk the tree depth first, stepping each block; skip subtrees where nothing has moved."""
        tree = self.beliefs.tree
        quiet = tolerance / 10
        dirty = [
            pending > quiet or any(e.moved > tolerance for e in hosted)
            for pending, hosted in zip(self._pending, self._hosted)
        ]
        for index in range(len(dirty) - 1, -1, -1):
            if dirty[index] and tree.parents[index] >= 0:
                dirty[tree.parents[index]] = True
        moved = 0.0
        stack = [(index, False) for index, parent in enumerate(tree.parents) if parent < 0 and dirty[index]]
        while stack:
            index, done = stack.pop()
            parent = tree.parents[index]
            if done:
                self._pending[parent] += send(self.beliefs, index, up=True)
                continue
            if parent >= 0:
                if not dirty[index] and self._waiting(index) <= quiet:
                    continue
                self._pending[index] += send(self.beliefs, index, up=False)
                stack.append((index, True))
            if self._pending[index] > quiet or any(e.moved > tolerance for e in self._hosted[index]):
                self._pending[index] = 0.0
                moved = max(moved, self._visit(index))
            stack.extend((child, False) for child in tree.children[index])
        return moved

    def _waiting(self, index: int) -> float:
        """Return how far the parent's view of a separator has moved since it was last passed down."""
        tree = self.beliefs.tree
        parent = tree.parents[index]
        now = collapse(self.beliefs.tables[parent], tree.cliques[parent], tree.separators[index])
        return float(np.abs(now - self.beliefs.separators[index]).sum())

    def _visit(self, index: int) -> float:
        clique = self.beliefs.tree.cliques[index]
        table = self.beliefs.tables[index]
        moved = 0.0
        for each in self._hosted[index]:
            old = each.coarse(collapse(table, clique, each.scope))
            change = each.fine(each.step(old))
            table *= spread(np.ascontiguousarray(change), each.scope, clique)
            moved = max(moved, each.moved)
        return moved


def _host(tree: JunctionTree, scope: Scope) -> int:
    host = tree.host(scope)
    if host is None:
        raise ValueError("the tree does not cover every scope")
    return host


def _entropy(table: Table) -> float:
    positive = table[table > 0]
    return -float((positive * np.log(positive)).sum())


def shape_of(sizes: Sequence[int], groups: Groups, scope: Scope) -> tuple[int, ...]:
    """Return the shape of a table over groups of the levels of `scope`."""
    return tuple(sizes[a] if g is None else int(g.max()) + 1 for a, g in zip(scope, groups))
