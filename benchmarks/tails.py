"""How well amounts keep their tails: decoded values of the largest rows beside the real ones; prints a table.

    python benchmarks/tails.py                    all tables, epsilon 1, three seeds: some minutes
    python benchmarks/tails.py --tables credit --epsilons 0.1 1 10 --seeds 5
    python benchmarks/tails.py --before           without reach, shrinking and densities as well

Numbers are columns of the tool with its default bins over wide public ranges (see `amounts.py`): most
of a range is empty, as it is where nobody may look. delta is 1e-9, one row is a unit, all budget goes to
the fit, as many rows are drawn as were learned from.

* top 5, 1, .1 %: the mean of the largest 5, 1, .1 % of rows, synthetic over real, as the mean over
  amounts of |ln of the ratio|: 0 is exact, 0.1 about 10 %, 0.69 a factor of two.
* q95, q99, q999: the same for the quantiles themselves, of amounts where the real one is above 0; 1 is
  added to both.
* total: the same for the sum of all rows.
* tvd1, tvd2: mean total variation of one- and two-way marginals over codes, all columns.

"+-" lines are the standard deviation over seeds.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "tests" / "generators")]

import numpy as np  # noqa: E402
from ablations import Variant  # noqa: E402
from amounts import AMOUNTS, FILES, Valued, load  # noqa: E402
from closeness import cliques, distance  # noqa: E402
from exact_oracle import TableOracle  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from synthspec.generators import Generator, Independent, Marginal, Model, Workload  # noqa: E402
from synthspec.generators.budget import Purse  # noqa: E402
from synthspec.generators.oneways import OneWays  # noqa: E402
from synthspec.generators.product_model import product_model  # noqa: E402
from synthspec.generators.recipe import RECIPE, Recipe  # noqa: E402
from synthspec.privacy.accountant import budget_cost  # noqa: E402
from synthspec.privacy.cost import Cost  # noqa: E402
from synthspec.privacy.entropy import SampleRng  # noqa: E402
from synthspec.terms.domain import Domain  # noqa: E402

DELTA = 1e-9
SHARES = (0.05, 0.01, 0.001)
BEFORE = replace(RECIPE, reach=False, shrink_from=10**9)
COLUMNS = ("top 5%", "top 1%", "top .1%", "q95", "q99", "q999", "total", "tvd1", "tvd2")
Values = NDArray[np.float64]


class Columns:
    """Independent columns with another recipe, for `--before`."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def fit(self, oracle: TableOracle, workload: Workload, cap: Cost, rng: SampleRng) -> Model:
        """Do what `Independent.fit` does."""
        purse = Purse(Cost(mu2=cap.mu2), oracle.protection)
        ones = OneWays(oracle, workload, purse, self.recipe)
        ones.measure(purse.left)
        total = ones.total()
        shares = {a: counts / total for a, counts in ones.fitted(total).items()}
        return product_model(oracle.domain, workload, shares, total)


def largest(values: Values, share: float) -> float:
    """Return the mean of the largest `share` of the values."""
    return float(np.sort(values)[-max(round(share * len(values)), 1) :].mean())


def compared(real: Values, other: Values) -> dict[str, float]:
    """Return the errors of one amount; see the top of this file."""
    out: dict[str, float] = {}
    for share, label in zip(SHARES, COLUMNS[:3], strict=True):
        out[label] = _apart(largest(real, share), largest(other, share))
    for share, label in zip(SHARES, COLUMNS[3:6], strict=True):
        one, two = (float(np.quantile(v, 1 - share, method="lower")) for v in (real, other))
        if one > 0:
            out[label] = _apart(one + 1, two + 1)
    return out | {"total": _apart(float(real.mean()), float(other.mean()))}


def _apart(one: float, two: float) -> float:
    return abs(float(np.log(max(two, 1e-3) / max(one, 1e-3))))


def figures(table: Valued, others: Mapping[str, Values], rows: NDArray[np.int64] | None) -> dict[str, float]:
    """Return the mean errors over the amounts, and over the marginals of `rows` where there are any."""
    found = [compared(table.split(name), others[name]) for name in AMOUNTS[table.coded.name]]
    out = {label: float(np.mean([f[label] for f in found if label in f])) for label in COLUMNS[:7]}
    if rows is not None:
        coded = table.coded
        real, _ = coded.split()
        for order in (1, 2):
            apart = [distance(coded.sizes, real, rows, c) for c in cliques(len(coded.sizes), order)]
            out[f"tvd{order}"] = float(np.mean(apart))
    return out


def fitted(table: Valued, generator: Generator | Variant | Columns, epsilon: float, seed: int) -> Model:
    """Return the model of one fit."""
    coded = table.coded
    real, _ = coded.split()
    domain = Domain(attributes=coded.columns, sizes=coded.sizes)
    oracle = TableOracle(
        domain, {c: real[:, i] for i, c in enumerate(coded.columns)}, budget_cost(epsilon, DELTA), seed=seed
    )
    workload = Workload(ordinal=coded.ordinal, missing=coded.missing)
    return generator.fit(oracle, workload, oracle.left, SampleRng(seed))  # type: ignore[arg-type]


def drawn(
    table: Valued, model: Model, seed: int, *, shaped: bool
) -> tuple[dict[str, Values], NDArray[np.int64]]:
    """Return decoded amounts, without missing ones, and the codes of all columns."""
    coded = table.coded
    codes = model.sample(len(coded.split()[0]), SampleRng(seed, "sample")).columns
    values = {}
    for name in AMOUNTS[coded.name]:
        column = table.columns[name]
        made = column.shaped(model.marginal((name,))) if shaped else column
        grid, null = made.decode(codes[name], np.random.default_rng(seed))
        values[name] = (grid / np.float64(column.unit))[~null].astype(np.float64)
    return values, np.stack([codes[c] for c in coded.columns], 1).astype(np.int64)


def resampled(table: Valued, seed: int) -> dict[str, float]:
    """Return the errors of real rows drawn again with replacement."""
    rng = np.random.default_rng(seed)
    real, _ = table.coded.split()
    rows = real[rng.integers(0, len(real), len(real))]
    others = {}
    for name in AMOUNTS[table.coded.name]:
        values = table.split(name)
        others[name] = values[rng.integers(0, len(values), len(values))]
    return figures(table, others, rows)


def show(label: str, found: Sequence[Mapping[str, float]]) -> None:
    """Print the means over seeds, and under them their spread."""
    kept = {c: [f[c] for f in found if c in f] for c in COLUMNS}
    print(f"{label:36s}" + "".join(f"{np.mean(kept[c]):8.3f}" if kept[c] else " " * 8 for c in COLUMNS))
    if len(found) > 1:
        print(
            f"{'   +-':36s}"
            + "".join(f"{np.std(kept[c], ddof=1):8.3f}" if kept[c] else " " * 8 for c in COLUMNS),
            flush=True,
        )


def main() -> None:
    """Run what was asked for."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--tables", nargs="+", choices=tuple(FILES), default=list(FILES))
    parser.add_argument("--epsilons", nargs="+", type=float, default=[1.0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--bins", type=int, default=128, help="codes per number, at most")
    parser.add_argument("--before", action="store_true", help="also without what keeps the tails")
    chosen = parser.parse_args()
    for name in chosen.tables:
        table = load(name, chosen.bins)
        print(f"\n{name}: {', '.join(AMOUNTS[name])}")
        print(" " * 36 + "".join(f"{c:>8s}" for c in COLUMNS))
        show("rows resampled", [resampled(table, seed) for seed in range(chosen.seeds)])
        for epsilon in chosen.epsilons:
            makers: dict[str, tuple[Generator | Variant | Columns, bool]] = {
                "marginal": (Marginal(), True),
                "independent": (Independent(), True),
            }
            if chosen.before:
                makers["marginal before"] = Variant(BEFORE), False
                makers["independent before"] = Columns(BEFORE), False
            for label, (maker, shaped) in makers.items():
                found = []
                for seed in range(chosen.seeds):
                    model = fitted(table, maker, epsilon, seed)
                    values, rows = drawn(table, model, seed, shaped=shaped)
                    found.append(figures(table, values, rows))
                show(f"{label}, epsilon {epsilon:g}", found)


if __name__ == "__main__":
    main()
