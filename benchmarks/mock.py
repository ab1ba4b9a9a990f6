"""The worked examples at full size: a million rows from the spec alone, then trained and sampled.

    python benchmarks/mock.py [ROWS] [TRAINED]

For `specs/hospital-flat.yaml` and `specs/cards-flat.yaml`, each in a process of its own: mocks ROWS rows,
writes them, counts every rule again with DuckDB, and prints rows per CPU second (all threads; without
planning and counting), the most memory, the violations, the rows rejected, and per rule how it is met and
the shares of rows with values redrawn inside their codes, repaired, and kept. Then makes a source of
TRAINED rows under other published tables, breaks 3 % of its rows, trains the spec on it (with a ledger of
its own), draws as many, and prints the same of the release. 0 ROWS leave out the first half.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(name, "1")
ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "specs")]
ROWS = 1_000_000
TRAINED = 200_000
SPECS = ("hospital-flat", "cards-flat")


def main() -> None:
    """Print the table, a process per spec so that memory is its own."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    learnt = int(sys.argv[2]) if len(sys.argv) > 2 else TRAINED
    for spec in SPECS:
        subprocess.run([sys.executable, __file__, str(rows), str(learnt), spec], check=True)


def one(name: str, rows: int) -> None:
    """Print the figures of one spec."""
    from synthspec.api.spec import load
    from synthspec.compile.plan import mock_plan
    from synthspec.draw.mock import mock
    from synthspec.draw.recount import recount
    from synthspec.draw.table import written_aside
    from synthspec.privacy.entropy import SampleRng

    start = time.process_time()
    plan = mock_plan(load(ROOT / "specs" / f"{name}.yaml").checked(), rows)
    planned = time.process_time() - start
    start = time.process_time()
    drawn = mock(plan, rows, SampleRng(plan.seed))
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with written_aside(drawn.frame, "parquet") as path:
        again = recount(path, plan.columns, plan.rules)
    print(f"\n{name}: {rows:,} rows from the spec alone; planned in {planned:.1f} CPU s")
    print(
        f"  drawn in {seconds:.1f} CPU s: {rows / seconds:,.0f} rows per CPU s, at most {peak:,.0f} MB; "
        f"{again.engine} counts {sum(again.broken.values())} violations of {len(plan.rules)} rules; "
        f"{rows / drawn.acceptance - rows:,.0f} rows rejected"
    )
    print(f"  {'rule':<26}{'met by':<14}{'redrawn inside':>15}{'repaired':>10}{'kept':>10}")
    for met in plan.met:
        mended, repaired = drawn.mended.get(met.rule, 0.0), drawn.repaired.get(met.rule, 0) / rows
        kept = drawn.accepted.get(met.rule, 1.0)
        print(f"  {met.rule:<26}{met.by:<14}{mended:>15.3%}{repaired:>10.2%}{kept:>10.4%}")


def trained(name: str, rows: int) -> None:
    """Print the figures of a release trained on a source that breaks rules."""
    from test_flat_specs import NEVER_REJECT, train

    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        made = train(name, Path(folder), rows)
        seconds = time.process_time() - start
        check = made.certificate
        kept = {each.name: each.acceptance for each in check.rules}
        rejecting = sum(kept[rule] != 1.0 for rule in NEVER_REJECT[name])
        print(
            f"  trained on {made.source.height:,} rows, of which {made.broken:,} break a rule (epsilon "
            f"{made.epsilon:g}): {sum(c.recounted or 0 for c in check.rules)} violations in {check.rows:,} "
            f"rows by {check.engine}, {check.rows / (check.acceptance or 1.0) - check.rows:,.0f} rejected; "
            f"{rejecting} of the {len(NEVER_REJECT[name])} rules that never reject rejected a row; "
            f"{seconds:,.0f} CPU s"
        )


if __name__ == "__main__":
    if len(sys.argv) > 3:
        if int(sys.argv[1]):
            one(sys.argv[3], int(sys.argv[1]))
        trained(sys.argv[3], int(sys.argv[2]))
    else:
        main()
