"""Expand: the long form of a column as one line of YAML."""

from __future__ import annotations

import json
import re

from synthspec.spec.model import ColumnSpec, DiscoverDomain, FileDomain, ListDomain, RangeDomain

_PLAIN = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_. +/-]*(?<! )\Z")


def long_column(column: ColumnSpec) -> str:
    """Return the long form of a column that was written short.

    >>> long_column(ColumnSpec(type="int", domain=RangeDomain(lo="0", hi="120"), missing="modelled"))
    '{type: int, in: 0..120, missing: modelled}'
    """
    kind = f"decimal({column.scale})" if column.type == "decimal" else column.type
    parts = [f"type: {kind}"]
    match column.domain:
        case RangeDomain(lo=lo, hi=hi):
            parts.append(f"in: {lo}..{hi}")
        case ListDomain(values=values):
            parts.append(f"in: [{', '.join(scalar(value) for value in values)}]")
        case FileDomain(file=file, column=name):
            parts.append(f"in: {{file: {scalar(file)}, column: {scalar(name)}}}")
        case DiscoverDomain(limit=limit, other=other):
            parts.append(f"in: {{discover: {limit}, else: {scalar(other)}}}")
    if column.missing != "never":
        parts.append(f"missing: {column.missing}")
    return "{" + ", ".join(parts) + "}"


def scalar(text: str) -> str:
    """Return a text as a YAML scalar that is safe inside `{ }` and `[ ]`."""
    return text if _PLAIN.match(text) else json.dumps(text, ensure_ascii=False)
