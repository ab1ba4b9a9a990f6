"""CODES: every permanent code and its long text, family by family; a code is never reused."""

from __future__ import annotations

from synthspec.errors import (
    budget,
    columns,
    databases,
    expressions,
    file,
    gates,
    generators,
    inside,
    internal,
    kernel,
    network,
    parts,
    privacy,
    running,
    signing,
    spark,
    training,
    verbs,
)
from synthspec.errors import rules as rules_family
from synthspec.errors import source as source_family
from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {
    code: entry
    for family in (
        file,
        columns,
        expressions,
        rules_family,
        network,
        generators,
        privacy,
        budget,
        source_family,
        databases,
        gates,
        inside,
        kernel,
        internal,
        running,
        parts,
        signing,
        spark,
        training,
        verbs,
    )
    for code, entry in family.CODES.items()
}
