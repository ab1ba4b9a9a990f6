"""The codes of work on Spark (family D)."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    "D431": Entry(
        title="there is no Spark session",
        text=(
            "A session that is active in the process is used; else one is started as the environment says: "
            "SPARK_MASTER names the cluster (all processors of this machine without it), SPARK_CONF_DIR the "
            "folder of its defaults, PYSPARK_PYTHON the workers' Python. Java 17 or later must be on the "
            "path, or in JAVA_HOME. What Java says is not shown, since it could quote a row. Spark Connect "
            "is not supported. Nothing was charged."
        ),
        bad="SPARK_REMOTE=sc://cluster:15002 synthspec train visits.yaml",
        good="SPARK_MASTER=spark://cluster:7077 synthspec train visits.yaml",
        related=("D413",),
    ),
    "D432": Entry(
        title="public work was given up by Spark",
        text=(
            "Rows of a release were drawn on Spark, and a task failed as often as Spark tries one: the last "
            "worker is gone, or lacks synthspec, or memory. Parts are written whole or not at all, and the "
            "same command draws those that are missing. The message has one line of what Spark said; beside "
            "private rows, nothing of it is shown (K701)."
        ),
        bad="PYSPARK_PYTHON=/usr/bin/python3 synthspec sample out/visits -o rows/ --on spark",
        good="PYSPARK_PYTHON=/opt/synthspec/bin/python synthspec sample out/visits -o rows/ --on spark",
        related=("K701", "D431"),
    ),
    "D433": Entry(
        title="the workers write to another disk",
        text=(
            "Workers write their parts straight into the folder of `-o`, which must be on a disk that they "
            "share with this machine, under the same path."
        ),
        bad="synthspec sample out/visits -n 1000000000 -o /tmp/rows/ --on spark",
        good="synthspec sample out/visits -n 1000000000 -o /mnt/shared/rows/ --on spark",
    ),
}
