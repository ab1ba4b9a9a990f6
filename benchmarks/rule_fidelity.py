"""What telling the model the rules does to fidelity: the same table and epsilon, with and without them.

    python benchmarks/rule_fidelity.py [SEEDS]

Fits the marginal engine to ACS ma2019 (whose truth obeys the rules of `specs/nist-acs-ma.yaml`) at epsilon 1
with SEEDS seeds of noise, without rules and with their impossible cells and determined columns, and prints
the mean three-way error and the share of rows that break a rule, their means and deviations over seeds.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import numpy as np  # noqa: E402
from closeness import closeness  # noqa: E402
from fidelity import Rows, fitted  # noqa: E402
from rules import completed, model_table, zeros  # noqa: E402
from tables import Coded, load  # noqa: E402

from synthspec.generators import Marginal  # noqa: E402
from synthspec.privacy.entropy import SampleRng  # noqa: E402

TABLE = "acs-ma"
SEEDS = 5


def main() -> None:
    """Print the table."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    table = load(TABLE)
    print(f"{TABLE}, epsilon 1, {seeds} seeds: mean (deviation over seeds)")
    print(f"{'':24}{'three-way error':>22}{'rows that break a rule':>26}")
    found = {ruled: [_one(table, seed, ruled=ruled) for seed in range(seeds)] for ruled in (False, True)}
    for ruled, figures in found.items():
        errors, broken = (np.array(column) for column in zip(*figures, strict=True))
        name = "with the rules" if ruled else "without"
        print(f"{name:24}{_said(errors):>22}{_said(broken):>26}", flush=True)
    gain = np.array(found[False])[:, 0] - np.array(found[True])[:, 0]
    print(f"better by {gain.mean():.4f}, seed by seed from {gain.min():+.4f} to {gain.max():+.4f}")


def _said(figures: np.ndarray) -> str:
    return f"{figures.mean():.4f} ({figures.std(ddof=1):.4f})"


def _one(table: Coded, seed: int, *, ruled: bool) -> tuple[float, float]:
    """Return the three-way error of one fit, and the share of its rows in an impossible cell."""
    rules = zeros(table)
    held = model_table(table) if ruled else table
    model, _ = fitted(held, Marginal(), 1.0, seed, rules if ruled else ())
    codes = model.sample(len(table.split()[0]), SampleRng(seed, "sample"))
    rows: Rows = np.stack([codes.columns[c] for c in held.columns], 1).astype(np.int64)
    rows = completed(table, rows) if ruled else rows
    broken = np.zeros(len(rows), dtype=np.bool_)
    for clique, mask in rules:
        broken |= mask[tuple(rows[:, table.columns.index(c)] for c in clique)]
    return closeness(table, rows, classifier=False)["tvd3"], float(broken.mean())


if __name__ == "__main__":
    main()
