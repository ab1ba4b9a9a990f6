"""The autoregressive network: exact likelihood, each column given all before it.

The logarithms of the start model's tables are its first logits: before fine-tuning it *is* the start
model, drawn column by column; the network adds what depends on more columns than a table can hold.

Source: Larochelle & Murray 2011 (neural autoregressive distributions); Germain et al. 2015; the start
from a marginal model's tables: ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from synthspec.generators.neural.backbone import Backbone
from synthspec.generators.neural.forward import Net, Prefix
from synthspec.generators.neural.network import Network
from synthspec.terms.domain import Domain

if TYPE_CHECKING:
    from torch import Generator as TorchGenerator

    from synthspec.generators.neural.tuner import Tuner

MOST_INPUTS = 4_000_000


class Autoregressive(Network):
    """`using: autoregressive`: the marginal model with a network over all columns before each one.

    Attributes:
        embedding: numbers that stand for a code.
    """

    kind: Literal["autoregressive"] = "autoregressive"
    embedding: int = Field(default=8, ge=1, le=256)

    def parameters(self, domain: Domain, given: frozenset[str]) -> int:
        """See `Network.parameters`; codes are counted as if none were merged, up to 64 a column."""
        sizes = [min(size, 64) for size in domain.sizes]
        width, many = self.width, len(sizes)
        inner = sum(at * self.embedding * width for at in range(len(given), many))
        return self.embedding * sum(sizes) + inner + (many - len(given)) * width**2 + width * sum(sizes)

    def able(self, domain: Domain, given: frozenset[str]) -> bool:
        """See `Network.able`; a column alone has none before it."""
        return super().able(domain, given) and len(domain.attributes) > 1

    def needs_net(self, *, tuned: bool) -> bool:
        """Return whether it is fine-tuned: what rows of the start model say, its tables say already."""
        return tuned

    def untrained(
        self, bones: Backbone, rows: NDArray[np.int64], steps: int, random: TorchGenerator, device: str
    ) -> Tuner:
        """See `Network.untrained`."""
        from synthspec.generators.neural.nets import Prefix as PrefixNet
        from synthspec.generators.neural.prefix_tuner import PrefixTuner

        net = PrefixNet(bones, self.width, self.embedding)
        return PrefixTuner(net, bones, self.learning_rate, steps, device)

    def net(self, tuner: Tuner, bones: Backbone) -> Net:
        """See `Network.net`."""
        return Prefix((*bones.known, *bones.own), tuner.weights())

    def bare(self, bones: Backbone) -> Backbone:
        """Return the start's own tables."""
        return bones
