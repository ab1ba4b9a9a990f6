"""What rules cost when rows are drawn: adult with 0, 5 and 20 rules, the model fitted once.

    python benchmarks/rule_cost.py [ROWS] [SOURCE]

Trains `specs/adult.yaml` with twelve more rules at its epsilon (in a temporary folder, with a ledger of
its own), then draws ROWS rows under the first k of them and prints rows per CPU second (all threads,
counting included), the ratio to no rules, the share of rows mended inside their codes, and the share of
candidates kept.
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
ROWS = 500_000
REPEATS = 3
MORE = """\
  amounts-fit: fnlwgt + 10 * capital_gain < 2_500_000
  weights-are-real: fnlwgt >= 10_000
  losses-are-small: capital_loss < 4_500
  no-scholars-under-20: {if: age < 20, then: "education NOT IN ('Masters', 'Doctorate', 'Prof-school')"}
  unpaid-are-poor: {if: workclass = 'Without-pay', then: income = '<=50K'}
  children-are-not-old: {if: relationship = 'Own-child', then: age < 90}
  long-schooling: {if: education_num >= 15, then: age >= 20}
  servants-are-private: {if: occupation = 'Priv-house-serv', then: workclass = 'Private'}
  minors-work-less: {if: age < 18, then: hours_per_week <= 75}
  large-gains-are-rich: {if: capital_gain > 50_000, then: income = '>50K'}
  wives-are-adults: {if: relationship = 'Wife', then: age >= 17}
  hours-and-age: hours_per_week + age <= 189
"""


def main() -> None:
    """Print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    data = Path(os.environ.get("SYNTHSPEC_DATA", ROOT.parent / "shared" / "data"))
    source = Path(sys.argv[2]) if len(sys.argv) > 2 else data / "adult-raw" / "adult.csv"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SYNTHSPEC_HOME"] = str(Path(folder) / "home")
        _run(source, Path(folder), rows)


def _run(source: Path, folder: Path, rows: int) -> None:
    import synthspec
    from synthspec.draw.rows import draw
    from synthspec.generators.models import load_model
    from synthspec.plan.zeros import all_zeros
    from synthspec.privacy.entropy import SampleRng

    text = (
        (ROOT / "specs" / "adult.yaml").read_text(encoding="utf-8").replace("\ngates:", MORE + "\ngates:", 1)
    )
    spec = folder / "adult.yaml"
    spec.write_text(text, encoding="utf-8")
    (folder / "codes").symlink_to(ROOT / "specs" / "codes")
    plan = synthspec.load(spec).replace({"source.path": str(source)}).plan()
    release = plan.train(out=folder / "release").value
    models = {saved.group: load_model(saved.facts, saved.arrays) for saved in release.models}
    written = [rule for rule in release.plan.rules if not rule.name.startswith("domain of ")]
    print(f"adult, epsilon {plan.epsilon:g}, {rows:,} rows; CPU, the best of {REPEATS}")
    print(f"{'rules':>6}{'rows per CPU s':>18}{'of no rules':>13}{'zeros s':>9}{'mended':>9}{'kept':>8}")
    base = 0.0
    for count in (0, 5, 20):
        some = release.plan.model_copy(update={"rules": tuple(written[:count])})
        best, seconds = float("inf"), 0.0
        for seed in range(REPEATS):
            start = time.process_time()
            all_zeros(some, release.columns)
            seconds = time.process_time() - start
            start = time.process_time()
            made = draw(some, release.columns, models, rows, SampleRng(seed))
            best = min(best, time.process_time() - start)
        base = base or best
        assert not any(made.violations.values())
        mended = sum(made.mended.values())
        print(
            f"{len(some.rules):>6}{rows / best:>18,.0f}{base / best:>13.2f}{seconds:>9.2f}"
            f"{mended:>9.2%}{made.acceptance:>8.2%}",
            flush=True,
        )


if __name__ == "__main__":
    main()
