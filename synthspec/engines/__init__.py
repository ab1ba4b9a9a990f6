"""The shelf of engines: a name -> where its class lies; loaded when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ENGINES: Mapping[str, str] = MappingProxyType(
    {
        "polars": "synthspec.engines.polars:PolarsEngine",
        "stdlib": "synthspec.engines.stdlib:StdlibEngine",
    }
)

__all__ = ["ENGINES"]
