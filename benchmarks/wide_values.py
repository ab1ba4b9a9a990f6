"""Columns of very many values (diagnoses, merchants, postcodes) beside ordinary ones; prints a table.

    python benchmarks/wide_values.py                       epsilon 1, one seed
    python benchmarks/wide_values.py --values 50000 --epsilons 1 10 --seeds 3

A made-up table of 50,000 rows: a nominal column `wide` whose values are Zipf distributed (in no order),
`kind`, one of 12, which follows from the value in four rows of five (and the value's kind from its
chapter, one of 40, in four values of five), and 20 columns of 2 to 12 values, each leaning on the one
before it. Beside the engine: rows resampled, and independent columns at the same budget; "with chapters"
knows the chapter of each value, as from a public code list. All are total variations from the table.

* wide: of the column's one-way, over its values.
* others: mean of all other one-ways.
* pair: of `wide` with `kind`, over values; block: the same with the values in 50 blocks of equal mass
  that `kind` tells apart.
* fit, MB: CPU seconds of the fit, and the most memory of a process that did nothing else.
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
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "generators")]

import numpy as np  # noqa: E402
from exact_oracle import TableOracle  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from synthspec.generators import Generator, Independent, Marginal, Workload  # noqa: E402
from synthspec.privacy.accountant import budget_cost  # noqa: E402
from synthspec.privacy.entropy import SampleRng  # noqa: E402
from synthspec.terms.domain import Domain  # noqa: E402

ROWS, OTHERS, KINDS, CHAPTERS, BLOCKS = 50_000, 20, 12, 40, 50
COLUMNS = ("wide", "others", "pair", "block", "fit", "MB")
Table = tuple[dict[str, NDArray[np.int64]], Domain, NDArray[np.int64], NDArray[np.int64]]
Codes = Mapping[str, NDArray[np.int64]]


def table(values: int, seed: int = 0) -> Table:
    """Return the rows by column, the domain, and the kind and the chapter of each value."""
    rng = np.random.default_rng(seed)
    shares = rng.permutation(np.arange(1, values + 1) ** -1.05)
    wide = rng.choice(values, ROWS, p=shares / shares.sum())
    chapter_of = rng.integers(0, CHAPTERS, values)
    kind_of = np.where(rng.random(values) < 0.2, rng.integers(0, KINDS, values), chapter_of % KINDS)
    stray = rng.random(ROWS) < 0.2
    rows = {"wide": wide, "kind": np.where(stray, rng.integers(0, KINDS, ROWS), kind_of[wide])}
    sizes = {"wide": values, "kind": KINDS}
    before = rows["kind"]
    for i in range(OTHERS):
        size = 2 + i % 11
        fresh = rng.choice(size, ROWS, p=rng.dirichlet(np.ones(size)))
        rows[f"x{i}"] = np.where(rng.random(ROWS) < 0.5, before % size, fresh)
        sizes[f"x{i}"] = size
        before = rows[f"x{i}"]
    return rows, Domain(attributes=tuple(sizes), sizes=tuple(sizes.values())), kind_of, chapter_of


def apart(one: NDArray[np.int64], two: NDArray[np.int64]) -> float:
    """Return the total variation between the values of two columns."""
    size = int(max(one.max(), two.max())) + 1
    shares = [np.bincount(rows, minlength=size) / len(rows) for rows in (one, two)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def figures(real: Codes, other: Codes, kind_of: NDArray[np.int64]) -> dict[str, float]:
    """Return the errors; see the top of this file."""
    masses = np.bincount(real["wide"], minlength=len(kind_of))
    order = np.lexsort((masses, kind_of))
    block = np.empty(len(kind_of), dtype=np.int64)
    block[order] = np.minimum(np.cumsum(masses[order]) * BLOCKS // ROWS, BLOCKS - 1)
    names = [name for name in real if name != "wide"]
    pair, blocks = (
        apart(*(place[t["wide"]] * KINDS + t["kind"] for t in (real, other)))
        for place in (np.arange(len(kind_of)), block)
    )
    return {
        "wide": apart(real["wide"], other["wide"]),
        "others": float(np.mean([apart(real[name], other[name]) for name in names])),
        "pair": pair,
        "block": blocks,
    }


def run(values: int, generator: Generator, epsilon: float, seed: int, chapters: bool) -> dict[str, float]:
    """Return the figures of one fit in this process, and what it cost."""
    real, domain, kind_of, chapter_of = table(values)
    oracle = TableOracle(domain, real, budget_cost(epsilon, 1e-9), seed=seed)
    workload = Workload(kin={"wide": chapter_of} if chapters else {})
    start = time.process_time()
    model = generator.fit(oracle, workload, oracle.left, SampleRng(seed))
    spent = time.process_time() - start
    status = Path("/proc/self/status").read_text().splitlines()
    most = float(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
    codes = model.sample(ROWS, SampleRng(seed, "sample")).columns
    drawn = {name: np.asarray(codes[name], dtype=np.int64) for name in domain.attributes}
    return figures(real, drawn, kind_of) | {"fit": spent, "MB": most}


def show(label: str, found: Sequence[Mapping[str, float]]) -> None:
    """Print the means over seeds, and under them their spread."""
    kept = {c: [f[c] for f in found if c in f] for c in COLUMNS}
    print(f"{label:36s}" + "".join(f"{np.mean(v):9.3f}" if v else "" for v in kept.values()), flush=True)
    if len(found) > 1:
        print(f"{'   +-':36s}" + "".join(f"{np.std(v, ddof=1):9.3f}" if v else "" for v in kept.values()))


def main() -> None:
    """Run what was asked for."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--values", nargs="+", type=int, default=[100, 1_000, 10_000, 50_000])
    parser.add_argument("--epsilons", nargs="+", type=float, default=[1.0])
    parser.add_argument("--seeds", type=int, default=1)
    chosen = parser.parse_args()
    for values in chosen.values:
        real, _, kind_of, _ = table(values)
        print(f"\n{values} values" + " " * (29 - len(str(values))) + "".join(f"{c:>9s}" for c in COLUMNS))
        again = np.random.default_rng(1).integers(0, ROWS, ROWS)
        show("rows resampled", [figures(real, {n: v[again] for n, v in real.items()}, kind_of)])
        for epsilon in chosen.epsilons:
            for generator, chapters in ((Marginal(), False), (Marginal(), True), (Independent(), False)):
                found = []
                for seed in range(chosen.seeds):
                    with multiprocessing.get_context("spawn").Pool(1) as pool:
                        found.append(pool.apply(run, (values, generator, epsilon, seed, chapters)))
                label = f"{generator.kind}{' with chapters' * chapters}"
                show(f"{label}, epsilon {epsilon:g}", found)


if __name__ == "__main__":
    main()
