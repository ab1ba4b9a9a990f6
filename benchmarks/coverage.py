"""How often a model's own 90 % intervals hold the real error of its marginals, and those of its answers.

    python benchmarks/coverage.py                 adult, one seed: about a minute
    python benchmarks/coverage.py --full          five tables, three seeds, kept in benchmarks/results/

delta is 1e-9, every row is a unit; 95 % of the budget goes to the fit, 5 % to the mean distances of as
many drawn rows, over at most 32 levels a column, as `train` buys them. Errors are total variation
between the fitted model and the rows it was fitted to, on the same levels; tables are all columns, pairs
and triples, or a fixed sample. "answers" are shares of all rows in random questions: one to three columns,
a range or a subset of each, by the values of a first one. "unscaled" is without the paid means.

"left out" is the honest figure: the width of every interval (on a log scale) is stretched so that
those of the *other* tables cover 90 %, and then tried on this one. "as shipped" uses the
constants of generators/intervals.py, which were read off these tables.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "tests" / "generators")]

import numpy as np  # noqa: E402
from closeness import Rows, cliques  # noqa: E402
from exact_oracle import TableOracle  # noqa: E402
from fidelity import DELTA, RESULTS, Page  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from tables import Coded, load  # noqa: E402

from synthspec.generators import Marginal, Model, Workload  # noqa: E402
from synthspec.generators.intervals import Errors, errors  # noqa: E402
from synthspec.generators.uncertainty import Uncertainty, shares  # noqa: E402
from synthspec.privacy.accountant import budget_cost  # noqa: E402
from synthspec.privacy.cost import MU2_UNIT, Cost  # noqa: E402
from synthspec.privacy.entropy import SampleRng  # noqa: E402
from synthspec.privacy.noisy import Noisy  # noqa: E402
from synthspec.terms.domain import Domain  # noqa: E402
from synthspec.terms.query import Axis  # noqa: E402
from synthspec.terms.query import Marginal as Query  # noqa: E402

TABLES = ("adult", "acs-ma", "bank", "credit", "diabetes")
MOST = {1: 400, 2: 300, 3: 150}
QUESTIONS = 120
LEVELS = 32
REPORT = 0.05
FIGURES = 6
FAINTEST = 1e-4
"""Answers below this share on both sides are not counted: they are right by having nothing to say."""


@dataclass(frozen=True, eq=False)
class Bought:
    """One answer of the fit, and a paid mean distance; see `Answer` and `Paid` of the generators."""

    axes: tuple[Axis, ...]
    values: NDArray[np.int64]
    stddev: float


@dataclass(frozen=True)
class Mean:
    """A paid mean distance."""

    order: int
    value: float
    low: float
    high: float
    worst: bool = False


class Recording(TableOracle):
    """Keeps what was answered, as a release does."""

    def measure(self, purchases):  # type: ignore[no-untyped-def]
        """See `Oracle.measure`."""
        answers: tuple[Noisy, ...] = super().measure(purchases)
        self.bought = [
            *getattr(self, "bought", []),
            *(Bought(q.axes, a.values, a.stddev) for (q, _), a in zip(purchases, answers)),
        ]
        return answers


@dataclass(frozen=True, eq=False)
class Run:
    """One fit: per order the real error, expected, low and high, shape (tables, 4); answers (n, 2)."""

    scaled: dict[int, NDArray[np.float64]]
    unscaled: dict[int, NDArray[np.float64]]
    answers: NDArray[np.float64]


def main() -> None:
    """Run what was asked for."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--tables", nargs="+", choices=TABLES)
    parser.add_argument("--epsilons", nargs="+", type=float, default=[0.1, 1.0, 10.0])
    parser.add_argument("--seeds", type=int)
    chosen = parser.parse_args()
    names = chosen.tables or (TABLES if chosen.full else ("adult",))
    seeds = chosen.seeds or (3 if chosen.full else 1)
    page = Page()
    page.say(f"{'table':10s}{'epsilon':>8s}{'order':>6s}{'tables':>7s}{'real':>8s}{'expected':>9s}"
             f"{'inside':>8s}{'below':>7s}{'above':>7s}{'unscaled':>10s}")  # fmt: skip
    runs: dict[str, list[Run]] = {}
    for name in names:
        table = load(name)
        for epsilon in chosen.epsilons:
            found = [run(table, epsilon, seed) for seed in range(seeds)]
            runs[name] = runs.get(name, []) + found
            for order in MOST:
                show(page, name, epsilon, order, found)
    summary(page, runs)
    if chosen.full:
        page.write(RESULTS / "coverage.md", f"python benchmarks/coverage.py {' '.join(sys.argv[1:])}")


def run(table: Coded, epsilon: float, seed: int) -> Run:
    """Fit, buy the means, and compare every interval with the truth."""
    real, _ = table.split()
    domain = Domain(attributes=table.columns, sizes=table.sizes)
    whole = budget_cost(epsilon, DELTA)
    columns = {c: real[:, i] for i, c in enumerate(table.columns)}
    oracle = Recording(domain, columns, Cost(mu2=whole.mu2 * 19 // 20), seed=seed)
    workload = Workload(ordinal=table.ordinal, missing=table.missing)
    model = Marginal().fit(oracle, workload, oracle.left, SampleRng(seed))
    axes = [_axis(table, i) for i in range(len(table.columns))]
    chosen = {
        order: [[axes[i] for i in c] for c in cliques(len(axes), order, m)] for order, m in MOST.items()
    }
    truth = {order: [_counts(real, table, each) for each in found] for order, found in chosen.items()}
    drawn = model.sample(len(real), SampleRng(seed, "sample"))
    rows: Rows = np.stack([drawn.columns[c] for c in table.columns], 1).astype(np.int64)
    uncertainty = Uncertainty(model, oracle.bought)
    noise = np.random.default_rng(seed)
    stddev = 1 / np.sqrt(float(whole.mu2) * float(MU2_UNIT) * REPORT / FIGURES) / (2 * len(real))
    half = 1.96 * (stddev + uncertainty.rows_stddev / (2 * len(real)))
    paid = []
    for order, found in chosen.items():
        apart = [np.abs(t - _counts(rows, table, each)).sum() / 2 for t, each in zip(truth[order], found)]
        value = float(np.mean(apart)) + stddev * noise.standard_normal()
        paid.append(Mean(order, value, value - half, value + half))
    known = errors(uncertainty, chosen, paid, len(real))
    blind = errors(uncertainty, chosen)
    real_errors = {
        order: [np.abs(t - shares(model, each).ravel()).sum() / 2 for t, each in zip(truth[order], found)]
        for order, found in chosen.items()
    }
    return Run(
        {order: _intervals(known, chosen[order], real_errors[order]) for order in chosen},
        {order: _intervals(blind, chosen[order], real_errors[order]) for order in chosen},
        _answers(known, model, table, real, axes, noise),
    )


def _axis(table: Coded, place: int) -> Axis:
    name, size = table.columns[place], table.sizes[place]
    if size <= LEVELS:
        return Axis(name, size)
    gaps = int(name in table.missing)
    levels = np.arange(size) * (LEVELS - gaps) // (size - gaps)
    if gaps:
        levels[-1] = LEVELS - 1
    return Axis(name, LEVELS, levels.astype(np.int64))


def _counts(rows: Rows, table: Coded, axes: list[Axis]) -> NDArray[np.float64]:
    """Return the shares of `rows` over `axes`, flat."""
    key = np.zeros(len(rows), dtype=np.int64)
    for axis in axes:
        codes = rows[:, table.columns.index(axis.attribute)]
        key = key * axis.size + (codes if axis.levels is None else axis.levels[codes])
    return np.bincount(key, minlength=Query(tuple(axes)).cells) / len(rows)


def _intervals(known: Errors, tables: list[list[Axis]], real: list[float]) -> NDArray[np.float64]:
    out = []
    for axes, error in zip(tables, real):
        found = known.of(axes)
        assert found is not None
        out.append((error, found.expected, found.low, found.high))
    return np.array(out)


def _answers(
    known: Errors, model: Model, table: Coded, real: Rows, axes: list[Axis], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the real error and half the interval of each answer to random questions, shape (n, 2)."""
    out = []
    for _ in range(QUESTIONS):
        places = sorted(rng.choice(len(axes), int(rng.integers(1, 4)), replace=False).tolist())
        asked = [axes[i] for i in places]
        shape = [axis.size for axis in asked]
        by = len(asked) > 1 and shape[0] <= 20
        mask = np.ones(shape, dtype=bool)
        for at, axis in enumerate(asked):
            if by and at == 0:
                continue
            held = rng.random(axis.size) < 0.4
            if axis.attribute in table.ordinal:
                held = np.arange(axis.size) > rng.integers(axis.size)
            mask &= held.reshape([-1 if i == at else 1 for i in range(len(shape))])
        rest = tuple(range(int(by), len(shape)))
        one = np.atleast_1d((shares(model, asked) * mask).sum(axis=rest))
        two = np.atleast_1d((_counts(real, table, asked).reshape(shape) * mask).sum(axis=rest))
        for answer, truth in zip(one.tolist(), two.tolist()):
            half = known.answer(asked, answer)
            if half is not None and max(answer, truth) > FAINTEST:
                out.append((abs(answer - truth), half))
    return np.array(out).reshape(-1, 2)


def show(page: Page, name: str, epsilon: float, order: int, runs: list[Run]) -> None:
    """Print one line."""
    error, expected, low, high = np.concatenate([r.scaled[order] for r in runs]).T
    blind = np.concatenate([r.unscaled[order] for r in runs]).T
    inside = ((error >= low) & (error <= high)).mean()
    held = ((blind[0] >= blind[2]) & (blind[0] <= blind[3])).mean()
    page.say(f"{name:10s}{epsilon:8g}{order:6d}{len(error):7d}{error.mean():8.4f}{expected.mean():9.4f}"
             f"{inside:8.3f}{(error < low).mean():7.3f}{(error > high).mean():7.3f}{held:10.3f}")  # fmt: skip


def summary(page: Page, runs: dict[str, list[Run]]) -> None:
    """Print coverage per table, as shipped and with the width fitted to the other tables."""
    columns = (*(f"order {order}" for order in MOST), "all", "left out", "answers", "unscaled")
    page.say()
    page.say(f"{'table':10s}" + "".join(f"{column:>10s}" for column in columns))
    reach = {
        name: np.concatenate([_reach(r.scaled[order]) for r in found for order in MOST])
        for name, found in runs.items()
    }
    for name, found in runs.items():
        others = [float(np.quantile(each, 0.9)) for other, each in reach.items() if other != name]
        answers = np.concatenate([r.answers for r in found])
        figures = [
            *((np.concatenate([_reach(r.scaled[order]) for r in found]) <= 1).mean() for order in MOST),
            (reach[name] <= 1).mean(),
            (reach[name] <= np.mean(others)).mean() if others else np.nan,
            (answers[:, 0] <= answers[:, 1]).mean(),
            (np.concatenate([_reach(r.unscaled[order]) for r in found for order in MOST]) <= 1).mean(),
        ]
        page.say(f"{name:10s}" + "".join(f"{figure:10.3f}" for figure in figures))


def _reach(found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each error lies from the expected one, in lengths of its side of the interval (log)."""
    error, expected, low, high = np.maximum(found, 1e-12).T
    off = np.log(error / expected)
    return np.where(off > 0, off / np.log(high / expected), off / np.log(low / expected))


if __name__ == "__main__":
    main()
