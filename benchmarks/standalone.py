"""A standalone Spark cluster on this machine: a master and workers, started and stopped here.

`Cluster` starts `org.apache.spark.deploy.master.Master` and a `Worker` process per worker from the installed
pyspark, on 127.0.0.1, each worker with one processor and a folder of its own, and stops them all in the end.
A worker can be killed (SIGKILL, with its executors): a machine that is lost.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

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
        wait(lambda: _answers(self._port), "the master does not answer")
        for number in range(workers):
            self.add(number)
        for number in range(workers):
            wait(lambda at=number: self._joined(at), f"worker {number} found no master")  # type: ignore[misc]

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


def wait(ready: Callable[[], bool], problem: str, patience: float = STARTUP) -> None:
    """Wait until something is so."""
    end = time.monotonic() + patience
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(problem)
        time.sleep(0.2)
