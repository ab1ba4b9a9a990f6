"""The autoregressive network as `Oracle.gradient` trains it; imports torch.

Source: Larochelle & Murray 2011 (the likelihood); the tables as first logits: ours.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from synthspec.generators.base import Draws
from synthspec.generators.neural.backbone import Backbone
from synthspec.generators.neural.nets import Prefix, Tables
from synthspec.generators.neural.tuner import Tuner


class PrefixTuner(Tuner):
    """The autoregressive network: minus the logarithm of a row's likelihood."""

    def __init__(self, net: Prefix, bones: Backbone, rate: float, steps: int, device: str) -> None:
        super().__init__(net, bones, rate, steps, device)
        self._tables = Tables(bones).to(device)
        self._net = net

    def losses(self, codes: Tensor, draws: Draws) -> Tensor:
        """Return the surprise of each row's drawn attributes."""
        levels = self.levels(codes)
        added, tables = self._net(levels), self._tables(levels)
        total = torch.zeros(len(levels), device=levels.device)
        for index, part in added.items():
            total = total + nn.functional.cross_entropy(
                tables[index] + part, levels[:, index], reduction="none"
            )
        return total
