"""The session that Spark work is done in: one that is active, or one that is started, and stopped in the end.

A session that is started here says nothing on any stream: Java's output goes nowhere, its logs are off, on
the executors too, and so are the web page and the event log, whose metrics are exact counts of rows. What it
spills lies in a folder of mode 0700 that is removed with it. In a session that was there before, logs are off
and the settings that queries rely on hold as long as it is used; its web page is its owner's.

Source: ours; PRIVACY 5.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthspec.engines.sql.spill import new_folder
from synthspec.errors import SourceError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

GROUP = "synthspec"
"""The name of the application and the group of all jobs that are run here."""
USERS = "spark.synthspec.users"
"""In a session that was started here: how many use it."""
EXTRA = "pip install 'synthspec[spark]'"

SETTINGS = {
    "spark.sql.adaptive.enabled": "false",  # one query is one job
    "spark.sql.ansi.enabled": "false",  # no value makes a query fail
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.variable.substitute": "false",  # constants are texts, whatever is in them
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
}
"""What queries rely on."""

_QUIET = {
    "spark.log.level": "OFF",
    "spark.executor.syncLogLevel.enabled": "true",
    "spark.executor.defaultJavaOptions": "-Dlog4j2.level=OFF",  # where an executor has no settings of its own
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.eventLog.enabled": "false",
    "spark.driver.maxResultSize": "0",  # codes of many rows, where a network is trained on them
}
_LOOPBACK = ("local", "spark://localhost:", "spark://127.0.0.1:")
_PLACE, _OURS = "spark.synthspec.place", "spark.synthspec.gateway"
_PATIENCE = 20.0
"""Seconds that Java is given to end."""
_WAREHOUSE = "spark.sql.warehouse.dir"
_PARTITIONS = "spark.sql.shuffle.partitions"
PARTS = 3
"""Parts of a shuffle per processor of the cluster."""


@dataclass(frozen=True, eq=False)
class Place:
    """Where Spark work is done: `home` knows the tables, `work` is a session of its own with our settings."""

    home: SparkSession
    work: SparkSession


@contextlib.contextmanager
def session() -> Iterator[Place]:
    """Yield a session with the settings that queries rely on.

    A session that is active in this process is used; else one is started as the environment says:
    SPARK_MASTER, the defaults in SPARK_CONF_DIR, PYSPARK_SUBMIT_ARGS, PYSPARK_PYTHON.

    Raises:
        SourceError: D413, when Spark is not installed; D431, when it does not start.
    """
    with used() as home, _settled(home) as work:
        yield Place(home, work)


@contextlib.contextmanager
def used() -> Iterator[SparkSession]:
    """Yield the session that is active, or started, and let it stay as long as this lasts.

    Raises:
        SourceError: D413, D431.
    """
    _installed()
    with muted():
        home = _active() or _started()
    ours = home.conf.get(USERS, None) is not None
    if ours:
        home.conf.set(USERS, str(int(home.conf.get(USERS, "0") or 0) + 1))
    try:
        yield home
    finally:
        if ours:
            with muted():
                _leave(home)


@contextlib.contextmanager
def muted() -> Iterator[None]:
    """Keep the client's own warnings and logs, which quote queries and rows, to ourselves.

    For each call, and not for as long as a session lasts: what others say meanwhile is theirs.
    """
    before = logging.root.manager.disable
    logging.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _installed() -> None:
    for name in ("pyspark", "pyarrow", "pandas"):
        if find_spec(name) is None:
            raise SourceError(
                "D413",
                f"this needs the extra `spark`: `{name}` is not installed",
                notes=("nothing was read and nothing was charged",),
                helps=(f"install it: `{EXTRA}`",),
            )


def _not_started(why: str, help_: str) -> SourceError:
    return SourceError("D431", f"there is no Spark session: {why}", helps=(help_,))


def _active() -> SparkSession | None:
    """Return the session that is active in this process, if there is one."""
    from pyspark.sql import SparkSession

    if "SPARK_REMOTE" in os.environ:
        raise _not_started(
            "Spark Connect is not supported", "unset SPARK_REMOTE, and name the cluster in SPARK_MASTER"
        )
    return SparkSession.getActiveSession()


def _started() -> SparkSession:
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    place = new_folder()
    launched: Any = None
    context: Any = None
    spark: SparkSession | None = None
    with contextlib.suppress(Exception), _environment():
        told = list(_configured(place).items())
        jvm = getattr(SparkContext, "_jvm", None)
        if jvm is None:
            nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            launched = launch_gateway(SparkConf().setAll(told), popen_kwargs=nowhere)
            jvm = launched.jvm
        conf = SparkConf(_jvm=jvm).setAppName(GROUP).setAll(told)
        if not conf.contains(_WAREHOUSE):  # else it would be a folder here
            conf.set(_WAREHOUSE, str(place / "warehouse"))
        context = SparkContext(conf=conf, gateway=launched)
        spark = SparkSession(context)  # fails where the master was not found
    if spark is None:
        with contextlib.suppress(Exception):
            context.stop()
        _end(launched, place)
        raise _not_started(
            "it did not start", "it needs Java 17 or later, and SPARK_MASTER, if set, names its cluster"
        )
    for key, value in ((USERS, "0"), (_PLACE, str(place)), (_OURS, str(launched is not None))):
        spark.conf.set(key, value)
    return spark


def _configured(place: Path) -> dict[str, str]:
    """Return what a session that is started here is told."""
    master = os.environ.get("SPARK_MASTER")
    path = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    told = {
        **_QUIET,
        "spark.local.dir": str(place),
        "spark.executorEnv.PYTHONPATH": os.pathsep.join(path),
        "spark.executorEnv.POLARS_MAX_THREADS": "1",  # a task has one processor
    }
    if master is not None:
        told["spark.master"] = master
    if (master or "local").startswith(_LOOPBACK) and "SPARK_LOCAL_IP" not in os.environ:
        told |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    return told


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """Let workers run this Python where nobody said which; keep the environment and what Ctrl-C does."""
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT) if main else None
    before = dict(os.environ)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.pop("SPARK_LOCAL_DIRS", None)  # would win over the private folder
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        if main and handler is not None:
            signal.signal(signal.SIGINT, handler)


def _leave(home: SparkSession) -> None:
    """Count one user less of a session that was started here, and stop it when none is left."""
    left = 0
    with contextlib.suppress(Exception):
        left = int(home.conf.get(USERS, "0") or 0) - 1
        home.conf.set(USERS, str(left))
    if not left:
        _stop(home)


def _stop(spark: SparkSession) -> None:
    from pyspark import SparkContext

    place, ours = None, False
    with contextlib.suppress(Exception):
        place, ours = spark.conf.get(_PLACE, None), spark.conf.get(_OURS, "") == "True"
    gateway = getattr(SparkContext, "_gateway", None)
    with contextlib.suppress(Exception):
        spark.stop()
    _end(gateway if ours else None, None if place is None else Path(place))


def _end(gateway: Any, place: Path | None) -> None:
    """End the Java process that was launched here, and remove its folder."""
    if gateway is not None:
        from pyspark import SparkContext

        with contextlib.suppress(Exception):
            gateway.shutdown()
        process = gateway.proc
        if process is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for name in ("_gateway", "_jvm"):
            setattr(SparkContext, name, None)
    if place is not None:
        shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def _settled(home: SparkSession) -> Iterator[SparkSession]:
    """Yield a session beside `home` in which the settings hold; name its jobs, and let nothing be logged."""
    context = home.sparkContext
    with muted():
        level = None if home.conf.get(USERS, None) is not None else _level(home)
        context.setLogLevel("OFF")
        context.setJobGroup(GROUP, "", interruptOnCancel=False)
        work = home.newSession()
        for key, value in _settings(home).items():
            work.conf.set(key, value)
    try:
        yield work
    finally:
        if level is not None:
            with muted(), contextlib.suppress(Exception):
                context.setLogLevel(level)


def _settings(home: SparkSession) -> dict[str, str]:
    """Return the settings; as many parts of a shuffle as fit the cluster, where nobody said how many."""
    partitions = str(PARTS * max(1, home.sparkContext.defaultParallelism))
    said = home.sparkContext.getConf().contains(_PARTITIONS)
    return {
        **SETTINGS,
        _PARTITIONS: home.conf.get(_PARTITIONS, partitions) or partitions if said else partitions,
    }


def _level(spark: SparkSession) -> str:
    """Return at which level a session logs that was there before."""
    jvm: Any = getattr(spark.sparkContext, "_jvm", None)
    found = "WARN"
    with contextlib.suppress(Exception):
        found = str(jvm.org.apache.logging.log4j.LogManager.getRootLogger().getLevel())
    return found
