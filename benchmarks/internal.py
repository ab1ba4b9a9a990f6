"""The internal edition with its default attacks: time of each part, on a simulated table.

    python benchmarks/internal.py [ROWS] [COLUMNS] [EPSILON]

A table of ROWS people (50,000) and COLUMNS columns (20) is simulated, a release of it is trained with a
ledger that is thrown away, and `report --internal` runs with as many other people as a control. The goal is
5 minutes.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

GOAL = 300.0


def people(rows: int, columns: int, seed: int) -> dict[str, list[object]]:
    """Return correlated columns: every second one a number, the others of a few values."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=(rows, 3))
    found: dict[str, list[object]] = {}
    for i in range(columns):
        own = mood[:, i % 3] + 0.8 * rng.normal(size=rows)
        if i % 2 == 0:
            found[f"number{i}"] = np.clip(500 + 150 * own, 0, 1000).astype(int).tolist()
        else:
            edges = np.linspace(-1.5, 1.5, 3 + i % 4)
            found[f"kind{i}"] = [f"k{v}" for v in np.searchsorted(edges, own).tolist()]
    return found


def spec(columns: int, epsilon: float, rows: int) -> str:
    """Return the spec of such a table."""
    lines = [
        "spec: 1",
        "name: internal",
        "source: people.csv",
        f"privacy: {{unit: row, epsilon: {epsilon:g}}}",
    ]
    lines.append("columns:")
    for i in range(columns):
        if i % 2 == 0:
            lines.append(f"  number{i}: int 0..1000")
        else:
            lines.append(f"  kind{i}: [{', '.join(f'k{v}' for v in range(4 + i % 4))}]")
    return "\n".join([*lines, f"sample: {{rows: {rows}}}", ""])


def main(rows: int, columns: int, epsilon: float) -> None:
    """Print the time of each part."""
    import polars as pl

    import synthspec as ss
    from synthspec.api.internal import internal

    with tempfile.TemporaryDirectory(prefix="synthspec-internal-") as place:
        folder = Path(place)
        os.environ["SYNTHSPEC_HOME"] = str(folder / "home")
        pl.DataFrame(people(rows, columns, 1)).write_csv(folder / "people.csv")
        pl.DataFrame(people(rows, columns, 2)).write_csv(folder / "others.csv")
        (folder / "people.yaml").write_text(spec(columns, epsilon, rows))
        begun = time.perf_counter()
        release = ss.load(folder / "people.yaml").plan().train(out=folder / "out")
        trained = time.perf_counter() - begun
        print(f"{rows:,} people, {columns} columns, epsilon {epsilon:g}; trained in {trained:.1f} s")
        marks: list[tuple[str, float, float]] = []

        def told(step: str) -> None:
            marks.append((step, time.perf_counter(), time.process_time()))

        internal(release, folder / "people.csv", control=folder / "others.csv", told=told)
        marks.append(("end", time.perf_counter(), time.process_time()))
        for (step, wall, cpu), (_, later, cpu_later) in pairwise(marks):
            print(f"  {later - wall:7.1f} s   {cpu_later - cpu:7.1f} s CPU   {step}")
        whole, cpu = marks[-1][1] - marks[0][1], marks[-1][2] - marks[0][2]
        size = (folder / "out.internal" / "report.html").stat().st_size
        print(f"  {whole:7.1f} s   {cpu:7.1f} s CPU   in all; page {size / 1000:,.0f} kB")
        print("within 5 minutes" if whole < GOAL else "LONGER than 5 minutes")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(
        int(given[0]) if given else 50_000,
        int(given[1]) if len(given) > 1 else 20,
        float(given[2]) if len(given) > 2 else 2.0,
    )
