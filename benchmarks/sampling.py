"""The product's path on adult, step by step: CPU seconds of a run, then rows drawn per CPU second.

    python benchmarks/sampling.py [ROWS] [SPEC] [SOURCE]

Compiles, plans, charges and trains `specs/adult.yaml` as `synthspec run` does (in a temporary folder,
with a ledger of its own), then draws ROWS rows to memory (the model's codes alone; then everything:
decoding, computed columns, rules) and writes them to Parquet. CPU seconds count all threads.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
ROWS = 1_000_000
REPEATS = 3


class Clock:
    """CPU seconds per step of a run, from its progress calls."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, float]] = []
        self._open: tuple[str, float] | None = None

    def __call__(self, step: int, steps: int, name: str) -> None:
        """Close the step before and open `name`."""
        now = time.process_time()
        if self._open is not None:
            self.steps.append((self._open[0], now - self._open[1]))
        self._open = (name, now)


def show(label: str, seconds: float, rows: int = 0) -> None:
    """Print one line."""
    rate = f"{rows / seconds / 1e6:8.2f} million rows per CPU second" if rows else ""
    print(f"{label:44s}{seconds:8.2f} s{rate}", flush=True)


def main() -> None:
    """Print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    path = Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "specs" / "adult.yaml"
    data = Path(os.environ.get("SYNTHSPEC_DATA", ROOT.parent / "shared" / "data"))
    source = Path(sys.argv[3]) if len(sys.argv) > 3 else data / "adult-raw" / "adult.csv"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SYNTHSPEC_HOME"] = str(Path(folder) / "home")
        _run(path, source, Path(folder), rows)


def _run(path: Path, source: Path, folder: Path, rows: int) -> None:
    import synthspec
    from synthspec.generators.models import load_model
    from synthspec.privacy.entropy import SampleRng

    clock = Clock()
    clock(0, 0, "compile and plan")
    plan = synthspec.load(path).replace({"source.path": str(source)}).plan()
    clock(0, 0, "preflight and charge")
    release = plan.train(out=folder / "release", progress=clock)
    clock(0, 0, "end")
    print(f"{path.name}, epsilon {plan.epsilon:g}: CPU seconds by step ('write' holds the report)")
    for label, seconds in clock.steps:
        show(f"  {label}", seconds)

    print(f"{rows:,} rows, the best of {REPEATS}")
    models = [load_model(saved.facts, saved.arrays) for saved in release.value.models]
    if len(models) == 1 and not models[0].facts().get("given"):
        best = float("inf")
        for seed in range(REPEATS):
            start = time.process_time()
            models[0].sample(rows, SampleRng(seed))
            best = min(best, time.process_time() - start)
        show("  codes to memory, the model alone", best, rows)
    release.sample(1000)
    best = float("inf")
    for seed in range(REPEATS):
        start = time.process_time()
        frame = release.sample(rows, seed=seed)
        best = min(best, time.process_time() - start)
    show("  typed rows to memory, every rule holding", best, rows)
    start = time.process_time()
    frame.write_parquet(folder / "rows.parquet")
    show("  and writing them to Parquet", best + time.process_time() - start, rows)


if __name__ == "__main__":
    main()
