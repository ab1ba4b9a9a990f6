"""The conditional generator: asked for a code of one column, it makes a row; a critic tells it how real.

What is asked for follows the noisy one-ways that were paid for, never exact ones. The generator's heads
are added to the logarithms of the start model's tables, column by column; these keep impossible cells
empty and are raked to its marginals.

Source: Xu et al. 2019 (CTGAN); heads over paid-for tables: ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from synthspec.generators.neural.backbone import Backbone
from synthspec.generators.neural.forward import Decoder, Net, blocks
from synthspec.generators.neural.network import Network
from synthspec.terms.domain import Domain

if TYPE_CHECKING:
    from torch import Generator as TorchGenerator

    from synthspec.generators.neural.tuner import Tuner


class Ctgan(Network):
    """`using: ctgan`: a conditional generator and a critic over the levels of the start model.

    Attributes:
        latent: latent normals of the generator.
        layers: hidden layers of generator and critic.
    """

    kind: Literal["ctgan"] = "ctgan"
    latent: int = Field(default=64, ge=1, le=1024)
    layers: int = Field(default=2, ge=1, le=8)
    pretrain: int = Field(default=800, ge=1, le=1_000_000)
    width: int = Field(default=128, ge=1, le=4096)
    learning_rate: float = Field(default=0.0005, gt=0, le=1)

    def parameters(self, domain: Domain, given: frozenset[str]) -> int:
        """Return the critic's: the generator sees no private row."""
        codes = sum(min(size, 64) for size in domain.sizes)
        return self.width * (codes + (self.layers - 1) * self.width + 1)

    def needs(self) -> float:
        """See `Network.needs`; at 123 (adult, epsilon 10) it does not help yet."""
        return 400.0

    def untrained(
        self, bones: Backbone, rows: NDArray[np.int64], steps: int, random: TorchGenerator, device: str
    ) -> Tuner:
        """See `Network.untrained`."""
        import torch

        from synthspec.generators.neural.gan_tuner import Adversary, Critic
        from synthspec.generators.neural.nets import Heads, Stack

        heads = Heads(bones)
        read = self.latent + heads.given + heads.width
        generator = Stack(read, [self.width] * self.layers, heads.width)
        return Adversary(
            Critic(bones, self.width, self.layers),
            generator,
            bones,
            torch.from_numpy(masses(bones, rows)),
            torch.from_numpy(rows),
            self.latent,
            self.learning_rate,
            steps,
            device,
            random,
        )

    def prepare(self, tuner: Tuner, rows: NDArray[np.int64], random: TorchGenerator) -> None:
        """See `Network.prepare`."""
        from synthspec.generators.neural.gan_tuner import Adversary

        assert isinstance(tuner, Adversary)
        tuner.begin(self.pretrain)
        tuner.pretrain(self.pretrain)

    def net(self, tuner: Tuner, bones: Backbone) -> Net:
        """Return the generator, its weights averaged."""
        from synthspec.generators.neural.gan_tuner import Adversary

        assert isinstance(tuner, Adversary)
        weights = {n: v.detach().cpu().numpy().astype(np.float32) for n, v in tuner.smooth.items()}
        shares = tuner.masses.numpy()
        starts = blocks(bones.own, bones.sizes)
        return Decoder(
            bones.known, starts, bones.sizes, self.latent, self.layers, weights, bones.own, shares
        )  # fmt: skip

    def bare(self, bones: Backbone) -> Backbone:
        """Return the start's own tables."""
        return bones


def masses(bones: Backbone, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how often each level is asked for: columns equally, levels as in rows of the start model."""
    found = []
    for index in bones.own:
        share = np.bincount(bones.levels[index][rows[:, index]], minlength=bones.sizes[index])
        found.append(share / share.sum() / len(bones.own))
    return np.concatenate(found)
