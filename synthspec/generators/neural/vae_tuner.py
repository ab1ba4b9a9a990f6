"""The variational autoencoder as `Oracle.gradient` trains it; imports torch.

Source: Kingma & Welling 2014 (the evidence bound); Xu et al. 2019 (heads for tables).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from synthspec.generators.base import Draws
from synthspec.generators.neural.backbone import Backbone
from synthspec.generators.neural.nets import Heads, Stack, Tables
from synthspec.generators.neural.tuner import Tuner


class Autoencoder(nn.Module):
    """An encoder to means and log variances, a decoder to heads; both read the given attributes."""

    def __init__(self, bones: Backbone, width: int, layers: int, latent: int) -> None:
        super().__init__()
        self.heads = Heads(bones)
        self.tables = Tables(bones)
        self.latent = latent
        read = self.heads.given + self.heads.width
        self.encoder = Stack(read, [width] * layers, 2 * latent)
        self.decoder = Stack(latent + self.heads.given, [width] * layers, self.heads.width)

    def forward(self, levels: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
        """Return the surprise of each row, and its latent's divergence from the normal."""
        given = self.heads.read(levels, self.heads.known)
        taken = self.encoder(torch.cat([given, self.heads.read(levels, self.heads.own)], 1))
        mean, spread = taken[:, : self.latent], taken[:, self.latent :].clamp(-8.0, 8.0)
        latent = mean + torch.exp(spread / 2) * draws.normal(len(levels), self.latent)
        logits = self.decoder(torch.cat([latent, given], 1))
        divergence = (mean.pow(2) + spread.exp() - 1 - spread).sum(1) / 2
        return self.heads.surprise(logits, levels, self.tables(levels)), divergence


class AutoencoderTuner(Tuner):
    """Minus the evidence bound, the divergence weighted."""

    def __init__(
        self, net: Autoencoder, bones: Backbone, rate: float, steps: int, device: str, weight: float
    ) -> None:
        super().__init__(net, bones, rate, steps, device)
        self._net, self._weight = net, weight

    def losses(self, codes: Tensor, draws: Draws) -> Tensor:
        """Return the loss of each row."""
        surprise, divergence = self._net(self.levels(codes), draws)
        out: Tensor = surprise + self._weight * divergence
        return out
