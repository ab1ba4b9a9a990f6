"""The conditional generator and its critic as `Oracle.gradient` trains them; imports torch.

Private rows are seen by the critic alone, in the real half of its loss, whose gradient is clipped and
noised. The fake half is made of released things, in a forward of its own, and added without noise. The
generator learns from the critic and never sees a row.

The generator's heads are added to the logarithms of the start model's tables, column by column. It learns
first by likelihood, from rows of the start model and one code of each that is asked for, and then from
the critic.

Source: Xu et al. 2019 (training by sampling); Miyato et al. 2018 (hinge loss, spectral normalisation);
Jang, Gu & Poole 2017 (softened choices); Torkzadehmahani et al. 2019 (the noisy real half).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from synthspec.generators.base import Draws
from synthspec.generators.neural.backbone import Backbone
from synthspec.generators.neural.forward import blocks
from synthspec.generators.neural.nets import Heads, Stack, Tables
from synthspec.generators.neural.pretrain import BATCH, batches, rates
from synthspec.generators.neural.tuner import DECAY, Tuner, under

SOFT = 0.4
"""How soft the fake rows' choices are."""
GENERATOR_RATE = 5e-4
CRITIC_RATE = 1e-3
LIKELY_RATE = 2e-3
ASKED = 1.0
"""Weight of the generator's loss for not giving the code that was asked for."""


ANCHOR = 0.1
"""Weight of the surprise of rows of the start model: the critic may not lead the generator far from it."""


class Critic(nn.Module):
    """How real a row looks."""

    def __init__(self, bones: Backbone, width: int, layers: int) -> None:
        super().__init__()
        self.heads = Heads(bones)
        self.stack = Stack(self.heads.given + self.heads.width, [width] * layers, 1, slope=0.2)

    def forward(self, taken: Tensor) -> Tensor:
        """Return one number a row; `taken` holds ones and zeros, or soft choices."""
        out: Tensor = self.stack(taken)[:, 0]
        return out


class Adversary(Tuner):
    """The critic as the private module, the generator beside it."""

    def __init__(
        self,
        critic: Critic,
        generator: Stack,
        bones: Backbone,
        masses: Tensor,
        rows: Tensor,
        latent: int,
        rate: float,
        steps: int,
        device: str,
        random: torch.Generator,
    ) -> None:
        super().__init__(critic, bones, rate, steps, device)
        self.critic, self.heads, self.latent = critic, critic.heads, latent
        self.generator = generator.to(device)
        self.masses, self._random = masses, random
        self._rows = rows
        self._creator = torch.optim.Adam(generator.parameters(), lr=GENERATOR_RATE, betas=(0.5, 0.9))
        self.smooth = {n: v.detach().clone() for n, v in generator.state_dict().items()}
        self._made = 0
        own, sizes = self.heads.own, self.heads.sizes
        self._tables = Tables(bones).to(device)
        self._blocks = blocks(own, sizes)
        self._home = torch.cat([torch.full((sizes[i],), at) for at, i in enumerate(own)])
        self._place = torch.cat([torch.arange(sizes[i]) for i in own])

    def losses(self, codes: Tensor, draws: Draws) -> Tensor:
        """Return the real half of the hinge loss per row."""
        levels = self.levels(codes)
        return torch.relu(1 - self.critic(self.heads.read(levels, (*self.heads.known, *self.heads.own))))

    def step(self, gradient: Sequence[Tensor]) -> None:
        """Take a step of the critic with the fake half added, and one of the generator."""
        with torch.no_grad():
            fakes = self._fakes(BATCH)[0]
        unreal = torch.relu(1 + self.critic(fakes)).mean()
        parts = torch.autograd.grad(unreal, self.private)
        super().step([one + two for one, two in zip(gradient, parts, strict=True)])
        normalise(self.critic)
        self.create(GENERATOR_RATE * 0.2)

    def create(self, rate: float) -> None:
        """Take one step of the generator."""
        for group in self._creator.param_groups:
            group["lr"] = rate
        fakes, lost = self._fakes(BATCH)
        loss = -self.critic(fakes).mean() + ASKED * lost
        if ANCHOR:
            some = torch.randint(len(self._rows), (BATCH,), generator=self._random)
            loss = loss + ANCHOR * self._surprise(self._rows[some])
        self._creator.zero_grad(set_to_none=True)
        loss.backward()
        self._creator.step()
        self._made += 1
        keep = min(DECAY, self._made / (self._made + 9.0))
        for name, value in self.generator.state_dict().items():
            self.smooth[name].mul_(keep).add_(value, alpha=1 - keep)

    def begin(self, steps: int) -> None:
        """Train the generator on rows of the start model by likelihood, one code of each asked."""
        optimizer = torch.optim.Adam(self.generator.parameters(), lr=LIKELY_RATE)
        for rate, codes in zip(rates(steps, 1.0), batches(self._rows, steps, self._random), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = LIKELY_RATE * rate
            optimizer.zero_grad(set_to_none=True)
            self._surprise(codes).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        self.smooth = {n: v.detach().clone() for n, v in self.generator.state_dict().items()}

    def _surprise(self, codes: Tensor) -> Tensor:
        """Return the mean surprise of rows of the start model when one code of each is asked for."""
        levels, own = self.levels(codes.to(self.device)), self.heads.own
        column = torch.randint(len(own), (len(codes),), generator=self._random)
        mine = levels.cpu()[torch.arange(len(codes)), torch.tensor(own)[column]]
        logits = self._logits(levels, torch.tensor([self._blocks[index] for index in own])[column] + mine)
        total = torch.zeros(len(levels), device=self.device)
        for index, logs in self._tables(levels).items():
            whole = logs + logits[:, self._part(index)]
            total = total + nn.functional.cross_entropy(whole, levels[:, index], reduction="none")
        return total.mean()

    def _part(self, index: int) -> slice:
        return slice(self._blocks[index], self._blocks[index] + self.heads.sizes[index])

    def pretrain(self, steps: int) -> None:
        """Train both on rows of the start model."""
        optimizer = torch.optim.Adam(self.private, lr=CRITIC_RATE, betas=(0.5, 0.9))
        every = (*self.heads.known, *self.heads.own)
        for rate, codes in zip(rates(steps, 1.0), batches(self._rows, steps, self._random), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = CRITIC_RATE * rate
            with torch.no_grad():
                fakes = self._fakes(len(codes))[0]
            real = self.heads.read(self.levels(codes.to(self.device)), every)
            loss = torch.relu(1 - self.critic(real)).mean() + torch.relu(1 + self.critic(fakes)).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            normalise(self.critic)
            self.create(GENERATOR_RATE * rate)

    def _logits(self, levels: Tensor, asked: Tensor) -> Tensor:
        """Return the heads for rows with the given attributes of `levels`, one place asked of each."""
        normal = torch.randn((len(asked), self.latent), generator=self._random).to(self.device)
        wanted = nn.functional.one_hot(asked, self.heads.width).float().to(self.device)
        given = self.heads.read(levels, self.heads.known)
        out: Tensor = self.generator(torch.cat([normal, given, wanted], 1))
        return out

    def _fakes(self, rows: int) -> tuple[Tensor, Tensor]:
        """Return soft fake rows with their given attributes, and the loss for what was asked of them."""
        heads, device = self.heads, self.device
        chosen = torch.randint(len(self._rows), (rows,), generator=self._random)
        levels = self.levels(self._rows[chosen].to(device))
        asked = torch.multinomial(self.masses, rows, replacement=True, generator=self._random)
        logits = self._logits(levels, asked)
        noise = torch.rand(logits.shape, generator=self._random).clamp(1e-7, 1 - 1e-7).to(device)
        gumbel = -torch.log(-torch.log(noise))
        soft, lost = [], torch.zeros(rows, device=device)
        home, place = self._home[asked].to(device), self._place[asked].to(device)
        for at, index in enumerate(heads.own):
            part = self._part(index)
            whole = self._tables.look(at, levels) + logits[:, part]
            soft.append(torch.softmax((whole + gumbel[:, part]) / SOFT, 1))
            levels[:, index] = (whole + gumbel[:, part]).argmax(1)
            mine = torch.where(home == at, place, 0)
            surprise = nn.functional.cross_entropy(whole, mine, reduction="none")
            lost = lost + torch.where(home == at, surprise, torch.zeros_like(surprise))
        return torch.cat([heads.read(levels, heads.known), *soft], 1), lost.mean()

    def state(self) -> Mapping[str, Tensor]:
        """Return the generator's side as well; see `Tuner.state`."""
        found = dict(super().state())
        found |= {f"generator/{n}": v.detach().clone() for n, v in self.generator.state_dict().items()}
        found |= {f"smooth/{n}": v.clone() for n, v in self.smooth.items()}
        for at, each in self._creator.state_dict()["state"].items():
            found |= {f"creator/{at}/{n}": torch.as_tensor(v).clone() for n, v in each.items()}
        return found | {"made": torch.tensor(self._made), "random": self._random.get_state()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Take up a state; see `Tuner.restore`."""
        super().restore(state)
        self.generator.load_state_dict(under(state, "generator"))
        self.smooth = {n: v.clone() for n, v in under(state, "smooth").items()}
        held = self._creator.state_dict()
        held["state"] = {}
        for name, value in under(state, "creator").items():
            at, key = name.split("/")
            held["state"].setdefault(int(at), {})[key] = value.clone()
        self._creator.load_state_dict(held)
        self._made = int(state["made"])
        self._random.set_state(state["random"])


@torch.no_grad()
def normalise(critic: nn.Module) -> None:
    """Scale every layer whose largest singular value is above 1 down to it."""
    for layer in critic.modules():
        if isinstance(layer, nn.Linear):
            right = torch.ones(layer.in_features, device=layer.weight.device)
            for _ in range(3):
                left = nn.functional.normalize(layer.weight @ right, dim=0)
                right = nn.functional.normalize(layer.weight.T @ left, dim=0)
            largest = float(left @ layer.weight @ right)
            if largest > 1:
                layer.weight.div_(largest)
