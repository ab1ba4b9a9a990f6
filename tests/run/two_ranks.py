"""One of several processes of a training: `python two_ranks.py RANK WORLD FOLDER`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.distributed as ranks

from synthspec.engines.base import Part, Rows
from synthspec.privacy.entropy import NoiseSource, SystemNoise
from synthspec.run.batches import Units
from synthspec.run.counter import Uncounted
from synthspec.run.gradient import descend, follow
from synthspec.run.group import Group
from synthspec.run.ranks import Alone
from synthspec.run.steps import Stepper
from tests.run.nets import Plain, Small, codes_of
from tests.run.test_steps import CLIP, COUNTS, EXPECTED, Scripted

DIED = 9


class Dying(Scripted):
    """A first rank that is gone in its third step."""

    def joins(self, units: int, noise: NoiseSource) -> np.ndarray:
        """Return the next batch, or end the process."""
        if len(self.asked) == 2:
            os._exit(DIED)
        return super().joins(units, noise)


BATCHES = ((0, 3, 4), (), (0, 1, 2, 3, 4, 5), (1,), (5, 0))


def unheard(done: int, steps: int, before: int, loss: float | None, bought: object) -> None:
    """Say nothing."""


class Dealt:
    """Private rows in two parts, rows of a unit in both; a unit's mark is its number."""

    def parts(self) -> Iterator[Part]:
        """Yield every other row, and then the rest."""
        codes = codes_of(sum(COUNTS)).astype(np.uint8)
        units = np.repeat(np.arange(len(COUNTS)), COUNTS)
        for at in (0, 1):
            marks = np.stack([np.zeros_like(units[at::2]), units[at::2]], axis=1).astype(np.uint64)
            yield Part({name: codes[at::2, i] for i, name in enumerate(NAMES)}, marks)


NAMES = ("a", "b", "c")


def trained(group: Group, bought: Scripted) -> tuple[Small, int]:
    """Return a learner after all batches, and how many units this rank was dealt."""
    if not group.first:
        learner, units = Small(Plain(), seed=7), group.received(len(NAMES))  # gets the first's parameters
        follow(learner, units, CLIP, group, SystemNoise())
        return learner, len(units)
    learner, units = Small(Plain()), group.dealt(cast(Rows, Dealt()), NAMES)
    stepper = Stepper(learner, units, CLIP, EXPECTED, group)
    descend(stepper, bought, SystemNoise(), Uncounted(), len(BATCHES), unheard)
    return learner, len(units)


def alone(world: int) -> Small:
    """Return what one process gives whose units lie in the order in which they are dealt to `world` ranks."""
    order = [unit for rank in range(world) for unit in range(rank, len(COUNTS), world)]
    starts = np.concatenate([[0], np.cumsum(COUNTS)])
    codes = codes_of(sum(COUNTS)).astype(np.uint8)
    rows = np.concatenate([codes[starts[unit] : starts[unit + 1]] for unit in order])
    ends = np.concatenate([[0], np.cumsum([COUNTS[unit] for unit in order])])
    learner = Small(Plain())
    stepper = Stepper(learner, Units(rows, ends), CLIP, EXPECTED, Alone())
    descend(stepper, Scripted(BATCHES), SystemNoise(), Uncounted(), len(BATCHES), unheard)
    return learner


def main(rank: int, world: int, folder: Path, dies: bool = False) -> None:
    """Train with the others; write what this rank holds and drew; where it `dies`, the first does midway."""
    torch.set_num_threads(1)
    ranks.init_process_group("gloo", init_method=f"file://{folder / 'meet'}", rank=rank, world_size=world)
    bought = Scripted(BATCHES)
    if dies and rank == 0:
        bought = Dying(BATCHES)
    learner, units = trained(Group(), bought)
    flat = torch.cat([each.detach().reshape(-1) for each in learner.module.parameters()])
    drawn = [len(bought.asked), bought.noises, bought.asked[0] if bought.asked else 0]
    np.savez(folder / f"rank{rank}.npz", parameters=flat.numpy(), drawn=np.array(drawn), units=units)
    ranks.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), dies="dies" in sys.argv)
