"""How close the marginal engine comes to real tables at equal budget; prints a table.

Run: python benchmarks/fidelity.py [--quick] [--tables adult acs-ma] [--epsilons 0.1 1 10] [--seeds 3]

Per table and epsilon (delta 1e-9, add/remove, one row per unit): mean total variation over all 1-, 2-
and 3-way marginals (a fixed sample of them on wide tables), the worst ones, AUC of a boosted
classifier trained on synthetic and tested on held-out real rows, CPU seconds of the fit, rows sampled
per CPU second. Beside it: independent columns at the same budget, rows resampled from the learned
table, and a fresh real sample (the held-out rows).
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "generators")]

import numpy as np  # noqa: E402
from exact_oracle import TableOracle  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from tables import NAMES, Coded, load  # noqa: E402

from synthspec.generators import Generator, Independent, Marginal, Workload  # noqa: E402
from synthspec.privacy.accountant import budget_cost  # noqa: E402
from synthspec.privacy.entropy import SampleRng  # noqa: E402
from synthspec.terms.domain import Domain  # noqa: E402

Rows = NDArray[np.int64]
DELTA = 1e-9
MOST_CLIQUES = 400
SPEED_ROWS = 1_000_000


def cliques(columns: int, order: int, most: int) -> list[tuple[int, ...]]:
    """Return all cliques of `order` columns, or a fixed random sample of `most`."""
    found = list(combinations(range(columns), order))
    if len(found) <= most:
        return found
    chosen = np.random.default_rng(7).choice(len(found), size=most, replace=False)
    return [found[i] for i in sorted(chosen)]


def distances(table: Coded, real: Rows, other: Rows, order: int, most: int) -> tuple[float, float]:
    """Return the mean and worst total variation over the cliques of `order`."""
    out = [_distance(table.sizes, real, other, c) for c in cliques(len(table.sizes), order, most)]
    return float(np.mean(out)), float(np.max(out))


def _distance(sizes: tuple[int, ...], real: Rows, other: Rows, clique: tuple[int, ...]) -> float:
    keys = []
    for rows in (real, other):
        key = np.zeros(len(rows), dtype=np.int64)
        for place in clique:
            key = key * sizes[place] + rows[:, place]
        keys.append(key)
    cells = int(np.prod([sizes[i] for i in clique], dtype=np.float64))
    if cells > 2_000_000:
        cells = len(np.unique(np.concatenate(keys), return_inverse=True)[0])
        both = np.unique(np.concatenate(keys), return_inverse=True)[1]
        keys = [both[: len(real)], both[len(real) :]]
    one, two = (np.bincount(k, minlength=cells) / len(k) for k in keys)
    return float(np.abs(one - two).sum() / 2)


def auc(table: Coded, train: Rows, test: Rows) -> float:
    """Return the AUC on `test` of gradient boosting learned on `train` (label: more than its median)."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    place = table.columns.index(table.label)
    cut = np.median(test[:, place]) if table.sizes[place] > 2 else 0
    ends = [(r[:, place] > cut).astype(int) for r in (train, test)]
    if len(np.unique(ends[0])) < 2 or len(np.unique(ends[1])) < 2:
        return 0.5
    near = [place]
    if table.label == "PINCP_DECILE":  # the income itself would give the answer away
        near.append(table.columns.index("PINCP"))
    keep = [i for i in range(len(table.columns)) if i not in near]
    model = HistGradientBoostingClassifier(max_iter=100, random_state=0, early_stopping=False)
    model.fit(train[:, keep], ends[0])
    return float(roc_auc_score(ends[1], model.predict_proba(test[:, keep])[:, 1]))


def run(
    table: Coded, generator: Generator, epsilon: float, seed: int, speed: bool
) -> tuple[Rows, dict[str, float]]:
    """Fit and sample as many rows as were learned from; return them and the costs in CPU seconds."""
    real, _ = table.split()
    domain = Domain(attributes=table.columns, sizes=table.sizes)
    cap = budget_cost(epsilon, DELTA)
    oracle = TableOracle(domain, {c: real[:, i] for i, c in enumerate(table.columns)}, cap, seed=seed)
    workload = Workload(ordinal=table.ordinal, missing=table.missing)
    start = time.process_time()
    model = generator.fit(oracle, workload, oracle.left, SampleRng(seed))
    costs = {"fit": time.process_time() - start}
    codes = model.sample(len(real), SampleRng(seed, "sample"))
    rows = np.stack([codes.columns[c] for c in table.columns], 1).astype(np.int64)
    if speed:
        start = time.process_time()
        model.sample(SPEED_ROWS, SampleRng(seed, "speed"))
        costs["speed"] = SPEED_ROWS / (time.process_time() - start) / 1e6
    return rows, costs


def measure(table: Coded, rows: Rows, quick: bool) -> dict[str, float]:
    """Return the errors of synthetic `rows`."""
    real, held = table.split()
    out: dict[str, float] = {}
    for order in (1, 2, 3):
        out[f"tvd{order}"], out[f"max{order}"] = distances(table, real, rows, order, MOST_CLIQUES)
    if not quick:
        out["auc"] = auc(table, rows, held)
    return out


COLUMNS = ("tvd1", "tvd2", "tvd3", "max1", "max2", "max3", "auc", "fit", "speed")


def show(label: str, figures: Iterable[dict[str, float]]) -> None:
    """Print one line: means over seeds, and the spread of the three-way error."""
    found = list(figures)
    line = f"{label:34s}"
    for column in COLUMNS:
        values = [f[column] for f in found if column in f]
        digits = 2 if column in ("fit", "speed") else 4
        line += f"{np.mean(values):8.{digits}f}" if values else " " * 8
    thirds = [f["tvd3"] for f in found]
    print(f"{line}  +-{np.std(thirds, ddof=1):.4f}" if len(thirds) > 1 else line, flush=True)


def main() -> None:
    """Run the grid and print one table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="adult at epsilon 1, one seed, no classifier")
    parser.add_argument("--tables", nargs="+", default=list(NAMES), choices=NAMES)
    parser.add_argument("--epsilons", nargs="+", type=float, default=[0.1, 1.0, 10.0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--no-auc", action="store_true")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.tables, chosen.epsilons, chosen.seeds, chosen.no_auc = ["adult"], [1.0], 1, True
    generators: dict[str, Generator] = {"marginal": Marginal(), "independent": Independent()}
    for name in chosen.tables:
        table = load(name)
        real, held = table.split()
        print(f"\n{name}: {len(real)} rows, {len(table.columns)} columns, {sum(table.sizes)} codes")
        print(" " * 34 + "".join(f"{c:>8s}" for c in COLUMNS), "  spread of tvd3")
        again = real[np.random.default_rng(1).integers(0, len(real), len(real))]
        show("rows resampled", [measure(table, again, chosen.no_auc)])
        show("fresh real sample (held-out rows)", [measure(table, held, True)])
        for epsilon in chosen.epsilons:
            for kind, generator in generators.items():
                figures = []
                for seed in range(chosen.seeds):
                    rows, costs = run(table, generator, epsilon, seed, kind == "marginal" and seed == 0)
                    figures.append(measure(table, rows, chosen.no_auc) | costs)
                    gc.collect()
                show(f"{kind}, epsilon {epsilon:g}", figures)


if __name__ == "__main__":
    main()
