"""Nets: the torch side of the networks; imported while fitting alone.

Every parameter sits in a Linear or Embedding layer that is used once per forward pass, so that the norm
of a row's gradient follows from what went into a layer and what came back.

Source: Germain et al. 2015 (masked autoregression); Kingma & Welling 2014 (variational autoencoder);
Xu et al. 2019 (conditional generator and critic for tables).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from synthspec.generators.neural.backbone import Backbone
from synthspec.generators.neural.forward import blocks

TINY = 1e-5
"""What a table's empty cells count as while learning: a row that lies in one must not cost infinitely."""


class Prefix(nn.Module):
    """One small network per attribute over the embedded codes of the attributes before it.

    The last layers begin at 0: before learning, nothing is added to the tables.
    """

    def __init__(self, bones: Backbone, width: int, embedding: int) -> None:
        super().__init__()
        self.own, self.size = bones.own, embedding
        self.order = (*bones.known, *bones.own)
        self.before = {i: at for at, i in enumerate(self.order) if i in self.own and at > 0}
        sizes = bones.sizes
        self.embed = nn.ModuleDict({str(i): nn.Embedding(sizes[i], embedding) for i in self.order[:-1]})
        self.one = nn.ModuleDict({str(i): nn.Linear(at * embedding, width) for i, at in self.before.items()})
        self.two = nn.ModuleDict({str(i): nn.Linear(width, width) for i in self.before})
        self.out = nn.ModuleDict({str(i): nn.Linear(width, sizes[i]) for i in self.before})
        for parameter in self.out.parameters():
            nn.init.zeros_(parameter)

    def forward(self, levels: Tensor) -> dict[int, Tensor]:
        """Return logits per attribute, shape (rows, levels); `levels` has shape (rows, attributes)."""
        whole = torch.cat([self.embed[str(i)](levels[:, i]) for i in self.order[:-1]], 1)
        found = {}
        for index, at in self.before.items():
            hidden = torch.relu(self.one[str(index)](whole[:, : at * self.size]))
            hidden = hidden + torch.relu(self.two[str(index)](hidden))
            found[index] = self.out[str(index)](hidden)
        return found


class Tables(nn.Module):
    """The logarithms of a backbone's tables, looked up per row; nothing in it is learned."""

    def __init__(self, bones: Backbone) -> None:
        super().__init__()
        self._rungs = bones.rungs
        self.logs = nn.ParameterList()
        for rung in bones.rungs:
            table = torch.from_numpy(np.log(np.maximum(rung.shares, TINY)).astype(np.float32))
            self.logs.append(nn.Parameter(table, requires_grad=False))

    def look(self, at: int, levels: Tensor) -> Tensor:
        """Return the logarithms of the shares of the attribute drawn as number `at`, shape (rows, levels)."""
        rung = self._rungs[at]
        key = torch.zeros(len(levels), dtype=torch.int64, device=levels.device)
        for attribute, size in zip(rung.old, rung.sizes):
            key = key * size + levels[:, attribute]
        found: Tensor = self.logs[at][key]
        return found

    def forward(self, levels: Tensor) -> dict[int, Tensor]:
        """Return the logarithms of the shares per attribute, shape (rows, levels)."""
        return {rung.attribute: self.look(at, levels) for at, rung in enumerate(self._rungs)}


class Stack(nn.Module):
    """Linear layers with a nonlinearity between them: `body.0`, `body.1`, ..., then `head`."""

    def __init__(self, inputs: int, widths: Sequence[int], outputs: int, slope: float = 0.0) -> None:
        super().__init__()
        ends = [inputs, *widths]
        self.body = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(ends))
        self.head = nn.Linear(ends[-1], outputs)
        self._slope = slope

    def forward(self, taken: Tensor) -> Tensor:
        """Return the head's output."""
        for layer in self.body:
            taken = nn.functional.leaky_relu(layer(taken), self._slope)
        out: Tensor = self.head(taken)
        return out


class Heads(nn.Module):
    """How levels become the ones and zeros that networks read, and how heads are parted.

    Attributes:
        known: the given attributes.
        own: the drawn ones, in the order of the blocks.
        starts: where each drawn attribute's block begins.
        width: ones and zeros of the drawn attributes together.
    """

    def __init__(self, bones: Backbone) -> None:
        super().__init__()
        self.known, self.own, self.sizes = bones.known, bones.own, bones.sizes
        self.starts = blocks(self.own, self.sizes)
        self.width = sum(self.sizes[i] for i in self.own)
        self.given = sum(self.sizes[i] for i in self.known)

    def read(self, levels: Tensor, which: Sequence[int]) -> Tensor:
        """Return the attributes `which` as ones and zeros side by side, float32."""
        if not which:
            return torch.zeros((len(levels), 0), device=levels.device)
        return torch.cat([one_hot(levels[:, i], self.sizes[i]) for i in which], 1).float()

    def surprise(self, logits: Tensor, levels: Tensor, tables: Mapping[int, Tensor]) -> Tensor:
        """Return minus the logarithm of the shares that heads and tables give each row, shape (rows,)."""
        total = torch.zeros(len(levels), device=levels.device)
        for index in self.own:
            start = self.starts[index]
            part = tables[index] + logits[:, start : start + self.sizes[index]]
            total = total + nn.functional.cross_entropy(part, levels[:, index], reduction="none")
        return total
