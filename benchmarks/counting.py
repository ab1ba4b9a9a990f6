"""Counting all pairs of a large Parquet file: time, and the most memory that the process ever held.

    python benchmarks/counting.py [ROWS] [COLUMNS]

Each figure comes from a process of its own. The file is made once, in a temporary folder.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

LEVELS = 16
PART = 1_000_000


def make(path: Path, rows: int, columns: int) -> None:
    """Write a Parquet file of `rows` rows and `columns` whole-number columns, part by part."""
    import numpy as np
    import polars as pl

    folder = path.with_suffix(".parts")
    folder.mkdir()
    rng = np.random.default_rng(0)
    for part in range(0, rows, PART):
        size = min(PART, rows - part)
        shared = rng.integers(0, LEVELS, size)
        frame = {f"c{i}": (shared + rng.integers(0, 1 + i, size)) % LEVELS for i in range(columns)}
        pl.DataFrame(frame).write_parquet(folder / f"{part:012d}.parquet")
    pl.scan_parquet(folder).sink_parquet(path)


def count(path: Path, columns: int, held: int) -> int:
    """Count all pairs; return the number of rows that the first pair's table adds up to."""
    from synthspec.engines.polars import PolarsEngine
    from synthspec.privacy.entropy import SystemNoise
    from synthspec.terms.expr import Bin, Column
    from synthspec.terms.protection import Protection
    from synthspec.terms.query import Axis
    from synthspec.terms.types import INT
    from synthspec.terms.view import Bound, Coded, Field, Source, View

    names = [f"c{i}" for i in range(columns)]
    edges = tuple(range(LEVELS + 1))
    view = View(
        source=Source(path=str(path), format="parquet"),
        fields=tuple(Field(name=name, origin=name, type=INT) for name in names),
        bound=Bound(unit=None, max_rows=1),
        codes=tuple(
            Coded(attribute=name, size=LEVELS, code=Bin(arg=Column(name=name, type=INT), edges=edges))
            for name in names
        ),
        protection=Protection(unit="row", max_rows=1),
    )
    pairs = [(Axis(a, LEVELS), Axis(b, LEVELS)) for a, b in combinations(names, 2)]
    with PolarsEngine(held).open(view, SystemNoise()) as rows:
        return int(rows.count(pairs)[0].sum())


def measured(work: Callable[[], object]) -> tuple[float, float, float]:
    """Return wall seconds, CPU seconds and peak memory [MB] of `work` in a fresh process."""
    receiver, sender = multiprocessing.get_context("spawn").Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_child, args=(work, sender))
    process.start()
    found: tuple[float, float, float] = receiver.recv()
    process.join()
    return found


def _child(work: Callable[[], object], sender: object) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1 << 20 if sys.platform == "darwin" else 1 << 10
    )
    sender.send((time.perf_counter() - wall, time.process_time() - cpu, peak))  # type: ignore[attr-defined]


class Counting:
    """One way of counting, ready to be run in another process."""

    def __init__(self, path: Path, columns: int, held: int) -> None:
        self.path, self.columns, self.held = path, columns, held

    def __call__(self) -> int:
        """Count."""
        return count(self.path, self.columns, self.held)


def main() -> None:
    """Print the table."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    columns = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.parquet"
        # in a process of its own too: a child starts with its parent's peak
        maker = multiprocessing.get_context("spawn").Process(target=make, args=(path, rows, columns))
        maker.start()
        maker.join()
        pairs, size = columns * (columns - 1) // 2, path.stat().st_size >> 20
        print(f"{rows:,} rows, {columns} columns, {pairs} pairs, {size} MB")
        print(f"{'codes':<28}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}")
        for name, held in (("held in memory", 512 << 20), ("read again for every pass", 0)):
            wall, cpu, peak = measured(Counting(path, columns, held))
            print(f"{name:<28}{wall:>9.1f}{cpu:>9.1f}{peak:>9.0f}")


if __name__ == "__main__":
    main()
