"""The Spark engine: a table that a session knows, counted on the cluster; nothing is written into the source.

The rows of a view are coded once and kept on the workers, in memory and on their private disks; a round of
queries is then one job over them (`SparkRows`). Only tables of counts, or codes where a network needs them,
come to this process. The table must not change while it is read.

Source: ours; DECISIONS 14 and 27.
"""

from __future__ import annotations

import secrets as system
import weakref
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

import polars as pl

from synthspec.engines.spark_session import GROUP, Place, muted, session, used
from synthspec.engines.spark_watch import watched
from synthspec.engines.sql.dialects import SqlDialect
from synthspec.engines.sql.engine import Declared, SqlEngine, TableSession
from synthspec.engines.sql.rows import HELD, Secrets, SqlRows
from synthspec.engines.sql.spark_dialect import KEYS, SPARK
from synthspec.engines.sql.spark_rows import SparkRows
from synthspec.errors import SourceError
from synthspec.privacy.spark_address import SparkAddress, read_spark_address
from synthspec.terms.view import Source

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

PREFIX = "synthspec_"


class SparkEngine(SqlEngine):
    """See `engines.base.Engine`; a session that it started ends with it, or with the process."""

    format = "spark"
    rows_of: type[SqlRows] = SparkRows

    def __init__(self, held: int = HELD) -> None:
        super().__init__(held)
        self._stack = ExitStack()
        self._begun = False
        self._found: dict[str, DataFrame] = {}
        weakref.finalize(self, self._stack.close)

    @contextmanager
    def session(self, source: Source) -> Iterator[TableSession]:
        """See `SqlEngine.session`."""
        if not self._begun:
            self._stack.enter_context(used())
            self._begun = True
        with session() as place:
            if source.path not in self._found:  # to look at files' types is a job
                self._found[source.path] = _table(place, read_spark_address(source.path))
            with SparkTable(place, self._found[source.path]) as table:
                yield table


def _table(place: Place, address: SparkAddress) -> DataFrame:
    """Return the table as it is now, its files or its version fixed; no row is looked at."""
    found = None
    with muted(), suppress(Exception):  # what Spark says may quote the place, and more
        found = place.home.table(address.quoted)
    if found is None:
        raise SourceError(
            "D414",
            f"there is no table {address.name} in the Spark session, or it cannot be used",
            helps=(
                "check what stands behind `spark:`",
                "SPARK_CONF_DIR names the folder of a catalog's settings",
            ),
        )
    return found


class SparkTable:
    """See `sql.engine.TableSession`."""

    def __init__(self, place: Place, frame: DataFrame) -> None:
        self._place = place
        self._frame = frame
        self._name = PREFIX + system.token_hex(8)
        self._kept: list[DataFrame] = []

    def __enter__(self) -> SparkTable:
        with muted():
            self._frame.createGlobalTempView(self._name)
        return self

    def __exit__(self, *_: object) -> None:
        with muted(), suppress(Exception):
            for frame in self._kept:
                frame.unpersist()
            self._place.home.catalog.dropGlobalTempView(self._name)

    @property
    def dialect(self) -> SqlDialect:
        """See `Session.dialect`."""
        return SPARK

    @property
    def table(self) -> str:
        """See `TableSession.table`."""
        return f"global_temp.{self._name}"

    def columns(self) -> Mapping[str, Declared]:
        """See `TableSession.columns`."""
        with muted():
            columns = self._frame.dtypes
        return {name: Declared(type_, SPARK.kind(type_)) for name, type_ in columns}

    def fetch(self, statement: str, secrets: Secrets | None) -> Iterator[pl.DataFrame]:
        """See `Session.fetch`; one job, whose answer is whole in this process."""
        with muted(), watched(self._place.work.sparkContext, GROUP):
            answer = self._asked(statement, secrets).toArrow()
        for batch in answer.to_batches():
            yield cast(pl.DataFrame, pl.from_arrow(batch))
        if not answer.num_rows:
            yield cast(pl.DataFrame, pl.from_arrow(answer))

    def keep(self, name: str, statement: str, secrets: Secrets) -> bool:
        """See `Session.keep`: on the workers, when they are first asked for."""
        from pyspark.storagelevel import StorageLevel

        with muted():
            frame = self._asked(statement, secrets).persist(StorageLevel.MEMORY_AND_DISK)
            self._kept.append(frame)
            frame.createOrReplaceTempView(name)
        return True

    def _asked(self, statement: str, secrets: Secrets | None) -> DataFrame:
        named: dict[str, Any] = dict(zip(KEYS, secrets, strict=True)) if secrets is not None else {}
        return self._place.work.sql(statement, named)
