"""The public report: how long it takes, and how large it is, by the number of columns.

    python benchmarks/report.py                      10, 50 and 200 columns
    python benchmarks/report.py --columns 50 --rows 20000

Made-up tables of categories (2 to 30 values) and integers, trained by the tool itself at epsilon 1 with a
subgroup and a question, in a ledger folder that is thrown away; then the report is made from the release
folder alone. Prints a table and keeps it; exit 1 when a bound is missed.

* build: seconds from the folder to the report as values; html: to its page; json: its size.
* page: the page's size; gz: compressed. Bounds: 1 MB and 10 s at 50 columns, 3 MB at 200.
"""

from __future__ import annotations

import argparse
import gzip
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402

from synthspec.api.release import load_release  # noqa: E402
from synthspec.api.spec import load  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "report.md"
BOUNDS = {50: (1e6, 10.0), 200: (3e6, None)}
HEADS = ("columns", "train s", "build s", "html s", "page kB", "gz kB", "json kB")


def table(columns: int, rows: int) -> tuple[pl.DataFrame, str]:
    """Return a made-up table of linked columns, and its spec."""
    rng = np.random.default_rng(columns)
    base = rng.integers(0, 4, rows)
    data: dict[str, list[object]] = {"group": [f"g{each}" for each in base]}
    lines = ["  group: {type: category, in: [g0, g1, g2, g3]}"]
    for place in range(1, columns):
        name = f"column_{place}"
        if place % 3:
            many = int(rng.integers(2, 31))
            codes = (base * (place % 5) + rng.integers(0, many, rows)) % many
            data[name] = [f"value {each}" for each in codes]
            lines.append(
                f"  {name}: {{type: category, in: [{', '.join(f'value {i}' for i in range(many))}]}}"
            )
        else:
            data[name] = [int(each) for each in np.minimum(99, rng.gamma(4, 6, rows) + 5 * base)]
            lines.append(f"  {name}: {{type: int, in: 0..99}}")
    spec = "\n".join(
        [
            "spec: 1",
            f"name: columns-{columns}",
            f"source: {{path: table.csv, rows: {rows}}}",
            "privacy: {unit: row, epsilon: 1, delta: 1e-9}",
            "columns:",
            *lines,
            "subgroups: [group]",
            "must_answer:",
            "  second groups: {count: \"group = 'g1'\", by: [group]}",
            "sample: {rows: 2000}",
            "",
        ]
    )
    return pl.DataFrame(data), spec


def measure(columns: int, rows: int, folder: Path) -> tuple[str, ...]:
    """Train on a table of so many columns, make its report, and return the row of the result."""
    frame, text = table(columns, rows)
    frame.write_csv(folder / "table.csv")
    (folder / "spec.yaml").write_text(text, encoding="utf-8")
    start = time.perf_counter()
    load(folder / "spec.yaml").plan().train(out=folder / "release")
    trained = time.perf_counter() - start
    start = time.perf_counter()
    report = load_release(folder / "release").report()
    assert report.value.sections
    built = time.perf_counter() - start
    start = time.perf_counter()
    page = report.html()
    drawn = time.perf_counter() - start
    print(f"{columns} columns: {built + drawn:.1f} s, {len(page) / 1e3:.0f} kB", file=sys.stderr)
    sizes = (len(page), len(gzip.compress(page)), len(report.json()))
    most = BOUNDS.get(columns)
    if most is not None and (sizes[0] > most[0] or (most[1] is not None and built + drawn > most[1])):
        raise SystemExit(f"{columns} columns: {sizes[0]} bytes in {built + drawn:.1f} s is over the bound")
    seconds = (f"{each:.1f}" for each in (trained, built, drawn))
    return (str(columns), *seconds, *(f"{size / 1e3:.0f}" for size in sizes))


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--columns", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--rows", type=int, default=10_000)
    asked = parser.parse_args()
    rows = []
    for columns in asked.columns:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["SYNTHSPEC_HOME"] = str(Path(folder) / "home")
            rows.append(measure(columns, asked.rows, Path(folder)))
    lines = ["| " + " | ".join(row) + " |" for row in (HEADS, ("---:",) * len(HEADS), *rows)]
    head = f"# The public report by number of columns\n\n{asked.rows:,} made-up rows, epsilon 1.\n"
    print("\n".join(lines))
    RESULTS.write_text(head + "\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
