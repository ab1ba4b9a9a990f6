"""The Python mirror of the language: the same nouns, written as a spec's text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

Tree = Mapping[str, object]


def sql(text: str) -> str:
    """Return an expression of the language; only says to the reader what the text is."""
    return text.strip()


class _Part:
    """Something that is one mapping of the spec."""

    def tree(self) -> Tree:
        """Return the mapping: fields that were given, by their key in the language."""
        found = {}
        for field in fields(self):  # type: ignore[arg-type]  # every part is a dataclass
            value = getattr(self, field.name)
            if value is not None:
                found[field.name.rstrip("_")] = plain(value)
        return found


@dataclass(frozen=True)
class Source(_Part):
    """`source:`; `rows` and `units` are public round numbers, used for prediction only."""

    path: str
    rows: int | None = None
    units: int | None = None
    format: str | None = None
    nulls: Sequence[str] | None = None
    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    duplicates: str | None = None
    public: bool | None = None
    basis: str | None = None


@dataclass(frozen=True)
class Privacy(_Part):
    """`privacy:`; unit, max_rows and epsilon have no defaults."""

    unit: str
    epsilon: float
    max_rows: int | None = None
    delta: float | None = None
    neighbours: str | None = None
    ledger: str | None = None
    split: Mapping[str, float] | None = None
    unit_null: str | None = None
    contribution: str | None = None


@dataclass(frozen=True)
class Column(_Part):
    """A column in its long form; `in_` and `from_` are the keys `in:` and `from:`."""

    type: str | None = None
    in_: object | None = None
    basis: str | None = None
    clip: float | None = None
    step: str | float | None = None
    bins: int | Sequence[float] | None = None
    missing: str | None = None
    per: str | None = None
    derive: str | None = None
    lookup: str | None = None
    by: Mapping[str, str] | None = None
    take: str | None = None
    measured_in: str | None = None
    about: str | None = None
    from_: str | None = None
    nulls: Sequence[str] | None = None
    labels: Mapping[str, str] | None = None
    format: str | None = None
    outside: str | None = None
    other: str | None = None


def plain(value: object) -> object:
    """Return `value` as mappings, lists and scalars."""
    match value:
        case _Part():
            return plain(value.tree())
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case str() | bool() | int() | float() | None:
            return value
        case Sequence():
            return [plain(each) for each in value]
        case _:
            return str(value)


def write(parts: Mapping[str, object]) -> str:
    """Return the YAML text of a spec; keys whose value is None or empty are left out."""
    import yaml

    tree = {
        "spec": 1,
        **{key: plain(value) for key, value in parts.items() if value not in (None, {}, (), [])},
    }
    return yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=10_000)
