"""Frames: the groups of a spec as boxes around their columns, for a drawing that people can read.

A group that is given another one depends on all its columns: eleven times four edges say less than one
edge from box to box. A computed column on the way from a group back into the same group is drawn inside.

Source: ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from synthspec.compile.graph import node_of
from synthspec.spec.model import Spec

Edge = tuple[str, str]


@dataclass(frozen=True)
class Frame:
    """A group and the columns inside its box: those it generates, their gaps, computed ones between them."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Between:
    """The group `target` is given `source`: a group when `framed`, else a column."""

    source: str
    target: str
    framed: bool


def frames_of(
    spec: Spec, columns: Iterable[str], edges: Sequence[Edge]
) -> tuple[tuple[Frame, ...], tuple[Between, ...]]:
    """Return boxes and what is given to them; none when no group is given anything, or groups form a loop.

    Args:
        spec: the spec.
        columns: what is drawn, gaps included.
        edges: what is drawn beside `given`, as (source, target).
    """
    drawn = tuple(columns)
    between = tuple(
        Between(given, name, given in spec.generate)
        for name, group in spec.generate.items()
        for given in group.given
        if given in spec.generate or given in drawn
    )
    if not between:
        return (), ()
    home = {column: name for name, group in spec.generate.items() for column in group.columns}
    home = {name: home[node_of(name)] for name in drawn if node_of(name) in home}
    inside = _absorbed(drawn, home, edges, between)
    if inside is None:
        return (), ()
    frames = tuple(
        Frame(name, tuple(each for each in drawn if inside.get(each) == name)) for name in spec.generate
    )
    return tuple(frame for frame in frames if frame.columns), between


def _absorbed(
    drawn: Sequence[str], home: Mapping[str, str], edges: Sequence[Edge], between: Sequence[Between]
) -> dict[str, str] | None:
    """Return the box of each column in one, or None where two boxes lie on a loop."""

    def outer(name: str) -> tuple[bool, str]:
        return (True, home[name]) if name in home else (False, name)

    after: dict[tuple[bool, str], set[tuple[bool, str]]] = {outer(name): set() for name in drawn}
    for source, target in edges:
        after[outer(source)].add(outer(target))
    for each in between:
        start = (True, each.source) if each.framed else outer(each.source)
        after.setdefault(start, set()).add((True, each.target))
        after.setdefault((True, each.target), set())
    below = {node: _below(node, after) for node in after}
    inside = dict(home)
    for node, reached in below.items():
        if not node[0]:
            continue
        loop = [other for other in reached if other != node and node in below[other]]
        if any(framed for framed, _ in loop):
            return None
        inside |= {name: node[1] for _, name in loop}
    return inside


def _below(
    start: tuple[bool, str], after: Mapping[tuple[bool, str], set[tuple[bool, str]]]
) -> set[tuple[bool, str]]:
    seen: set[tuple[bool, str]] = set()
    stack = [start]
    while stack:
        new = after[stack.pop()] - seen
        seen |= new
        stack += sorted(new)
    return seen
