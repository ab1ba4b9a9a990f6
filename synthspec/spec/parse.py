"""Parse: the text of a spec as a `Spec`, with positions and everything that is wrong with its form.

Nothing here knows what a column means: unknown columns, empty domains and expressions are the
checker's. A part that cannot be read is left out of the `Spec` and listed in `broken`, so that later
findings about it can be held back (one cause, one finding).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from synthspec.errors import Diagnostic, Span
from synthspec.spec import build
from synthspec.spec.model import Spec
from synthspec.spec.read import read
from synthspec.spec.reading import Reading
from synthspec.spec.shapes import SPEC
from synthspec.spec.source import Entries, Path_, Scalar, Tree, load_text

VERSION = 1
"""The version of the language."""

_ALLOW = re.compile(r"(?:^|\s)#\s*synthspec:\s*allow\b[ \t]*(?P<rest>.*)$")
_REASON = re.compile(r"(?P<code>[A-Z][0-9]{3})\s+because\s+(?P<reason>\S.*?)\s*\Z")


@dataclass(frozen=True, eq=False)
class Parsed:
    """A spec as far as it could be read, its positions and findings.

    `spec` is None when nothing useful could be read. `allowed` holds (code, reason, line) of the
    `# synthspec: allow CODE because REASON` comments; `broken` the paths that could not be read.
    """

    spec: Spec | None
    tree: Tree
    diagnostics: tuple[Diagnostic, ...]
    allowed: tuple[tuple[str, str, int], ...] = ()
    broken: frozenset[Path_] = frozenset()
    _parts: Mapping[Path_, Span] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def text(self) -> str:
        """The text that the positions refer to."""
        return self.tree.text

    @property
    def origin(self) -> str:
        """The name of the file, as it is shown in spans."""
        return self.tree.origin

    @property
    def failed(self) -> bool:
        """Whether there is a finding at error level."""
        return any(found.level == "error" for found in self.diagnostics)

    def span(self, path: Path_) -> Span:
        """Return the span of the value at `path`; parts of short forms have paths of their own."""
        return self._parts[path] if path in self._parts else self.tree.span(path)

    def key_span(self, path: Path_) -> Span:
        """Return the span of the key at `path`."""
        return self.tree.key_span(path)

    def at(self, path: Path_) -> Callable[[int, int], Span]:
        """Return the function from offsets in the text at `path` to spans in the file."""
        return self.tree.at(path)

    def reason(self, found: Diagnostic) -> str | None:
        """Return why a warning is allowed: by a comment on its line or on lines of comments above it."""
        if found.level == "error" or not found.spans:
            return None
        line = next((span for span in found.spans if span.primary), found.spans[0]).line
        lines = self.text.split("\n")
        first = line
        while first > 1 and lines[first - 2].lstrip().startswith("#"):
            first -= 1
        here = range(first, line + 1)
        return next((why for code, why, at in self.allowed if code == found.code and at in here), None)


def parse(text: str, origin: str) -> Parsed:
    """Return the spec in `text`, with every finding about its form; never raises for spec errors.

    Args:
        text: the whole text of the file.
        origin: the file's name, for spans and for the default of `name`.
    """
    tree = load_text(text, origin)
    if tree.root is None:
        return Parsed(None, tree, tree.diagnostics)
    reading = Reading(tree, list(tree.diagnostics))
    allowed = _allowed(reading)
    if not isinstance(tree.root, Entries):
        span = tree.place(tree.root.start, min(tree.root.end, tree.root.start + 60), "here", True)
        reading.report(
            "S114", "a spec is a mapping of keys to values", (), span, helps=("start with `spec: 1`",)
        )
        return Parsed(None, tree, tuple(reading.diagnostics), allowed)
    if _other_version(reading, tree.root):
        return Parsed(None, tree, tuple(reading.diagnostics), allowed)
    values = read(reading, SPEC, tree.root, ())
    parts: dict[Path_, Span] = {}
    spec = None
    if isinstance(values, dict):
        try:
            spec = build.spec(values, _stem(origin), build.Context(reading, parts))
        except ValidationError as error:
            for problem in error.errors():
                where = tuple(str(step) for step in problem["loc"])
                reading.report("S106", "this value does not fit the language", where, tree.span(where))
    found = sorted(reading.diagnostics, key=_order)
    return Parsed(spec, tree, tuple(found), allowed, frozenset(reading.broken), MappingProxyType(parts))


def _order(found: Diagnostic) -> tuple[int, int]:
    primary = next((span for span in found.spans if span.primary), None)
    return (primary.line, primary.column) if primary else (0, 0)


def _stem(origin: str) -> str:
    stem = re.sub(r"[/\\`\x00-\x1f]", "-", Path(origin).stem).lstrip(".")
    return stem[:100] or "spec"


def _other_version(reading: Reading, root: Entries) -> bool:
    """Report a version that this program does not know; nothing else is read then."""
    node = root.get("spec")
    if not isinstance(node, Scalar) or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)*", node.text):
        return False
    if node.text == str(VERSION) and node.plain:
        return False
    span = reading.spot(node, ("spec",), f"this program reads version {VERSION}")
    helps: tuple[str, ...] = (f"write `spec: {VERSION}`",)
    if node.text.isdigit() and int(node.text) > VERSION:
        helps = ("install a newer synthspec, which reads it", *helps)
    reading.report("S118", f"unknown language version `{node.text}`", ("spec",), span, helps=helps)
    return True


def _allowed(reading: Reading) -> tuple[tuple[str, str, int], ...]:
    allowed = []
    offset = 0
    for number, line in enumerate(reading.tree.text.split("\n"), 1):
        found = _ALLOW.search(line)
        if found:
            reason = _REASON.match(found["rest"])
            if reason:
                allowed.append((reason["code"], reason["reason"], number))
            else:
                start = offset + line.index("#", found.start())
                span = reading.tree.place(start, offset + len(line.rstrip()), "no code and reason", True)
                reading.report(
                    "S120",
                    "a suppression needs a code and a reason",
                    (),
                    span,
                    helps=("write `# synthspec: allow P402 because <reason>`",),
                )
        offset += len(line) + 1
    return tuple(allowed)
