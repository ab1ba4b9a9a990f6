"""A Frictionless data package (datapackage.json) or table schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthspec.api.draft import Draft, DraftColumn, listing, named
from synthspec.api.init_dictionary import guess_unit, numbers
from synthspec.api.presets import is_free_text, is_key, preset_of
from synthspec.errors import SpecError

_TYPES: Mapping[str, str] = {
    "string": "category", "integer": "int", "number": "float", "boolean": "bool", "date": "date",
    "datetime": "datetime", "year": "int", "any": "category", "list": "",
    "time": "", "duration": "", "yearmonth": "", "object": "", "array": "", "geopoint": "", "geojson": "",
}  # fmt: skip


def from_frictionless(text: str, path: str, data: str) -> Draft:
    """Return the draft of the package's first resource, or of the schema.

    Raises:
        SpecError: S153 when the file is not JSON or has no fields.
    """
    tree = _mapping(text)
    resources = tree.get("resources")
    first = resources[0] if isinstance(resources, list) and resources else {}
    resource: Mapping[str, Any] = first if isinstance(first, dict) else {}
    inner = resource.get("schema") if resource else tree
    schema: Mapping[str, Any] = inner if isinstance(inner, dict) else {}
    fields = schema.get("fields")
    if not isinstance(fields, list) or not all(
        isinstance(f, dict) and isinstance(f.get("name"), str) for f in fields
    ):
        raise SpecError(
            "S153",
            f"`{path}` is neither a data package nor a table schema",
            helps=("it needs `resources: [{schema: {fields: [...]}}]` or `fields: [...]`",),
        )
    keys = schema.get("primaryKey", [])
    primary = set([keys] if isinstance(keys, str) else keys)
    book = f"table schema {Path(path).name}"
    columns = tuple(
        _column(name, origin, field, book, primary)
        for (name, origin), field in zip(named([f["name"] for f in fields]), fields, strict=True)
    )
    where = resource.get("path")
    source = data if data != "data.csv" or not isinstance(where, str) else where
    nulls = tuple(str(each) for each in schema.get("missingValues", []) if isinstance(each, str))
    title = resource.get("name")
    return Draft(
        name=str(title or Path(source).stem),
        source=source,
        columns=columns,
        about=str(tree.get("title") or tree.get("description") or ""),
        unit=guess_unit(columns),
        nulls=nulls if nulls not in ((), ("",)) else (),
    )


def _mapping(text: str) -> Mapping[str, Any]:
    try:
        tree = json.loads(text)
    except (ValueError, RecursionError):
        tree = None
    return tree if isinstance(tree, dict) else {}


def _column(
    name: str, origin: str | None, field: Mapping[str, Any], book: str, primary: set[str]
) -> DraftColumn:
    limits = field.get("constraints") if isinstance(field.get("constraints"), dict) else {}
    assert isinstance(limits, dict)
    about = str(field.get("description") or field.get("title") or "")
    called = origin or name
    if called in primary or (is_key(called) and "enum" not in limits and field.get("type") != "boolean"):
        return DraftColumn(name, "id", origin=origin, about=about)
    kind = _TYPES.get(str(field.get("type", "string")), "category")
    pairs = _values(field, limits)
    if not kind or (kind == "category" and not pairs and is_free_text(called)):
        return DraftColumn(
            name, "category", origin=origin, left_out=f"type {field.get('type', 'string')}; not modelled"
        )
    missing = not limits.get("required", False)
    domain: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    if pairs:
        kind, domain = "category", listing([value for _, value in pairs])
        labels = tuple(pair for pair in pairs if pair[0] != pair[1])
    elif kind not in ("category", "bool"):
        domain = numbers(_text(limits.get("minimum")), _text(limits.get("maximum")))
    form = field.get("format")
    pattern = str(form) if isinstance(form, str) and "%" in form and kind in ("date", "datetime") else None
    preset = preset_of(called) if domain is None and kind != "bool" else None
    if preset is not None and preset.type == kind:
        return DraftColumn(
            name, kind, preset.domain, missing, preset.basis, origin=origin, about=about, step=preset.step,
            note="range guessed from the name: confirm", format=pattern,
        )  # fmt: skip
    return DraftColumn(
        name, kind, domain, missing, book if domain else None, labels=labels, origin=origin, about=about,
        note="" if domain or kind == "bool" else "say what values it can take", format=pattern,
    )  # fmt: skip


def _values(field: Mapping[str, Any], limits: Mapping[str, Any]) -> list[tuple[str, str]]:
    categories = field.get("categories")
    if isinstance(categories, list) and categories:
        return [
            (str(each["value"]), str(each.get("label", each["value"])))
            if isinstance(each, dict) and "value" in each
            else (str(each), str(each))
            for each in categories
        ]
    enum = limits.get("enum")
    return [(str(each), str(each)) for each in enum] if isinstance(enum, list) else []


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, bool) else str(value)
