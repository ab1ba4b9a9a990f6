"""Gradient: a private training, block by block; its steps are charged, then counted, then taken.

Source: Abadi et al. 2016, arXiv:1607.00133; PRIVACY 8, DECISIONS 23.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from synthspec.errors import InternalError
from synthspec.privacy.entropy import NoiseSource
from synthspec.privacy.step_counter import other_training
from synthspec.run.batches import Units
from synthspec.run.clipping import parameters
from synthspec.run.counter import Counter
from synthspec.run.memory import out_of_memory
from synthspec.run.quiet import quietly
from synthspec.run.ranks import Alone, Ranks
from synthspec.run.steps import StepNoise, Stepper, clipper_of, threads_for
from synthspec.run.trial import try_out
from synthspec.terms.domain import Domain
from synthspec.terms.query import Gradient

if TYPE_CHECKING:
    from torch import Tensor

    from synthspec.generators.base import Learner

BLOCKS = 64
"""A training is counted, and its state saved, so many times at most: a crash loses one block."""

CLIPS = (1e-6, 1e7)
"""Clips that a training may have: below, squares of float32 gradients underflow and norms come out short;
above, a clipped sum may overflow."""

Told = Callable[[int, int, int, float | None, StepNoise], None]
"""Told, after each block, of public things: steps gone, steps in all, steps gone before the block, a loss on
synthetic rows, what was bought."""


def _unheard(done: int, steps: int, before: int, loss: float | None, bought: StepNoise) -> None:
    """Say nothing."""


@dataclass(frozen=True, eq=False)
class Workplace:
    """Where private gradients are computed, and who hears of it.

    Attributes:
        asked: the device asked for: auto, cpu or cuda.
        told: hears of the steps between blocks.
        ranks: the processes that take part.
        noise: draws batches and gradient noise, a lot of it; None where the kernel's own source does.
    """

    asked: str = "auto"
    told: Told = _unheard
    ranks: Ranks = field(default_factory=Alone)
    noise: NoiseSource | None = None


def question_of(
    learner: Learner, domain: Domain, rate: Fraction, steps: int, clip: float, expected: float
) -> Gradient:
    """Return the question that a training asks, its arguments checked, the learner tried on public rows.

    Raises:
        InternalError: I320, for numbers that make no training; I328, for a network that cannot be clipped.
    """
    whole = steps >= 1 and 0 < rate <= 1 and CLIPS[0] <= clip <= CLIPS[1]
    if not whole or not 0 < expected < math.inf:
        raise InternalError("I320", "a training needs steps, a rate in (0, 1], a clip and an expected batch")
    size = sum(parameter.numel() for parameter in parameters(learner.module))
    if size == 0:
        raise InternalError("I328", "a network without parameters cannot be trained")
    with threads_for(size):
        try_out(learner, partial(clipper_of, learner.module), domain)
    return Gradient(domain.attributes, domain.sizes, rate, steps, clip, expected, size)


def descend(
    stepper: Stepper,
    bought: StepNoise,
    noise: NoiseSource,
    counter: Counter,
    steps: int,
    told: Told,
) -> None:
    """Take the steps that are not counted yet, from the state saved last.

    Raises:
        BudgetError: B505, B506, B511, B512; the ledger then holds what is gone.
        KernelError: K701.
    """
    done = counter.gone()
    state = counter.saved() if done else None
    if state is not None:
        _take_up(stepper.learner, state)
    block, left = math.ceil(steps / BLOCKS), done < steps
    while done < steps:
        after = min(steps, done + block)
        counter.count(done, after)
        quietly(partial(stepper.run, after - done, bought, noise), "a block of training steps")
        counter.save(after, stepper.learner.state())
        told(after, steps, done, stepper.learner.public_loss(), bought)
        done = after
    if left:
        quietly(partial(stepper.ranks.block, 0), "the end of a training")


def _take_up(learner: Learner, state: Mapping[str, Tensor]) -> None:
    """Restore a state; B511 when it is that of another network."""
    fits = True
    try:
        learner.restore(state)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        if out_of_memory(error):
            raise
        fits = False
    if not fits:
        raise other_training()


def follow(learner: Learner, units: Units, clip: float, ranks: Ranks, noise: NoiseSource) -> None:
    """Take part in a training that another process bought, until it is over.

    Nothing is charged, counted, drawn, saved or stepped here: rank 0 does. Where rank 0 stops, this ends as
    K701.

    Args:
        learner: computes the same losses as rank 0's; its parameters are brought to those of rank 0.
        units: this rank's private units, none of them on another rank.
        clip: as rank 0's.
        ranks: who takes part.
        noise: secret randomness, for the draws of private forwards.

    Raises:
        KernelError: K701.
    """
    stepper = Stepper(learner, units, clip, 1.0, ranks)
    quietly(partial(stepper.follow, noise), "a part of a training")
