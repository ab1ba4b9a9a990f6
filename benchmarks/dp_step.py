"""What one private step costs beside a plain one: the 128-256-256-128 network at batch 1024, one thread.

    python benchmarks/dp_step.py            two minutes; opacus needs the extra `neural`
    python benchmarks/dp_step.py --write    kept in benchmarks/results/dp_step.md

Times are processor time per step: forward, backward, clipping, noise where there is any, and the descent.
All kinds take turns in every round, and a figure is the median of five rounds; "x plain" is the median of
the rounds' ratios, so that a busy machine slows both sides. "own" is `run.clipping` as `train` runs it,
through `run.steps`. Its clipped sum is held against a loop over examples; the largest difference is printed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from statistics import median

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn.functional import cross_entropy  # noqa: E402

from synthspec.mechanisms import SubsampledGaussian  # noqa: E402
from synthspec.privacy.accountant import budget_cost  # noqa: E402
from synthspec.privacy.entropy import NoiseSource, StreamNoise  # noqa: E402
from synthspec.run.batches import Piece, Units  # noqa: E402
from synthspec.run.clipping import Clipper  # noqa: E402
from synthspec.run.ranks import Alone  # noqa: E402
from synthspec.run.secret_draws import SecretDraws  # noqa: E402
from synthspec.run.steps import Stepper  # noqa: E402

BATCH, INPUTS, HIDDEN, OUTPUTS = 1024, 128, 256, 128
CLIP = 1.0
RESULTS = ROOT / "benchmarks" / "results" / "dp_step.md"


def network() -> nn.Sequential:
    """Return the network of the figures in the design."""
    torch.manual_seed(0)
    layers = [nn.Linear(INPUTS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(HIDDEN, OUTPUTS))


@dataclass
class Learner:
    """Descends on the cross entropy of a network of one row of numbers per code."""

    module: nn.Module = field(default_factory=network)
    table: Tensor = field(default_factory=lambda: torch.randn(256, INPUTS))

    def losses(self, codes: Tensor, draws: object) -> Tensor:
        """Return a loss per row."""
        return cross_entropy(self.module(self.table[codes[:, 0]]), codes[:, 0] % OUTPUTS, reduction="none")

    def step(self, gradient: Sequence[Tensor]) -> None:
        """Descend."""
        with torch.no_grad():
            for parameter, each in zip(self.module.parameters(), gradient, strict=True):
                parameter -= 1e-6 * each


class Everyone:
    """A purchase whose every batch is the same 1024 units, with no noise or with that of another."""

    def __init__(self, noise: SubsampledGaussian | None) -> None:
        self._noise = noise

    def joins(self, units: int, noise: NoiseSource) -> NDArray[np.int64]:
        """Return them all."""
        return np.arange(units)

    def gaussian(self, size: int, noise: NoiseSource) -> NDArray[np.float64]:
        """Return noise, or zeros."""
        return np.zeros(size) if self._noise is None else self._noise.gaussian(size, noise)


def timed(work: Callable[[], None], steps: int) -> float:
    """Return the processor time of a step [ms]."""
    start = time.process_time()
    for _ in range(steps):
        work()
    return 1000 * (time.process_time() - start) / steps


def in_turns(runs: Mapping[str, tuple[Callable[[], None], int]], rounds: int) -> dict[str, list[float]]:
    """Return each run's times [ms] over the rounds; all of them take turns in every round."""
    for work, _ in runs.values():
        work()
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, (work, steps) in runs.items():
            found[name].append(timed(work, steps))
    return found


def plain(learner: Learner, codes: Tensor) -> Callable[[], None]:
    """Return a step of plain descent."""

    def step() -> None:
        parameters = list(learner.module.parameters())
        loss = learner.losses(codes, None).sum()
        learner.step(torch.autograd.grad(loss / BATCH, parameters))

    return step


def opacus(learner: Learner, codes: Tensor, mode: str) -> Callable[[], None]:
    """Return a step of opacus without noise, its hooks (mode "hooks") or its ghost clipping."""
    from opacus import PrivacyEngine
    from torch.utils.data import DataLoader, TensorDataset

    module = network()
    engine = PrivacyEngine()
    criterion = nn.CrossEntropyLoss(reduction="mean")
    loader = DataLoader(TensorDataset(torch.zeros(BATCH, 1)), batch_size=BATCH)
    made = engine.make_private(
        module=module,
        optimizer=torch.optim.SGD(module.parameters(), lr=1e-6),
        criterion=criterion,
        data_loader=loader,
        noise_multiplier=0.0,
        max_grad_norm=CLIP,
        grad_sample_mode=mode,
        poisson_sampling=False,
    )
    private, optimizer = made[0], made[1]
    measured = made[2] if mode == "ghost" else criterion
    taken, wanted = learner.table[codes[:, 0]], codes[:, 0] % OUTPUTS

    def step() -> None:
        optimizer.zero_grad()
        measured(private(taken), wanted).backward()
        optimizer.step()

    return step


def difference(learner: Learner, codes: NDArray[np.int64]) -> float:
    """Return the largest difference between our clipped sum and that of a loop over examples."""
    clipper = Clipper(learner.module, CLIP)
    total = clipper.zeros()
    draws = SecretDraws(StreamNoise(), "cpu")
    clipper.add(total, Piece(codes, np.ones(len(codes), dtype=np.int64)), learner.losses, draws)
    parameters = list(learner.module.parameters())
    looped = torch.zeros_like(total)
    for row in torch.from_numpy(codes).split(1):
        parts = torch.autograd.grad(learner.losses(row, None).sum(), parameters)
        flat = torch.cat([each.reshape(-1) for each in parts]).double()
        looped += flat * min(1.0, CLIP / float(flat.norm()))
    return float((total - looped).abs().max())


def table(rounds: int) -> str:
    """Return the figures as a Markdown table."""
    learner = Learner()
    numbers = np.random.default_rng(0).integers(0, 256, (BATCH, 1))
    codes = torch.from_numpy(numbers)
    units = Units(numbers.astype(np.uint8), np.arange(BATCH + 1))
    stepper = Stepper(learner, units, CLIP, float(BATCH), Alone())  # type: ignore[arg-type]
    cost = budget_cost(1, Fraction(1, 10**9))
    bought = SubsampledGaussian.costing(cost, rate=Fraction(1, 40), steps=1000)
    size = sum(parameter.numel() for parameter in learner.module.parameters())
    noise = StreamNoise()

    def noise_alone() -> None:
        bought.gaussian(size, noise)

    runs: dict[str, tuple[Callable[[], None], int]] = {
        "plain": (plain(learner, codes), 20),
        "own, no noise": (lambda: stepper.run(1, Everyone(None), noise), 20),
        "own, with noise": (lambda: stepper.run(1, Everyone(bought), noise), 20),
        "the noise alone": (noise_alone, 20),
        "opacus ghost, no noise": (opacus(learner, codes, "ghost"), 20),
        "opacus hooks, no noise": (opacus(learner, codes, "hooks"), 1),
    }
    found = in_turns(runs, rounds)
    lines = ["| step | ms | x plain |", "|---|---|---|"]
    for name, ms in found.items():
        ratio = median(a / b for a, b in zip(ms, found["plain"], strict=True))
        lines.append(f"| {name} | {median(ms):.1f} | {ratio:.2f} |")
    worst = difference(learner, numbers)
    return "\n".join([*lines, "", f"clipped sum against a loop over examples: at most {worst:.1e} apart"])


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--write", action="store_true", help="keep the table in benchmarks/results/")
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    text = table(asked.rounds)
    print(text)
    if asked.write:
        head = (
            f"# One private step\n\n{__doc__.splitlines()[0]} Processor time, torch {torch.__version__}.\n\n"
        )
        RESULTS.write_text(head + text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
