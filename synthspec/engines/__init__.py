"""The shelf of engines: a name -> where its class lies; loaded when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ENGINES: Mapping[str, str] = MappingProxyType(
    {
        "duckdb": "synthspec.engines.duckdb:DuckdbEngine",
        "polars": "synthspec.engines.polars:PolarsEngine",
        "postgres": "synthspec.engines.postgres:PostgresEngine",
        "spark": "synthspec.engines.spark:SparkEngine",
        "stdlib": "synthspec.engines.stdlib:StdlibEngine",
    }
)

__all__ = ["ENGINES"]
