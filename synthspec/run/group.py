"""Group: ranks that speak through torch.distributed (gloo); every rank calls in step.

What is waited for is looked at again and again, not waited for inside torch, so that Ctrl-C ends the wait
and a rank that is gone is noticed.

Source: ours.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from synthspec.engines.base import Rows
from synthspec.errors import InternalError
from synthspec.generators.base import Portable
from synthspec.run.batches import Units
from synthspec.run.clipping import parameters

if TYPE_CHECKING:
    from torch import Tensor
    from torch.distributed import Work
    from torch.nn import Module

    from synthspec.generators.base import Learner

SHORTEST, LONGEST = 2e-5, 2e-3
"""Seconds between two looks at whether an exchange is over."""

OVER = -1


@dataclass(frozen=True, eq=False)
class Begun:
    """What a rank other than the first is told of a training; public.

    Attributes:
        facts: of the learner; JSON values.
        arrays: of the learner.
        clip: the L2 norm of a unit's gradient at most.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]]
    clip: float


@final
class Group:
    """The default process group of torch.distributed, which must be there; see `Ranks`.

    Args:
        alive: called while something is waited for; raises where a rank is known to be gone.
    """

    def __init__(self, alive: Callable[[], None] = lambda: None) -> None:
        import torch.distributed as ranks

        self._rank, self._world = ranks.get_rank(), ranks.get_world_size()
        self._starts: NDArray[np.int64] = np.zeros(self._world + 1, dtype=np.int64)
        self._alive = alive

    @property
    def first(self) -> bool:
        """See `Ranks.first`."""
        return self._rank == 0

    def check(self, learner: Learner) -> None:
        """See `Ranks.check`.

        Raises:
            InternalError: I328, for a learner that cannot be made elsewhere.
        """
        if not isinstance(learner, Portable):
            raise InternalError("I328", "this network cannot be trained by several processes")

    def begin(self, learner: Learner, clip: float) -> None:
        """See `Ranks.begin`."""
        from safetensors.numpy import save

        assert isinstance(learner, Portable)
        facts, arrays = learner.described()
        self._said(json.dumps({"learner": dict(facts), "clip": clip}).encode())
        self._said(save(dict(arrays)))

    def over(self) -> None:
        """Say, on rank 0, that there is no training to come."""
        self._said(b"")

    def next(self) -> Begun | None:
        """Return the next training, on another rank; None when there is none to come."""
        from safetensors.numpy import load

        said = self._said(b"")
        if not said:
            return None
        facts = json.loads(said)
        return Begun(facts["learner"], load(self._said(b"")), facts["clip"])

    def agreed(self, word: str) -> bool:
        """Return whether every rank says the same word."""
        import torch

        mine = np.frombuffer(word.encode()[:64].ljust(64), dtype=np.uint8)
        every = [torch.zeros(64, dtype=torch.uint8) for _ in range(self._world)]
        self._gathered(every, torch.from_numpy(mine.copy()))
        return all(np.array_equal(each.numpy(), mine) for each in every)

    def dealt(self, rows: Rows, attributes: Sequence[str]) -> Units:
        """See `Ranks.dealt`: a unit goes to the rank that its keyed mark says, part by part."""
        codes, marks = [], []
        for part in rows.parts():
            kind = np.result_type(np.uint8, *(part.codes[name].dtype for name in attributes))
            whole = np.stack([part.codes[name].astype(kind) for name in attributes], axis=1)
            to = (part.marks[:, 1] % np.uint64(self._world)).astype(np.int64)
            self._deal(whole, part.marks, to)
            codes.append(whole[to == 0])
            marks.append(part.marks[to == 0])
        self._header([OVER] * (self._world + 1))
        return Units.gathered(codes, marks, len(attributes))

    def received(self, attributes: int) -> Units:
        """Return the part of another rank than the first."""
        codes, marks = [], []
        while (header := self._header([0] * (self._world + 1)))[0] != OVER:
            many, most = header[1 + self._rank], max(header[1:])
            words = self._scattered(None, most * attributes * header[0])[: many * attributes * header[0]]
            codes.append(words.view(f"u{header[0]}").reshape(-1, attributes))
            marks.append(self._scattered(None, most * 16)[: many * 16].view(np.uint64).reshape(-1, 2))
        return Units.gathered(codes, marks, attributes)

    def _deal(self, codes: NDArray[Any], marks: NDArray[np.uint64], to: NDArray[np.int64]) -> None:
        counts = np.bincount(to, minlength=self._world)
        counts[0] = 0  # stays here
        self._header([codes.itemsize, *counts.tolist()])
        for whole in (codes, marks):
            size = int(counts.max()) * whole.shape[1] * whole.itemsize
            parts = []
            for rank in range(self._world):
                words = np.zeros(size, dtype=np.uint8)
                if rank:
                    part = np.ascontiguousarray(whole[to == rank]).view(np.uint8).reshape(-1)
                    words[: len(part)] = part
                parts.append(words)
            self._scattered(parts, size)

    def block(self, steps: int) -> int:
        """See `Ranks.block`."""
        return self._header([steps])[0]

    def same(self, module: Module) -> None:
        """See `Ranks.same`."""
        import torch
        import torch.distributed as ranks

        with torch.no_grad():
            mine = parameters(module)
            flat = torch.cat([each.detach().reshape(-1).cpu() for each in mine])
            self._wait(ranks.broadcast(flat, src=0, async_op=True))
            if not self.first:
                for each, part in zip(mine, torch.split(flat, [p.numel() for p in mine]), strict=True):
                    each.copy_(part.view_as(each))

    def units(self, mine: int) -> int:
        """See `Ranks.units`; the units of rank 0 come first, then those of rank 1, and so on."""
        import torch

        sizes = [torch.zeros(1, dtype=torch.int64) for _ in range(self._world)]
        self._gathered(sizes, torch.tensor([mine]))
        self._starts = np.concatenate([[0], np.cumsum([int(size) for size in sizes])]).astype(np.int64)
        return int(self._starts[-1])

    def mine(self, joined: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """See `Ranks.mine`."""
        size = self._header([0 if joined is None else len(joined)])[0]
        units = np.array(self._header([0] * size if joined is None else joined.tolist()), dtype=np.int64)
        start, stop = self._starts[self._rank : self._rank + 2]
        found = np.asarray(units - start, dtype=np.int64)
        return np.asarray(found[(found >= 0) & (found < stop - start)])

    def total(self, part: Tensor) -> Tensor:
        """See `Ranks.total`."""
        import torch.distributed as ranks

        self._wait(ranks.reduce(part, dst=0, async_op=True))
        return part

    def _header(self, numbers: Sequence[int]) -> list[int]:
        """Return rank 0's numbers; as many as every rank gives."""
        import torch
        import torch.distributed as ranks

        if not numbers:
            return []
        said = torch.tensor(list(numbers), dtype=torch.int64)
        self._wait(ranks.broadcast(said, src=0, async_op=True))
        return [int(each) for each in said.tolist()]

    def _said(self, data: bytes) -> bytes:
        """Return rank 0's bytes."""
        import torch
        import torch.distributed as ranks

        size = self._header([len(data)])[0]
        words = torch.frombuffer(bytearray(data or bytes(max(size, 1))), dtype=torch.uint8)
        if size:
            self._wait(ranks.broadcast(words, src=0, async_op=True))
        return words.numpy().tobytes()[:size]

    def _scattered(self, parts: Sequence[NDArray[np.uint8]] | None, size: int) -> NDArray[np.uint8]:
        """Return this rank's part of what rank 0 deals, bytes, all parts of one size."""
        import torch
        import torch.distributed as ranks

        mine = torch.zeros(size, dtype=torch.uint8)
        if size:
            given = None if parts is None else [torch.from_numpy(part) for part in parts]
            self._wait(ranks.scatter(mine, given, src=0, async_op=True))
        return mine.numpy()

    def _gathered(self, every: list[Tensor], mine: Tensor) -> None:
        import torch.distributed as ranks

        self._wait(ranks.all_gather(every, mine, async_op=True))

    def _wait(self, work: Work | None) -> None:
        assert work is not None
        pause = SHORTEST
        while not work.is_completed():
            time.sleep(pause)
            pause = min(2 * pause, LONGEST)
            self._alive()
        work.wait()
