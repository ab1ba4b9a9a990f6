"""A standalone Spark cluster on this machine, started and stopped here; and what runs on it.

`Cluster` starts `org.apache.spark.deploy.master.Master` and a `Worker` process per worker from the installed
pyspark, on 127.0.0.1, each worker with one processor and a folder of its own, and stops them all in the end.
A worker can be killed (SIGKILL, with its executors): a machine that is lost.

The script runs the adult spec on it from end to end: `train` from files that Spark reads, `verify`, rows
drawn by the workers compared byte for byte with those of one process; then again with a worker killed in the
middle of `train`, with all of them killed, and with one killed while rows are drawn. After each kill the
ledger is looked at: one charge per run, never spent twice, and no folder is half a release. Not part of the
gate: it needs the extra `spark` (half a gigabyte), Java 17, and some minutes.

Run: python benchmarks/cluster.py [--source adult.csv] [--rows 1000000] [--results FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

ROOT = Path(__file__).resolve().parents[1]

STARTUP = 120.0
"""Seconds that a master and its workers are given to find each other."""
REGISTERED = "Successfully registered with master"


class Cluster:
    """A master and workers; `master` is what SPARK_MASTER is to be."""

    def __init__(self, folder: Path, memory: str = "1g") -> None:
        self.folder = folder
        self._memory = memory
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._port = _free_port()

    @property
    def master(self) -> str:
        """The address of the master."""
        return f"spark://127.0.0.1:{self._port}"

    def start(self, workers: int) -> None:
        """Start the master and the workers, and wait until they know each other."""
        place = ("--host", "127.0.0.1", "--port", str(self._port), "--webui-port", "0")
        self._begin("master", "org.apache.spark.deploy.master.Master", *place)
        _wait(lambda: _answers(self._port), "the master does not answer")
        for number in range(workers):
            self.add(number)
        for number in range(workers):
            _wait(lambda at=number: self._joined(at), f"worker {number} found no master")  # type: ignore[misc]

    def add(self, number: int) -> None:
        """Start one worker."""
        work = self.folder / f"work{number}"
        work.mkdir(mode=0o700, exist_ok=True)
        place = ("--host", "127.0.0.1", "--cores", "1", "--memory", self._memory, "--webui-port", "0")
        name = f"worker{number}"
        self._begin(name, "org.apache.spark.deploy.worker.Worker", *place, "-d", str(work), self.master)

    def kill(self, number: int) -> None:
        """Kill one worker and its executors at once."""
        self._end(f"worker{number}", signal.SIGKILL)

    def _joined(self, number: int) -> bool:
        return REGISTERED in self.log(f"worker{number}")

    def alive(self) -> list[int]:
        """Return the numbers of the workers that run."""
        return [at for at in range(16) if f"worker{at}" in self._processes]

    def log(self, name: str) -> str:
        """Return what a daemon has said."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.is_file() else ""

    def said_by_executors(self) -> str:
        """Return everything that executors have written on their streams."""
        files = sorted(self.folder.glob("work*/app-*/*/std*"))
        return "".join(file.read_text(errors="replace") for file in files)

    def stop(self) -> None:
        """Stop everything, workers first."""
        for name in sorted(self._processes, reverse=True):
            self._end(name, signal.SIGTERM)

    def _begin(self, name: str, daemon: str, *arguments: str) -> None:
        import pyspark

        home = Path(pyspark.__file__).parent
        env = {
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_LOCAL_DIRS": str(self.folder / f"local-{name}"),
            "PYSPARK_PYTHON": sys.executable,
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [str(home / "bin" / "spark-class"), daemon, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=env,
                start_new_session=True,
            )

    def _end(self, name: str, how: signal.Signals) -> None:
        process = self._processes.pop(name, None)
        if process is None:
            return
        for each in (how, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, each)
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
                return


@contextmanager
def running(workers: int = 2, memory: str = "1g") -> Iterator[Cluster]:
    """Yield a cluster in a private folder; nothing of it is left behind."""
    folder = Path(tempfile.mkdtemp(prefix="cluster-"))  # of mode 0700
    cluster = Cluster(folder, memory)
    try:
        cluster.start(workers)
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _wait(ready: Callable[[], bool], problem: str, patience: float = STARTUP) -> None:
    end = time.monotonic() + patience
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(problem)
        time.sleep(0.2)


# the script ------------------------------------------------------------------------

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
        _wait(lambda: events.is_file() and '"fit"' in events.read_text(), "no model was learned", 900.0)
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
        _wait(lambda: any((self.folder / "broken").glob("*.parquet")), "no part was drawn", 600.0)
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
workers of one processor and 900 MB each, all on one machine of two processors that had other work to do. The
adult table (48,842 rows and one planted) is read as ``spark:parquet.`adult` `` in four files.
"""

if __name__ == "__main__":
    main()
