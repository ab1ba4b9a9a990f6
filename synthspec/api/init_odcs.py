"""An Open Data Contract Standard file (v3): `schema: [{name, properties: [...]}]`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthspec.api.draft import Draft, DraftColumn, listing, named
from synthspec.api.init_dictionary import guess_unit, numbers
from synthspec.api.presets import is_free_text, is_key, preset_of
from synthspec.errors import SpecError

_TYPES: Mapping[str, str] = {
    "string": "category", "integer": "int", "number": "float", "boolean": "bool", "date": "date",
    "timestamp": "datetime", "time": "", "object": "", "array": "",
}  # fmt: skip


def from_odcs(text: str, path: str, data: str) -> Draft:
    """Return the draft of the contract's first object.

    Raises:
        SpecError: S153 when the file is not such a contract.
    """
    import yaml

    try:
        tree = yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError):
        tree = None
    objects = tree.get("schema") if isinstance(tree, dict) else None
    first = objects[0] if isinstance(objects, list) and objects and isinstance(objects[0], dict) else {}
    listed = first.get("properties")
    fields = (
        [each for each in listed if isinstance(each, dict) and "name" in each]
        if isinstance(listed, list)
        else []
    )
    if not fields:
        raise SpecError(
            "S153",
            f"`{path}` is not a data contract of the Open Data Contract Standard",
            helps=("it needs `schema: [{name: ..., properties: [{name: ..., logicalType: ...}]}]`",),
        )
    book = f"data contract {Path(path).name}"
    columns = tuple(
        _column(name, origin, field, book)
        for (name, origin), field in zip(named([str(f["name"]) for f in fields]), fields, strict=True)
    )
    about = first.get("description") or (tree.get("description") if isinstance(tree, dict) else "") or ""
    words = about.get("purpose", "") if isinstance(about, dict) else str(about)
    return Draft(
        name=str(first.get("name") or Path(data).stem),
        source=data,
        columns=columns,
        about=str(words),
        unit=guess_unit(columns),
    )


def _column(name: str, origin: str | None, field: Mapping[str, Any], book: str) -> DraftColumn:
    about = str(field.get("description") or field.get("businessName") or "")
    called = origin or name
    kind = _TYPES.get(str(field.get("logicalType", "string")), "category")
    if field.get("primaryKey") or field.get("unique") or (is_key(called) and kind in ("category", "int")):
        return DraftColumn(name, "id", origin=origin, about=about)
    values = _values(field)
    if not kind or (kind == "category" and not values and is_free_text(called)):
        return DraftColumn(
            name,
            "category",
            origin=origin,
            left_out=f"type {field.get('logicalType', 'string')}; not modelled",
        )
    options = field.get("logicalTypeOptions")
    limits: Mapping[str, Any] = options if isinstance(options, dict) else {}
    missing = not field.get("required", False)
    domain: str | None = None
    if values:
        kind, domain = "category", listing(values)
    elif kind not in ("category", "bool"):
        low, high = limits.get("minimum"), limits.get("maximum")
        domain = numbers(None if low is None else str(low), None if high is None else str(high))
    preset = preset_of(called) if domain is None and kind != "bool" else None
    if preset is not None and preset.type == kind:
        return DraftColumn(
            name, kind, preset.domain, missing, preset.basis, origin=origin, about=about, step=preset.step,
            note="range guessed from the name: confirm",
        )  # fmt: skip
    return DraftColumn(
        name, kind, domain, missing, book if domain else None, origin=origin, about=about,
        note="" if domain or kind == "bool" else "say what values it can take",
    )  # fmt: skip


def _values(field: Mapping[str, Any]) -> list[str]:
    """Return the declared values: `quality` with validValues (v3.0 and v3.1), or an `enum` option."""
    options = field.get("logicalTypeOptions")
    if isinstance(options, dict) and isinstance(options.get("enum"), list):
        return [str(each) for each in options["enum"]]
    quality = field.get("quality")
    for check in quality if isinstance(quality, list) else []:
        if not isinstance(check, dict):
            continue
        arguments = check.get("arguments")
        found = check.get("validValues") or (
            arguments.get("validValues") if isinstance(arguments, dict) else None
        )
        if isinstance(found, list):
            return [str(each) for each in found]
    return []
