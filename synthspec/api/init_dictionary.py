"""A data dictionary in CSV: one row a column, headings in the usual words."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path

from synthspec.api.draft import Draft, DraftColumn, listing, named
from synthspec.api.presets import is_key, preset_of
from synthspec.errors import SpecError

_WORDS: Mapping[str, tuple[str, ...]] = {
    "name": (
        "name",
        "column",
        "column name",
        "variable",
        "variable name",
        "field",
        "field name",
        "attribute",
    ),
    "type": ("type", "data type", "datatype", "format", "variable type", "field type"),
    "min": ("min", "minimum", "lower", "lower bound", "from", "low"),
    "max": ("max", "maximum", "upper", "upper bound", "to", "high"),
    "values": (
        "values",
        "allowed values",
        "categories",
        "levels",
        "codes",
        "valid values",
        "enum",
        "value labels",
    ),
    "about": ("description", "label", "meaning", "definition", "about", "question"),
    "unit": ("unit", "units", "unit of measure"),
    "required": ("required", "mandatory", "not null", "nullable", "missing", "missing values"),
}

TYPES: Mapping[str, str] = {
    **dict.fromkeys(("int", "integer", "bigint", "smallint", "long", "whole", "discrete", "count"), "int"),
    **dict.fromkeys(("float", "double", "real", "number", "numeric", "continuous"), "float"),
    **dict.fromkeys(("decimal", "money", "currency"), "decimal(2)"),
    **dict.fromkeys(("bool", "boolean", "flag", "yesno", "truefalse", "binary", "logical"), "bool"),
    **dict.fromkeys(("date", "day"), "date"),
    **dict.fromkeys(("datetime", "timestamp", "time stamp", "timestamptz"), "datetime"),
    **dict.fromkeys(("id", "identifier", "key", "uuid"), "id"),
    **dict.fromkeys(
        (
            "category",
            "categorical",
            "string",
            "text",
            "varchar",
            "char",
            "nominal",
            "ordinal",
            "factor",
            "enum",
        ),
        "category",
    ),
}


def from_dictionary(text: str, path: str, data: str) -> Draft:
    """Return the draft of a dictionary with a heading line.

    Raises:
        SpecError: S153 when no heading names the columns.
    """
    rows = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text)))
    headings = [heading.strip().lower().replace("_", " ") for heading in (rows[0] if rows else [])]
    places = {
        key: next((i for i, heading in enumerate(headings) if heading in words), None)
        for key, words in _WORDS.items()
    }
    if places["name"] is None:
        raise SpecError(
            "S153",
            f"no heading of `{path}` says which column holds the column names",
            helps=("name it `name`; others that are read: type, min, max, values, description, required",),
        )
    negated = places["required"] is not None and headings[places["required"]].startswith(("null", "missing"))
    facts = [
        {key: _cell(row, place) for key, place in places.items()}
        for row in rows[1:]
        if _cell(row, places["name"])
    ]
    names = named([fact["name"] for fact in facts])
    columns = tuple(
        _column(name, origin, fact, Path(path).name, negated)
        for (name, origin), fact in zip(names, facts, strict=True)
    )
    return Draft(name=Path(data).stem, source=data, columns=columns, unit=guess_unit(columns))


def guess_unit(columns: tuple[DraftColumn, ...]) -> str | None:
    """Return the first column that seems to name a person, or None."""
    from synthspec.api.presets import is_person

    return next((c.name for c in columns if c.type == "id" and is_person(c.origin or c.name)), None)


def numbers(low: str | None, high: str | None) -> str | None:
    """Return `lo..hi` when both ends are known."""
    return f"{low}..{high}" if low not in (None, "") and high not in (None, "") else None


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(",;\t|", key=first.count)


def _cell(row: list[str], place: int | None) -> str:
    return row[place].strip() if place is not None and place < len(row) else ""


def _column(name: str, origin: str | None, fact: Mapping[str, str], book: str, negated: bool) -> DraftColumn:
    basis = f"data dictionary {book}"
    pairs = _pairs(fact["values"])
    kind = _type(fact["type"], bool(pairs), origin or name)
    about = " ".join(filter(None, (fact["about"], f"[{fact['unit']}]" if fact["unit"] else "")))
    said = fact["required"].strip().lower()
    missing = said != "" and (said in ("yes", "true", "1", "y", "x")) == negated
    domain: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    if kind == "category" and pairs:
        domain = listing([value for _, value in pairs])
        labels = tuple(pair for pair in pairs if pair[0] != pair[1])
    elif kind not in ("category", "bool", "id"):
        domain = numbers(fact["min"], fact["max"])
    if domain is None and kind not in ("bool", "id"):
        preset = preset_of(origin or name)
        if preset is not None and preset.type == kind:
            return DraftColumn(
                name, kind, preset.domain, missing, preset.basis, origin=origin, about=about,
                step=preset.step, note="range guessed from the name: confirm",
            )  # fmt: skip
    return DraftColumn(
        name, kind, domain, missing, basis if domain else None, labels=labels, origin=origin, about=about,
        note="" if domain or kind in ("bool", "id") else "say what values it can take",
    )  # fmt: skip


def _type(said: str, listed: bool, name: str) -> str:
    word = re.sub(r"\(.*\)", "", said).strip().lower()
    scale = re.search(r"(?:decimal|numeric)\(\s*\d+\s*,\s*(\d+)\s*\)", said.lower())
    if scale:
        return f"decimal({scale[1]})" if scale[1] != "0" else "int"
    kind = TYPES.get(word, "category")
    if kind == "category" and not listed and is_key(name):
        return "id"
    return "category" if listed and kind in ("int", "float") else kind


def _pairs(text: str) -> list[tuple[str, str]]:
    """Return (code, value) of `1=Male; 2=Female`, `1, Male | 2, Female`, or `a, b, c`."""
    if not text or re.fullmatch(r"\s*-?[\d.]+\s*(?:\.\.|-|to)\s*-?[\d.]+\s*", text):
        return []
    parts = re.split(r"\s*[|;\n]\s*", text) if re.search(r"[|;\n]", text) else re.split(r"\s*,\s*", text)
    pairs = []
    for part in filter(None, (part.strip() for part in parts)):
        code, sign, value = _parted(part)
        pairs.append((code.strip(), value.strip()) if sign and value.strip() else (part, part))
    return pairs


def _parted(part: str) -> tuple[str, str, str]:
    for sign in ("=", ":", ","):
        if sign in part:
            return part.partition(sign)
    return part, "", ""
