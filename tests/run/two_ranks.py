"""One of several processes of a training: `python two_ranks.py RANK WORLD FOLDER`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import torch
import torch.distributed as ranks

from synthspec.privacy.entropy import NoiseSource, SystemNoise
from synthspec.run.batches import Units
from synthspec.run.counter import Uncounted
from synthspec.run.gradient import descend, follow
from synthspec.run.ranks import Alone, Group, Ranks
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


def trained(rows: slice, group: Ranks, bought: Scripted) -> Small:
    """Return a learner after all batches, with the units of `rows` on this rank."""
    starts = np.concatenate([[0], np.cumsum(COUNTS)])
    mine = starts[rows.start : rows.stop + 1]
    codes = codes_of(sum(COUNTS)).astype(np.uint8)[mine[0] : mine[-1]]
    units = Units(codes, mine - mine[0])
    if not group.first:
        learner = Small(Plain(), seed=7)  # is brought to the state of the first
        follow(learner, units, CLIP, group, SystemNoise())
        return learner
    learner = Small(Plain())
    stepper = Stepper(learner, units, CLIP, EXPECTED, group)
    descend(stepper, bought, SystemNoise(), Uncounted(), len(BATCHES), unheard)
    return learner


def alone() -> Small:
    """Return what one process gives."""
    return trained(slice(0, len(COUNTS)), Alone(), Scripted(BATCHES))


def main(rank: int, world: int, folder: Path, dies: bool = False) -> None:
    """Train with the others; write what this rank holds and drew; where it `dies`, the first does midway."""
    torch.set_num_threads(1)
    ranks.init_process_group("gloo", init_method=f"file://{folder / 'meet'}", rank=rank, world_size=world)
    ends = np.linspace(0, len(COUNTS), world + 1).astype(int)
    bought = Scripted(BATCHES)
    if dies and rank == 0:
        bought = Dying(BATCHES)
    learner = trained(slice(int(ends[rank]), int(ends[rank + 1])), Group(), bought)
    flat = torch.cat([each.detach().reshape(-1) for each in learner.module.parameters()])
    drawn = [len(bought.asked), bought.noises, bought.asked[0] if bought.asked else 0]
    np.savez(folder / f"rank{rank}.npz", parameters=flat.numpy(), drawn=np.array(drawn))
    ranks.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), dies="dies" in sys.argv)
