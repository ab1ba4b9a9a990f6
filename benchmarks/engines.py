"""Counting all columns and all pairs of the adult table, some hundred copies of it, by each engine.

    python benchmarks/engines.py [COPIES] [ENGINE ...]

CPU seconds are those of all processors: of this process, and of the server where there is one. Every engine
reads, checks and codes the rows by the spec's own recipe (`specs/adult.yaml`), and all tables must be equal.
The second round asks the same again, as a fit does in rounds: rows are then coded already, where an engine
keeps codes. Writes `benchmarks/results/engines.md`.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
DATA = Path(os.environ.get("SYNTHSPEC_DATA", ROOT.parent / "shared" / "data")) / "adult-raw" / "adult.csv"
RESULT = ROOT / "benchmarks" / "results" / "engines.md"
NAMES = ("polars, CSV", "polars, Parquet", "duckdb", "postgres")


@contextmanager
def table(name: str, copies: int, folder: Path) -> Iterator[tuple[str, Callable[[], float]]]:
    """Yield the table as a source of an engine, and what tells a server's CPU seconds."""
    import polars as pl

    one = pl.read_csv(DATA, null_values=["?"])
    many = pl.concat([one] * copies)
    if name.startswith("polars"):
        path = folder / ("t.csv" if "CSV" in name else "t.parquet")
        many.write_csv(path) if "CSV" in name else many.write_parquet(path)
        yield str(path), lambda: 0.0
        return
    many.write_parquet(folder / "made.parquet")
    if name == "duckdb":
        import duckdb

        with duckdb.connect(str(folder / "t.duckdb")) as file:
            file.execute("CREATE TABLE t AS SELECT * FROM read_parquet(?)", [str(folder / "made.parquet")])
        yield f"duckdb:{folder / 't.duckdb'}#t", lambda: 0.0
        return
    import psycopg

    from tests.postgres import running

    with running() as server:
        columns = ", ".join(
            f'"{name}" {"BIGINT" if dtype.is_integer() else "TEXT"}' for name, dtype in one.schema.items()
        )
        with psycopg.connect(server.place, autocommit=True) as db:
            db.execute(f"CREATE TABLE one ({columns})".encode())
            with db.cursor().copy(b"COPY one FROM STDIN") as copy:
                for row in one.iter_rows():
                    copy.write_row(row)
            db.execute(f"CREATE TABLE t AS SELECT one.* FROM one, generate_series(1, {copies})".encode())
            db.execute("ANALYZE t")
        postmaster = int((server.data / "postmaster.pid").read_text().split("\n")[0])
        yield server.address("t"), lambda: _server_seconds(postmaster)


def _server_seconds(postmaster: int) -> float:
    """Return the CPU seconds of a server's process and of all that it started and saw end."""
    time.sleep(1)
    fields = Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()
    return sum(int(each) for each in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def count(source: str, sender: Any) -> None:
    """Count twice in this process; send seconds of CPU and of the clock, rows, and what the tables say."""
    from synthspec import load
    from synthspec.plan.view import build_view
    from synthspec.privacy.entropy import SystemNoise
    from synthspec.run.engine import engine_of
    from synthspec.terms.query import Axis

    plan = load(ROOT / "specs" / "adult.yaml", [("source.path", source)]).plan().value
    view = build_view(plan, plan.columns)
    domain = view.domain
    axes = [Axis(name, size) for name, size in zip(domain.attributes, domain.sizes, strict=True)]
    cliques = [*((axis,) for axis in axes), *combinations(axes, 2)]
    found = []
    with engine_of(view.source).open(view, SystemNoise()) as rows:
        for _ in range(2):
            cpu, wall = time.process_time(), time.perf_counter()
            answers = rows.count(cliques)
            found.append((time.process_time() - cpu, time.perf_counter() - wall))
    digest = hashlib.sha256(b"".join(each.tobytes() for each in answers)).hexdigest()
    sender.send((found, int(answers[0].sum()), len(cliques), digest))


def measured(name: str, copies: int) -> dict[str, Any]:
    """Return one line of the table."""
    with tempfile.TemporaryDirectory() as folder, table(name, copies, Path(folder)) as (source, server):
        before = server()
        context = multiprocessing.get_context("spawn")
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=count, args=(source, sender))
        process.start()
        rounds, rows, cliques, digest = receiver.recv()
        process.join()
        at_server = server() - before
    return {
        "engine": name, "rows": rows, "cliques": cliques, "digest": digest, "server": at_server,
        "first": rounds[0], "second": rounds[1],
    }  # fmt: skip


FOOT = """
CPU seconds say what the work is; seconds of the clock depend on what else the machine does.

* The first round reads, checks, codes and counts; the codes are then in memory (polars), in a table of the
  engine's own, in memory or in its private folder (DuckDB), or, since a role that may only read can keep
  nothing on a server, fetched here in the second round if they fit in 512 MiB (PostgreSQL), else counted
  there again.
* The tables are summed out of fewer grouping sets (`engines.blocks`). What counts for a database is that rows
  need not leave it: files are counted faster.
"""


def main() -> None:
    """Measure and write the page."""
    copies = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    lines = []
    for name in sys.argv[2:] or NAMES:
        lines.append(measured(name, copies))
        print(json.dumps(lines[-1]), flush=True)
    assert len({line["digest"] for line in lines}) == 1, "the engines disagree"
    RESULT.write_text(page(lines, copies))


def page(lines: list[dict[str, Any]], copies: int) -> str:
    """Return the results as a page."""
    head = f"""# Engines: all columns and all pairs of adult x {copies}

`python benchmarks/engines.py {copies}`: {lines[0]["rows"]:,} rows, {lines[0]["cliques"]} tables, read,
checked and coded by `specs/adult.yaml`; all engines gave the same tables. CPU seconds of this process, and
of the server over both rounds; {os.cpu_count()} processors, shared. The second round asks the same again.

| engine | first, CPU s | second, CPU s | at the server, CPU s | first, s | second, s |
|---|---|---|---|---|---|
"""
    body = "".join(
        f"| {line['engine']} | {line['first'][0]:.1f} | {line['second'][0]:.1f} | {line['server']:.1f} "
        f"| {line['first'][1]:.1f} | {line['second'][1]:.1f} |\n"
        for line in lines
    )
    return head + body + FOOT


if __name__ == "__main__":
    main()
