"""Tuner: what every network's learner shares: levels from codes, Adam, the average of weights, a state.

Private gradients come in noisy; everything here is a function of public things and of them.

Source: Kingma & Ba 2015 (Adam); Polyak & Juditsky 1992 (averages of weights, here exponential).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from synthspec.generators.base import Draws
from synthspec.generators.neural.backbone import Backbone
from synthspec.generators.neural.described import described

if TYPE_CHECKING:
    from synthspec.generators.neural.network import Network

DECAY = 0.99
NORMS_OF = 64
FADE = 0.3
"""The last part of the steps, in which the step size falls to a tenth."""


class Tuner(ABC):
    """A module with its optimizer; see `generators.base.Learner`.

    Attributes:
        watched: codes of a few rows of the start model, for the loss that is shown; may be none.
        network: what made it, where it was made from a spec.
    """

    def __init__(self, module: nn.Module, bones: Backbone, rate: float, steps: int, device: str) -> None:
        self.module = module.to(device)
        self.device = device
        self.network: Network | None = None
        self._bones = bones
        self._levels = [torch.from_numpy(level).to(device) for level in bones.levels]
        self.private = [p for p in module.parameters() if p.requires_grad]
        self.optimizer = torch.optim.Adam(self.private, lr=rate)
        self.average = {n: v.detach().clone() for n, v in module.state_dict().items()}
        self._rate, self._steps, self._done = rate, steps, 0
        self.watched = torch.zeros((0, len(bones.levels)), dtype=torch.int64)

    @abstractmethod
    def losses(self, codes: Tensor, draws: Draws) -> Tensor:
        """Return one loss per row."""

    def levels(self, codes: Tensor) -> Tensor:
        """Return the levels of codes, shape (rows, attributes)."""
        return torch.stack([level[codes[:, i]] for i, level in enumerate(self._levels)], 1)

    def step(self, gradient: Sequence[Tensor]) -> None:
        """Take one step; see `Learner.step`."""
        for parameter, each in zip(self.private, gradient, strict=True):
            parameter.grad = each.to(parameter.dtype)
        left = (self._steps - self._done) / max(FADE * self._steps, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self._rate * min(1.0, max(left, 0.1))
        self.optimizer.step()
        self._done += 1
        keep = min(DECAY, self._done / (self._done + 9.0))
        for name, value in self.module.state_dict().items():
            self.average[name].mul_(keep).add_(value, alpha=1 - keep)

    def public_loss(self) -> float | None:
        """Return the mean loss of the watched rows, which were drawn from the start model; None without."""
        if not len(self.watched):
            return None
        draws = PublicDraws(torch.Generator().manual_seed(0), self.device)
        with torch.no_grad():
            return float(self.losses(self.watched.to(self.device), draws).mean())

    def described(self) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        """Return what another process makes the module from; see `Portable`."""
        if self.network is None:
            raise ValueError("a network that was made by hand has no description")
        return described(self.network, self._bones)

    def state(self) -> Mapping[str, Tensor]:
        """Return parameters, averages, optimizer and counter; see `Learner.state`."""
        found = {f"module/{n}": v.detach().clone() for n, v in self.module.state_dict().items()}
        found |= {f"average/{n}": v.clone() for n, v in self.average.items()}
        for at, each in self.optimizer.state_dict()["state"].items():
            found |= {f"adam/{at}/{n}": torch.as_tensor(v).clone() for n, v in each.items()}
        return found | {"done": torch.tensor(self._done)}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take up a state; see `Learner.restore`."""
        self.module.load_state_dict(under(state, "module"))
        self.average = {n: v.clone() for n, v in under(state, "average").items()}
        self._done = int(state["done"])
        held = self.optimizer.state_dict()
        held["state"] = {}
        for name, value in under(state, "adam").items():
            at, key = name.split("/")
            held["state"].setdefault(int(at), {})[key] = value.clone()
        self.optimizer.load_state_dict(held)

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """Return the averaged weights by torch's names."""
        return {n: v.detach().cpu().numpy().astype(np.float32) for n, v in self.average.items()}

    def clip(self, codes: Tensor) -> float:
        """Return the median norm of the gradients of a few public rows: where private ones are clipped."""
        draws = PublicDraws(torch.Generator().manual_seed(0), self.device)
        norms = []
        for row in (codes[at : at + 1] for at in range(min(NORMS_OF, len(codes)))):
            loss = self.losses(row.to(self.device), draws).sum()
            parts = torch.autograd.grad(loss, self.private, allow_unused=True)
            norms.append(sum(float(p.pow(2).sum()) for p in parts if p is not None) ** 0.5)
        found = float(np.median(norms))
        return found if 1e-6 < found < 1e6 else 1.0


class PublicDraws:
    """Draws for public rows, from a seeded generator; never used on private ones."""

    def __init__(self, generator: torch.Generator, device: str = "cpu") -> None:
        self._generator, self._device = generator, device

    def normal(self, rows: int, *shape: int) -> Tensor:
        """Return standard normal draws; see `Draws.normal`."""
        return torch.randn((rows, *shape), generator=self._generator).to(self._device)

    def uniform(self, rows: int, *shape: int) -> Tensor:
        """Return uniform draws in (0, 1); see `Draws.uniform`."""
        found = torch.rand((rows, *shape), generator=self._generator).clamp(1e-7, 1 - 1e-7)
        return found.to(self._device)


@contextmanager
def seeded(seed: int) -> Iterator[torch.Generator]:
    """Make new layers repeatable, on one thread; the state of torch is put back afterwards."""
    before = torch.random.get_rng_state()
    torch.manual_seed(seed)
    try:
        yield torch.Generator().manual_seed(seed)
    finally:
        torch.random.set_rng_state(before)


def under(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors named `prefix/...`, without it."""
    return {n[len(prefix) + 1 :]: v for n, v in state.items() if n.startswith(f"{prefix}/")}
