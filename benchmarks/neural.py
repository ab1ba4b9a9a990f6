"""The neural backends beside the marginal model that they start from, at equal budget; prints a table.

    python benchmarks/neural.py                                   adult, epsilon 1, one seed
    python benchmarks/neural.py --epsilons 1 10 --seeds 3 --out   kept in benchmarks/results/neural.md
    python benchmarks/neural.py --scratch                         a network without a start as well
    python benchmarks/neural.py --rows 10000 1000000              defaults on a small and on a large table
    python benchmarks/neural.py --kept figures.json               goes on where an earlier run was cut off;
                                                                  of one state of the engine: remove it after

delta is 1e-9, every row is a unit, as many rows are drawn as were learned from; measures as in
`closeness.py`. Under each network: its own start (the marginal model that its first share of the budget
bought; the same for all, shown once), the network learned from rows of that start and fine-tuned where
that can be expected to help, not re-weighted, and the whole model. "kept" is the effective share that a
sample of the second would have if its rows were weighted to the start's marginals; the whole model is
corrected instead, and every row of it counts in full. "no start" is the autoregressive network over even
tables, with a hundredth of the budget for what codes are merged and the rest for its gradients. "fit" is in
CPU seconds, start and fine-tuning together; "+-" lines are the standard deviation over seeds.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "tests" / "generators")]

import numpy as np  # noqa: E402
from closeness import Rows, closeness  # noqa: E402
from exact_oracle import TableOracle  # noqa: E402
from fidelity import DELTA, DIGITS, KEPT, RESULTS, Page  # noqa: E402
from neural_sizes import one, resampled, sizes  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from tables import NAMES, Coded, load  # noqa: E402

from synthspec.generators import Autoregressive, Ctgan, Generator, Marginal, Model, Vae, Workload  # noqa: E402
from synthspec.generators.neural.backbone import Backbone, backbone  # noqa: E402
from synthspec.generators.neural.network import Network  # noqa: E402
from synthspec.generators.neural.neural_model import NeuralModel  # noqa: E402
from synthspec.generators.neural.tuner import Tuner  # noqa: E402
from synthspec.privacy.accountant import budget_cost  # noqa: E402
from synthspec.privacy.cost import Cost  # noqa: E402
from synthspec.privacy.entropy import SampleRng  # noqa: E402
from synthspec.terms.domain import Domain  # noqa: E402

KINDS: dict[str, type[Network]] = {"autoregressive": Autoregressive, "vae": Vae, "ctgan": Ctgan}
DIGITS["kept"] = 2


def possible(bones: Backbone) -> Backbone:
    """Return tables with equal shares wherever those of `bones` are not 0."""
    rungs = []
    for rung in bones.rungs:
        held = (rung.shares > 0).astype(np.float64)
        rungs.append(replace(rung, shares=held / np.maximum(held.sum(axis=1, keepdims=True), 1.0)))
    return replace(bones, rungs=tuple(rungs))


class Scratch(Autoregressive):
    """The autoregressive network without a start: codes and a hundredth of the budget are all it is given."""

    fine_tune: Literal["auto", "always", "never"] = "always"
    fine_tune_share: float = 0.99
    learning_rate: float = 0.005
    reweight: bool = False

    def tuner(self, bones: Backbone, rows: NDArray[np.int64], steps: int, seed: int, device: str) -> Tuner:
        """Start from even tables."""
        return super().tuner(possible(bones), rows, steps, seed, device)

    def bare(self, bones: Backbone) -> Backbone:
        """Return even tables."""
        return possible(bones)


def fitted(table: Coded, generator: Generator, epsilon: float, seed: int) -> tuple[Model, float]:
    """Fit, and return the model and the CPU seconds it took."""
    gc.collect()
    real, _ = table.split()
    domain = Domain(attributes=table.columns, sizes=table.sizes)
    whole = budget_cost(epsilon, DELTA)
    oracle = TableOracle(domain, {c: real[:, i] for i, c in enumerate(table.columns)}, whole, seed=seed)
    cap = Cost(mu2=whole.mu2, delta0=whole.delta0 // 10)
    workload = Workload(ordinal=table.ordinal, missing=table.missing)
    start = time.process_time()
    model = generator.fit(oracle, workload, cap, SampleRng(seed))
    return model, time.process_time() - start


def by_name(table: Coded, kind: str, epsilon: float, seed: int) -> tuple[Model, float]:
    """Fit a backend at its defaults."""
    return fitted(table, Marginal() if kind == "marginal" else KINDS[kind](), epsilon, seed)


def figures(table: Coded, model: Model, seed: int) -> dict[str, float]:
    """Return how close rows of a model are."""
    codes = model.sample(len(table.split()[0]), SampleRng(seed, "sample"))
    rows: Rows = np.stack([codes.columns[c] for c in table.columns], 1).astype(np.int64)
    return closeness(table, rows, classifier=True)


def stages(generator: Network, model: NeuralModel) -> Iterator[tuple[str, Model]]:
    """Yield what each stage of a fit gives, the last first."""
    tuned = "fine_tune_mu2" in model.notes and model.notes["fine_tune_mu2"] > 0
    if isinstance(generator, Scratch):
        yield "tuned", model
        return
    if model.net is None:
        yield "start only", model
        return
    yield ("tuned, re-weighted" if tuned else "re-weighted"), model
    bare = replace(model, bones=generator.bare(backbone(model.start)))
    yield ("tuned, not re-weighted" if tuned else "not re-weighted"), bare
    if generator.kind == "autoregressive":  # the others' start is the same at the same seed
        yield "its start", model.start


def fits(table: Coded, generator: Generator, epsilon: float, seed: int) -> dict[str, float]:
    """Return the figures of every stage of one fit as `stage|figure`; what stage it is comes first."""
    model, seconds = fitted(table, generator, epsilon, seed)
    if not (isinstance(model, NeuralModel) and isinstance(generator, Network)):
        return {f"|{name}": each for name, each in (figures(table, model, seed) | {"fit": seconds}).items()}
    found: dict[str, float] = {}
    for stage, each in stages(generator, model):
        line = figures(table, each, seed)
        if each is model:
            line |= {"fit": seconds, "kept": float(model.notes.get("effective", 1.0))}
        found |= {f"{stage}|{name}": value for name, value in line.items()}
    return found


def compare(page: Page, table: Coded, chosen: argparse.Namespace) -> None:
    """Print one table's lines."""
    page.head(table)
    for epsilon in chosen.epsilons:
        entries: dict[str, Generator] = {"marginal": Marginal()}
        entries |= {kind: KINDS[kind](fine_tune=chosen.fine_tune) for kind in chosen.kinds}
        if chosen.scratch:
            entries["no start"] = Scratch()
        for label, generator in entries.items():
            lines: dict[str, list[dict[str, float]]] = {}
            for seed in range(chosen.seeds):
                key = f"{table.name} {epsilon:g} {label} {chosen.fine_tune} {seed}"
                found = KEPT.figures(key, partial(fits, table, generator, epsilon, seed))
                stages_: dict[str, dict[str, float]] = {}
                for name, value in found.items():
                    stage, figure = name.split("|")
                    stages_.setdefault(stage, {})[figure] = value
                for stage, line in stages_.items():
                    lines.setdefault(stage, []).append(line)
            for at, (stage, each) in enumerate(lines.items()):
                page.row(
                    (f"{epsilon:g} {label}: {stage}" if not at else f"    {stage}")[:33].rstrip(": "), each
                )
            if chosen.out:
                page.write(chosen.out, _command(sys.argv[1:]))


def _command(words: Sequence[str]) -> str:
    """Return the command without where it kept its files."""
    left = [w for w, before in zip(words, ("", *words)) if not {w, before} & {"--kept", "--out"}]
    return " ".join(("python benchmarks/neural.py", *left))


def main() -> None:
    """Run what was asked for."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--tables", nargs="+", choices=NAMES, default=["adult"])
    parser.add_argument("--epsilons", nargs="+", type=float, default=[1.0])
    parser.add_argument("--kinds", nargs="*", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--fine-tune", choices=("auto", "always", "never"), default="auto")
    parser.add_argument("--scratch", action="store_true", help="a network without a start as well")
    parser.add_argument("--rows", nargs="+", type=int, help="fits at defaults on so many rows of adult")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, nargs="?", const=RESULTS / "neural.md")
    parser.add_argument("--kept", type=Path, help="a file of figures of earlier fits, to go on from")
    chosen = parser.parse_args()
    KEPT.path = chosen.kept
    page = Page()
    if chosen.one:
        rows, kind, epsilon, seed = chosen.one
        table = resampled(load("adult"), int(rows))
        print(json.dumps(one(table, by_name, kind, float(epsilon), int(seed))))
        return
    if chosen.rows:
        sizes(page, Path(__file__), chosen.rows, ["marginal", *chosen.kinds], chosen.epsilons)
        return
    for name in chosen.tables:
        compare(page, load(name), chosen)


if __name__ == "__main__":
    main()
