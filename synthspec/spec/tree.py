"""Tree: the nodes of a spec's text and where they lie; plain data with positions."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from synthspec.errors import Diagnostic, Span

Tag = Literal["null", "bool", "int", "float", "str"]
Path_ = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Scalar:
    """One scalar: its value as text, what YAML 1.2 would take it for, and where it lies (offsets)."""

    text: str
    tag: Tag
    plain: bool
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Items:
    """A sequence."""

    items: tuple[Node, ...]
    flow: bool
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class Entries:
    """A mapping, in the order of the text; keys are scalars, each once."""

    entries: tuple[tuple[Scalar, Node], ...]
    flow: bool
    start: int
    end: int

    def get(self, key: str) -> Node | None:
        """Return the value of `key`, or None."""
        return next((value for name, value in self.entries if name.text == key), None)

    def key(self, key: str) -> Scalar | None:
        """Return the key node of `key`, or None."""
        return next((name for name, _ in self.entries if name.text == key), None)


Node = Scalar | Items | Entries


@dataclass(frozen=True, eq=False)
class Tree:
    """A text and its nodes. Paths are keys and, in sequences, positions as text."""

    text: str
    origin: str
    root: Node | None
    diagnostics: tuple[Diagnostic, ...] = ()
    lines: tuple[int, ...] = field(default=(), repr=False)

    def place(self, start: int, end: int, label: str = "", primary: bool = False) -> Span:
        """Return the span of the characters start..end (0-based offsets, end exclusive)."""
        line, column = self._position(start)
        end_line, end_column = self._position(max(start, end))
        return Span(self.origin, line, column, end_line, end_column, label, primary)

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect.bisect_right(self.lines, offset)
        return line, offset - self.lines[line - 1] + 1

    def node(self, path: Path_) -> Node | None:
        """Return the node at `path`, or None."""
        here = self.root
        for step in path:
            match here:
                case Entries():
                    here = here.get(step)
                case Items() if step.isdigit() and int(step) < len(here.items):
                    here = here.items[int(step)]
                case _:
                    return None
        return here

    def span(self, path: Path_) -> Span:
        """Return the span of the value at `path`; of the nearest node above it when there is none."""
        for length in range(len(path), -1, -1):
            node = self.node(path[:length])
            if node is None:
                continue
            if node.end > node.start:
                return self.place(node.start, node.end)
            return self.key_span(path[:length])
        return self.place(0, 0)

    def key_span(self, path: Path_) -> Span:
        """Return the span of the key that leads to `path` (the value's own in sequences)."""
        above = self.node(path[:-1]) if path else None
        key = above.key(path[-1]) if isinstance(above, Entries) else None
        if key is not None:
            return self.place(key.start, key.end)
        return self.span(path[:-1]) if path else self.place(0, 0)

    def at(self, path: Path_) -> Callable[[int, int], Span]:
        """Return the function from offsets in the scalar at `path` to spans in the text."""
        node = self.node(path)
        if not isinstance(node, Scalar):
            whole = self.span(path)
            return lambda start, end: whole
        return self.inside(node)

    def inside(self, scalar: Scalar) -> Callable[[int, int], Span]:
        """Return the function from offsets in `scalar.text` to spans in the text."""
        offsets = align(scalar, self.text)

        def at(start: int, end: int) -> Span:
            if not offsets:
                return self.place(scalar.start, scalar.end)
            first = offsets[min(max(start, 0), len(offsets) - 1)]
            last = offsets[min(max(end - 1, start, 0), len(offsets) - 1)] + 1
            return self.place(first, max(first, last))

        return at


def align(scalar: Scalar, text: str) -> list[int]:
    """Return for each character of a scalar's value its offset in the text; folded blanks included."""
    raw, offsets, here = text[scalar.start : scalar.end], [], 0
    if raw == scalar.text:
        return list(range(scalar.start, scalar.end))
    if not scalar.plain:
        here = 1
    for char in scalar.text:
        found = here if char.isspace() else raw.find(char, here)
        if found < 0:
            return []
        while char.isspace() and found + 1 < len(raw) and raw[found].isspace() and raw[found + 1].isspace():
            found += 1
        offsets.append(scalar.start + min(found, max(len(raw) - 1, 0)))
        here = found + 1
    return offsets
