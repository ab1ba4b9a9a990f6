"""On Spark: public work, shared out among the workers of a cluster; nothing private passes here.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from synthspec.engines.spark_session import GROUP, muted, session
from synthspec.engines.spark_watch import watched
from synthspec.errors import SourceError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Work = Callable[[bytes, Sequence[int]], Iterable[str]]
"""Does what numbers stand for, and says something of each; given what was shipped to the worker."""
LONGEST = 160
"""Characters of what Spark said that are passed on."""


class Spread:
    """A session whose workers all have the same bytes."""

    def __init__(self, spark: SparkSession, content: bytes) -> None:
        self._spark = spark
        self._content = spark.sparkContext.broadcast(content)

    @property
    def width(self) -> int:
        """How many tasks run at a time."""
        return max(1, int(self._spark.sparkContext.defaultParallelism))

    def each(self, work: Work, numbers: Sequence[int]) -> list[str]:
        """Do the work of all numbers, in one job, and return what was said, in any order.

        `work` must be a function of a module that the workers have; it may be called again for numbers that
        it has done already, when a worker is lost.

        Raises:
            SourceError: D432, when Spark gives up.
        """
        with muted():
            return self._each(work, numbers)

    def _each(self, work: Work, numbers: Sequence[int]) -> list[str]:
        tasks = max(1, min(self.width, len(numbers)))
        why = "it said nothing"
        try:
            places = self._spark.range(0, len(numbers), 1, tasks)
            done = places.mapInArrow(partial(_done, work, self._content, tuple(numbers)), "told string")
            with watched(self._spark.sparkContext, GROUP):
                return [str(told) for told in done.toArrow().column(0).to_pylist()]
        except Exception as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            named = [line for line in lines if "Error" in line.split(":")[0]]
            why = (named or lines or [why])[-1][:LONGEST]
        raise SourceError(
            "D432",
            "Spark gave the work up",
            notes=(f"what it said: {why}", "what was done before is whole"),
            helps=(
                "the same command goes on from there",
                "every worker needs `synthspec[spark]` of this version",
            ),
        )


@contextmanager
def spread(content: bytes) -> Iterator[Spread]:
    """Yield a session whose workers have `content`.

    Raises:
        SourceError: D413, D431.
    """
    with session() as place:
        yield Spread(place.work, content)


def _done(work: Work, content: Any, numbers: Sequence[int], batches: Iterable[Any]) -> Iterator[Any]:
    """Run on a worker: do the work of the numbers at some places."""
    import pyarrow as pa

    for batch in batches:
        for told in work(content.value, [numbers[at] for at in batch.column(0).to_pylist()]):
            yield pa.RecordBatch.from_pydict({"told": pa.array([told], pa.string())})
