"""Lookups: a public table joined on its keys, as an expression."""

from __future__ import annotations

import re

from synthspec.columns.literal import number
from synthspec.compile.diagnose.names import unknown_column
from synthspec.compile.expressions import Expressions
from synthspec.compile.files import PublicFiles
from synthspec.compile.findings import Findings
from synthspec.compile.literals import canonical, value_type
from synthspec.spec.model import ColumnSpec
from synthspec.spec.tree import Path_
from synthspec.terms.expr import Column, Lookup
from synthspec.terms.types import DATE, FLOAT, INT, TEXT, Type

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def resolve_lookup(
    findings: Findings, files: PublicFiles, expressions: Expressions, name: str, spec: ColumnSpec
) -> Lookup | None:
    """Return the lookup of column `name`, or None after reporting what is wrong with it."""
    path = ("columns", name)
    table = files.table(spec.lookup or "", (*path, "lookup"))
    known = [key for key in spec.by if key in expressions.types]
    for key in spec.by:
        if key not in expressions.types and key not in expressions.unread:
            unknown_column(
                findings, expressions, key, f"the lookup of `{name}`", (*path, "by", key), key=True
            )
    if table is None or spec.take is None or not spec.by:
        return None
    wanted: dict[str, Path_] = {
        **{column: (*path, "by", key) for key, column in spec.by.items()},
        spec.take: (*path, "take"),
    }
    absent = [column for column in wanted if column not in table.header]
    for column in absent:
        files.missing_column(table, column, wanted[column])
    if absent or len(known) < len(spec.by):
        return None
    takes = table.column(spec.take)
    type_ = inferred(takes) if spec.type is None else value_type(spec.type, spec.scale)
    parts = [
        [canonical(expressions.types[key], text) for text in table.column(column)]
        for key, column in spec.by.items()
    ]
    rows: dict[tuple[str, ...], str | None] = {}
    for at, taken in enumerate(takes):
        at_key = tuple(part[at] or "" for part in parts)
        value = canonical(type_, taken) if taken != "" else None
        if any(part[at] is None for part in parts) or (value is None and taken != ""):
            findings.report(
                "C123",
                f"`{table.path}` holds a value that does not fit the lookup of `{name}`",
                (*path, "lookup"),
                f"row {at + 2} of the file has another type",
                helps=("correct the file, or the types of the columns",),
            )
            return None
        if rows.setdefault(at_key, value) != value:
            findings.report(
                "C124",
                f"`{table.path}` gives two values for one key of the lookup of `{name}`",
                (*path, "lookup"),
                f"row {at + 2} of the file repeats a key with another `{spec.take}`",
                helps=("name more columns under `by:`, or keep one row per key",),
            )
            return None
    keys = tuple(Column(name=key, type=expressions.types[key]) for key in spec.by)
    return Lookup(keys=keys, table=tuple(rows.items()), type=type_)


def inferred(texts: tuple[str, ...]) -> Type:
    """Return the narrowest type that all texts of a public column have.

    >>> inferred(("1", "2.50", "")).name
    'float'
    """
    filled = [text for text in texts if text != ""]
    values = [number(text) for text in filled]
    if filled and all(value is not None for value in values):
        whole = all(re.fullmatch(r"[+-]?\d+", text.strip()) for text in filled)
        return INT if whole else FLOAT
    if filled and all(_DATE.fullmatch(text.strip()) for text in filled):
        return DATE
    return TEXT
