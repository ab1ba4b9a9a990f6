"""The variational autoencoder: a latent normal, decoded by one softmax head per column.

Numbers are codes of their public bins, a missing value is a code; there is no batch normalisation and no
statistic of private rows. The heads are added to the logarithms of the start model's tables, column by
column: what rows of the start model say, its tables say already, so that the latent has to carry only what
private rows add. The tables keep impossible cells empty and are raked to the start's marginals.

Source: Kingma & Welling 2014; Xu et al. 2019 (TVAE).
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


class Vae(Network):
    """`using: vae`: a variational autoencoder over the levels of the start model.

    Attributes:
        latent: latent normals.
        layers: hidden layers of the encoder and of the decoder.
        divergence_weight: of the latent's divergence in the loss; under 1 for sharper rows.
    """

    kind: Literal["vae"] = "vae"
    latent: int = Field(default=16, ge=1, le=1024)
    layers: int = Field(default=2, ge=1, le=8)
    divergence_weight: float = Field(default=1.0, gt=0, le=100)
    pretrain: int = Field(default=300, ge=1, le=1_000_000)
    width: int = Field(default=128, ge=1, le=4096)
    learning_rate: float = Field(default=0.0005, gt=0, le=1)

    def parameters(self, domain: Domain, given: frozenset[str]) -> int:
        """See `Network.parameters`; codes are counted as if none were merged, up to 64 a column."""
        codes = sum(min(size, 64) for size in domain.sizes)
        return 2 * self.width * (codes + (self.layers - 1) * self.width + 2 * self.latent)

    def needs(self) -> float:
        """See `Network.needs`; at 84 (adult, epsilon 10) it does not help yet."""
        return 250.0

    def untrained(
        self, bones: Backbone, rows: NDArray[np.int64], steps: int, random: TorchGenerator, device: str
    ) -> Tuner:
        """See `Network.untrained`."""
        from synthspec.generators.neural.vae_tuner import Autoencoder, AutoencoderTuner

        net = Autoencoder(bones, self.width, self.layers, self.latent)
        return AutoencoderTuner(net, bones, self.learning_rate, steps, device, self.divergence_weight)

    def prepare(self, tuner: Tuner, rows: NDArray[np.int64], random: TorchGenerator) -> None:
        """See `Network.prepare`."""
        import torch

        from synthspec.generators.neural.pretrain import pretrained

        pretrained(tuner, torch.from_numpy(rows), self.pretrain, random)

    def net(self, tuner: Tuner, bones: Backbone) -> Net:
        """Return the decoder."""
        weights = {n[8:]: v for n, v in tuner.weights().items() if n.startswith("decoder.")}
        starts = blocks(bones.own, bones.sizes)
        return Decoder(bones.known, starts, bones.sizes, self.latent, self.layers, weights)

    def bare(self, bones: Backbone) -> Backbone:
        """Return the start's own tables."""
        return bones
