"""Counted: answers to the spec's questions, counted over the released rows (public, class S)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from synthspec.terms.frozen import Frozen


class GroupCount(Frozen):
    """One group of released rows: the values of its columns (None: missing), rows that count, all rows."""

    values: tuple[str | None, ...]
    rows: int = Field(ge=0)
    of: int = Field(ge=0)


class Counted(Frozen):
    """A question of the spec, or a column of `subgroups`, counted over the released rows by group."""

    kind: Literal["question", "subgroup"]
    name: str
    by: tuple[str, ...]
    groups: tuple[GroupCount, ...]
