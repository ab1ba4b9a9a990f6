"""Companion: a process that takes part in the private steps of another; `python -m synthspec.run.companion`.

It knows neither plan nor source nor ledger: it is told a network's public recipe and dealt coded rows of its
own units, and answers with sums of clipped gradients. It says nothing, writes nothing, and ends with the
process that started it.

Source: ours.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from synthspec import __version__
from synthspec.generators.learners import load_learner
from synthspec.privacy.entropy import NoiseSource, StreamNoise
from synthspec.run.company import READY, joined, meet
from synthspec.run.device import chosen_device
from synthspec.run.gradient import follow
from synthspec.run.quiet import quietly

if TYPE_CHECKING:
    from synthspec.run.group import Group

GONE = 3
"""The exit code when the process that started this one is gone."""


def accompany(group: Group, device: str, noise: NoiseSource) -> None:
    """Take part in every training of rank 0, until there is none to come.

    Args:
        group: who takes part.
        device: auto, cpu or cuda.
        noise: secret randomness, for the draws of private forwards.

    Raises:
        KernelError: K701, also where rank 0 is gone.
    """
    while (begun := quietly(group.next, "the start of a training")) is not None:
        learner = load_learner(begun.facts, begun.arrays, chosen_device(device))
        attributes = len(begun.facts["attributes"])
        units = quietly(partial(group.received, attributes), "reading the rows")
        follow(learner, units, begun.clip, group, noise)


def accompany_torchrun(device: str) -> None:
    """Take part as one of the processes that torchrun started.

    Raises:
        SpecError: G470, G474.
        KernelError: K701.
    """
    with joined() as group:
        _take_gpu(device, int(os.environ.get("LOCAL_RANK", "0")))
        accompany(group, device, StreamNoise())


def _take_gpu(device: str, rank: int) -> None:
    """Choose one of this machine's GPUs, where they are used."""
    import torch

    if chosen_device(device) == "cuda":
        torch.cuda.set_device(rank % torch.cuda.device_count())


def _end_with_parent() -> None:
    """End this process when the pipe to its parent closes."""
    while os.read(0, 1):
        pass
    os._exit(GONE)


def main(rank: int, world: int, folder: str, device: str) -> None:
    """Take part as a child of rank 0."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import torch.distributed as ranks

    from synthspec.run.group import Group

    _take_gpu(device, rank)
    os.write(1, READY)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    meet(f"file://{Path(folder) / 'meet'}", rank, world)
    group = Group()
    if group.agreed(__version__):
        accompany(group, device, StreamNoise())
    ranks.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
