"""Recount: every rule evaluated again on the file of released rows, by a second engine.

DuckDB, where it is installed, reads that one file and nothing else: no other file, no network, no
extension, and a configuration that cannot be changed back. It runs only queries that we derive from
the closed `Expr` of a rule. Without DuckDB, and where it would take a name for another, the plain-Python
evaluator reads the same file.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from glob import has_magic
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from synthspec.plan.plan import PlannedColumn
from synthspec.rules import AnyRule
from synthspec.terms.frozen import Frozen
from synthspec.terms.text import quoted
from synthspec.terms.to_sql import identifier, sql_type

TABLE = "released"
PLAIN_ROWS = 20_000
"""Rows that the plain-Python evaluator takes at a time."""


class Recount(Frozen):
    """Who counted, how many rows it saw, and how many of them break each rule."""

    engine: str
    rows: int
    broken: dict[str, int]


def recount(path: Path, columns: Sequence[PlannedColumn], rules: Sequence[AnyRule]) -> Recount:
    """Return how many rows of the file break each rule.

    Args:
        path: a released file of rows, Parquet or CSV.
        columns: its columns.
        rules: those of the plan.
    """
    if find_spec("duckdb") is None or _same_to_sql(columns) or has_magic(str(path.resolve())):
        return plain_recount(path, columns, rules)
    import duckdb

    connection = duckdb.connect(":memory:")
    try:
        for setting in (
            "autoinstall_known_extensions=false",
            "autoload_known_extensions=false",
            f"allowed_paths=[{quoted(str(path.resolve()))}]",
            "enable_external_access=false",
            "preserve_insertion_order=false",
            "lock_configuration=true",
        ):
            connection.execute(f"SET {setting}")
        asked = {name for rule in rules for name in rule.columns}
        read = [column for column in columns if column.name in asked]
        connection.execute(f"CREATE TABLE {TABLE} AS {_reading(path, read)}")
        counted = {
            rule.name: _one(connection, f"SELECT count(*) FROM ({rule.broken_query(TABLE)}) AS broken")
            for rule in rules
        }
        return Recount(
            engine=f"DuckDB {duckdb.__version__}",
            rows=_one(connection, f"SELECT count(*) FROM {TABLE}"),
            broken=counted,
        )
    finally:
        connection.close()


def plain_recount(path: Path, columns: Sequence[PlannedColumn], rules: Sequence[AnyRule]) -> Recount:
    """Return the same counts by the plain-Python evaluator; slow, and needs nothing."""
    frame = _read(path, columns)
    found: Mapping[str, int]
    if all(rule.row_expression() is not None for rule in rules):
        counts = {rule.name: 0 for rule in rules}
        for start in range(0, frame.height, PLAIN_ROWS):
            rows = frame.slice(start, PLAIN_ROWS).to_dicts()
            for rule in rules:
                counts[rule.name] += rule.broken_count(rows)
        found = counts
    else:
        rows = frame.to_dicts()
        found = {rule.name: rule.broken_count(rows) for rule in rules}
    return Recount(engine="plain Python", rows=frame.height, broken=dict(found))


def _same_to_sql(columns: Sequence[PlannedColumn]) -> bool:
    """Return whether two names differ in case only: DuckDB would read one of the columns twice."""
    shown = [column.name.casefold() for column in columns if not column.hidden]
    return len(set(shown)) < len(shown)


def _one(connection: object, query: str) -> int:
    found = connection.execute(query).fetchone()  # type: ignore[attr-defined]
    return int(found[0])


def _reading(path: Path, columns: Sequence[PlannedColumn]) -> str:
    """Return the query that reads these columns of the file with the types that rules are written for."""
    place = quoted(str(path.resolve()))
    shown = [c for c in columns if not c.hidden]
    casts = [f"CAST({identifier(c.name)} AS {sql_type(c.type)}) AS {identifier(c.name)}" for c in shown]
    parts = ", ".join(casts) or f"1 AS {identifier('no column')}"
    if path.suffix == ".csv":
        reader = f"read_csv({place}, header=true, all_varchar=true, nullstr='', allow_quoted_nulls=false)"
        return f"SELECT {parts} FROM {reader}"
    return f"SELECT {parts} FROM read_parquet({place})"


def _read(path: Path, columns: Sequence[PlannedColumn]) -> pl.DataFrame:
    """Return the file's rows as the evaluator reads them: decimals as decimals."""
    shown = [column for column in columns if not column.hidden]
    if path.suffix == ".parquet":
        return pl.read_parquet(path, columns=[column.name for column in shown], glob=False)
    frame = pl.read_csv(path, infer_schema=False, glob=False)
    parts = []
    for column in shown:
        value = pl.col(column.name)
        match column.type.name:
            case "int":
                value = value.cast(pl.Int64)
            case "float":
                value = value.cast(pl.Float64)
            case "bool":
                value = value == "true"
            case "decimal":
                value = value.str.to_decimal(scale=column.type.scale)
            case "date":
                value = value.str.to_date("%Y-%m-%d")
            case "datetime":
                value = value.str.to_datetime("%Y-%m-%d %H:%M:%S")
        parts.append(value)
    return frame.select(parts)
