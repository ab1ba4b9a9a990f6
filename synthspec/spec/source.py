"""Source: the text of a spec as a tree of nodes with positions; every scalar keeps its own characters.

YAML 1.2 core: plain scalars are tagged null, bool, int, float or str, and never converted here, so
that `0742`, `NO` and `12:30` reach the column that types them. The tree is built from libyaml's
events with an explicit stack: depth, aliases and expanded size are bounded before memory is spent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import yaml

from synthspec.errors import Diagnostic, Edit, Fix, SpecError
from synthspec.spec.torn import Torn, torn
from synthspec.spec.tree import Entries, Items, Node, Path_, Scalar, Tag, Tree

__all__ = ["Entries", "Items", "Node", "Path_", "Scalar", "Tree", "load_text", "read_text"]

MAX_BYTES = 1_000_000
"""The largest spec that is read; code lists belong in files of their own."""
MAX_DEPTH = 40
MAX_ALIASES = 1_000
MAX_NODES = 200_000
MAX_FOUND = 50
"""Findings of the loader that are kept; a file with more is not a spec."""

_CORE: tuple[tuple[Tag, re.Pattern[str]], ...] = (
    ("null", re.compile(r"(?:null|Null|NULL|~|)\Z")),
    ("bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z")),
    ("int", re.compile(r"(?:[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+)\Z")),
    (
        "float",
        re.compile(
            r"(?:[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
        ),
    ),
)


def read_text(path: str | Path) -> str:
    """Return the text of a spec file.

    Raises:
        SpecError: S109 when it cannot be read, S111 when too large, S110 when not UTF-8.
    """
    file = Path(path)
    try:
        if file.stat().st_size > MAX_BYTES:
            raise _too_large(str(path))
        data = file.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise SpecError(
            "S109", f"cannot read the spec `{path}`: {reason}", helps=("give the path of a YAML file",)
        ) from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SpecError(
            "S110",
            f"`{path}` is not UTF-8 text (line {line})",
            helps=("save the file as UTF-8",),
        ) from None


def _too_large(origin: str) -> SpecError:
    return SpecError(
        "S111",
        f"the spec `{origin}` is larger than {MAX_BYTES:,} bytes",
        helps=("move long value lists to a file: `in: {file: codes.csv, column: code}`",),
    )


def load_text(text: str, origin: str) -> Tree:
    """Return the tree of a spec's text; what is wrong is in `diagnostics`, nothing is raised."""
    bom = text.startswith("\ufeff")
    text = text.removeprefix("\ufeff")
    lines = (0, *(found.end() for found in re.finditer("\n", text)))
    tree = Tree(text, origin, None, (), lines)
    if len(text) > MAX_BYTES:
        return replace(tree, text="", lines=(0,), diagnostics=_too_large(origin).diagnostics)
    builder = _Builder(tree)
    try:
        root = builder.build()
    except _Refused as refused:
        return replace(tree, diagnostics=(*builder.found, refused.diagnostic))
    if bom:
        note = Diagnostic(
            "S117",
            "the file starts with a byte order mark",
            "warning",
            (),
            (tree.place(0, 0, "here", True),),
            (),
            ("run `synthspec fmt`, which removes it",),
        )
        builder.found.append(note)
    return replace(tree, root=root, diagnostics=tuple(builder.found))


class _Refused(Exception):
    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.code)
        self.diagnostic = diagnostic


@dataclass
class _Open:
    """A collection whose end has not come yet."""

    mapping: bool
    flow: bool
    start: int
    anchor: str | None
    children: list[Node] = field(default_factory=list)
    nodes: int = 1


class _Builder:
    """Builds the tree from events."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.found: list[Diagnostic] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.aliases = 0

    def build(self) -> Node:
        stack: list[_Open] = []
        root: Node | None = None
        documents = 0
        for event in self._events():
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refuse(
                        "S115",
                        "the file holds more than one YAML document",
                        event,
                        helps=("keep one document a file: remove the `---`",),
                    )
                continue
            done = self._take(event, stack)
            if done is None:
                continue
            node, nodes = done
            if nodes > MAX_NODES:
                raise self._refuse(
                    "S112",
                    "aliases expand this spec beyond all measure",
                    event,
                    helps=("write the parts out, or remove the anchors",),
                )
            if stack:
                stack[-1].children.append(node)
                stack[-1].nodes += nodes
            else:
                root = node
        if root is None or (isinstance(root, Scalar) and not root.text and root.plain):
            raise self._refuse(
                "S113", "the spec is empty", None, helps=("start with `spec: 1`, or run `synthspec init`",)
            )
        return root

    def _events(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self.tree.text, Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            raise self._syntax(error) from None
        except (yaml.YAMLError, UnicodeError):
            where = next((i for i, c in enumerate(self.tree.text) if _unprintable(c)), 0)
            place = self.tree.place(where, where + 1, "this character cannot stand in YAML", True)
            raise _Refused(
                Diagnostic(
                    "S101",
                    "the text holds a control character",
                    "error",
                    (),
                    (place,),
                    (),
                    ("remove it, or write it as an escape inside double quotes",),
                )
            ) from None

    def _syntax(self, error: yaml.MarkedYAMLError) -> _Refused:
        mark = error.problem_mark or error.context_mark
        offset = min(mark.index if mark else 0, len(self.tree.text))
        problem = (error.problem or "unreadable").lower()
        if offset < len(self.tree.text) and self.tree.text[offset] == "\t":
            place = self.tree.place(offset, offset + 1, "a tab", True)
            fix = Fix("use two blanks", (Edit(place, "  "),), True)
            return _Refused(
                Diagnostic(
                    "S116",
                    "a tab stands where YAML wants blanks",
                    "error",
                    (),
                    (place,),
                    (),
                    ("indent with two blanks",),
                    (fix,),
                )
            )
        cut = torn(self.tree.text, offset)
        if cut is not None:
            return self._torn(cut)
        if "alias" in problem and "undefined" in problem:
            helps: tuple[str, ...] = ("define the anchor before it is used, or quote the text",)
        else:
            helps = ("put quotes around a value that holds `: `, ` #`, or starts with a quote or bracket",)
        place = self.tree.place(offset, min(offset + 1, len(self.tree.text)), problem, True)
        context = (
            (f"YAML was reading {error.context.removeprefix('while ').removeprefix('parsing ')}",)
            if (error.context)
            else ()
        )
        return _Refused(
            Diagnostic("S101", "this is not readable YAML", "error", (), (place,), context, helps)
        )

    def _torn(self, cut: Torn) -> _Refused:
        text = self.tree.text
        whole = text[cut.start : cut.end].rstrip()
        quoted = '"' + whole.replace("\\", "\\\\").replace('"', '\\"') + '"'
        begin = max(text.rfind(" ", cut.start, cut.comma) + 1, cut.start)
        place = self.tree.place(begin, cut.comma, "YAML ends the value at this comma", True)
        edit = Edit(self.tree.place(cut.start, cut.start + len(whole)), quoted)
        return _Refused(
            Diagnostic(
                "S105",
                "expression cut short by a comma inside `{ }`",
                "error",
                (),
                (place,),
                ("YAML could not read on after it",),
                (f"put the expression on its own line, or quote it: `{cut.key}: {quoted}`",),
                (Fix("quote the expression", (edit,), True),),
            )
        )

    def _refuse(
        self, code: str, message: str, event: yaml.Event | None, helps: tuple[str, ...] = ()
    ) -> _Refused:
        start, end = (_index(event.start_mark), _index(event.end_mark)) if event is not None else (0, 0)
        place = self.tree.place(start, end, "here", True)
        return _Refused(Diagnostic(code, message, "error", (), (place,), (), helps))

    def _take(self, event: yaml.Event, stack: list[_Open]) -> tuple[Node, int] | None:
        """Handle one event; return a finished node and its expanded number of nodes."""
        match event:
            case yaml.ScalarEvent():
                self._untagged(event, event.tag if not any(event.implicit) else None)
                scalar = _scalar(event, self.tree.text)
                return self._anchor(event.anchor, scalar, 1)
            case yaml.AliasEvent():
                self.aliases += 1
                if self.aliases > MAX_ALIASES:
                    raise self._refuse(
                        "S112", f"more than {MAX_ALIASES} aliases", event, helps=("write the parts out",)
                    )
                if event.anchor not in self.anchors:
                    raise self._refuse(
                        "S101",
                        f"the alias `*{event.anchor}` has no anchor before it",
                        event,
                        helps=("define it under an `x-...` key, or quote the text",),
                    )
                return self.anchors[event.anchor]
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._untagged(event, event.tag)
                if len(stack) >= MAX_DEPTH:
                    raise self._refuse(
                        "S112", f"nested deeper than {MAX_DEPTH} levels", event, helps=("flatten the spec",)
                    )
                mapping = isinstance(event, yaml.MappingStartEvent)
                stack.append(_Open(mapping, bool(event.flow_style), _index(event.start_mark), event.anchor))
                return None
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                opened = stack.pop()
                end = (
                    _index(event.end_mark)
                    if opened.flow
                    else max((child.end for child in opened.children), default=opened.start)
                )
                node: Node
                if opened.mapping:
                    node = Entries(self._entries(opened.children), opened.flow, opened.start, end)
                else:
                    node = Items(tuple(opened.children), opened.flow, opened.start, end)
                return self._anchor(opened.anchor, node, opened.nodes)
        return None

    def _untagged(self, event: yaml.Event, tag: str | None) -> None:
        if tag is not None and tag != "!":
            raise self._refuse(
                "S122",
                "YAML tags are not part of the language",
                event,
                helps=("remove the tag: types come from the column",),
            )

    def _anchor(self, name: str | None, node: Node, nodes: int) -> tuple[Node, int]:
        if name is not None:
            self.anchors[name] = (node, nodes)
        return node, nodes

    def _entries(self, children: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
        entries: dict[str, tuple[Scalar, Node]] = {}
        merged: dict[str, tuple[Scalar, Node]] = {}
        for key, value in zip(children[::2], children[1::2]):
            if not isinstance(key, Scalar):
                place = self.tree.place(key.start, key.end, "not a name", True)
                self.found.append(Diagnostic("S106", "a key must be a plain name", "error", (), (place,)))
            elif key.plain and key.text == "<<":
                for part in value.items if isinstance(value, Items) else (value,):
                    if isinstance(part, Entries):
                        merged.update((k.text, (k, v)) for k, v in part.entries if k.text not in merged)
            elif key.text in entries:
                self._duplicate(entries[key.text][0], key)
            else:
                entries[key.text] = (key, value)
        return tuple({**merged, **entries}.values()) if merged else tuple(entries.values())

    def _duplicate(self, first: Scalar, second: Scalar) -> None:
        if len(self.found) >= MAX_FOUND:
            return
        spans = (
            self.tree.place(first.start, first.end, "first written here"),
            self.tree.place(second.start, second.end, "written again", True),
        )
        self.found.append(
            Diagnostic(
                "S103",
                f"the key `{second.text}` is written twice",
                "error",
                (),
                spans,
                (),
                ("keep one of the two",),
            )
        )


def _unprintable(char: str) -> bool:
    return (char < " " and char not in "\t\n\r") or "\x7f" <= char < "\xa0" or "\ud800" <= char <= "\udfff"


def _scalar(event: yaml.ScalarEvent, text: str) -> Scalar:
    start, end = _index(event.start_mark), _index(event.end_mark)
    if event.style in ("|", ">"):
        end = start + len(text[start:end].rstrip())
    plain = event.style is None or event.style == ""
    tag: Tag = "str"
    if plain:
        tag = next((tag for tag, pattern in _CORE if pattern.match(event.value)), "str")
    return Scalar(event.value, tag, plain, start, end)


def _index(mark: object) -> int:
    """Return the offset of a mark, in characters."""
    return int(getattr(mark, "index", 0))
