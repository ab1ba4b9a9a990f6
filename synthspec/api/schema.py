"""schema: the JSON Schema (draft-07) of the language, or with one spec's names in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synthspec.api.graph import written
from synthspec.api.spec import load
from synthspec.spec.schema import json_schema


def schema(spec: str | None = None, settings: Sequence[tuple[str, str]] = ()) -> Mapping[str, object]:
    """Return the schema that editors check a spec with.

    Args:
        spec: a spec file whose column and group names editors shall know.
        settings: written into that spec.

    Raises:
        SpecError: when the spec has no readable shape.
    """
    return json_schema(None if spec is None else written(load(spec, settings)))
