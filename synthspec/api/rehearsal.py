"""Rehearsal: an oracle over public rows, with the noise that private rows would get.

For trying a fit before it is paid for: the rows were drawn from a release, or are declared public, so
that answers cost nothing. The ledger is a throw-away one that holds what the plan would spend.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import final

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.base import Learner
from synthspec.mechanisms import Exponential, RoundedGaussian, SubsampledGaussian
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SystemNoise
from synthspec.privacy.ledger import Ledger
from synthspec.privacy.noisy import Noisy
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from synthspec.terms.query import Axis, Gap, Marginal


@final
class Rehearsal:
    """Answers from codes of public rows; implements `generators.base.Oracle`."""

    def __init__(
        self,
        domain: Domain,
        codes: Mapping[str, NDArray[np.int64]],
        protection: Protection,
        cap: Cost,
        device: str = "cpu",
    ) -> None:
        self.domain = domain
        self.protection = protection
        self.device = device
        self._codes = {name: codes[name] for name in domain.attributes}
        self._ledger = Ledger(cap, purpose="rehearsal")
        self._noise = SystemNoise()

    @property
    def left(self) -> Cost:
        """See `Oracle.left`."""
        return self._ledger.left

    def measure(self, purchases: Sequence[tuple[Marginal, Cost]]) -> tuple[Noisy, ...]:
        """See `Oracle.measure`."""
        found = []
        for query, cost in purchases:
            mechanism = RoundedGaussian.costing(cost)
            receipt = self._ledger.charge(mechanism)
            sensitivity = query.sensitivity(self.protection)
            values = mechanism.release(self._count(query.axes), sensitivity, self._noise)
            stddev = float(np.sqrt(mechanism.stddev(sensitivity) ** 2 + 1 / 12))
            found.append(Noisy(query.digest(), values, stddev, receipt))
        return tuple(found)

    def select(self, candidates: Sequence[Gap], cost: Cost) -> int:
        """See `Oracle.select`."""
        return self._chosen(candidates, cost, none=False)

    def select_or_none(self, candidates: Sequence[Gap], cost: Cost) -> int | None:
        """See `Oracle.select_or_none`."""
        found = self._chosen(candidates, cost, none=True)
        return None if found == len(candidates) else found

    def gradient(
        self, learner: Learner, *, rate: Fraction, steps: int, clip: float, expected: float, cost: Cost
    ) -> None:
        """See `Oracle.gradient`; every row is a unit."""
        from synthspec.run.batches import Units
        from synthspec.run.ranks import Alone
        from synthspec.run.steps import Stepper

        neighbours = self.protection.neighbours
        made = SubsampledGaussian.costing(cost, rate=rate, steps=steps, neighbours=neighbours)
        self._ledger.charge(made)
        rows = np.stack([self._codes[a] for a in self.domain.attributes], 1).astype(np.uint64)
        units = Units(rows, np.arange(len(rows) + 1, dtype=np.int64))
        Stepper(learner, units, clip, expected, Alone()).run(steps, made, self._noise)

    def _chosen(self, candidates: Sequence[Gap], cost: Cost, *, none: bool) -> int:
        mechanism = Exponential.costing(cost)
        self._ledger.charge(mechanism)
        scores = [
            each.weight * (int(np.abs(self._count(each.axes) * each.grid - each.table).sum()) - each.offset)
            for each in candidates
        ]
        worst = max((each.sensitivity(self.protection) for each in candidates), key=lambda s: s.l1)
        return mechanism.choose(np.array(scores + [0] * none, dtype=np.int64), worst, self._noise)

    def _count(self, axes: tuple[Axis, ...]) -> NDArray[np.int64]:
        place = np.zeros(len(next(iter(self._codes.values()))), dtype=np.int64)
        cells = 1
        for axis in axes:
            level = self._codes[axis.attribute]
            place = place * axis.size + (level if axis.levels is None else axis.levels[level])
            cells *= axis.size
        return np.bincount(place, minlength=cells).astype(np.int64)
