"""Settings: `--set PATH=VALUE` as an edit of the spec's text, so that what is checked is what is hashed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from synthspec.errors import SpecError
from synthspec.spec.source import Entries, Items, Node, Scalar, Tree, load_text

Setting = tuple[str, str]

_PLAIN = re.compile(r"[A-Za-z0-9_./+-][A-Za-z0-9_ ./+-]*\Z")


def apply(text: str, origin: str, settings: Sequence[Setting]) -> str:
    """Return `text` with each (path, value) written in; a path is keys joined by dots.

    Raises:
        SpecError: S151, when a path leads through something that is no mapping.
    """
    for path, value in settings:
        tree = load_text(text, origin)
        if tree.root is None:
            return text
        text = _write(tree, tuple(path.split(".")), value)
    return text


def _write(tree: Tree, path: tuple[str, ...], value: str) -> str:
    if not all(path):
        raise SpecError(
            "S151", f"`{'.'.join(path)}` is not a path", helps=("for example `privacy.epsilon=2`",)
        )
    if path == ("source", "path") and isinstance(tree.node(("source",)), Scalar):
        path = ("source",)
    node = tree.node(path)
    if node is not None:
        return _replaced(tree, node, value)
    above = next(length for length in range(len(path) - 1, -1, -1) if tree.node(path[:length]) is not None)
    host = tree.node(path[:above])
    if not isinstance(host, Entries):
        where = ".".join(path[:above])
        raise SpecError(
            "S151",
            f"`{'.'.join(path)}` cannot be set: `{where}` holds no keys",
            helps=(f"set `{where}` itself, or write it in its long form first",),
        )
    return _added(tree, host, path[above:], value)


def _replaced(tree: Tree, node: Node, value: str) -> str:
    text = tree.text
    start, end = node.start, max(node.start, node.end)
    if isinstance(node, Scalar | Items | Entries) and end > start:
        return text[:start] + _scalar(value) + text[end:]
    # an empty value (`epsilon:`) lies right behind its colon
    return text[:start] + " " + _scalar(value) + text[start:]


def _added(tree: Tree, host: Entries, path: tuple[str, ...], value: str) -> str:
    inner = _scalar(value)
    for name in reversed(path[1:]):
        inner = f"{{{name}: {inner}}}"
    entry = f"{path[0]}: {inner}"
    text = tree.text
    if host.flow:
        first = host.start + 1
        return text[:first] + entry + (", " if host.entries else "") + text[first:]
    key = host.entries[0][0]
    indent = key.start - (text.rfind("\n", 0, key.start) + 1)
    return text[: key.start] + entry + "\n" + " " * indent + text[key.start :]


def _scalar(value: str) -> str:
    """Return the value as YAML: flow collections as typed, text that YAML would misread in quotes."""
    stripped = value.strip()
    if stripped[:1] in ("[", "{") or _PLAIN.match(stripped):
        return stripped
    return json.dumps(value, ensure_ascii=False)
