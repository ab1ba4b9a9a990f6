"""init: draft a spec from a data dictionary or from column names; no value of private data is read."""

from __future__ import annotations

from pathlib import Path

from synthspec.api.draft import Draft, DraftColumn, named, render
from synthspec.api.init_dictionary import from_dictionary
from synthspec.api.init_frictionless import from_frictionless
from synthspec.api.init_odcs import from_odcs
from synthspec.api.init_redcap import from_redcap, is_redcap
from synthspec.api.presets import is_free_text, is_key, is_person, preset_of
from synthspec.errors import SourceError, SpecError

FORMATS = ("csv", "frictionless", "odcs", "redcap", "bif")

_HEAD = (
    "A draft. What is left empty is for you to say: run `synthspec check` and follow it.",
    "Domains are public and are published with the synthetic rows: write what *could* be there",
    "(a code book, a form, a unit), never the smallest and largest value that you saw.",
)


_RANGE = "say what values it can take: `in: LOW..HIGH`"
_TO_SAY = {
    "bool": "",
    "category": "say what values it can take: `in: [a, b]`; or another type, as `int 0..100`",
}


def init_from(source: str, *, data: str = "data.csv") -> str:
    """Return a draft made from a data dictionary.

    Args:
        source: `FORMAT:PATH`, or a path whose format shows; formats: csv, frictionless, odcs, redcap, and
            bif: a Bayesian network, whose draft has no source and can be mocked at once.
        data: the path of the private table, as it shall stand in the draft.

    Raises:
        SpecError: S153 when the format is unknown or the file does not hold one; S109 unreadable.
    """
    form, path = _format(source)
    text = _read(path)
    match form:
        case "frictionless":
            draft = from_frictionless(text, path, data)
        case "odcs":
            draft = from_odcs(text, path, data)
        case "redcap":
            draft = from_redcap(text, path, data)
        case "bif":
            from synthspec.api.init_bif import draft_from_bif

            return draft_from_bif(text, path)
        case _:
            draft = from_dictionary(text, path, data)
    if not draft.columns:
        raise SpecError(
            "S153", f"`{path}` describes no column", helps=("give a dictionary with one row a column",)
        )
    return render(_headed(draft))


def init_names_only(path: str) -> str:
    """Return a draft from the column names of a table: a CSV's first line, a Parquet file's schema.

    Types and domains come from what a column is called, never from what is in it.

    Raises:
        SourceError: D450 when there is no such file, D451 when its first line is no header.
    """
    names, types = table_header(path)
    columns = tuple(by_name(name, origin, types.get(origin or name)) for name, origin in named(names))
    unit = next((column.name for column in columns if is_person(column.origin or column.name)), None)
    draft = Draft(name=Path(path).stem, source=path, columns=columns, unit=unit)
    return render(_headed(draft))


def table_header(path: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return a table's column names and, for Parquet, their types in the language.

    Raises:
        SourceError: D450, D451.
    """
    file = Path(path)
    if not file.is_file():
        raise SourceError("D450", f"there is no file `{path}`", helps=("give a CSV or a Parquet file",))
    if file.suffix.lower() in (".parquet", ".pq"):
        return _parquet_schema(file)
    return _csv_header(file), {}


def by_name(name: str, origin: str | None, told: str | None = None) -> DraftColumn:
    """Return the draft of a column by what it is called and, where known, its declared type."""
    called = origin or name
    if is_key(called):
        return DraftColumn(name=name, type="id", origin=origin)
    if is_free_text(called) and told in (None, "category"):
        return DraftColumn(
            name=name, type="category", origin=origin, left_out="free text or a name; not modelled"
        )
    preset = preset_of(called)
    if preset is not None and (
        told is None or told == preset.type or {told, preset.type} <= {"int", "float", "decimal(2)"}
    ):
        return DraftColumn(
            name=name,
            type=told or preset.type,
            domain=preset.domain,
            origin=origin,
            basis=preset.basis,
            missing=preset.missing,
            step=preset.step if (told or preset.type) != "int" else None,
            note="guessed from the name: confirm",
        )
    kind = told or "category"
    return DraftColumn(name=name, type=kind, origin=origin, note=_TO_SAY.get(kind, _RANGE))


def _headed(draft: Draft) -> Draft:
    from dataclasses import replace

    return replace(draft, head=_HEAD)


def _format(source: str) -> tuple[str, str]:
    form, colon, path = source.partition(":")
    if colon and form in FORMATS:
        return form, path
    if colon and form.isalpha() and len(form) > 1 and not Path(source).exists():
        raise SpecError(
            "S153",
            f"`{form}` is not a dictionary format that is read",
            helps=(f"formats: {', '.join(f'`{each}:PATH`' for each in FORMATS)}",),
        )
    suffix = Path(source).suffix.lower()
    if suffix == ".bif":
        return "bif", source
    if suffix == ".json":
        return "frictionless", source
    if suffix in (".yaml", ".yml"):
        return "odcs", source
    return ("redcap" if is_redcap(_read(source)) else "csv"), source


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SpecError("S153", f"`{path}` is not UTF-8 text", helps=("save it as UTF-8",)) from None
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise SpecError(
            "S153", f"cannot read `{path}`: {reason}", helps=("give the dictionary's path",)
        ) from None


def _csv_header(file: Path) -> tuple[str, ...]:
    import csv

    try:
        with file.open("r", encoding="utf-8-sig", errors="replace", newline="") as handle:
            line = handle.readline(1_000_000)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise SourceError(
            "D450", f"cannot open `{file}`: {reason}", helps=("check its permissions",)
        ) from None
    delimiter = max(",;\t|", key=line.count)
    names = tuple(cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), []))
    if not names or any(_is_a_value(name) for name in names) or len(set(names)) != len(names):
        # no cell is quoted: without a header, the first line is a person's
        raise SourceError(
            "D451",
            f"the first line of `{file}` does not look like column names",
            helps=(
                "add a header line",
                "or draft the spec from a data dictionary: `synthspec init --from csv:DICT.csv`",
            ),
        )
    return names


def _is_a_value(text: str) -> bool:
    return not any(char.isalpha() for char in text) or len(text) > 80


def _parquet_schema(file: Path) -> tuple[tuple[str, ...], dict[str, str]]:
    import polars as pl

    try:
        schema = pl.read_parquet_schema(file)
    except Exception:
        schema = None
    if schema is None:
        raise SourceError("D450", f"`{file}` is not a Parquet file", helps=("check the file's type",))
    return tuple(schema), {name: _type(kind) for name, kind in schema.items()}


def _type(kind: object) -> str:
    import polars as pl

    dtype = kind if isinstance(kind, pl.DataType) else pl.String()
    if dtype == pl.Boolean:
        return "bool"
    if dtype.is_integer():
        return "int"
    if isinstance(dtype, pl.Decimal):
        return f"decimal({dtype.scale})"
    if dtype.is_float():
        return "float"
    if dtype == pl.Date:
        return "date"
    return "datetime" if isinstance(dtype, pl.Datetime) else "category"
