"""How close the marginal engine comes to real tables at equal budget; prints a table.

    python benchmarks/fidelity.py                 adult, one seed: about a minute
    python benchmarks/fidelity.py --full          all tables, three seeds, kept in benchmarks/results/
    python benchmarks/fidelity.py --ablate        what each idea of the engine buys
    python benchmarks/fidelity.py --grid          never worse than independent columns? six tables, eight
                                                  budgets, five seeds, kept in benchmarks/results/
    python benchmarks/fidelity.py --tables bank credit --epsilons 0.1 1 --seeds 5
    python benchmarks/fidelity.py --full --kept figures.json    goes on where an earlier run was cut off;
                                                  the file is of one state of the engine: remove it after

delta is 1e-9, neighbours add or remove one row, every row is a unit, all budget goes to the fit, as many
rows are drawn as were learned from. Beside the engine: rows resampled from the learned table, a fresh
real sample (the held-out rows), independent columns and a Gaussian copula at the same budget. The
measures are those of `closeness.py`; where the table has a spec with rules, a further line fits with its
structural zeros and without the columns that others determine (`rules.py`). "fit" is in CPU seconds,
"rows" in million codes drawn per CPU second and all columns, "MB" the most memory that a process held
which did nothing but that fit. "+-" lines are the standard deviation over seeds.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "tests" / "generators")]

import grid  # noqa: E402
import numpy as np  # noqa: E402
from ablations import ABLATIONS, Variant  # noqa: E402
from closeness import Rows, closeness  # noqa: E402
from exact_oracle import TableOracle  # noqa: E402
from rules import Zeros, completed, model_table, ruled, zeros  # noqa: E402
from tables import NAMES, Coded, load  # noqa: E402

from synthspec.generators import Copula, Generator, Independent, Marginal, Model, Workload  # noqa: E402
from synthspec.privacy.accountant import budget_cost  # noqa: E402
from synthspec.privacy.entropy import SampleRng  # noqa: E402
from synthspec.terms.domain import Domain  # noqa: E402

Fits = Generator | Variant
DELTA = 1e-9
SPEED_ROWS = 1_000_000
RESULTS = ROOT / "benchmarks" / "results"
DIGITS = {
    **dict.fromkeys(("tvd1", "tvd2", "tvd3", "max1", "max2", "max3", "auc", "f1"), 4),
    "tail": 2,
    "top": 2,
    "fit": 2,
    "rows": 2,
    "MB": 0,
}


@dataclass
class Kept:
    """Figures of fits that were made, in a file: a long run may be cut off and taken up again."""

    path: Path | None = None

    def figures(self, label: str, make: Callable[[], dict[str, float]], *needed: str) -> dict[str, float]:
        """Return the figures kept as `label`, if all that are `needed` are among them; else make them."""
        if self.path is None:
            return make()
        held = json.loads(self.path.read_text()) if self.path.exists() else {}
        if label not in held or not all(name in held[label] for name in needed):
            held[label] = make()
            beside = self.path.with_suffix(".new")
            beside.write_text(json.dumps(held))
            beside.replace(self.path)
        return dict(held[label])


KEPT = Kept()


@dataclass
class Page:
    """What is printed, kept to be written to a file."""

    lines: list[str] = field(default_factory=list)

    def say(self, line: str = "") -> None:
        """Print a line and keep it."""
        self.lines.append(line.rstrip())
        print(line.rstrip(), flush=True)

    def head(self, table: Coded) -> None:
        """Print a table's name and the names of the columns."""
        real, _ = table.split()
        self.say()
        self.say(f"{table.name}: {len(real)} rows, {len(table.columns)} columns, {sum(table.sizes)} codes")
        self.say(" " * 34 + "".join(f"{c:>8s}" for c in DIGITS))

    def row(self, label: str, figures: Sequence[Mapping[str, float]]) -> None:
        """Print the means over seeds, and under them their spread."""
        line, spread = f"{label:34s}", f"{'   +-':34s}"
        for column, digits in DIGITS.items():
            values = [f[column] for f in figures if column in f]
            line += f"{np.mean(values):8.{digits}f}" if values else " " * 8
            spread += f"{np.std(values, ddof=1):8.{digits}f}" if len(values) > 1 else " " * 8
        self.say(line)
        if len(figures) > 1:
            self.say(spread)

    def write(self, path: Path, command: str) -> None:
        """Write everything to a file, with the command, the day and the machine."""
        facts = f"{date.today().isoformat()}, {os.cpu_count()} cores, one process: `{command}`"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([f"# {path.stem}", "", facts, "", "```", *self.lines, "```", ""]))


def fitted(
    table: Coded, generator: Fits, epsilon: float, seed: int, rules: Zeros = ()
) -> tuple[Model, float]:
    """Fit, and return the model and the CPU seconds it took."""
    real, _ = table.split()
    domain = Domain(attributes=table.columns, sizes=table.sizes)
    cap = budget_cost(epsilon, DELTA)
    oracle = TableOracle(domain, {c: real[:, i] for i, c in enumerate(table.columns)}, cap, seed=seed)
    workload = Workload(ordinal=table.ordinal, missing=table.missing, zeros=rules)
    start = time.process_time()
    model = generator.fit(oracle, workload, oracle.left, SampleRng(seed))
    return model, time.process_time() - start


def run(table: Coded, generator: Fits, epsilon: float, seed: int, *, classifier: bool) -> dict[str, float]:
    """Return the figures of one fit."""

    def make() -> dict[str, float]:
        gc.collect()
        model, seconds = fitted(table, generator, epsilon, seed)
        codes = model.sample(len(table.split()[0]), SampleRng(seed, "sample"))
        rows: Rows = np.stack([codes.columns[c] for c in table.columns], 1).astype(np.int64)
        return closeness(table, rows, classifier=classifier) | {"fit": seconds}

    label = f"{table.name} {generator!r} {epsilon:g} {seed}"
    return KEPT.figures(label, make, *(["auc"] if classifier else []))


def run_ruled(
    table: Coded, generator: Fits, epsilon: float, seed: int, *, classifier: bool
) -> dict[str, float]:
    """Return the figures of one fit that uses what the spec says of the table."""

    def make() -> dict[str, float]:
        gc.collect()
        modelled = model_table(table)
        model, seconds = fitted(modelled, generator, epsilon, seed, zeros(table))
        codes = model.sample(len(table.split()[0]), SampleRng(seed, "sample"))
        rows: Rows = np.stack([codes.columns[c] for c in modelled.columns], 1).astype(np.int64)
        return closeness(table, completed(table, rows), classifier=classifier) | {"fit": seconds}

    label = f"{table.name} with rules {generator!r} {epsilon:g} {seed}"
    return KEPT.figures(label, make, *(["auc"] if classifier else []))


def costs(table: Coded, generator: Generator, epsilon: float) -> dict[str, float]:
    """Return the speed of drawing, and the most memory of a process that does this fit only."""

    def make() -> dict[str, float]:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.apply(_costs, (table, generator, epsilon))

    return KEPT.figures(f"{table.name} {generator!r} {epsilon:g} costs", make)


def _costs(table: Coded, generator: Generator, epsilon: float) -> dict[str, float]:
    model, _ = fitted(table, generator, epsilon, 0)
    most = peak()
    start = time.process_time()
    model.sample(SPEED_ROWS, SampleRng(0, "speed"))
    return {"rows": SPEED_ROWS / (time.process_time() - start) / 1e6, "MB": most}


def peak() -> float:
    """Return the most memory [MB] this process held; not ru_maxrss, which starts from its parent's."""
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    lines = status.read_text().splitlines()
    return float(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def compare(page: Page, table: Coded, chosen: argparse.Namespace) -> None:
    """Print the engine beside its references."""
    real, held = table.split()
    page.head(table)
    again = [
        real[np.random.default_rng(seed).integers(0, len(real), len(real))] for seed in range(chosen.seeds)
    ]
    page.row("rows resampled", [closeness(table, rows, classifier=not chosen.no_auc) for rows in again])
    page.row("fresh real sample (held-out rows)", [closeness(table, held, classifier=False)])
    for epsilon in chosen.epsilons:
        for generator in (Marginal(), Independent(), Copula()):
            figures = [
                run(table, generator, epsilon, seed, classifier=not chosen.no_auc)
                for seed in range(chosen.seeds)
            ]
            if isinstance(generator, Marginal):
                figures[0] |= costs(table, generator, epsilon)
            page.row(f"{generator.kind}, epsilon {epsilon:g}", figures)  # type: ignore[attr-defined]
            if isinstance(generator, Marginal) and ruled(table):
                page.row(
                    "  with the spec's rules",
                    [
                        run_ruled(table, generator, epsilon, seed, classifier=not chosen.no_auc)
                        for seed in range(chosen.seeds)
                    ],
                )


def ablate(page: Page, table: Coded, chosen: argparse.Namespace) -> None:
    """Print the engine with one idea taken out at a time."""
    page.head(table)
    for epsilon in chosen.epsilons:
        page.say(f"epsilon {epsilon:g}")
        for label, recipe in ABLATIONS.items():
            figures = [
                run(table, Variant(recipe), epsilon, seed, classifier=False) for seed in range(chosen.seeds)
            ]
            page.row(f"  {label}", figures)


def compare_grid(page: Page, chosen: argparse.Namespace) -> None:
    """Print the engine beside independent columns over a grid of budgets, and count what fails."""
    failed = checked = 0
    for name in chosen.tables:
        table = load(name)
        page.say()
        page.say(f"{table.name}: {len(table.split()[0])} rows, {len(table.columns)} columns")
        grid.head(page.say)
        for epsilon in chosen.epsilons:
            engine, alone = (
                [run(table, generator, epsilon, seed, classifier=False) for seed in range(chosen.seeds)]
                for generator in (Marginal(), Independent())
            )
            bad, all_ = grid.cell(page.say, epsilon, engine, alone)
            failed, checked = failed + bad, checked + all_
        page.say(f"so far {failed} of {checked} checks fail")
        if chosen.out:
            page.write(chosen.out, _command(sys.argv[1:]))


def _command(words: Sequence[str]) -> str:
    """Return the command without where it kept its files."""
    left = [w for w, before in zip(words, ("", *words)) if not {w, before} & {"--kept", "--out"}]
    return " ".join(("python benchmarks/fidelity.py", *left))


def main() -> None:
    """Run what was asked for."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--full", action="store_true", help="all tables, three seeds, results kept")
    parser.add_argument("--ablate", action="store_true", help="one idea taken out at a time")
    parser.add_argument("--grid", action="store_true", help="the engine against independent columns")
    parser.add_argument("--tables", nargs="+", choices=NAMES)
    parser.add_argument("--epsilons", nargs="+", type=float)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--no-auc", action="store_true", help="without the classifier")
    parser.add_argument("--out", type=Path, help="write the results to this file as well")
    parser.add_argument("--kept", type=Path, help="a file of figures of earlier fits, to go on from")
    chosen = parser.parse_args()
    KEPT.path = chosen.kept
    everything = list(grid.TABLES) if chosen.grid else list(NAMES)
    chosen.tables = chosen.tables or (everything if chosen.full or chosen.grid else ["adult"])
    chosen.seeds = chosen.seeds or (grid.SEEDS if chosen.grid else 3 if chosen.full else 1)
    chosen.epsilons = chosen.epsilons or (grid.EPSILONS if chosen.grid else (0.1, 1.0, 10.0))
    kept = RESULTS / ("ablations.md" if chosen.ablate else "grid.md" if chosen.grid else "fidelity.md")
    chosen.out = chosen.out or (kept if chosen.full else None)
    page = Page()
    if chosen.grid:
        chosen.out = chosen.out or kept
        compare_grid(page, chosen)
        return
    for name in chosen.tables:
        (ablate if chosen.ablate else compare)(page, load(name), chosen)
        if chosen.out:
            page.write(chosen.out, _command(sys.argv[1:]))


if __name__ == "__main__":
    main()
