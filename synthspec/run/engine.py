"""engine: an engine by its name on the shelf."""

from __future__ import annotations

import importlib

from synthspec.engines import ENGINES
from synthspec.engines.base import Engine
from synthspec.errors import InternalError
from synthspec.terms.view import Source


def engine(name: str = "polars") -> Engine:
    """Return the engine of that name.

    Raises:
        InternalError: I325, when the shelf has none.
    """
    if name not in ENGINES:
        raise InternalError("I325", f"there is no engine `{name}`")
    module, attribute = ENGINES[name].split(":")
    made: Engine = getattr(importlib.import_module(module), attribute)()
    return made


def engine_of(source: Source | None) -> Engine:
    """Return the engine that reads a source: by its format."""
    files = source is None or source.format in ("csv", "parquet")
    return engine("polars" if source is None or files else source.format)
