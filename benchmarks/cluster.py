"""The adult spec on a cluster of two workers (`standalone.Cluster`) that are killed while they work.

From end to end: `train` from files that Spark reads, `verify`, rows drawn by the workers compared byte for
byte with those of one process; then again with a worker killed in the middle of `train`, with all of them
killed, and with one killed while rows are drawn. After each kill the ledger is looked at: one charge per run,
never spent twice, and no folder is half a release. Not part of the gate: it needs the extra `spark` (half a
gigabyte), Java 17, and some minutes.

Run: python benchmarks/cluster.py [--source adult.csv] [--rows 1000000] [--results FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
from standalone import Cluster, running, wait

ROOT = Path(__file__).resolve().parents[1]

CANARY = "Xenolith-Canary"
"""A value planted in the private rows: it must be on no stream and in no log."""


@dataclass
class Told:
    """What a command did."""

    code: int
    seconds: float
    out: str
    err: str


@dataclass
class Trial:
    """The adult spec on a cluster, in a folder of its own."""

    cluster: Cluster
    folder: Path
    lines: list[str] = field(default_factory=list)

    def prepare(self, source: Path) -> None:
        """Write the private rows as Parquet, in several files, and the spec that reads them through Spark."""
        rows = pl.read_csv(source, infer_schema_length=0)
        planted = rows.head(1).with_columns(pl.lit(CANARY).alias("occupation"))
        rows = pl.concat([rows, planted])
        (self.folder / "adult").mkdir()
        for at in range(4):
            rows.gather_every(4, at).write_parquet(self.folder / "adult" / f"part-{at}.parquet")
        shutil.copytree(ROOT / "specs" / "codes", self.folder / "codes")
        text = (ROOT / "specs" / "adult.yaml").read_text()
        text = text.replace("path: adult.csv", "path: spark:parquet.`adult`")
        text = re.sub(r"(?m)^  epsilon: 1$", "  epsilon: 1\n  ledger: cluster", text, count=1)
        (self.folder / "adult.yaml").write_text(text)
        opened = self.run("budget", "open", "cluster", "--unit", "row", "--cap", "20", "--delta", "1e-8")
        assert opened.code == 0, opened.err

    def begin(self, *arguments: str) -> tuple[subprocess.Popen[str], float]:
        """Start a command."""
        env = {
            **os.environ,
            "SPARK_MASTER": self.cluster.master,
            "SYNTHSPEC_HOME": str(self.folder / "home"),
            "PYTHONPATH": str(ROOT),
            "SPARK_DRIVER_MEMORY": "1g",
            "PYSPARK_SUBMIT_ARGS": "--conf spark.executor.memory=900m pyspark-shell",
        }
        command = [sys.executable, "-m", "synthspec", *arguments]
        process = subprocess.Popen(
            command, cwd=self.folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        return process, time.monotonic()

    def end(self, begun: tuple[subprocess.Popen[str], float]) -> Told:
        """Wait for it."""
        process, start = begun
        out, err = process.communicate(timeout=1800)
        assert CANARY not in out + err, "a private value is on a stream"
        return Told(process.returncode, time.monotonic() - start, out, err)

    def run(self, *arguments: str) -> Told:
        """Run a command to its end."""
        return self.end(self.begin(*arguments))

    def note(self, what: str, told: Told, more: str = "") -> None:
        """Take note of what a command did."""
        line = f"| {what} | {told.seconds:.0f} | {told.code} | {more} |"
        print(line, flush=True)
        self.lines.append(line)

    def charges(self) -> tuple[list[str], float]:
        """Return the states of the ledger's charges, and what is spent."""
        told = self.run("budget", "show", "cluster", "--json")
        assert told.code == 0, told.err
        tree = json.loads(told.out)
        return [str(charge["state"]) for charge in tree["charges"]], float(tree["spent"])

    def undisturbed(self, rows: int) -> None:
        """Train, verify and sample."""
        env = {**os.environ, "SPARK_MASTER": self.cluster.master, "SYNTHSPEC_HOME": str(self.folder / "home"),
               "PYTHONPATH": str(ROOT), "SPARK_DRIVER_MEMORY": "1g"}  # fmt: skip
        command = [sys.executable, str(Path(__file__).resolve()), "--inside", str(self.folder)]
        began = time.monotonic()
        found = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True)
        assert CANARY not in found.stdout + found.stderr, "a private value is on a stream"
        assert found.returncode == 0, found.stderr[-2000:]
        facts = json.loads(found.stdout.splitlines()[-1])
        jobs = f"{facts['statements']} questions put to Spark in {facts['jobs']} jobs"
        self.note("`train`, two workers", Told(0, time.monotonic() - began, "", ""), jobs)
        assert facts["jobs"] <= facts["statements"] + 1, "one job per question, and one for the files' types"
        told = self.run("verify", "out/adult")
        self.note("`verify`", told)
        assert told.code == 0, told.out + told.err
        self.sampled(rows)

    def sampled(self, rows: int) -> None:
        """Draw rows by one process and on the cluster, and compare them."""
        one = self.run("sample", "out/adult", "-n", str(rows), "-o", "one/")
        self.note(f"`sample -n {rows}`, one process", one, f"{rows / one.seconds:,.0f} rows/s")
        many = self.run("sample", "out/adult", "-n", str(rows), "-o", "many/", "--on", "spark")
        self.note(
            f"`sample -n {rows} --on spark`",
            many,
            f"{rows / many.seconds:,.0f} rows/s, Spark's start included",
        )
        assert (one.code, many.code) == (0, 0), many.err
        self.same("one", "many")

    def same(self, first: str, second: str) -> None:
        """Check that two folders have the same parts, byte for byte."""
        names = sorted(path.name for path in (self.folder / first).glob("*.parquet"))
        assert names and names == sorted(path.name for path in (self.folder / second).glob("*.parquet"))
        for name in names:
            assert (self.folder / first / name).read_bytes() == (self.folder / second / name).read_bytes(), (
                name
            )

    def killed(self, workers: int, out: str) -> Told:
        """Train, and kill workers while a model is learned; return what the command did."""
        events = self.folder / f"{out}.jsonl"
        begun = self.begin("train", "adult.yaml", "--yes", "-o", f"out/{out}", "--events", str(events))
        wait(lambda: events.is_file() and '"fit"' in events.read_text(), "no model was learned", 900.0)
        time.sleep(2)
        for number in range(workers):
            self.cluster.kill(number)
        return self.end(begun)

    def one_lost(self) -> None:
        """Lose one of two workers: the other one does its work again."""
        before, _ = self.charges()
        told = self.killed(1, "lost")
        after, _ = self.charges()
        self.note("`train`, a worker killed while it learns", told, f"charges: {', '.join(after)}")
        assert told.code == 0, told.err[-2000:]
        assert after == [*before, "committed"] and (self.folder / "out" / "lost" / "manifest.json").is_file()
        self.cluster.add(0)

    def all_lost(self) -> None:
        """Lose both: a coded error, nothing half-written, and the same command with --resume goes on."""
        before, spent = self.charges()
        told = self.killed(2, "none")
        after, now = self.charges()
        self.note("`train`, both killed", told, f"{_code(told.err)}; charges: {', '.join(after)}")
        assert told.code != 0 and "K701" in told.err, told.err[-2000:]
        assert after == [*before, "opened"] and not (self.folder / "out" / "none").exists()
        for number in range(2):
            self.cluster.add(number)
        again = self.run("train", "adult.yaml", "--yes", "-o", "out/none", "--resume")
        final, total = self.charges()
        self.note("`train --resume`, two new workers", again, f"charges: {', '.join(final)}")
        assert again.code == 0, again.err[-2000:]
        assert final == [*before, "committed"] and total == now > spent

    def sampling_lost(self, rows: int) -> None:
        """Lose a worker while rows are drawn."""
        begun = self.begin("sample", "out/adult", "-n", str(rows), "-o", "broken/", "--on", "spark")
        wait(lambda: any((self.folder / "broken").glob("*.parquet")), "no part was drawn", 600.0)
        self.cluster.kill(0)
        told = self.end(begun)
        self.note("`sample --on spark`, a worker killed", told, _code(told.err))
        if told.code:
            told = self.run("sample", "out/adult", "-n", str(rows), "-o", "broken/", "--on", "spark")
            self.note("the same command again", told)
        assert told.code == 0, told.err[-2000:]
        self.same("one", "broken")
        self.cluster.add(0)

    def nothing_told(self) -> None:
        """Check that no log, and no file that is left, has the private value."""
        for file in self.cluster.folder.rglob("*"):
            if file.is_file():
                assert CANARY.encode() not in file.read_bytes(), file.name
        executors = len(self.cluster.said_by_executors().splitlines())
        self.lines.append(f"| lines that executors wrote, in all | | | {executors}, none of a row |")


def _code(text: str) -> str:
    found = re.search(r"error\[(\w+)\]", text)
    return found[1] if found else "no error"


def inside(folder: Path) -> None:
    """Train in this process, and say how many questions were asked of Spark in how many jobs."""
    from synthspec.api.spec import load
    from synthspec.engines.spark import SparkTable
    from synthspec.engines.spark_session import GROUP, used

    asked = []
    fetch = SparkTable.fetch

    def counted(self: SparkTable, statement: str, secrets: object) -> object:
        asked.append(statement)
        return fetch(self, statement, secrets)  # type: ignore[arg-type]

    SparkTable.fetch = counted  # type: ignore[assignment, method-assign]
    with used() as home:
        tracker = home.sparkContext.statusTracker()
        load(str(folder / "adult.yaml")).plan().train(out=folder / "out" / "adult")
        every = len(tracker.getJobIdsForGroup(GROUP))
    print(json.dumps({"statements": len(asked), "jobs": every}))


def main() -> None:
    """Run everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--source", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--results", type=Path)
    parser.add_argument("--inside", type=Path)
    given = parser.parse_args()
    if given.inside is not None:
        inside(given.inside)
        return
    data = Path(os.environ.get("SYNTHSPEC_DATA", ROOT.parent / "shared" / "data"))
    began = time.monotonic()
    with running(2) as cluster, tempfile.TemporaryDirectory(prefix="cluster-work-") as work:
        print(f"two workers after {time.monotonic() - began:.0f} s", flush=True)
        trial = Trial(cluster, Path(work))
        trial.prepare(given.source or data / "adult-raw" / "adult.csv")
        trial.undisturbed(given.rows)
        trial.one_lost()
        trial.all_lost()
        trial.sampling_lost(given.rows)
        trial.nothing_told()
    table = "\n".join(("| what | seconds | exit code | |", "|---|---:|---:|---|", *trial.lines))
    print(table)
    if given.results is not None:
        given.results.write_text(f"{PAGE}\n{table}\n")


PAGE = """\
# A cluster that loses its workers

`python benchmarks/cluster.py --results benchmarks/results/cluster.md`: a standalone Spark master and two
workers of one processor and 900 MB each, all on one machine of two processors. The adult table is read as
``spark:parquet.`adult` `` in four files, with one planted row whose value is looked for on every stream and
in every log afterwards.

* `train` puts so many questions to Spark, one job each, and one more job reads the types of the files.
* The parts that the workers draw are those of one process, byte for byte, with a worker lost too.
* With one of two workers killed (SIGKILL, its executors too) the run ends well. With both killed, K701 says
  so 90 s later: nothing is half-written, the charge stays open, and `train --resume` ends it, free.
"""

if __name__ == "__main__":
    main()
