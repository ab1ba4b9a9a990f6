"""How long `synthspec check` takes as a whole process: interpreter, imports, one spec.

    python benchmarks/check.py [RUNS]

Prints the least of RUNS runs (7 by default) in CPU and wall-clock seconds, for a spec without and one
with expressions, beside what an interpreter costs that only imports the heavier dependencies.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SMALL = """\
spec: 1
source: admissions.csv
privacy: {unit: patient_id, max_rows: 4, epsilon: 1}
columns:
  patient_id: id
  age: int 0..120
  sex: [F, M, X]
  ward: [medicine, surgery, obstetrics, icu]
  stay_days: int 0..365
"""
RULES = """\
rules:
  no-men-in-obstetrics: ward <> 'obstetrics' OR sex <> 'M'
  short-in-icu: {if: ward = 'icu' AND age BETWEEN 0 AND 17, then: stay_days < 100}
"""


def cost(arguments: list[str], runs: int) -> tuple[float, float]:
    """Return the least CPU and wall-clock seconds of a Python process."""
    best_cpu = best_wall = float("inf")
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best_cpu, best_wall = min(best_cpu, cpu), min(best_wall, wall)
    return best_cpu, best_wall


def main() -> None:
    """Print the table."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    specs = Path(__file__).parents[1] / "specs"
    with tempfile.TemporaryDirectory() as folder:
        plain, ruled = Path(folder, "small.yaml"), Path(folder, "rules.yaml")
        plain.write_text(SMALL, encoding="utf-8")
        ruled.write_text(SMALL + RULES, encoding="utf-8")
        check = ["-m", "synthspec", "check"]
        table = [
            ("python -c pass", ["-c", "pass"], None),
            ("import pydantic, click, yaml", ["-c", "import pydantic, click, yaml"], None),
            ("import numpy", ["-c", "import numpy"], None),
            ("check, no expressions", [*check, str(plain)], 0.5),
            ("check, with expressions", [*check, str(ruled)], 1.0),
            ("check specs/adult.yaml", [*check, str(specs / "adult.yaml")], 1.0),
        ]
        print(f"{'least of ' + str(runs) + ' runs':32}{'CPU s':>8}{'wall s':>8}{'goal':>8}")
        for name, arguments, goal in table:
            cpu, wall = cost(arguments, runs)
            print(f"{name:32}{cpu:8.2f}{wall:8.2f}{'' if goal is None else f'{goal:8.1f}'}")


if __name__ == "__main__":
    main()
