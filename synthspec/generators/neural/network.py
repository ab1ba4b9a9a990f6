"""Network: what the neural generators share: the split of the budget, the start, fine-tuning, re-weighting.

1. A marginal model is bought with the start's share.
2. The network learns from rows drawn from it, which costs nothing.
3. It is fine-tuned by noisy gradients with the rest; where that cannot be expected to help (`expected`),
   the rest goes to the start as well.
4. The average of its weights is kept, and the model's tables are raked to the start's marginals.

Source: ours; PRIVACY 8 of the design.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from synthspec.generators.base import Generator, Model, Oracle, Workload
from synthspec.generators.marginal import fit_marginal
from synthspec.generators.neural.backbone import Backbone, backbone
from synthspec.generators.neural.expected import ENOUGH, Expectation, expected
from synthspec.generators.neural.forward import Net
from synthspec.generators.neural.neural_model import NeuralModel
from synthspec.generators.neural.rake import ROWS, raked
from synthspec.generators.tree_model import TreeModel
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SampleRng
from synthspec.terms.codes import Codes
from synthspec.terms.domain import Domain
from synthspec.terms.query import Axis, Marginal

if TYPE_CHECKING:
    from torch import Generator as TorchGenerator

    from synthspec.generators.neural.tuner import Tuner

LOOK = 0.01
"""The part of the budget that buys the number of rows, where it is not public."""


WATCHED = 512
"""Rows of the start model whose loss is shown while private gradients are taken."""


@dataclass(frozen=True)
class Split:
    """How a budget is divided, before anything is learned.

    Attributes:
        start: for the marginal model.
        tuning: for fine-tuning.
        expectation: what can be expected of it.
    """

    start: Cost
    tuning: Cost
    expectation: Expectation


class Network(Generator):
    """Options of all neural backends; each has a default that works from 10,000 to 1,000,000 rows.

    Attributes:
        fine_tune: auto: where it can be expected to help; always; never.
        fine_tune_share: the part of the budget that fine-tuning gets, where it takes place.
        batch_size: units expected in a private batch.
        steps: private steps.
        max_grad_norm: the norm that a unit's gradient is clipped to; by default one and a half times the
            median norm of rows of the start model.
        learning_rate: of the optimizer, in fine-tuning.
        pretrain: steps on rows of the start model.
        width: units of a hidden layer.
        reweight: whether the model is raked to the marginals that were paid for.
        max_cells: the most cells that the start model's tables may have together.
    """

    kind: str = "network"
    fine_tune: Literal["auto", "always", "never"] = "auto"
    fine_tune_share: float = Field(default=0.3, gt=0, lt=1)
    batch_size: int = Field(default=2048, ge=1, le=1_000_000)
    steps: int = Field(default=500, ge=1, le=100_000)
    max_grad_norm: float | None = Field(default=None, ge=1e-6, le=1e6)
    learning_rate: float = Field(default=0.002, gt=0, le=1)
    pretrain: int = Field(default=0, ge=0, le=1_000_000)
    width: int = Field(default=64, ge=1, le=4096)
    reweight: bool = True
    max_cells: int = Field(default=1_000_000, ge=1_000, le=100_000_000)

    def supports_given(self) -> bool:
        """Return True: a row's given codes are read by the network and by the tables."""
        return True

    def extra(self) -> str | None:
        """Return the extra with torch."""
        return "neural"

    @abstractmethod
    def parameters(self, domain: Domain, given: frozenset[str]) -> int:
        """Return about how many numbers fine-tuning would train; from public sizes."""

    @abstractmethod
    def untrained(
        self, bones: Backbone, rows: NDArray[np.int64], steps: int, random: TorchGenerator, device: str
    ) -> Tuner:
        """Return the network as it is before it learned anything; arguments as in `tuner`."""

    def prepare(self, tuner: Tuner, rows: NDArray[np.int64], random: TorchGenerator) -> None:
        """Train on rows of the start model."""

    def tuner(self, bones: Backbone, rows: NDArray[np.int64], steps: int, seed: int, device: str) -> Tuner:
        """Return the network, trained on rows of the start model, ready to be fine-tuned.

        Args:
            bones: the start model's tables.
            rows: codes drawn from it, shape (rows, attributes).
            steps: private steps to come; 0 for none.
            seed: of everything random here.
            device: where it is fine-tuned.
        """
        from synthspec.generators.neural.tuner import seeded

        with seeded(seed) as random:
            made = self.untrained(bones, rows, steps, random, device)
            self.prepare(made, rows, random)
        made.network = self
        return made

    @abstractmethod
    def net(self, tuner: Tuner, bones: Backbone) -> Net:
        """Return what is released of it."""

    @abstractmethod
    def bare(self, bones: Backbone) -> Backbone:
        """Return the tables that the network's logits are added to, before re-weighting."""

    def needs_net(self, *, tuned: bool) -> bool:
        """Return whether there is anything to learn beyond the start model."""
        return tuned or self.pretrain > 0

    def needs(self) -> float:
        """Return the signal from which fine-tuning can be expected to help; see `expected`."""
        return ENOUGH

    def able(self, domain: Domain, given: frozenset[str]) -> bool:
        """Return whether there is anything that a network could say of such a group."""
        return prod(domain.size(a) for a in domain.attributes if a not in given) > 1

    def split(self, cap: Cost, domain: Domain, given: frozenset[str], units: float) -> Split:
        """Return how `cap` is divided; the plan shows it, with the public number of units."""
        share = Cost(mu2=int(Fraction(self.fine_tune_share) * cap.mu2), delta0=cap.delta0)
        found = expected(share, units, self.parameters(domain, given), self.needs())
        possible = share.mu2 > 0 and share.delta0 > 0 and self.able(domain, given)
        wanted = self.fine_tune == "always" or (self.fine_tune == "auto" and found.helps)
        if not (possible and wanted):
            return Split(Cost(mu2=cap.mu2), Cost(), found)
        return Split(Cost(mu2=cap.mu2 - share.mu2), share, found)

    def fit(self, oracle: Oracle, workload: Workload, cap: Cost, rng: SampleRng) -> Model:
        """Return the model; spends all of `cap`'s mu2 but what cannot be divided."""
        left = oracle.left
        cap = Cost(mu2=min(cap.mu2, left.mu2), delta0=min(cap.delta0, left.delta0))
        given = workload.given.intersection(oracle.domain.attributes)
        look, units = self._units(oracle, workload, cap)
        rest = Cost(mu2=cap.mu2 - look.mu2, delta0=cap.delta0)
        split = self.split(rest, oracle.domain, given, units)
        start = fit_marginal(oracle, workload, split.start, rng.split("start"), self.max_cells)
        return self.learned(oracle, workload, start, split, rng)

    def _units(self, oracle: Oracle, workload: Workload, cap: Cost) -> tuple[Cost, float]:
        """Return what the number of units cost, and the number; bought where a decision hangs on it.

        Rows are of units of at most so many, so that there are at least rows / max_rows of them.
        """
        if workload.units is not None:
            return Cost(), workload.units
        if workload.rows is not None:
            return Cost(), workload.rows / oracle.protection.max_rows
        price = Cost(mu2=int(Fraction(LOOK) * cap.mu2))
        if self.fine_tune != "auto" or price.mu2 == 0 or cap.delta0 == 0:
            return Cost(), 0.0
        name = oracle.domain.attributes[0]
        axis = Axis(name, 1, np.zeros(oracle.domain.sizes[0], dtype=np.int64))
        (noisy,) = oracle.measure([(Marginal(axes=(axis,)), price)])
        return price, max(float(noisy.values[0]), 0.0) / oracle.protection.max_rows

    def learned(
        self, oracle: Oracle, workload: Workload, start: TreeModel, split: Split, rng: SampleRng
    ) -> NeuralModel:
        """Return the start model with the network over it; see the module's text, 2 to 4."""
        bones = backbone(start)
        total = max(start.total or 0.0, 1.0)
        notes: dict[str, object] = {
            "kind": self.kind,
            "start_mu2": split.start.mu2,
            "fine_tune_mu2": split.tuning.mu2,
            "signal": split.expectation.signal,
        }
        varied = [i for i in bones.own if bones.sizes[i] > 1]
        if not varied or not self.needs_net(tuned=split.tuning.mu2 > 0):
            return NeuralModel(start, bones, None, notes)
        rows = start_rows(start, rng.split("rows"))
        steps = self.steps if split.tuning.mu2 else 0
        seed = int(rng.split("net").generator.integers(0, 1 << 31))
        tuner = self.tuner(bones, rows, steps, seed, device_of(oracle) if steps else "cpu")
        if steps:
            notes |= self._tuned(oracle, tuner, rows, split.tuning, total)
        net, bare = self.net(tuner, bones), self.bare(bones)
        notes["effective"] = 1.0
        if self.reweight:
            known = {i: bones.levels[i][rows[:, i]] for i in bones.known}
            generator = rng.split("rake").generator
            bare, share = raked(bare, bones, net, known, generator, whole=True)
            notes["effective"] = share
        return NeuralModel(start, bare, net, notes)

    def _tuned(
        self, oracle: Oracle, tuner: Tuner, rows: NDArray[np.int64], cost: Cost, total: float
    ) -> dict[str, object]:
        """Fine-tune privately; return what was done."""
        import torch

        units = max(total / oracle.protection.max_rows**0.5, 1.0)
        rate = min(Fraction(1), Fraction(self.batch_size) / Fraction(round(units)))
        tuner.watched = torch.from_numpy(rows[:WATCHED])
        clip = self.max_grad_norm or 1.5 * tuner.clip(torch.from_numpy(rows[:64]))
        expected_units = max(float(rate) * units, 1.0)
        oracle.gradient(
            tuner, rate=rate, steps=self.steps, clip=clip, expected=expected_units, cost=cost
        )  # fmt: skip
        return {"rate": float(rate), "steps": self.steps, "clip": clip}


def start_rows(start: TreeModel, rng: SampleRng) -> NDArray[np.int64]:
    """Return ROWS rows over all attributes drawn from the start model, shape (ROWS, attributes)."""
    codes: Codes = replace(start, given=frozenset()).sample(ROWS, rng)
    return np.stack([np.asarray(codes.columns[a], dtype=np.int64) for a in start.domain.attributes], 1)


def device_of(oracle: Oracle) -> str:
    """Return where private gradients are computed."""
    return getattr(oracle, "device", "cpu")
