"""The marginal engine: one-ways, levels, a tree of pairs, then rounds of one pair each.

Source: ours; PRIVACY 6 of the design. Its relatives: McKenna et al. 2021 (MST, arXiv:2108.04978),
McKenna et al. 2022 (AIM, arXiv:2201.12677), Zhang et al. 2017 (PrivBayes, TODS 42).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf, prod, sqrt

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.base import Oracle, Workload
from synthspec.generators.budget import Purse, shared
from synthspec.generators.coding import Coding
from synthspec.generators.conditionals import PLIANT, gap_told, joints, published, settled, spoken_of
from synthspec.generators.oneways import OneWays
from synthspec.generators.pgm.calibrate import Beliefs
from synthspec.generators.pgm.estimate import Estimator, Evidence, coarsen, shape_of
from synthspec.generators.pgm.factor import Scope
from synthspec.generators.pooling import margins
from synthspec.generators.product_model import kept_open, ordered
from synthspec.generators.recipe import RECIPE, Recipe
from synthspec.generators.scoring import Pair, Scores
from synthspec.generators.size import MOST_STAGES, WIDE, in_time
from synthspec.generators.structure import Structure, joined, scope_of
from synthspec.terms.query import Gap, Marginal

Array = NDArray[np.float64]

DECLARED = 0.3
"""At least this share is left for declared edges, at budgets at which no other pair would be bought."""


@dataclass(eq=False)
class Measured:
    """Repeated measurements of one scope on the same groups, pooled by precision."""

    evidence: Evidence
    weighted: Array
    precision: float = 0.0


class Engine:
    """One fit: holds what was answered so far; every choice is a function of that and of the spec."""

    def __init__(
        self,
        oracle: Oracle,
        workload: Workload,
        purse: Purse,
        max_cells: int,
        rng: np.random.Generator,
        recipe: Recipe = RECIPE,
    ) -> None:
        self.oracle = oracle
        self.workload = workload
        self.purse = purse
        self.max_cells = max_cells
        self.most = min(max_cells, in_time(recipe.seconds, recipe.sweeps, recipe.last_sweeps))
        self.recipe = recipe
        self.ones = OneWays(oracle, workload, purse, recipe)
        self.structure = Structure(oracle.domain, workload, rng)
        self.total = 1.0
        self.picks = 0.0
        self.pairs = False
        self.only_declared = False
        self.raked: frozenset[int] = frozenset()
        self._measured: dict[tuple[Scope, tuple[int, ...]], Measured] = {}

    def run(self) -> tuple[Coding, Beliefs]:
        """Spend the purse and return the fitted model."""
        self.pairs = self.start()
        self.code()
        self.scores = Scores(self.coding, self.workload, self.total, self.recipe)
        if self.pairs:
            self.tree_round()
            self.rounds()
        self.ones.measure(self.purse.left)
        return self.finish()

    def start(self) -> bool:
        """Buy the one-ways; return whether pairs are worth buying at all."""
        domain, purse = self.oracle.domain, self.purse
        self.ones.measure(purse.part(self.recipe.floor))
        self.total = self.ones.total()
        counts = self.ones.fitted(self.total)
        error = self.ones.error(counts, self.total, purse.total)
        share = min(max(2.56 * error**0.433, self.recipe.least), 1.0)
        self.picks = min(max(0.034 * max(error, 1e-9) ** -0.7, 0.5), 2.0)
        if share > self.recipe.give_up or len(domain.attributes) < 2 or not self.structure.pairs:
            share = 1.0
        if self.declared():  # measured whatever they cost: they are wanted, not found
            self.only_declared = share >= 1.0
            share = min(share, 1.0 - DECLARED)
        top = min(purse.left, int(share * purse.total) - (purse.total - purse.left))
        self.ones.measure(purse.left if share >= 1.0 else max(top, 0))
        self.total = self.ones.total()
        return bool(share < 1.0)

    def code(self) -> None:
        """Choose levels from the noisy one-ways, and start the estimator on them."""
        domain = self.oracle.domain
        counts = self.ones.fitted(self.total)
        self.coding = Coding(domain, self.workload, counts)
        equal = self.purse.deviation(self.purse.left / (2 * len(domain.attributes)))
        bins = sqrt(self.total / equal) if equal < inf else 1.0
        floor = self.total / (2 * max(bins, 1.0))
        if equal < inf or any(size > 128 for size in domain.sizes):
            deviations = {a: min(self.ones.deviation(a), self.total) for a in domain.attributes}
            wanted = floor if equal < inf else 0.0
            keen = float(self.recipe.merging)
            standout = self.recipe.standout
            self.coding.merge({a: keen * max(wanted, standout * deviations[a]) for a in domain.attributes})
        self.structure.sizes = self.coding.sizes
        self.estimator = Estimator(self.coding.sizes)
        self._pin_ones()
        self._add_public()
        self.replant(self.recipe.sweeps)

    def _pin_ones(self) -> None:
        """Put the one-ways first among the evidence, or refresh them."""
        for index, name in enumerate(self.oracle.domain.attributes):
            shares = self.coding.masses(index) / self.total
            if self.ones.known(name) or not self.pairs or index in self.raked:
                tau = np.zeros(())
                shares = kept_open(shares) if name in self.workload.given else shares
            else:
                many = np.bincount(self.coding.levels[index])
                spread = min(self.ones.deviation(name), 10 * self.total)
                tau = self.recipe.kappa[0] * spread * np.sqrt(many) / self.total
            if len(self.estimator.evidence) <= index:
                self.estimator.add([Evidence((index,), (None,), shares, tau)])
            evidence = self.estimator.evidence[index]
            evidence.idle = name in settled(self.workload)
            if name in spoken_of(self.workload) and not evidence.idle:
                # a fixed table speaks of the rows with a value: only how many lack one is fitted
                gap = (np.arange(len(shares)) == len(shares) - 1).astype(np.int64)
                shares, tau = coarsen(shares, (gap,), (2,)), np.full((), np.max(tau))
                evidence = self.estimator.evidence[index] = Evidence((index,), (gap,), shares, tau)
            if name in gap_told(self.workload):
                tau = np.maximum(tau, PLIANT)
            evidence.target, evidence.tau, evidence.moved = shares, tau, 1.0
            evidence.exact = not bool(np.any(tau > 0))

    def _add_public(self) -> None:
        """Add published tables, then zeros and known marginals where the model can hold them."""
        domain = self.oracle.domain
        coding, kappa = self.coding, self.recipe.kappa[1]
        tables = published(domain, self.workload, coding.levels, coding.counts, rows=self.total, kappa=kappa)
        for each in tables:
            self.structure.take(each.scope)
            self.estimator.add([each])
        for scope, _ in self.declared():  # planned for: zeros come after them
            if self._fits(scope):
                self.structure.take(scope)
        for clique, mask in self.workload.zeros:
            scope, order = ordered(domain, clique)
            if self._fits(scope):
                allowed = np.transpose(~np.asarray(mask, dtype=bool), order).astype(np.float64)
                possible = self.coding.coarsen(scope, allowed) > 0
                self.structure.take(scope)
                self.estimator.masks.append((scope, possible))
        for clique, shares in self.workload.known:
            scope, order = ordered(domain, clique)
            if len(scope) > 1 and self._fits(scope):
                target = self.coding.coarsen(scope, np.transpose(np.asarray(shares, dtype=float), order))
                self.structure.take(scope)
                none = tuple(None for _ in scope)
                self.estimator.add([Evidence(scope, none, target / target.sum(), np.zeros(()))])

    def _fits(self, scope: Scope) -> bool:
        if prod(self.structure.sizes[a] for a in scope) > self.max_cells:
            return False
        return self.structure.tree([scope]).cells <= self.max_cells

    def replant(self, sweeps: int) -> None:
        """Build the tree of the scopes taken and fit."""
        self.estimator.plant(self.structure.tree())
        self.estimator.fit(sweeps, gap=self.recipe.gap)

    @property
    def cap(self) -> float:
        """How many cells the model may have by now with pairs that were selected."""
        return self.most * (self.recipe.start_cap + (1 - self.recipe.start_cap) * self.purse.spent())

    def tree_round(self) -> None:
        """Declared edges and parents of tables, and a forest by selection; all measured at once."""
        domain = self.oracle.domain
        wide = len(domain.attributes) > WIDE
        budget = self.purse.left if wide else self.purse.part(self.recipe.tree_share / (1 + self.picks))
        declared = [edge for edge in self.declared() if self._fits(edge[0])]
        count = len(domain.attributes)
        missing = (len(set(joined(self.structure.scopes, count))) - 1) * self.recipe.tree
        missing *= not self.only_declared
        choice = int(self.recipe.selection * budget) // missing if missing else 0
        wanted = len(declared) + missing
        if not wanted or budget <= 0:
            return
        stddev = self.purse.deviation((budget - choice * missing) / wanted)
        picked = self._span(missing, choice, stddev) if choice else []
        # Where fewer stood out, their shares are left for the rounds and the one-ways.
        rest = budget - choice * missing
        scopes = [*(scope for scope, _ in declared), *picked]
        self.measure(scopes, rest * len(scopes) // wanted, dict(enumerate(gaps for _, gaps in declared)))
        self.replant(self.recipe.sweeps)

    def declared(self) -> list[tuple[Scope, frozenset[int]]]:
        """Return the declared edges, each with the attributes that count as present or missing only."""
        domain = self.oracle.domain
        joint = [parents for parents in joints(self.workload) if not self.workload.given.issuperset(parents)]
        found = [(edge, frozenset[str]()) for edge in (*self.workload.edges, *joint)]
        found += list(self.workload.missing_edges)
        scopes = ((scope_of(domain, edge), frozenset(scope_of(domain, gaps))) for edge, gaps in found)
        return list(dict.fromkeys(each for each in scopes if len(each[0]) > 1))

    def _span(self, most: int, choice: int, stddev: float) -> list[Scope]:
        """Select up to `most` pairs that join components, each for `choice`."""
        count, sizes = len(self.oracle.domain.attributes), self.structure.sizes
        room = self.most - self.structure.tree().cells
        pool = set(self._telling(self.structure.pairs))
        gaps = self._scored(pool, choice, stddev)
        picked: list[Scope] = []
        for _ in range(most):
            part = joined(self.structure.scopes, count)
            open_pairs = [p for p in gaps if part[p[0]] != part[p[1]] and self.structure.allows(p)]
            open_pairs = [(a, b) for a, b in open_pairs if sizes[a] * sizes[b] <= room]
            chosen = self._select([(p, gaps[p]) for p in open_pairs], choice)
            if chosen is None:
                break
            picked.append(chosen)
            room -= prod(sizes[a] for a in chosen)
            self.structure.choose(chosen)
        return picked

    def rounds(self) -> None:
        """Spend the rest in equal rounds: score all pairs, select, measure, fit."""
        count = len(self.oracle.domain.attributes)
        if count > WIDE or self.only_declared:
            return
        left = max(round(self.picks * count), 1)
        bundle = -(-left // MOST_STAGES)
        while left > 0 and self.purse.left > 0:
            now = min(bundle, left)
            budget = self.purse.left if now == left else self.purse.part(now / left)
            choice = int(self.recipe.selection * budget) // now
            stddev = self.purse.deviation((budget - now * choice) / now)
            picked = self._stage(now, choice, stddev)
            if picked is None or not choice:
                return
            if len(picked) < now:
                # Nothing stood out of this round's noise: halve the number of rounds, so that the
                # next ones see more sharply. The last "none" leaves the rest to the one-ways.
                if not picked and (left == 1 or not self.recipe.halving):
                    return
                left = max((left - len(picked)) // 2, 1)
                bundle = -(-left // MOST_STAGES)
            else:
                left -= now
            if picked:
                rest = budget - now * choice
                share = rest * len(picked) // now
                self.measure(picked, min(self.purse.left, share) if left else self.purse.left)
                self.replant(self.recipe.sweeps)

    def _stage(self, most: int, choice: int, stddev: float) -> list[Scope] | None:
        """Select up to `most` scopes from one scoring; None when none fits the cap."""
        tree = self.estimator.beliefs.tree
        pool: set[Scope] = set(
            self.structure.feasible(tree, self._telling(self.structure.candidates()), self.cap)
        )
        if self.recipe.triples:
            pool.update(t for clique in tree.cliques for t in combinations(clique, 3))
        if not pool:
            return None
        gaps = self._scored(pool, choice, stddev)
        picked: list[Scope] = []
        for _ in range(most):
            chosen = self._select([(p, gap) for p, gap in gaps.items() if self.structure.allows(p)], choice)
            if chosen is None:
                break
            del gaps[chosen]
            if self.structure.tree([chosen]).cells <= self.most:
                picked.append(chosen)
                self.structure.choose(chosen)
        return picked

    def _scored(self, pool: Collection[Scope], choice: int, stddev: float) -> dict[Scope, Gap]:
        """Return the gaps of `pool`, less what the price of a pair would gain among the one-ways."""
        count = len(self.oracle.domain.attributes)
        counts = dict(zip(self.oracle.domain.attributes, self.coding.counts))
        price = int((self.purse.reach / stddev) ** 2 * 1e15) + choice
        shown = self.ones.exchange(counts, self.total)
        reached = shown * (count - 1) / (1 + self.recipe.spread * (count - 2))
        gaps = self.scores.update(
            self.estimator.beliefs,
            pool,
            stddev=stddev,
            scatter=self.purse.scatter(choice),
            toll=reached * self.ones.gain(counts, price),
        )
        return dict(gaps)

    def _telling(self, pairs: Sequence[Pair]) -> list[Pair]:
        """Return the pairs whose attributes have several levels each and whose table is not public."""
        sizes = self.coding.sizes
        told = [e for e in self.estimator.evidence if e.exact and not e.partial]
        public = {pair for e in told for pair in combinations(e.scope, 2)}
        return [(a, b) for a, b in pairs if sizes[a] > 1 and sizes[b] > 1 and (a, b) not in public]

    def _select(self, candidates: Sequence[tuple[Scope, Gap]], amount: int) -> Scope | None:
        if not candidates or not 0 < amount <= self.purse.left:
            return None
        select = self.oracle.select_or_none if self.recipe.none else self.oracle.select
        index = select([gap for _, gap in candidates], self.purse.take(amount))
        return None if index is None else candidates[index][0]

    def measure(
        self, scopes: Sequence[Scope], amount: int, gaps: Mapping[int, frozenset[int]] | None = None
    ) -> None:
        """Measure `scopes` at once for `amount` in all, and add the answers to the evidence.

        `gaps` names, by place in `scopes`, attributes that count as present or missing only.
        """
        if not scopes or amount < len(scopes):
            return
        parts = shared(amount, [self.scores.weight(scope) for scope in scopes])
        asked, groupings = [], []
        for i, scope in enumerate(scopes):
            cells = self.total / self.purse.deviation(parts[i])
            groups = self.coding.groups(scope, cells, (gaps or {}).get(i, frozenset()))
            groupings.append(groups)
            axes = tuple(self.coding.axis(a, g) for a, g in zip(scope, groups))
            asked.append((Marginal(axes=axes), self.purse.take(parts[i])))
        answers = self.oracle.measure(asked)
        for at, (scope, groups, answer) in enumerate(zip(scopes, groupings, answers)):
            shape = shape_of(self.coding.sizes, groups, scope)
            precision = 1.0 / max(answer.stddev, 1e-9) ** 2
            values = np.asarray(answer.values, dtype=np.float64).reshape(shape)
            key = (scope, (*shape, -1) if gaps and gaps.get(at) else shape)
            if key not in self._measured:
                evidence = Evidence(scope, groups, np.zeros(shape), np.ones(()))
                self._measured[key] = Measured(evidence, np.zeros(shape))
                self.estimator.add([evidence])
            held = self._measured[key]
            held.weighted = held.weighted + precision * values
            held.precision += precision
            kappa = self.recipe.kappa[min(len(scope), len(self.recipe.kappa)) - 1]
            held.evidence.target = self._consistent(
                held.evidence, held.weighted / held.precision / self.total
            )
            held.evidence.tau = np.full((), kappa * held.precision**-0.5 / self.total)
            held.evidence.moved = 1.0

    def _consistent(self, evidence: Evidence, shares: Array) -> Array:
        """Return `shares` moved the least (in L2) to agree with the exact one-ways on their axes.

        Otherwise the noise and the exact table pull against each other, and the fit crawls.
        """
        for axis, (index, group) in enumerate(zip(evidence.scope, evidence.groups)):
            if index not in self.raked and not self.ones.known(self.oracle.domain.attributes[index]):
                continue
            public = coarsen(self.coding.masses(index) / self.total, (group,), (shares.shape[axis],))
            others = tuple(i for i in range(shares.ndim) if i != axis)
            lack = (public - shares.sum(axis=others)) * (shares.shape[axis] / shares.size)
            shares = shares + np.expand_dims(lack, others)
        return shares

    def finish(self) -> tuple[Coding, Beliefs]:
        """Refresh the one-ways with all that was bought, and fit to the end."""
        held = self._measured.values()
        counts = self.ones.fitted(self.total, margins(self.coding, held) if self.recipe.pooling else None)
        self.coding.counts = [counts[a] for a in self.oracle.domain.attributes]
        self.raked = self._rakeable()
        self._pin_ones()
        for each in held:
            shares = each.weighted / each.precision / self.total
            each.evidence.target = self._consistent(each.evidence, shares)
        self.replant(self.recipe.last_sweeps)
        self.estimator.fasten()
        return self.coding, self.estimator.beliefs

    def _rakeable(self) -> frozenset[int]:
        """Return the attributes whose one-way the model can surely meet, whatever the noise made of it.

        Zeros and published tables tie the one-ways of several attributes together: noise breaks such
        ties, and those stay soft.
        """
        if not self.recipe.rake:
            return frozenset()
        tied = [scope for scope, _ in self.estimator.masks if len(scope) > 1]
        tied += [each.scope for each in self.estimator.evidence if each.conditional]
        return frozenset(range(len(self.oracle.domain.attributes))).difference(*tied)
