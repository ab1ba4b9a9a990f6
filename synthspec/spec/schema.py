"""Schema: the JSON Schema (draft 7) of the language, from the same shapes that specs are read by.

With a spec, its columns and groups become enumerations, so that an editor completes and checks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from synthspec.spec.model import Spec
from synthspec.spec.shape import (
    Choice,
    Flag,
    Forms,
    Free,
    Integer,
    Many,
    Named,
    Number,
    Record,
    Shape,
    Text,
)
from synthspec.spec.shapes import COLUMN_PATTERN, IDENTIFIER, SPEC

CONSUMERS = ("bounds", "domains", "rows_per_unit", "fit", "report")
"""Names of `privacy.split` that are no groups."""

_SCALAR = ["string", "number", "boolean"]
Schema = dict[str, Any]


def json_schema(spec: Spec | None = None) -> Schema:
    """Return the JSON Schema of the language; with a spec, of this spec's names too."""
    names = _Names(spec)
    made = _schema(SPEC, names)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "synthspec" if spec is None else f"synthspec: {spec.name}",
        **made,
    }


class _Names:
    """The names that enumerations allow; None where anything goes."""

    def __init__(self, spec: Spec | None) -> None:
        self.columns: list[str] | None = None
        self.parts: list[str] | None = None
        self.units: list[str] | None = None
        self.groups: list[str] | None = None
        self.consumers: list[str] | None = None
        if spec is not None:
            self.columns = list(spec.columns)
            missing = [f"{n}.missing" for n, c in spec.columns.items() if c.missing == "modelled"]
            self.parts = [*self.columns, *missing]
            self.units = [*self.columns, "row"]
            self.groups = [*spec.generate, *self.parts]
            self.consumers = [*CONSUMERS, *(spec.generate or ("all",))]

    def of_text(self, kind: str) -> list[str] | None:
        return {"column": self.columns, "unit": self.units, "group": self.groups}.get(kind)

    def of_keys(self, kind: str) -> list[str] | None:
        return {"column": self.parts, "group": self.consumers}.get(kind)


def _schema(shape: Shape, names: _Names) -> Schema:
    match shape:
        case Text():
            allowed = names.of_text(shape.kind)
            if allowed is not None:
                return {"enum": allowed}
            if shape.pattern is not None and "(?" not in shape.pattern.replace("(?:", ""):
                return {"type": "string", "pattern": f"^(?:{shape.pattern})$"}
            return {"type": ["string"] if shape.pattern is not None else _SCALAR}
        case Integer():
            number: Schema = {"type": "integer", "minimum": shape.lo, "maximum": shape.hi}
            return {"anyOf": [number, {"type": "string", "pattern": "^[0-9]+(_[0-9]+)+$"}]}
        case Number():
            low, high = ("exclusiveM" if shape.lo_open else "m"), ("exclusiveM" if shape.hi_open else "m")
            return {"type": "number", f"{low}inimum": shape.lo, f"{high}aximum": shape.hi}
        case Flag():
            return {"type": "boolean"}
        case Choice():
            return {"enum": list(shape.values)}
        case Many():
            return _many(shape, names)
        case Named():
            return _named(shape, names)
        case Record():
            return _record(shape, names)
        case Forms():
            return {"anyOf": [_schema(form, names) for form in shape.forms.values()]}
        case Free():
            return {}
    assert_never(shape)


def _many(shape: Many, names: _Names) -> Schema:
    made: Schema = {"type": "array", "items": _schema(shape.of, names), "minItems": shape.at_least}
    if shape.at_most < 1_000_000:
        made["maxItems"] = shape.at_most
    if shape.distinct:
        made["uniqueItems"] = True
    return {"anyOf": [made, _schema(shape.of, names)]} if shape.lone else made


def _named(shape: Named, names: _Names) -> Schema:
    made: Schema = {"type": "object", "additionalProperties": _schema(shape.of, names)}
    allowed = names.of_keys(shape.keys) if shape.pattern is None else None
    if allowed is not None:
        made["propertyNames"] = {"enum": allowed}
    elif shape.pattern == COLUMN_PATTERN:
        made["propertyNames"] = {"pattern": f"^{IDENTIFIER}$"}
    elif shape.pattern is not None:
        made["propertyNames"] = {"pattern": f"^(?:{shape.pattern})$"}
    if shape.at_least:
        made["minProperties"] = shape.at_least
    else:
        made["type"] = ["object", "null"]
    return made


def _record(shape: Record, names: _Names) -> Schema:
    properties: Mapping[str, Schema] = {key: _schema(of, names) for key, of in shape.keys.items()}
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if shape.needs:
        made["required"] = list(shape.needs)
    if shape.open is not None:
        made["patternProperties"] = {f"^{shape.open}": {}}
    return made
