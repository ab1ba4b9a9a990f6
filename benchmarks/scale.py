"""Tables of many millions of rows on one machine: counting, fitting, drawing; seconds, rows/s, peak memory.

    python benchmarks/scale.py                               100,000,000 rows x 20 columns
    python benchmarks/scale.py --rows 5000000 10000000 20000000       the slope
    python benchmarks/scale.py --rows 20000000 --steps count --runs 3

A made-up table of whole numbers (2 to 40 levels; each column leans on the one before) lies in Parquet files
of 2,000,000 rows. Every figure comes from a process of its own, which does nothing else:

* count: all one-way and pair tables (20 + 190), by the product's engine in one pass; beside it the same
  tables by polars (`collect_all` of one lazy `group_by(...).len()` per table, streaming) and by DuckDB (one
  `GROUP BY` per table over the same files). All three must agree in every table.
* people: the same tables by the product's engine where a person has four rows on average and at most four
  count: two passes, and a keyed hash of each row's content.
* fit: the real run: spec, plan, ledger (in a folder that is thrown away), learning, release, at epsilon 1.
* sample: as many rows as were learned from into a folder, by one process and by two.

MB is the most memory that the process held (or, for two, the sum of the most that each held).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

SIZES = (2, 2, 3, 4, 5, 6, 7, 8, 8, 10, 10, 12, 12, 15, 16, 20, 20, 24, 30, 40)
NAMES = tuple(f"c{at}" for at in range(len(SIZES)))
TABLES = (*((name,) for name in NAMES), *combinations(NAMES, 2))
FILE = 2_000_000
STEPS = ("count", "people", "fit", "sample")
Facts = dict[str, Any]


# the table ---------------------------------------------------------------------------------------


def make(folder: str, rows: int) -> Facts:
    """Write the files."""
    import numpy as np
    import polars as pl

    for at, start in enumerate(range(0, rows, FILE)):
        rng, many = np.random.default_rng(at), min(FILE, rows - start)
        frame, before = {}, np.zeros(many, dtype=np.int64)
        for name, size in zip(NAMES, SIZES, strict=True):
            fresh = np.minimum(rng.geometric(2.0 / (size + 1), many) - 1, size - 1)
            before = np.where(rng.random(many) < 0.4, before % size, fresh)
            frame[name] = before
        frame["who"] = rng.integers(0, max(1, rows // 4), many)
        pl.DataFrame(frame).write_parquet(Path(folder) / f"{at:05d}.parquet", row_group_size=250_000)
    return {"size": sum(path.stat().st_size for path in Path(folder).iterdir())}


# the work, each in a process of its own ----------------------------------------------------------


def counted_here(folder: str, unit: str | None = None) -> Facts:
    """Count by the product's engine."""
    from synthspec.engines.polars import PolarsEngine
    from synthspec.privacy.entropy import SystemNoise
    from synthspec.terms.expr import Bin, Column
    from synthspec.terms.protection import Protection
    from synthspec.terms.query import Axis
    from synthspec.terms.types import INT
    from synthspec.terms.view import Bound, Coded, Field, Source, View

    sizes = dict(zip(NAMES, SIZES, strict=True))
    view = View(
        source=Source(path=f"{folder}/*.parquet", format="parquet"),
        fields=tuple(Field(name=name, origin=name, type=INT) for name in (*NAMES, *filter(None, [unit]))),
        bound=Bound(unit=unit, max_rows=1 if unit is None else 4),
        codes=tuple(
            Coded(
                attribute=name,
                size=size,
                code=Bin(arg=Column(name=name, type=INT), edges=tuple(range(size + 1))),
            )
            for name, size in sizes.items()
        ),
        protection=Protection(unit=unit or "row", max_rows=1 if unit is None else 4),
    )
    cliques = [tuple(Axis(name, sizes[name]) for name in table) for table in TABLES]
    with PolarsEngine().open(view, SystemNoise()) as rows:
        return {"tables": [said(each[each > 0]) for each in rows.count(cliques)]}


def counted_by_polars(folder: str) -> Facts:
    """Count by one lazy group_by per table, collected together."""
    import polars as pl

    scan = pl.scan_parquet(f"{folder}/*.parquet")
    frames = pl.collect_all([scan.group_by(table).len() for table in TABLES], engine="streaming")
    return {"tables": [said(frame["len"].cast(pl.Int64).to_numpy()) for frame in frames]}


def counted_by_duckdb(folder: str) -> Facts:
    """Count by one GROUP BY per table."""
    import duckdb

    found = []
    with duckdb.connect() as connection:
        for table in TABLES:
            query = f"SELECT count(*) AS n FROM '{folder}/*.parquet' GROUP BY {', '.join(table)}"
            found.append(said(connection.execute(query).fetchnumpy()["n"]))
    return {"tables": found}


def said(counts: Any) -> tuple[int, int, int]:
    """Return what two equal tables have in common: cells, rows, and the sum of squares."""
    return len(counts), int(counts.sum()), sum(int(each) ** 2 for each in counts)


def fitted(folder: str, rows: int, out: str) -> Facts:
    """Run the product on it, up to the release."""
    import synthspec

    opened("scale")
    columns = "\n".join(f"  {name}: int 0..{size - 1}" for name, size in zip(NAMES, SIZES, strict=True))
    spec = f"""\
spec: 1
name: scale
source: {{path: '{folder}/*.parquet', rows: {rows}}}
privacy: {{unit: row, epsilon: 1, delta: 1e-9, ledger: scale}}
columns:
{columns}
sample: {{rows: 1000, seed: 1}}
"""
    path = Path(out).parent / "scale.yaml"
    path.write_text(spec)
    steps: list[tuple[str, float]] = []
    plan = synthspec.load(path).plan()
    plan.train(out=out, progress=lambda at, of, name: steps.append((name, time.perf_counter())))
    ends = [*(when for _, when in steps[1:]), time.perf_counter()]
    return {"steps": {name: round(end - when, 1) for (name, when), end in zip(steps, ends, strict=True)}}


def opened(ledger: str) -> None:
    """Open a ledger: a source of several files has none of its own."""
    from synthspec.cli.main import run as command

    with contextlib.redirect_stdout(io.StringIO()):
        assert (
            command(["budget", "open", ledger, "--unit", "row", "--cap", "2", "--delta", "1e-6", "--json"])
            == 0
        )


def drawn(release: str, rows: int, out: str, processes: int) -> Facts:
    """Draw rows into a folder."""
    import synthspec

    found = synthspec.load_release(release).sample_into(out, rows, processes=processes)
    size = sum(path.stat().st_size for path in Path(out).iterdir())
    return {"parts": found.parts, "size": size, "violations": found.certificate.violations}


# measuring ---------------------------------------------------------------------------------------


def measured(work: Callable[..., Facts], *given: Any) -> Facts:
    """Return what `work` says in a fresh process, with its seconds, CPU seconds and peak memory [MB]."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(work, given, sender))
    process.start()
    sender.close()
    try:
        found: Facts = receiver.recv()
    finally:
        process.join()
    return found


def _child(work: Callable[..., Facts], given: Sequence[Any], sender: Any) -> None:
    began = time.perf_counter()
    found = work(*given)
    here, below = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(each.ru_utime + each.ru_stime for each in (here, below))
    wall = time.perf_counter() - began
    peaks = {"mb": peak(), "below": below.ru_maxrss / 1024}
    sender.send({**found, "wall": wall, "cpu": cpu, **peaks})


def peak() -> float:
    """Return the most memory [MB] this process held; not ru_maxrss, which starts from its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return float(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def line(label: str, rows: int, found: Mapping[str, Any], *, below: int = 0) -> str:
    """Return a line of the table; `below` is the number of processes that `found` started."""
    memory = found["mb"] + below * found["below"]
    rate = rows / found["wall"]
    return f"{label:<34}{found['wall']:>9.1f}{found['cpu']:>9.1f}{rate:>14,.0f}{memory:>9,.0f}"


HEAD = f"{'':<34}{'wall s':>9}{'CPU s':>9}{'rows/s':>14}{'MB':>9}"


def run(rows: int, given: argparse.Namespace, place: Path, say: Callable[[str], None]) -> None:
    """Measure one number of rows, and print it."""
    steps = given.steps
    data, release, out = place / "data", place / "release", place / "rows"
    data.mkdir()
    size = measured(make, str(data), rows)["size"]
    say(f"\n{rows:,} rows x {len(SIZES)} columns ({sum(SIZES)} levels), {size / 1e6:,.0f} MB of Parquet")
    say(HEAD)
    if "count" in steps:
        found: dict[str, list[Facts]] = {}
        for _ in range(given.runs):
            for label, work in list(COUNTS.items())[: 1 if given.alone else None]:
                found.setdefault(label, []).append(measured(work, str(data)))
        told = [each["tables"] for many in found.values() for each in many]
        assert all(each == told[0] for each in told), "the engines differ"
        for label, many in found.items():
            for each in many:
                say(line(f"count: {label}", rows, each))
    if "people" in steps:
        say(line("count: synthspec, by person", rows, measured(counted_here, str(data), "who")))
    if "fit" in steps or "sample" in steps:
        fit = measured(fitted, str(data), rows, str(release))
        say(line("fit: the whole run", rows, fit))
        say(f"    seconds by step: {json.dumps(fit['steps'])}")
    if "sample" in steps:
        shutil.rmtree(data)
        for processes in given.processes:
            made = measured(drawn, str(release), rows, str(out), processes)
            below = 0 if processes == 1 else processes
            say(line(f"sample: {processes} process{'es' if below else ''}", rows, made, below=below))
            say(f"    {made['parts']:,} parts, {made['size'] / 1e6:,.0f} MB, {made['violations']} violations")
            shutil.rmtree(out)


COUNTS: dict[str, Callable[[str], Facts]] = {
    "synthspec, one pass": counted_here,
    "polars, 210 group_by": counted_by_polars,
    "DuckDB, 210 GROUP BY": counted_by_duckdb,
}


def main() -> None:
    """Run what was asked for."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000_000])
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS)
    parser.add_argument("--runs", type=int, default=1, help="of the counts")
    parser.add_argument("--alone", action="store_true", help="do not count by polars and DuckDB")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2], help="that draw rows")
    parser.add_argument("--keep", metavar="FILE", help="append the page there")
    given = parser.parse_args()
    lines: list[str] = []

    def say(text: str) -> None:
        lines.append(text)
        print(text, flush=True)

    for rows in given.rows:
        with tempfile.TemporaryDirectory(prefix="scale-") as folder:
            os.environ["SYNTHSPEC_HOME"] = str(Path(folder) / "home")
            run(rows, given, Path(folder), say)
    if given.keep is not None:
        with Path(given.keep).open("a") as page:
            page.write("```\n" + "\n".join(lines).strip("\n") + "\n```\n\n")


if __name__ == "__main__":
    main()
