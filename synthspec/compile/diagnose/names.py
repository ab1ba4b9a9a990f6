"""Names: unknown columns, groups and other names, each with the nearest known one."""

from __future__ import annotations

from synthspec.compile.expressions import GAP, Expressions
from synthspec.compile.findings import Findings, listing
from synthspec.spec.tree import Path_


def unknown_column(
    findings: Findings, expressions: Expressions, name: str, where: str, path: Path_, *, key: bool = False
) -> None:
    """Report C101: `where` names a column that does not exist; `key` when the key at `path` is the name."""
    known = tuple(findings.keys("columns")) or tuple(expressions.types)
    keyed = key and findings.parsed.tree.node(path) is not None
    span = findings.parsed.key_span(path) if keyed else findings.parsed.span(path)
    helps, fixes = findings.did_you_mean(name, known, span)
    close = [option for option in known if helps and f"`{option}`" in helps[0]]
    findings.report(
        "C101",
        f"unknown column in {where}",
        path,
        f"there is no column `{name}`",
        span=span,
        also=[
            (findings.parsed.key_span(("columns", option)), "similar column declared here")
            for option in close[:1]
        ],
        helps=helps or (f"the columns are {listing(known)}",),
        fixes=fixes,
    )


def known_column(
    findings: Findings,
    expressions: Expressions,
    name: str,
    where: str,
    path: Path_,
    *,
    gaps: bool = False,
    key: bool = False,
) -> bool:
    """Return whether `name` is a column that can be used; reports C101 when there is none."""
    plain = name.removesuffix(GAP) if gaps else name
    if plain in expressions.types:
        return True
    if plain not in expressions.unread:
        unknown_column(findings, expressions, plain, where, path, key=key)
    return False
