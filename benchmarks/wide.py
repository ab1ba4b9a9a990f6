"""Tables of many columns: what a fit costs, and how close it comes; prints a table and keeps it.

    python benchmarks/wide.py                        100 columns x 100,000 rows and 300 x 20,000
    python benchmarks/wide.py --shapes 100x100000 --epsilons 0.1 1 10 --seeds 3

Made-up tables of 20 codes a column: each column copies, in half of its rows, a fixed function of an
earlier one, and is otherwise drawn from a law of its own. delta is 1e-9, one row is a unit, all budget
goes to the fit. Beside the engine: independent columns at the same budget, and rows resampled. Each fit
has a process of its own; nothing is profiled.

* tvd1, tvd2: mean total variation over all columns, and over 300 pairs (the same for all).
* linked: the same over the pairs of a column and the one that it copies.
* fit, wall: CPU seconds and seconds of the fit; MB: the most memory of the process when the fit ends,
  the table itself (8 bytes a code) included; cells: of the model's tables.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "tests" / "generators")]

import numpy as np  # noqa: E402
from exact_oracle import TableOracle  # noqa: E402
from fidelity import DELTA, RESULTS, Page, peak  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from synthspec.generators import Generator, Independent, Marginal, Workload  # noqa: E402
from synthspec.privacy.accountant import budget_cost  # noqa: E402
from synthspec.privacy.entropy import SampleRng  # noqa: E402
from synthspec.terms.domain import Domain  # noqa: E402

SHAPES = ("100x100000", "300x20000")
LEVELS = 20
PAIRS = 300
COPIED = 0.5
COLUMNS = {"tvd1": 4, "tvd2": 4, "linked": 4, "fit": 2, "wall": 2, "MB": 0, "cells": 0}
Rows = NDArray[np.int64]


def table(columns: int, rows: int) -> tuple[Rows, list[int]]:
    """Return codes, shape (rows, columns), and the column that each but the first copies."""
    rng = np.random.default_rng(0)
    out = np.empty((rows, columns), dtype=np.int64)
    above: list[int] = []
    for place in range(columns):
        out[:, place] = rng.choice(LEVELS, rows, p=rng.dirichlet(np.ones(LEVELS)))
        if place:
            above.append(int(rng.integers(0, place)))
            copied = (out[:, above[-1]] * rng.integers(1, LEVELS) + 3) % LEVELS
            out[:, place] = np.where(rng.random(rows) < COPIED, copied, out[:, place])
    return out, above


def apart(real: Rows, other: Rows, scopes: Sequence[tuple[int, ...]]) -> float:
    """Return the mean total variation over `scopes`."""
    found = []
    for scope in scopes:
        shares = []
        for rows in (real, other):
            key = np.ravel_multi_index([rows[:, i] for i in scope], (LEVELS,) * len(scope))
            shares.append(np.bincount(key, minlength=LEVELS ** len(scope)) / len(rows))
        found.append(float(np.abs(shares[0] - shares[1]).sum() / 2))
    return float(np.mean(found))


def errors(real: Rows, other: Rows, above: list[int]) -> dict[str, float]:
    """Return the errors of `other`; see the top of this file."""
    columns = real.shape[1]
    rng = np.random.default_rng(1)
    pairs = [tuple(int(i) for i in rng.choice(columns, 2, replace=False)) for _ in range(PAIRS)]
    return {
        "tvd1": apart(real, other, [(i,) for i in range(columns)]),
        "tvd2": apart(real, other, pairs),
        "linked": apart(real, other, [(i + 1, parent) for i, parent in enumerate(above)]),
    }


def run(columns: int, rows: int, generator: Generator, epsilon: float, seed: int) -> dict[str, float]:
    """Return the figures of one fit in this process, and what it cost."""
    real, above = table(columns, rows)
    names = tuple(f"c{i}" for i in range(columns))
    domain = Domain(attributes=names, sizes=(LEVELS,) * columns)
    held = {name: real[:, i] for i, name in enumerate(names)}
    oracle = TableOracle(domain, held, budget_cost(epsilon, DELTA), seed=seed)
    spent, wall = time.process_time(), time.perf_counter()
    model = generator.fit(oracle, Workload(), oracle.left, SampleRng(seed))
    out = {"fit": time.process_time() - spent, "wall": time.perf_counter() - wall, "MB": peak()}
    drawn = model.sample(rows, SampleRng(seed, "sample")).columns
    other = np.stack([np.asarray(drawn[name], dtype=np.int64) for name in names], 1)
    beliefs = getattr(model, "beliefs", None)
    return errors(real, other, above) | out | ({"cells": beliefs.tree.cells} if beliefs else {})


def row(page: Page, label: str, figures: Sequence[Mapping[str, float]]) -> None:
    """Print the means over seeds, and under them their spread."""
    kept = {c: [f[c] for f in figures if c in f] for c in COLUMNS}
    means = [f"{np.mean(v):9.{COLUMNS[c]}f}" if v else " " * 9 for c, v in kept.items()]
    page.say(f"{label:28s}" + "".join(means))
    if len(figures) > 1:
        spread = [f"{np.std(v, ddof=1):9.{COLUMNS[c]}f}" if v else " " * 9 for c, v in kept.items()]
        page.say(f"{'   +-':28s}" + "".join(spread))


def verdict(engine: Sequence[Mapping[str, float]], alone: Sequence[Mapping[str, float]]) -> str:
    """Return in words how the engine's pairs compare with those of independent columns."""
    one, two = ([f["tvd2"] for f in figures] for figures in (engine, alone))
    apart = float(np.mean(one) - np.mean(two))
    spread = float(np.hypot(np.std(one, ddof=1), np.std(two, ddof=1))) if len(one) > 1 else 0.0
    words = "as good as" if abs(apart) <= spread else "better than" if apart < 0 else "worse than"
    return f"pairs: {words} independent columns, by {abs(apart):.4f} (spread {spread:.4f})"


def main() -> None:
    """Run what was asked for."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--shapes", nargs="+", default=SHAPES, help="COLUMNSxROWS")
    parser.add_argument("--epsilons", nargs="+", type=float, default=[1.0])
    parser.add_argument("--seeds", type=int, default=1)
    chosen = parser.parse_args()
    page = Page()
    for shape in chosen.shapes:
        columns, rows = (int(part) for part in shape.split("x"))
        real, above = table(columns, rows)
        page.say()
        page.say(f"{columns} columns x {LEVELS} codes x {rows:,} rows")
        page.say(" " * 28 + "".join(f"{column:>9s}" for column in COLUMNS))
        again = np.random.default_rng(1).integers(0, rows, rows)
        row(page, "rows resampled", [errors(real, real[again], above)])
        for epsilon in chosen.epsilons:
            by_kind: dict[str, list[dict[str, float]]] = {}
            for generator in (Marginal(), Independent()):
                found = by_kind.setdefault(generator.kind, [])
                for seed in range(chosen.seeds):
                    with multiprocessing.get_context("spawn").Pool(1) as pool:
                        found.append(pool.apply(run, (columns, rows, generator, epsilon, seed)))
                row(page, f"{generator.kind}, epsilon {epsilon:g}", found)
            page.say(verdict(by_kind["marginal"], by_kind["independent"]))
    page.write(RESULTS / "wide.md", f"python benchmarks/wide.py {' '.join(sys.argv[1:])}".rstrip())


if __name__ == "__main__":
    main()
