"""Graph: what must be known before what: derive, lookup, given, declared edges and known tables in one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

from synthspec.spec.model import (
    CheckRule,
    CombosRule,
    DeterminesRule,
    IfRule,
    NoOverlapRule,
    RuleSpec,
    Spec,
    UniqueRule,
)
from synthspec.spec.tree import Path_

Why = Literal["derive", "lookup", "equation", "determines", "given", "require", "known"]
_WORD = re.compile(r"'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Arrow:
    """`source` must be known before `target`; `path` is where the spec says so, `at` offsets in its text."""

    source: str
    target: str
    why: Why
    path: Path_
    at: tuple[int, int] | None = None


def mentions(text: str, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return the names that occur as words of an expression, outside its strings, and where first.

    A word before a bracket is a function.

    >>> mentions("round(weight / power(height, 2)) > 'weight'", ("height", "weight", "round"))
    {'weight': (6, 12), 'height': (21, 27)}
    """
    known = set(names)
    found: dict[str, tuple[int, int]] = {}
    for match in _WORD.finditer(text):
        if match[0] in known and not text[match.end() :].lstrip().startswith("("):
            found.setdefault(match[0], match.span())
    return found


def node_of(name: str) -> str:
    """Return the column behind a name of the network: `lactate.missing` is decided with `lactate`."""
    return name.removesuffix(".missing")


def arrows(spec: Spec) -> tuple[Arrow, ...]:
    """Return every dependence that the spec states, in the order of the text."""
    names = tuple(spec.columns)
    found: list[Arrow] = []
    for name, column in spec.columns.items():
        for parent, at in mentions(column.derive or "", names).items():
            found.append(Arrow(parent, name, "derive", ("columns", name, "derive"), at))
        if column.lookup is not None:
            found += [
                Arrow(key, name, "lookup", ("columns", name, "by")) for key in column.by if key in names
            ]
    for name, group in spec.generate.items():
        for at_, given in enumerate(group.given):
            parents = spec.generate[given].columns if given in spec.generate else (given,)
            found += [
                Arrow(parent, child, "given", ("generate", name, "given", str(at_)))
                for parent in parents
                for child in group.columns
                if parent in names and child in names and parent not in group.columns
            ]
    for at_, edge in enumerate(spec.network.require):
        path = ("network", "require", str(at_))
        found += [
            Arrow(parent, edge.child, "require", path)
            for parent in edge.parents
            if node_of(parent) in names and node_of(edge.child) in names
        ]
    for child, known in spec.network.known.items():
        for number, case in enumerate(known.cases):
            at_case: Path_ = ("network", "known", child, "cases", str(number), "if")
            found += [
                Arrow(parent, child, "known", at_case, at)
                for parent, at in mentions(case.if_ or "", names).items()
                if node_of(child) in names
            ]
    return tuple(found)


def read_by(rule: RuleSpec, names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that a rule reads, in the order of `names`."""
    match rule:
        case CheckRule():
            found = set(mentions(rule.check, names))
        case IfRule():
            found = set(mentions(f"{rule.if_} {rule.then}", names))
        case UniqueRule():
            found = set(rule.unique)
        case CombosRule():
            found = set(rule.combos)
        case DeterminesRule():
            found = {*rule.determines, *rule.by}
        case NoOverlapRule():
            found = {*rule.no_overlap, rule.per}
        case _:
            assert_never(rule)
    return tuple(name for name in names if name in found)


def cycle_in(found: Sequence[Arrow]) -> tuple[Arrow, ...]:
    """Return the arrows of one shortest cycle, or () when there is none."""
    leaving: dict[str, list[Arrow]] = {}
    for arrow in found:
        leaving.setdefault(arrow.source, []).append(arrow)
    best: tuple[Arrow, ...] = ()
    for start in _stuck(found):
        loop = _loop(start, leaving)
        if loop and (not best or len(loop) < len(best)):
            best = loop
    return best


def _stuck(found: Sequence[Arrow]) -> tuple[str, ...]:
    """Return the names that are left when everything without an open parent is taken away in turn."""
    names = dict.fromkeys(name for arrow in found for name in (arrow.source, arrow.target))
    parents: dict[str, set[str]] = {name: set() for name in names}
    for arrow in found:
        parents[arrow.target].add(arrow.source)
    while free := {name for name, above in parents.items() if not above}:
        parents = {name: above - free for name, above in parents.items() if name not in free}
    return tuple(parents)


def _loop(start: str, leaving: Mapping[str, Sequence[Arrow]]) -> tuple[Arrow, ...]:
    """Return the shortest way from `start` back to it (breadth first)."""
    ways: dict[str, tuple[Arrow, ...]] = {start: ()}
    queue = [start]
    for here in queue:
        for arrow in leaving.get(here, ()):
            if arrow.target == start:
                return (*ways[here], arrow)
            if arrow.target not in ways:
                ways[arrow.target] = (*ways[here], arrow)
                queue.append(arrow.target)
    return ()
