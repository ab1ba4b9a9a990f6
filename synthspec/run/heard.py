"""Heard: what is said while private rows are read: public steps, and how far a training is.

Of a training: its step, a loss on synthetic rows, and the epsilon of the steps so far, from the public rate,
steps and noise. Never a size, a rate or a time left (DECISIONS 25).

Source: ours.
"""

from __future__ import annotations

from collections.abc import Callable

from synthspec.mechanisms import SubsampledGaussian
from synthspec.plan.plan import Plan
from synthspec.privacy.accountant import claim_epsilon
from synthspec.privacy.cost import Cost
from synthspec.privacy.runs import COARSE, Run, price
from synthspec.run.steps import StepNoise

TIMES = 10
"""A training is heard of so often, and its epsilon is worked out as often."""


class Heard:
    """Passes public words on to whoever shows progress."""

    def __init__(self, plan: Plan, progress: Callable[[int, int, str], None]) -> None:
        self._plan = plan
        self._progress = progress
        self._at = 0
        self._name = ""

    def begin(self, step: int, name: str) -> None:
        """Say that a step of the plan begins."""
        self._at, self._name = step, name
        self._progress(step, len(self._plan.ops) + 1, name)

    def trained(self, done: int, steps: int, before: int, loss: float | None, bought: StepNoise) -> None:
        """Say how far a training is, when another tenth of it is done."""
        if done * TIMES // steps == before * TIMES // steps:
            return
        words = f"{self._name}, training step {done} of {steps}"
        if loss is not None:
            words += f", loss on synthetic rows {loss:.4g}"
        epsilon = self._epsilon(done, bought)
        if epsilon is not None:
            words += f", epsilon of the steps so far {epsilon:.3g}"
        self._progress(self._at, len(self._plan.ops) + 1, words)

    def _epsilon(self, done: int, bought: StepNoise) -> float | None:
        """Return the epsilon of `done` steps at the plan's delta; None where it cannot be told."""
        if self._plan.source_public or not isinstance(bought, SubsampledGaussian):
            return None
        run = Run(bought.rate, done, bought.multiplier, bought.neighbours)
        mu2 = price(run, bought.delta0, COARSE)
        if mu2 is None:
            return None
        return float(claim_epsilon(Cost(mu2=mu2, delta0=bought.delta0), self._plan.delta))
