"""Draft: a spec being written for a person to finish, and its YAML text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_ .()/+-]*\Z")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "~", ""}

OBSERVED = "OBSERVED"
"""The basis that `plan` refuses (P401): the value was read off private rows."""


@dataclass(frozen=True)
class DraftColumn:
    """One column of a draft.

    Attributes:
        name: its name in the spec.
        type: a type of the language, with `decimal(2)` written out.
        domain: the text after `in:`, or None: `check` then asks for it.
        missing: whether a value may be missing.
        basis: where the domain comes from.
        labels: source code -> value.
        origin: the name in the source when it is not a name the language takes.
        note: a comment at the end of the line.
        about: what it is.
        left_out: a reason; the column is then only named in a comment.
        format: how dates are written in the source.
    """

    name: str
    type: str
    domain: str | None = None
    missing: bool = False
    basis: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    origin: str | None = None
    note: str = ""
    about: str = ""
    left_out: str = ""
    format: str | None = None
    step: str | None = None


@dataclass(frozen=True)
class Draft:
    """A whole draft: `unit` is a guess that a person confirms."""

    name: str
    source: str
    columns: tuple[DraftColumn, ...]
    about: str = ""
    unit: str | None = None
    head: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()


def scalar(text: str) -> str:
    """Return `text` as one YAML scalar that is safe inside `[ ]` and `{ }`."""
    if _PLAIN.match(text) and text.lower() not in _WORDS and text == text.strip():
        return text
    if re.fullmatch(r"[0-9][0-9.]*", text):
        return text
    return json.dumps(text, ensure_ascii=False)


def listing(values: Sequence[str]) -> str:
    """Return the values as a YAML flow list."""
    return "[" + ", ".join(scalar(value) for value in values) + "]"


def column_name(text: str) -> str:
    """Return `text` as a name of the language: a letter or `_`, then letters, digits and `_`."""
    name = re.sub(r"[^0-9A-Za-z_]+", "_", text.strip()).strip("_") or "column"
    return name if not name[0].isdigit() else f"c_{name}"


def named(texts: Sequence[str]) -> list[tuple[str, str | None]]:
    """Return for each source name its name in the spec and, where that differs, the source name."""
    taken: set[str] = set()
    pairs: list[tuple[str, str | None]] = []
    for text in texts:
        name = base = column_name(text)
        count = 2
        while name in taken:
            name, count = f"{base}_{count}", count + 1
        taken.add(name)
        pairs.append((name, None if name == text else text))
    return pairs


def render(draft: Draft) -> str:
    """Return the YAML text of `draft`; what a person must still say is left empty, `check` asks for it."""
    lines = [f"# {line}" for line in draft.head]
    lines += ["spec: 1", f"name: {scalar(draft.name)}"]
    if draft.about:
        lines.append(f"about: {json.dumps(_one_line(draft.about), ensure_ascii=False)}")
    lines += ["", *_source(draft), "", *_privacy(draft), "", "columns:"]
    kept = [column for column in draft.columns if not column.left_out]
    lines += [_column(column) for column in kept]
    left_out = [column for column in draft.columns if column.left_out]
    if left_out:
        lines.append("")
        lines += [f"# left out: {_one_line(c.origin or c.name)} ({c.left_out})" for c in left_out]
    lines += ["", "# rules:", "#   a-name: an SQL condition that holds in every row", ""]
    return "\n".join(lines)


def _source(draft: Draft) -> list[str]:
    if not draft.nulls:
        return [f"source: {scalar(draft.source)}"]
    return ["source:", f"  path: {scalar(draft.source)}", f"  nulls: {listing(draft.nulls)}"]


def _privacy(draft: Draft) -> list[str]:
    said = f" {draft.unit}" if draft.unit else ""
    return [
        "privacy:",
        f"  unit:{said}".ljust(22) + "# whom to protect: `row`, or the column that names a person",
        "  max_rows:".ljust(22) + "# at most how many rows of one person are used; drop this line with `row`",
        "  epsilon:".ljust(22) + "# how much may be learnt about one person: 1 is usual, smaller is safer",
    ]


def _column(column: DraftColumn) -> str:
    parts = [f"type: {column.type}"]
    if column.domain is not None:
        parts.append(f"in: {column.domain}")
    if column.step:
        parts.append(f"step: {column.step}")
    if column.missing:
        parts.append("missing: modelled")
    if column.origin is not None:
        parts.append(f"from: {json.dumps(column.origin, ensure_ascii=False)}")
    if column.labels:
        pairs = ", ".join(f"{json.dumps(code, ensure_ascii=False)}: {scalar(v)}" for code, v in column.labels)
        parts.append("labels: {" + pairs + "}")
    if column.format:
        parts.append(f"format: {json.dumps(column.format)}")
    if column.basis:
        parts.append(f"basis: {json.dumps(_one_line(column.basis), ensure_ascii=False)}")
    if column.about:
        parts.append(f"about: {json.dumps(_one_line(column.about), ensure_ascii=False)}")
    note = f"  # {_one_line(column.note)}" if column.note else ""
    if len(parts) == 1 and column.type in ("id", "bool"):
        return f"  {column.name}: {column.type}{note}"
    return f"  {column.name}: {{{', '.join(parts)}}}{note}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
