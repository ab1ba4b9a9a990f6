"""A small Spark of a test's own; skips, saying why, where there is none on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

MASTER = "local[2]"


def needs_spark() -> None:
    """Skip where Spark cannot run. It is not part of the gate: its client alone is half a gigabyte."""
    for name in ("pyspark", "pyarrow", "pandas"):
        pytest.importorskip(name, reason=f"`{name}` is not installed: `spark` extra")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("there is no Java on this machine, which Spark needs")


@contextmanager
def sparkling(master: str = MASTER) -> Iterator[None]:
    """Let a session be there for as long as this lasts: to start one takes many seconds."""
    needs_spark()
    from synthspec.engines.spark_session import used

    before = {key: os.environ.get(key) for key in ("SPARK_MASTER", "SPARK_DRIVER_MEMORY")}
    os.environ |= {"SPARK_MASTER": master, "SPARK_DRIVER_MEMORY": "1g"}
    try:
        with used():
            yield
    finally:
        for key, value in before.items():
            os.environ.pop(key, None)
            if value is not None:
                os.environ[key] = value


def jobs() -> int:
    """Return how many jobs have been run so far."""
    from pyspark.sql import SparkSession

    from synthspec.engines.spark_session import GROUP

    home = SparkSession.getActiveSession()
    assert home is not None
    return len(home.sparkContext.statusTracker().getJobIdsForGroup(GROUP))
