"""noise: the chi-square of overlapping noisy tables, calibrated where tables were chosen on the way.

Source: REPORTS.md 2.4 of the design; parametric bootstrap: Efron & Tibshirani 1993, ch. 6.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import sqrt
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from synthspec.draw.learn import domain_of, workload_of
from synthspec.generators.base import Learner
from synthspec.generators.copula_model import CopulaModel
from synthspec.generators.models import load_model
from synthspec.generators.tree_model import TreeModel
from synthspec.mechanisms import Exponential, RoundedGaussian
from synthspec.plan.level import level_of_group, protection_of
from synthspec.plan.ops import Fit
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.privacy.ledger import Ledger
from synthspec.privacy.noisy import Noisy
from synthspec.release.release import Release
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Domain
from synthspec.terms.protection import Protection
from synthspec.terms.query import Axis, Gap, Marginal
from synthspec.verify.standalone import LEAST, WIDER, Check, Counted, judged, residuals

TIMES = 400
PRECISE = 0.03
MOST_SECONDS = 15.0
"""Simulations end when the mean is known to PRECISE, or after TIMES or so many seconds."""

MOST_ROWS = 200_000


def check_noise(release: Release) -> Check:
    """Return whether the measurements contradict each other as much as their stated noise makes them."""
    if not release.measurements or release.plan.source_public:
        return Check("noise", "not done", "no private rows were measured")
    square, dof, left_out = 0.0, 0, 0
    for tables in _by_level(release):
        one, many, out = residuals(_wide(tables))
        square, dof, left_out = square + one, dof + many, left_out + out
    if not dof:
        return Check("noise", "could not have seen it", "no two measurements overlap", {"dof": 0})
    wider, how = 1.0, "tables fixed in advance"
    if _chosen(release):
        shift, error = bootstrap(release)
        if shift is None:
            wider, how = WIDER, f"tables chosen on the way, so wider by {WIDER - 1:.0%}"
        else:
            square, wider = square / shift, 1 + 3 * error
            how = f"tables chosen on the way: {shift:.3f} of a chi-square in rows of the model, ± {error:.3f}"
    how += f"; {left_out} overlaps too large to solve" if left_out else ""
    return judged(square, dof, wider, how)


def _by_level(release: Release) -> list[list[Counted]]:
    """Return the measurements by what they count: those of units and of rows cannot contradict each other."""
    found: dict[str, list[Counted]] = {}
    for each in release.measurements:
        level = level_of_group(release.plan, each.group).name
        found.setdefault(level, []).append(counted(each.axes, each.values, each.stddev))
    return list(found.values())


def counted(axes: Sequence[Axis], values: NDArray[np.int64], stddev: float) -> Counted:
    """Return a measurement as the test takes it: attributes sorted."""
    order = sorted(range(len(axes)), key=lambda i: axes[i].attribute)
    table = np.asarray(values, dtype=np.float64).reshape([axis.size for axis in axes]).transpose(order)
    return Counted(
        tuple(axes[i].attribute for i in order),
        tuple(_group(axes[i]) for i in order),
        table,
        stddev**2 + 1 / 12,
    )


def _wide(tables: list[Counted]) -> list[Counted]:
    """Return the tables whose noise is wide enough to be nearly Gaussian after rounding."""
    return [table for table in tables if table.variance >= LEAST]


def _group(axis: Axis) -> NDArray[np.int64]:
    return np.arange(axis.size) if axis.levels is None else np.asarray(axis.levels, dtype=np.int64)


def _chosen(release: Release) -> bool:
    grouped = any(axis.levels is not None for each in release.measurements for axis in each.axes)
    return grouped or any(event.mechanism.get("kind") == "exponential" for event in release.events)


def bootstrap(release: Release, times: int = TIMES) -> tuple[float | None, float]:
    """Return the mean of chi-square over degrees of freedom in simulated releases, and its standard error.

    Each simulation learns again, from rows drawn from the released model, with noise of the stated scale,
    and so chooses its own tables. None where no group can be simulated.
    """
    square, dof, started = 0.0, 0, time.monotonic()
    for turn in range(times):
        for op in release.plan.ops:
            if isinstance(op, Fit) and op.view is not None:
                found = simulated(release, op, SampleRng(turn, "verify", op.group))
                if found is not None:
                    one, many, _ = residuals(_wide(found))
                    square, dof = square + one, dof + many
        if not dof or 2 / dof < PRECISE**2 or time.monotonic() - started > MOST_SECONDS:
            break
    return (square / dof, sqrt(2 / dof)) if dof else (None, 0.0)


def simulated(release: Release, op: Fit, rng: SampleRng) -> list[Counted] | None:
    """Return the measurements of one group learnt from rows of its own model; None for networks."""
    group = next(each for each in release.plan.groups if each.name == op.group)
    saved = next(each for each in release.models if each.group == op.group)
    model = load_model(saved.facts, saved.arrays)
    if not isinstance(model, TreeModel | CopulaModel) or op.view is None:
        return None
    rows = min(MOST_ROWS, max(1, round(model.total or 1)))
    codes = replace(model, given=frozenset()).sample(rows, rng.split("rows"))
    domain = domain_of(group, release.columns)
    weight = max(1.0, (model.total or 1) / rows)
    oracle = Simulated(
        domain,
        protection_of(release.plan, op.view),
        Ledger(op.cost),
        codes,
        weight,
        rng.split("noise").generator,
    )
    group.generator.fit(oracle, workload_of(release.plan, group, release.columns), op.cost, rng.split("fit"))
    return [counted(query.axes, answer.values, answer.stddev) for query, answer in oracle.measured]


@dataclass
class Simulated:
    """An `Oracle` over synthetic rows: its noise is simulated, and protects nobody."""

    domain: Domain
    protection: Protection
    ledger: Ledger
    codes: Codes
    weight: float
    generator: np.random.Generator
    measured: list[tuple[Marginal, Noisy]] = field(default_factory=list)
    device: str = field(default="cpu")

    @property
    def left(self) -> Cost:
        """What may still be spent."""
        return self.ledger.left

    def measure(self, purchases: Sequence[tuple[Marginal, Cost]]) -> tuple[Noisy, ...]:
        """Return noisy counts of the synthetic rows."""
        found = []
        for query, cost in purchases:
            receipt = self.ledger.charge(bought := RoundedGaussian.costing(cost))
            stddev = bought.stddev(query.sensitivity(self.protection))
            noise = self.generator.standard_normal(query.cells) * stddev
            values = np.rint(self._counts(query.axes) + noise).astype(np.int64)
            found.append(Noisy(query.digest(), values, stddev, receipt))
            self.measured.append((query, found[-1]))
        return tuple(found)

    def select(self, candidates: Sequence[Gap], cost: Cost) -> int:
        """Return a candidate by the exponential mechanism."""
        return self._choice(candidates, cost, [])

    def select_or_none(self, candidates: Sequence[Gap], cost: Cost) -> int | None:
        """Like `select`, with "none" among them."""
        chosen = self._choice(candidates, cost, [0.0])
        return None if chosen == len(candidates) else chosen

    def gradient(
        self, learner: Learner, *, rate: Fraction, steps: int, clip: float, expected: float, cost: Cost
    ) -> NoReturn:
        """Refuse: networks are not simulated."""
        raise ValueError("networks are not simulated")

    def _choice(self, candidates: Sequence[Gap], cost: Cost, none: list[float]) -> int:
        bought = Exponential.costing(cost)
        self.ledger.charge(bought)
        worst = max((gap.sensitivity(self.protection) for gap in candidates), key=lambda each: each.l1)
        scores = [self._score(gap) for gap in candidates] + none
        rate = 1 / bought.stddev(worst)
        return int(np.argmax(np.array(scores) * rate + self.generator.gumbel(size=len(scores))))

    def _score(self, gap: Gap) -> float:
        far = float(np.abs(gap.grid * self._counts(gap.axes) - gap.table).sum())
        return gap.weight * (far - gap.offset)

    def _counts(self, axes: Sequence[Axis]) -> NDArray[np.float64]:
        index = np.zeros(self.codes.rows, dtype=np.int64)
        cells = 1
        columns: Mapping[str, NDArray[np.integer]] = self.codes.columns
        for axis in axes:
            code = columns[axis.attribute]
            index = index * axis.size + (code if axis.levels is None else axis.levels[code])
            cells *= axis.size
        return np.bincount(index, minlength=cells).astype(np.float64) * self.weight
