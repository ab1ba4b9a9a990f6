"""A small real Oracle over numpy codes: charges a real ledger, draws with the real mechanisms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from synthspec.generators.base import Learner
from synthspec.mechanisms.exponential import Exponential
from synthspec.mechanisms.rounded_gaussian import RoundedGaussian
from synthspec.privacy.cost import Cost
from synthspec.privacy.ledger import Ledger
from synthspec.privacy.noisy import Noisy
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from synthspec.terms.query import Axis, Gap, Marginal


class SeededNoise:
    """A NoiseSource for tests and benchmarks only: repeatable."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def bytes(self, count: int) -> bytes:
        return self._rng.bytes(count)


class TableOracle:
    """Answers from a table in memory; `exact` answers carry no noise (and still cost)."""

    def __init__(
        self,
        domain: Domain,
        columns: Mapping[str, NDArray[np.integer]],
        cap: Cost,
        *,
        protection: Protection | None = None,
        seed: int = 0,
        exact: bool = False,
    ) -> None:
        self.domain = domain
        self.protection = protection or Protection(unit="row", max_rows=1)
        self.ledger = Ledger(cap)
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self._columns = {a: np.asarray(columns[a], dtype=np.int64) for a in domain.attributes}
        self._rows = len(next(iter(self._columns.values())))
        self._noise = SeededNoise(seed)
        self._exact = exact
        self._counts: dict[tuple[int, ...], NDArray[np.int64]] = {}
        self._kept: list[tuple[Axis, ...]] = []
        self._levels: dict[int, NDArray[np.int64]] = {}
        self._scores: WeakKeyDictionary[Gap, int] = WeakKeyDictionary()

    @property
    def left(self) -> Cost:
        return self.ledger.left

    def measure(self, purchases: Sequence[tuple[Marginal, Cost]]) -> tuple[Noisy, ...]:
        out = []
        for query, cost in purchases:
            mechanism = RoundedGaussian.costing(cost)
            assert mechanism.cost().fits(cost)
            receipt = self.ledger.charge(mechanism)
            self.asked.append(("measure", tuple(a.attribute for a in query.axes)))
            counts = self.count(query.axes)
            sensitivity = query.sensitivity(self.protection)
            noisy = counts if self._exact else mechanism.release(counts, sensitivity, self._noise)
            stddev = float(np.sqrt(mechanism.stddev(sensitivity) ** 2 + 1 / 12))
            out.append(Noisy(query.digest(), noisy, stddev, receipt))
        return tuple(out)

    def select(self, candidates: Sequence[Gap], cost: Cost) -> int:
        chosen = self._choose(candidates, cost, none=False)
        assert chosen is not None
        return chosen

    def select_or_none(self, candidates: Sequence[Gap], cost: Cost) -> int | None:
        return self._choose(candidates, cost, none=True)

    def _choose(self, candidates: Sequence[Gap], cost: Cost, *, none: bool) -> int | None:
        mechanism = Exponential.costing(cost)
        self.ledger.charge(mechanism)
        self.asked.append(("select", (str(len(candidates)),)))
        scores = np.array([self._score(g) for g in candidates] + [0] * none, dtype=np.int64)
        worst = max((g.sensitivity(self.protection) for g in candidates), key=lambda s: s.l1)
        index = int(np.argmax(scores)) if self._exact else mechanism.choose(scores, worst, self._noise)
        return None if index == len(candidates) else index

    def _score(self, gap: Gap) -> int:
        """Score once per gap: generators hand in the same object while its table stands still."""
        held = self._scores.get(gap)
        if held is None:
            distance = int(np.abs(self.count(gap.axes) * gap.grid - gap.table).sum())
            held = gap.weight * (distance - gap.offset)
            self._scores[gap] = held
        return held

    @property
    def device(self) -> str:
        return "cpu"

    def gradient(
        self, learner: Learner, *, rate: Fraction, steps: int, clip: float, expected: float, cost: Cost
    ) -> None:
        """Train with the steps of a real run; every row is a unit."""
        from synthspec.mechanisms.subsampled_gaussian import SubsampledGaussian
        from synthspec.run.batches import Units
        from synthspec.run.ranks import Alone
        from synthspec.run.steps import Stepper

        made = SubsampledGaussian.costing(cost, rate=rate, steps=steps, neighbours=self.protection.neighbours)
        self.ledger.charge(made)
        self.asked.append(("gradient", self.domain.attributes))
        codes = np.stack([self._columns[a] for a in self.domain.attributes], 1).astype(np.uint64)
        units = Units(codes, np.arange(self._rows + 1, dtype=np.int64))
        Stepper(learner, units, clip, expected, Alone()).run(steps, made, self._noise)

    def count(self, axes: tuple[Axis, ...]) -> NDArray[np.int64]:
        key = tuple(id(axis) for axis in axes)
        if key not in self._counts:
            index = np.zeros(self._rows, dtype=np.int64)
            for axis in axes:
                index = index * axis.size + self._level(axis)
            cells = int(np.prod([axis.size for axis in axes], initial=1))
            self._counts[key] = np.bincount(index, minlength=cells).astype(np.int64)
            self._kept.append(axes)  # keeps the ids alive
        return self._counts[key]

    def _level(self, axis: Axis) -> NDArray[np.int64]:
        if id(axis) not in self._levels:
            column = self._columns[axis.attribute]
            self._levels[id(axis)] = column if axis.levels is None else axis.levels[column]
        return self._levels[id(axis)]


def oracle_of(
    table: Mapping[str, NDArray[np.integer]], sizes: Mapping[str, int], mu: float, **options: object
) -> TableOracle:
    """Return an oracle over `table` whose cap is mu^2."""
    domain = Domain(attributes=tuple(sizes), sizes=tuple(sizes.values()))
    return TableOracle(domain, table, Cost.of(mu * mu), **options)  # type: ignore[arg-type]


__all__ = ["SeededNoise", "TableOracle", "oracle_of"]
