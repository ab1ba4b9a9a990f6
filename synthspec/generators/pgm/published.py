"""Published conditionals in the fit: P(child | parents) as a public table, exact or worth n draws.

A step gives the family the marginal `m(parents) * table` and leaves the parents' marginal as it is:
the projection that does not let the child's table speak about its parents, as in a Bayesian network.
For every distribution r that meets the table, KL(r || model) falls by what the model's conditional
lacks, so that cycles of these steps and of the others approach a model that meets them all.

With n draws the table is a further measurement of the family: its cell variance is that of a share
among n rows drawn from the table. It counts against the measured one by the two variances, and the
measured one is itself a share among so many rows, beside its noise: without noise the two meet at
(N data + n table) / (N + n), as they would for a table of pseudo-counts.

Source: Csiszar & Tusnady 1984 (alternating minimisation); Heckerman, Geiger & Chickering 1995
(tables as equivalent samples); the combination is ours (PRIVACY 7 of the design).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np

from synthspec.generators.pgm.estimate import FLOOR, Evidence, coarsen
from synthspec.generators.pgm.factor import Table, collapse, ratio


@dataclass(eq=False)
class Published(Evidence):
    """Evidence on a family; `target` holds the table, shape = the levels of the scope.

    Attributes:
        axis: the child's place in the scope.
        free: the child's last level means "missing", of which the table does not speak.
        gap: the table speaks of nothing else; what it has for other levels only sums to the rest.
        draws: how many draws the table is worth; infinite when it is exact.
        rows: how many draws the measured tables are worth, their noise aside; infinite: noise only.
        kappa: see `Recipe.kappa`.
        partners: noisy measurements of the child: made to agree with an exact table, or, within the
            family, pooled with one worth n draws.
        beside: those that go beyond the family: with a table worth n draws, their child is pooled.
    """

    axis: int = 0
    free: bool = False
    gap: bool = False
    draws: float = inf
    rows: float = inf
    kappa: float = 0.15
    partners: list[Evidence] = field(default_factory=list)
    beside: list[Evidence] = field(default_factory=list)
    table: Table = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.table = self.target
        self.exact = self.draws == inf

    @property
    def conditional(self) -> bool:
        """See `Evidence.conditional`."""
        return True

    @property
    def partial(self) -> bool:
        """See `Evidence.partial`."""
        return self.gap

    def step(self, old: Table) -> Table:
        """See `Evidence.step`."""
        if self.idle:
            return super().step(old)
        met = self._met(old)
        if not self.exact:
            alone = self._pull(met, old)
            if not alone:
                self.moved = 0.0
                return np.ones_like(old)
            self.target = met
            return super().step(old)
        for partner in self.partners:
            partner.pulled = self._agreeing(partner, met)
        change = ratio(met, old)
        self.theta = self.theta + np.log(change, out=np.zeros_like(change), where=change > 0)
        self.moved = float(np.abs(met - old).sum())
        return change

    def _met(self, old: Table) -> Table:
        """Return `old` with the table as its conditional; possible cells share what impossible ones lack."""
        if self.gap:
            return self._lacking(old)
        table = np.where(old > 0, self.table, 0.0)
        held = table.sum(axis=self.axis, keepdims=True)
        spoken = np.array(old)
        if self.free:
            spoken[self._last(old.ndim)] = 0.0
        mass = spoken.sum(axis=self.axis, keepdims=True)
        met = np.where(held > 0, mass * ratio(table, np.broadcast_to(held, table.shape)), spoken)
        if self.free:
            met[self._last(old.ndim)] = old[self._last(old.ndim)]
        return met

    def _lacking(self, old: Table) -> Table:
        """Return `old` with the table's share of missing children, their values as they were.

        Where rows or zeros leave only one of the two, it stays.
        """
        last = self._last(old.ndim)
        mass = old.sum(axis=self.axis)
        lost, share = old[last], np.take(self.table, -1, axis=self.axis)
        have = mass - lost
        both = (lost > 0) & (have > 1e-12 * mass)
        scale = np.where(both, ratio(mass * (1.0 - share), have), 1.0)
        met: Table = old * np.expand_dims(scale, self.axis)
        met[last] = np.where(both, mass * share, lost)
        return met

    def _last(self, many: int) -> tuple[slice | int, ...]:
        return tuple(-1 if axis == self.axis else slice(None) for axis in range(many))

    def _pull(self, met: Table, old: Table) -> bool:
        """Pool the partners with the table, cell by cell; return whether its own step is still needed.

        A partner y of variance v becomes (y / v + m / u) / (1 / v + 1 / u), with m the table's share and
        u that of a share among so many draws, and is held by the pooled deviation. v is the noise and
        that of a share among the rows that were counted. All then say the same, and the fit does not
        crawl between them.
        """
        variance, sampled = self._variances(met, old)
        self.tau = np.clip(self.kappa * np.sqrt(variance), 1e-9, 1e6)
        alone, moved = True, 0.0
        for partner in self.partners:
            noise = (np.maximum(partner.tau, 1e-12) / self.kappa) ** 2
            stated = partner.coarse(collapse(met, self.scope, partner.scope))
            spread = partner.coarse(collapse(variance, self.scope, partner.scope))
            own = noise + partner.coarse(collapse(sampled, self.scope, partner.scope))
            weight = own / (own + spread)
            partner.pulled = partner.target + weight * (stated - partner.target)
            if self.gap:
                partner.pulled = self._complemented(partner, met, weight)
            partner.relief = np.maximum(
                np.sqrt(spread / (noise + spread)), 1e-9 / np.maximum(partner.tau, 1e-12)
            )
            alone = alone and (partner.scope != self.scope or partner.grouped)
            moved = max(moved, float(np.abs(partner.pulled - partner.target).sum()))
        for partner in self.beside:
            self._pool_child(partner, met, variance, sampled)
            held = np.maximum(partner.tau, 1e-12)
            partner.relief = np.hypot(1.0, self.kappa * moved / partner.target.size / held)
        return alone

    def _variances(self, met: Table, old: Table) -> tuple[Table, Table]:
        """Return per cell the variance of the table's share, and that of a measured share, noise aside.

        Both are of the share that rows and table come to together: a table that says "never" is not sure
        beyond its draws. Of cells that the table does not speak of, the first is beyond all bounds.
        """
        mass = met.sum(axis=self.axis, keepdims=True)
        if self.rows < inf:
            met = met + self.rows / (self.rows + self.draws) * (old - met)
        share = (self.draws * ratio(met, np.broadcast_to(mass, met.shape)) + 0.5) / (self.draws + 1.0)
        draw = mass * share * (1.0 - share)
        variance = np.maximum(draw / max(self.draws, 1e-12), FLOOR)
        last = self._last(met.ndim)
        if self.free:
            variance[last] = 1e12
        elif self.gap:
            told = variance[last].copy()
            variance[...] = 1e12
            variance[last] = told
        return variance, draw / self.rows

    def _pool_child(self, partner: Evidence, met: Table, variance: Table, sampled: Table) -> None:
        """Pool what `partner` says of the child alone; how the child goes with others stays.

        It tells the child's shares as the family does, and is held the looser the further the table
        moves the family: it tells of the data alone, and the two would pull without end.
        """
        child = self.scope[self.axis]
        axis = partner.scope.index(child)
        others = tuple(i for i in range(partner.target.ndim) if i != axis)
        noise = (np.maximum(partner.tau, 1e-12) / self.kappa) ** 2
        label = partner.groups[axis]
        many = partner.target.shape[axis]

        def of_child(table: Table) -> Table:
            return coarsen(collapse(table, self.scope, (child,)), (label,), (many,))

        own = np.broadcast_to(noise, partner.target.shape).sum(axis=others) + of_child(sampled)
        weight = own / (own + of_child(variance))
        if self.gap:
            partner.pulled = self._complemented(partner, met, np.asarray(weight[-1]))
            return
        now = partner.target.sum(axis=others)
        partner.pulled = _scaled(partner.target, others, now, now + weight * (of_child(met) - now))

    def _agreeing(self, partner: Evidence, met: Table) -> Table:
        """Return the target of `partner` with the share of each child's value that the table implies.

        A fixed table decides the child: what a noisy table with the child in it tells is how the
        others go with it. Its values are scaled to agree; otherwise the two would pull without end.
        """
        child = self.scope[self.axis]
        if self.gap:
            return self._complemented(partner, met, np.ones(()))
        if set(partner.scope) <= set(self.scope) and not self.free:
            return partner.coarse(collapse(met, self.scope, partner.scope))
        axis = partner.scope.index(child)
        others = tuple(i for i in range(partner.target.ndim) if i != axis)
        now = partner.target.sum(axis=others)
        group, stated = partner.groups[axis], collapse(met, self.scope, (child,))
        label = np.arange(len(stated)) if group is None else group
        wanted: Table = np.bincount(label, weights=stated, minlength=len(now)).astype(np.float64)
        if self.free:
            if int((label == label[-1]).sum()) > 1:
                return partner.target
            spoken = np.arange(len(now)) != label[-1]
            mass = max(float(wanted[spoken].sum()), FLOOR)
            wanted = np.where(spoken, wanted / mass * now[spoken].sum(), now)
        return _scaled(partner.target, others, now, wanted)

    def _complemented(self, partner: Evidence, met: Table, weight: Table) -> Table:
        """Return the target of `partner` with the table's share of missing children, by `weight`.

        Rows with a value make up the rest, and go with the other attributes as they did. What the
        partner says of the parents alone stays.
        """
        child = self.scope[self.axis]
        axis = partner.scope.index(child)
        group = partner.groups[axis]
        if group is not None and int((group == group[-1]).sum()) > 1:
            return partner.target
        last = tuple(slice(-1, None) if i == axis else slice(None) for i in range(partner.target.ndim))
        shared = tuple(attribute for attribute in partner.scope if attribute in self.scope)
        others = tuple(i for i, attribute in enumerate(partner.scope) if attribute not in self.scope)
        groups = tuple(g for g, a in zip(partner.groups, partner.scope, strict=True) if a in self.scope)
        shape = [n for n, a in zip(partner.target.shape, partner.scope, strict=True) if a in self.scope]
        stated = np.expand_dims(coarsen(collapse(met, self.scope, shared), groups, shape), others)
        now = np.maximum(partner.target, 0.0)
        mass = now.sum(axis=(axis, *others), keepdims=True)
        lost = now[last].sum(axis=others, keepdims=True)
        share = ratio(stated[last], stated.sum(axis=axis, keepdims=True))
        kept = weight[last] if weight.ndim else weight
        wanted = lost + kept * (mass * share - lost)
        even = wanted / float(np.prod([partner.target.shape[i] for i in others] or [1]))
        out: Table = now * ratio(mass - wanted, np.maximum(mass - lost, FLOOR))
        out[last] = np.where(lost > FLOOR, now[last] * ratio(wanted, np.maximum(lost, FLOOR)), even)
        return out

    def join(self, evidence: Sequence[Evidence]) -> None:
        """Find the noisy measurements of the child; with a table worth n draws, those in its family."""
        child = self.scope[self.axis]
        found = [
            each
            for each in evidence
            if child in each.scope and not (each.exact or each.idle or each.conditional)
        ]
        inside = [each for each in found if self.exact or set(each.scope) <= set(self.scope)]
        self.partners = inside
        self.beside = [each for each in found if each not in inside and self.rows < inf]


def _scaled(target: Table, others: tuple[int, ...], now: Table, wanted: Table) -> Table:
    """Return `target` with the sums over `others`, now `now`, as `wanted`.

    Where it saw hardly any of a value, it cannot say how that goes with the others: evenly, then.
    """
    scale = ratio(wanted, np.maximum(now, 0.0))
    fair = (scale > 0) & (scale < 20.0)
    even = wanted * (len(now) / target.size)
    shares: Table = np.where(
        np.expand_dims(fair, others), target * np.expand_dims(scale, others), np.expand_dims(even, others)
    )
    return shares
