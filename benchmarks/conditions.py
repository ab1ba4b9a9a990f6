"""Conditional sampling against the probability of the condition: rows per CPU second; prints a table.

    python benchmarks/conditions.py [ROWS]

Trains `specs/adult.yaml` once (in a temporary folder, with a ledger of its own), finds conditions whose
probabilities in the model lie near 0.5, 1e-3 and 1e-6, and draws ROWS rows under each, every rule and
the condition holding. "direct" enters the condition into the model, "by rejection" is what drawing and
discarding would cost: the plain cost over the probability. Best of 3.
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
ROWS = 100_000
REPEATS = 3
CONDITIONS = (
    "sex = 'Female' OR sex = 'Male'",
    "age >= 37",
    "sex = 'Female' AND age >= 37",
    "education = 'Doctorate' AND sex = 'Female' AND age < 50",
    "education = 'Doctorate' AND race = 'Black' AND age >= 60",
    "education = 'Doctorate' AND race = 'Black' AND age >= 60 AND sex = 'Female'",
    "education = 'Doctorate' AND race = 'Black' AND age >= 60 AND sex = 'Female' AND hours_per_week >= 60",
    "education = 'Doctorate' AND race = 'Other' AND age >= 70 AND sex = 'Female' AND hours_per_week >= 60",
)


def main() -> None:
    """Print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    data = Path(os.environ.get("SYNTHSPEC_DATA", ROOT.parent / "shared" / "data"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SYNTHSPEC_HOME"] = str(Path(folder) / "home")
        _run(ROOT / "specs" / "adult.yaml", data / "adult-raw" / "adult.csv", Path(folder), rows)


def _run(path: Path, source: Path, folder: Path, rows: int) -> None:
    import synthspec
    from synthspec.api.condition import condition
    from synthspec.draw.conditioned import conditioned
    from synthspec.generators.models import load_model

    plan = synthspec.load(path).replace({"source.path": str(source)}).plan()
    release = plan.train(out=folder / "release")
    value = release.value
    models = {saved.group: load_model(saved.facts, saved.arrays) for saved in value.models}
    plain = _seconds(release, rows, None)
    print(f"{path.name}, {rows:,} rows, CPU seconds (best of {REPEATS})")
    print(f"{'condition':88s}{'P':>9s}{'exact':>7s}{'direct':>9s}{'over plain':>12s}{'by rejection':>14s}")
    print(f"{'none':88s}{1:9.2g}{'yes':>7s}{plain:9.2f}{1:12.2f}{plain:14.2f}")
    for text in CONDITIONS:
        found = conditioned(value.plan, value.columns, models, condition(text, value.columns))
        if found.probability == 0:
            print(f"{text:88s}{0:9.2g}   the model gives it no probability")
            continue
        direct = _seconds(release, rows, text)
        print(
            f"{text:88s}{found.probability:9.2g}{'yes' if found.exact else 'no':>7s}"
            f"{direct:9.2f}{direct / plain:12.2f}{plain / found.probability:14.2f}",
            flush=True,
        )


def _seconds(release: object, rows: int, where: str | None) -> float:
    best = float("inf")
    for seed in range(REPEATS):
        start = time.process_time()
        release.sample(rows, where=where, seed=seed)  # type: ignore[attr-defined]
        best = min(best, time.process_time() - start)
    return best


if __name__ == "__main__":
    main()
