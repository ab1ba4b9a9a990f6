"""Reading: where the findings about a spec's form are gathered, and how they point and suggest."""

from __future__ import annotations

from dataclasses import dataclass, field

from synthspec.errors import Diagnostic, Edit, Fix, Span
from synthspec.spec.nearest import nearest
from synthspec.spec.source import Node, Path_, Scalar, Tree


class Missing:
    """What a node gives that could not be read."""


MISSING = Missing()


@dataclass(eq=False)
class Form:
    """A value together with the name of the form it was written in."""

    name: str
    value: object


@dataclass(eq=False)
class Reading:
    """What was found while reading: diagnostics, and the paths that could not be read."""

    tree: Tree
    diagnostics: list[Diagnostic] = field(default_factory=list)
    broken: set[Path_] = field(default_factory=set)

    def spot(self, node: Node, path: Path_, label: str = "") -> Span:
        """Return the primary span of a node; of its key when it is empty."""
        if node.end <= node.start:
            span = self.tree.key_span(path)
            return Span(span.file, span.line, span.column, span.end_line, span.end_column, label, True)
        end = node.end
        if isinstance(node, Scalar) and node.plain is False and "\n" in self.tree.text[node.start : end]:
            end = self.tree.text.index("\n", node.start)
        return self.tree.place(node.start, end, label, True)

    def report(
        self,
        code: str,
        message: str,
        path: Path_,
        span: Span,
        *,
        spans: tuple[Span, ...] = (),
        notes: tuple[str, ...] = (),
        helps: tuple[str, ...] = (),
        fixes: tuple[Fix, ...] = (),
    ) -> Missing:
        """Record an error at `path` and return MISSING."""
        self.broken.add(path)
        self.diagnostics.append(
            Diagnostic(code, message, "error", path, (*spans, span), notes, helps[:3], fixes)
        )
        return MISSING


def dotted(path: Path_) -> str:
    """Return a path as it is shown to people."""
    return ".".join(path) if path else "the spec"


def suggest(word: str, known: tuple[str, ...], span: Span) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    """Return the did-you-mean help and the safe fix that replaces `span`; a tie gives no fix."""
    close = nearest(word, known)
    if not close:
        return (), ()
    if len(close) > 1:
        return (f"did you mean `{close[0]}` or `{close[1]}`?",), ()
    edit = Edit(span, close[0])
    return (f"did you mean `{close[0]}`?  (safe fix, `synthspec check --fix`)",), (
        Fix(f"use `{close[0]}`", (edit,), True),
    )
