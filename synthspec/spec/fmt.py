"""Fmt: the canonical layout of a spec by edits of its text; comments stay, and so does the meaning.

Layout: two blanks a level, list items two blanks inside their key, one blank after a colon and after
commas of `{ }` and `[ ]`, no blanks at line ends, at most one empty line in a row, one line break at
the end, no byte order mark. What is quoted, folded or wrapped by hand stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from synthspec.errors import Edit, Fix, SpecError
from synthspec.spec.parse import VERSION, parse
from synthspec.spec.read import free
from synthspec.spec.source import Entries, Items, Node, Scalar, Tree, load_text

MIGRATIONS: Mapping[int, Callable[[str, str], str]] = MappingProxyType({})
"""From a version of the language to the function (text, origin) -> text of the next version."""


def format_text(text: str, origin: str) -> str:
    """Return the text in canonical layout; a text that is not readable YAML comes back as it is."""
    tree = load_text(text.replace("\r\n", "\n"), origin)
    if tree.root is None or any(found.level == "error" for found in tree.diagnostics):
        return text
    spaced = _edited(tree.text, _spacing(tree, tree.root))
    again = load_text(spaced, origin)
    laid = _indented(again) if again.root is not None else spaced
    final = load_text(laid, origin)
    if final.root is None or _data(final.root) != _data(tree.root):
        return tree.text
    return laid


def expand_text(text: str, origin: str) -> str:
    """Return the text with every short form of a column in its long form."""
    from synthspec.spec.expand import long_column

    parsed = parse(text, origin)
    columns = parsed.tree.node(("columns",))
    if parsed.spec is None or not isinstance(columns, Entries):
        return text
    edits = [
        (node.start, node.end, long_column(parsed.spec.columns[key.text]))
        for key, node in columns.entries
        if key.text in parsed.spec.columns and not isinstance(node, Entries)
    ]
    return _edited(parsed.text, edits)


def upgrade_text(text: str, origin: str) -> str:
    """Return the text in the newest version of the language.

    Raises:
        SpecError: S118 for a version that is not known.
    """
    root = load_text(text, origin).root
    node = root.get("spec") if isinstance(root, Entries) else None
    version = int(node.text) if isinstance(node, Scalar) and node.text.isdigit() else None
    while version is not None and version < VERSION and version in MIGRATIONS:
        text = MIGRATIONS[version](text, origin)
        version += 1
    if version is not None and version != VERSION:
        raise SpecError(
            "S118",
            f"unknown language version `{version}`",
            helps=(f"this program upgrades to version {VERSION}",),
        )
    return text


def apply_fixes(text: str, fixes: Iterable[Fix], *, safe_only: bool = True) -> str:
    """Return the text with the edits of fixes; where two overlap the first wins.

    Args:
        text: the text that the spans of the edits refer to.
        fixes: what `Diagnostic.fixes` hold.
        safe_only: leave out those that change the meaning.
    """
    body = text.removeprefix("\ufeff")
    starts = [0]
    for line in body.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    edits: list[tuple[int, int, str]] = []
    for fix in fixes:
        if safe_only and not fix.safe:
            continue
        made = [_offsets(edit, starts) for edit in fix.edits]
        if all(end <= old[0] or start >= old[1] for start, end, _ in made for old in edits):
            edits += made
    return _edited(body, edits)


def _offsets(edit: Edit, starts: list[int]) -> tuple[int, int, str]:
    span = edit.span
    return starts[span.line - 1] + span.column - 1, starts[span.end_line - 1] + span.end_column - 1, edit.text


def _edited(text: str, edits: Iterable[tuple[int, int, str]]) -> str:
    for start, end, new in sorted(set(edits), reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _data(node: Node) -> object:
    """Return what a node says, layout aside: texts and their kinds."""
    match node:
        case Scalar():
            return (node.text.rstrip("\n"), free(node) is None)
        case Items():
            return [_data(item) for item in node.items]
        case Entries():
            return [(key.text, _data(value)) for key, value in node.entries]


def _spacing(tree: Tree, node: Node) -> list[tuple[int, int, str]]:
    """Return edits for blanks after colons and commas; gaps with a comment or line break stay."""
    edits: list[tuple[int, int, str]] = []
    text = tree.text

    def gap(start: int, end: int, wanted: str) -> None:
        if start <= end and text[start:end] != wanted and not text[start:end].strip(" ,:"):
            edits.append((start, end, wanted))

    match node:
        case Entries():
            before: Node | None = None
            for key, value in node.entries:
                here = node.start <= key.start <= node.end and value.end > value.start > key.end
                if here and text[key.end : value.start].strip() == ":":
                    gap(key.end, value.start, ": ")
                if node.flow and before is not None and "," in text[before.end : key.start]:
                    gap(before.end, key.start, ", ")
                before = value if value.end > value.start else key
                edits += _spacing(tree, value)
        case Items():
            for index, item in enumerate(node.items):
                if node.flow and index and "," in text[node.items[index - 1].end : item.start]:
                    gap(node.items[index - 1].end, item.start, ", ")
                edits += _spacing(tree, item)
    if isinstance(node, Items | Entries) and node.flow and node.end - node.start > 2:
        inside = text[node.start + 1 : node.end - 1]
        if "\n" not in inside and inside.strip() and not inside.rstrip().endswith(","):
            gap(node.start + 1, node.start + 1 + len(inside) - len(inside.lstrip()), "")
            gap(node.end - 1 - (len(inside) - len(inside.rstrip())), node.end - 1, "")
    return edits


def _indented(tree: Tree) -> str:
    """Return the text with every line at its level; lines inside values move with their first line."""
    lines = tree.text.split("\n")
    levels: dict[int, int] = {}
    moved: dict[int, int] = {}
    assert tree.root is not None
    _levels(tree, tree.root, 0, levels, moved)
    made: list[str] = []
    for number, line in enumerate(lines, 1):
        body = line.strip(" \t")
        if number in levels:
            made.append(" " * levels[number] + re.sub(r"^-[ ]+", "- ", body))
        elif number in moved and body:
            first = moved[number]
            shift = levels.get(first, 0) - _indent(lines[first - 1])
            made.append(" " * max(_indent(line) + shift, 0) + line.lstrip(" ").rstrip())
        elif body.startswith("#"):
            made.append(" " * _comment_level(number, lines, levels) + body)
        else:
            made.append(line.rstrip() if body else "")
    return _squeezed(made)


def _squeezed(lines: list[str]) -> str:
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return "\n".join(kept) + "\n"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _comment_level(number: int, lines: list[str], levels: Mapping[int, int]) -> int:
    """Return the level of a comment line: that of the next line with content."""
    below = next((n for n in range(number + 1, len(lines) + 1) if n in levels), None)
    return levels[below] if below is not None else 0


def _levels(
    tree: Tree, node: Node, level: int, levels: dict[int, int], moved: dict[int, int], nested: bool = False
) -> None:
    """Note the level of every line that starts an entry or item, and the lines inside values."""
    if not isinstance(node, Items | Entries) or node.flow:
        first, last = tree.place(node.start, node.end).line, tree.place(node.start, node.end).end_line
        for number in range(first + 1, last + 1):
            start = max((n for n in levels if n <= first), default=first)
            moved.setdefault(number, start)
        return
    parts: list[tuple[int, Node]] = (
        [(key.start, value) for key, value in node.entries]
        if isinstance(node, Entries)
        else [
            (tree.text.rfind("-", 0, item.start) if item.end > item.start else item.start, item)
            for item in node.items
        ]
    )
    for index, (start, value) in enumerate(parts):
        if not node.start <= start <= node.end and not isinstance(node, Items):
            continue
        number = tree.place(start, start).line
        if not (nested and index == 0):
            levels.setdefault(number, level)
        inline = isinstance(node, Items) and tree.place(value.start, value.start).line == number
        _levels(tree, value, level + 2, levels, moved, nested=inline)
