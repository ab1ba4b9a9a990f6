"""Fits of the neural backends at their defaults on a small and on a large table; used by `neural.py --rows`.

Rows are drawn from adult's, with replacement, and the model's rows are held against those that were drawn.
Each fit is a process of its own, so that "MB" is the most memory that it held, torch and the table included.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from closeness import Rows, cliques, distance
from fidelity import KEPT, Page
from tables import Coded

from synthspec.generators import Model
from synthspec.privacy.entropy import SampleRng

Fitted = Callable[[Coded, str, float, int], tuple[Model, float]]
"""Fits a backend by its name at an epsilon and a seed; returns the model and CPU seconds."""

COLUMNS = "tvd1", "tvd2", "tvd3", "fit", "MB", "signal"
DIGITS = {"tvd1": 4, "tvd2": 4, "tvd3": 4, "fit": 1, "MB": 0, "signal": 1}


def resampled(table: Coded, rows: int) -> Coded:
    """Return a table whose rows to learn from are `rows` of the old ones, drawn with replacement."""
    real, _ = table.split()
    return Drawn(**{**vars(table), "rows": real[np.random.default_rng(rows).integers(0, len(real), rows)]})


class Drawn(Coded):
    """A table with all of its rows to learn from."""

    def split(self, share: float = 1.0) -> tuple[Rows, Rows]:
        """Return the rows, and none held out."""
        return self.rows, self.rows[:0]


def one(table: Coded, fitted: Fitted, kind: str, epsilon: float, seed: int) -> dict[str, float]:
    """Return the figures of one fit, in this process."""
    model, seconds = fitted(table, kind, epsilon, seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    codes = model.sample(len(table.rows), SampleRng(seed, "sample"))
    rows: Rows = np.stack([codes.columns[c] for c in table.columns], 1).astype(np.int64)
    notes = getattr(model, "notes", {})
    found = {"fit": seconds, "MB": peak, "signal": float(notes.get("signal", 0.0))}
    found["tuned"] = float(notes.get("fine_tune_mu2", 0) > 0)
    for order in (1, 2, 3):
        errors = [distance(table.sizes, table.rows, rows, c) for c in cliques(len(table.sizes), order)]
        found[f"tvd{order}"] = float(np.mean(errors))
    return found


def apart(script: Path, rows: int, kind: str, epsilon: float, seed: int) -> dict[str, float]:
    """Return the figures of one fit, made by a process of its own."""
    words = [sys.executable, "-W", "ignore", str(script), "--one", str(rows), kind, str(epsilon), str(seed)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def sizes(page: Page, script: Path, rows: list[int], kinds: list[str], epsilons: list[float]) -> None:
    """Print a line for each fit."""
    page.say(f"{'rows':>9s} {'epsilon':>7s}  {'backend':16s}" + "".join(f"{c:>8s}" for c in COLUMNS))
    for many in rows:
        for epsilon in epsilons:
            for kind in kinds:
                key = f"sizes {many} {epsilon:g} {kind} 0"
                found = KEPT.figures(key, lambda m=many, k=kind, e=epsilon: apart(script, m, k, e, 0))
                shown = "".join(f"{found[c]:8.{DIGITS[c]}f}" for c in COLUMNS)
                word = "" if kind == "marginal" else "  tuned" if found["tuned"] else "  not tuned"
                page.say(f"{many:9d} {epsilon:7g}  {kind:16s}{shown}{word}")
