"""Spark copy: synthetic rows into a table, or into files, of a Spark session; `output.also: spark:TABLE`.

A table that is written here says so in its comment, and only such a table is ever replaced; files never are.
Rows are public, so errors may be told.

Source: ours; DECISIONS 27 and 28.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from synthspec.engines.spark_session import USERS, muted, used
from synthspec.errors import SourceError
from synthspec.privacy.spark_address import SparkAddress

if TYPE_CHECKING:
    import polars as pl
    from pyspark.sql import SparkSession

MARK = "synthetic rows, written by synthspec"
_ROWS = "synthspec_rows_to_be_written"


def refuse_copy(address: SparkAddress, *, replace: bool) -> None:
    """Refuse, as far as it can be known, a table that could not be written.

    Raises:
        SourceError: D413, D417, D431.
    """
    with _told(address) as home:
        _refuse(home, address, replace)


def write_copy(frame: pl.DataFrame, address: SparkAddress, *, replace: bool) -> None:
    """Write the rows to a table, or to files, made for them, as whole as Spark itself writes.

    Raises:
        SourceError: D413, D417, D431.
    """
    with _told(address) as home:
        _refuse(home, address, replace)
        rows = home.createDataFrame(_plain(frame).to_arrow())
        if address.files is not None:
            rows.write.format(address.parts[0]).mode("errorifexists").save(address.files)
            return
        if home.catalog.tableExists(address.quoted):
            home.sql(f"DROP TABLE {address.quoted}")
        rows.createOrReplaceTempView(_ROWS)
        home.sql(f"CREATE TABLE {address.quoted} COMMENT '{MARK}' AS SELECT * FROM {_ROWS}")
        home.catalog.dropTempView(_ROWS)


def same_table(address: SparkAddress, source: SparkAddress) -> bool:
    """Return whether two addresses lead to one table, however they are written.

    Raises:
        SourceError: D413, D417, D431.
    """
    if address.files is not None or source.files is not None:
        return address == source
    with _told(address) as home:
        return _resolved(home, address) == _resolved(home, source)


def _resolved(home: SparkSession, address: SparkAddress) -> object:
    """Return the catalog, namespace and name of a table; the address itself where there is none."""
    if not home.catalog.tableExists(address.quoted):
        return address.quoted
    found = home.catalog.getTable(address.quoted)
    return found.catalog, tuple(found.namespace or ()), found.name


def _refuse(home: SparkSession, address: SparkAddress, replace: bool) -> None:
    if address.files is not None:
        if _exists(home, address.files):
            raise _no(address, "something is there already, and files are not replaced")
        return
    passing = home.conf.get("spark.sql.catalogImplementation") == "in-memory" and len(address.parts) < 3
    if passing and home.conf.get(USERS, None) is not None:
        files = "write files: spark:parquet.`/data/rows`"
        raise _no(address, "this Spark has no catalog that lasts longer than the session", files)
    if not home.catalog.tableExists(address.quoted):
        return
    if home.catalog.getTable(address.quoted).description != MARK:
        raise _no(address, "there is a table or view of that name which synthspec did not write")
    if not replace:
        raise _no(address, "it is there already, and would be replaced", "`--replace` replaces it")


def _exists(home: SparkSession, place: str) -> bool:
    """Return whether something is at a place of any file system that Spark knows."""
    context: Any = home.sparkContext
    java, virtual = getattr(context, "_jsc", None), getattr(context, "_jvm", None)
    assert java is not None and virtual is not None
    path = virtual.org.apache.hadoop.fs.Path(place)
    return bool(path.getFileSystem(java.hadoopConfiguration()).exists(path))


@contextmanager
def _told(address: SparkAddress) -> Iterator[SparkSession]:
    """Yield the session that knows the tables; what goes wrong in it is told in one line."""
    problem = ""
    with used() as home, muted():
        with suppress(Exception):
            home.sparkContext.setLogLevel("OFF")
        try:
            yield home
        except SourceError:
            raise
        except Exception as error:
            problem = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    if problem:
        raise SourceError(
            "D417",
            f"the copy cannot be written to `{address}`",
            notes=(problem[:200],),
            helps=("name another table in `output.also`",),
        )


def _no(address: SparkAddress, why: str, *helps: str) -> SourceError:
    return SourceError(
        "D417",
        f"the copy cannot be written to `{address}`: {why}",
        helps=(*helps, "name another table in `output.also`"),
    )


def _plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame in types that Spark has: lists of names as texts, whole numbers of 64 bits."""
    import polars as pl

    return frame.with_columns(
        pl.col(name).cast(pl.Int64 if dtype.is_integer() else pl.String)
        for name, dtype in frame.schema.items()
        if dtype.is_integer() or dtype.base_type() in (pl.Enum, pl.Categorical, pl.Null)
    )
