"""A REDCap data dictionary (the CSV that a project exports)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path

from synthspec.api.draft import Draft, DraftColumn, listing, named
from synthspec.api.init_dictionary import numbers
from synthspec.api.presets import preset_of

_NAME = "Variable / Field Name"
_CHOICES = "Choices, Calculations, OR Slider Labels"
_CHECK = "Text Validation Type OR Show Slider Number"
_SILENT = ("descriptive", "file", "notes", "sql")


def is_redcap(text: str) -> bool:
    """Return whether a CSV text has the headings of a REDCap dictionary."""
    return _NAME in text.split("\n", 1)[0]


def from_redcap(text: str, path: str, data: str) -> Draft:
    """Return the draft of a REDCap dictionary; its first field is the record's name."""
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row.get(_NAME)]
    book = f"REDCap dictionary {Path(path).name}"
    columns: list[DraftColumn] = []
    for (name, origin), row in zip(named([row[_NAME] for row in rows]), rows, strict=True):
        if not columns:
            columns.append(DraftColumn(name, "id", origin=origin, about=_plain(row.get("Field Label"))))
        else:
            columns += _columns(name, origin, row, book)
    unit = columns[0].name if columns else None
    return Draft(name=Path(data).stem, source=data, columns=tuple(columns), unit=unit)


def _columns(name: str, origin: str | None, row: Mapping[str, str], book: str) -> list[DraftColumn]:
    kind = (row.get("Field Type") or "").strip().lower()
    about = _plain(row.get("Field Label"))
    branch = (row.get("Branching Logic (Show field only if...)") or "").strip()
    missing = bool(branch) or (row.get("Required Field?") or "").strip().lower() != "y"
    note = f"asked only if {branch}" if branch else ""
    if (row.get("Identifier?") or "").strip().lower() == "y" or kind in _SILENT:
        reason = "marked as an identifier" if kind not in _SILENT else f"field type {kind}; not modelled"
        return [DraftColumn(name, "category", origin=origin, left_out=reason)]
    pairs = _choices(row.get(_CHOICES) or "") if kind in ("dropdown", "radio", "checkbox") else []
    match kind:
        case "checkbox":
            # exported as one column a choice, named field___code
            return [
                DraftColumn(f"{name}___{code.lower()}", "bool", about=f"{about}: {value}", note=note)
                for code, value in pairs
            ]
        case "yesno" | "truefalse":
            return [DraftColumn(name, "bool", missing=missing, origin=origin, about=about, note=note)]
        case "dropdown" | "radio":
            labels = tuple((code, value) for code, value in pairs if code != value)
            values = listing([value for _, value in pairs]) if pairs else None
            return [DraftColumn(name, "category", values, missing, book, labels, origin, note, about)]
        case "slider":
            low, high = row.get("Text Validation Min") or "0", row.get("Text Validation Max") or "100"
            return [DraftColumn(name, "int", numbers(low, high), missing, book, (), origin, note, about)]
        case _:
            return [_text(name, origin, row, book, missing, note, about)]


def _text(
    name: str, origin: str | None, row: Mapping[str, str], book: str, missing: bool, note: str, about: str
) -> DraftColumn:
    check = (row.get(_CHECK) or "").strip().lower()
    if check.startswith("date_"):
        kind = "date"
    elif check.startswith("datetime_"):
        kind = "datetime"
    elif check == "integer":
        kind = "int"
    elif check.startswith("number") or (row.get("Field Type") or "") == "calc":
        kind = "float"
    else:
        return DraftColumn(name, "category", origin=origin, left_out="free text; not modelled")
    domain = numbers(row.get("Text Validation Min"), row.get("Text Validation Max"))
    preset = preset_of(origin or name) if domain is None else None
    if preset is not None and preset.type == kind:
        return DraftColumn(
            name, kind, preset.domain, missing, preset.basis, (), origin,
            "range guessed from the name: confirm", about, step=preset.step,
        )  # fmt: skip
    note = note or ("" if domain else "say what values it can take")
    return DraftColumn(name, kind, domain, missing, book if domain else None, (), origin, note, about)


def _choices(text: str) -> list[tuple[str, str]]:
    pairs = []
    for part in filter(None, (part.strip() for part in text.split("|"))):
        code, comma, value = part.partition(",")
        pairs.append((code.strip(), _plain(value) if comma and value.strip() else code.strip()))
    return pairs


def _plain(text: str | None) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", text or "").split())
