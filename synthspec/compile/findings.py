"""Findings: everything that checking finds, with its place in the text; nothing is raised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from synthspec.errors import Diagnostic, Edit, Fix, Level, Span
from synthspec.spec.nearest import nearest
from synthspec.spec.parse import Parsed
from synthspec.spec.tree import Entries, Path_

MOST_HELPS = 3


@dataclass(frozen=True, eq=False)
class Findings:
    """The diagnostics of one spec; `reasons` are those of allowed warnings (code, reason)."""

    parsed: Parsed
    found: list[Diagnostic] = field(default_factory=list)
    reasons: list[tuple[str, str]] = field(default_factory=list)

    def report(
        self,
        code: str,
        message: str,
        path: Path_,
        label: str = "",
        *,
        span: Span | None = None,
        also: Sequence[tuple[Path_ | Span, str]] = (),
        notes: Sequence[str] = (),
        helps: Sequence[str] = (),
        fixes: Sequence[Fix] = (),
        level: Level = "error",
        unless: Path_ = (),
    ) -> None:
        """Add one finding; a warning that the text allows with a reason becomes a reason.

        Findings about a part that could not be read are held back, since that part has its own finding;
        so is the finding that something is absent when the text has it at `unless`.
        """
        if unless and self.written(*unless):
            return
        if any(path[:length] in self.parsed.broken for length in range(1, len(path) + 1)):
            return
        primary = replace(span or self.parsed.span(path), label=label, primary=True)
        others = [replace(self._span(place), label=text) for place, text in also]
        diagnostic = Diagnostic(
            code=code,
            message=message,
            level=level,
            path=path,
            spans=(primary, *others),
            notes=tuple(notes),
            helps=_marked(helps, fixes)[:MOST_HELPS],
            fixes=tuple(fixes),
        )
        why = self.parsed.reason(diagnostic)
        if why is not None:
            self.reasons.append((code, why))
        else:
            self.found.append(diagnostic)

    def _span(self, place: Path_ | Span) -> Span:
        return place if isinstance(place, Span) else self.parsed.span(place)

    def add(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Add findings made elsewhere."""
        self.found.extend(diagnostics)

    def written(self, *path: str) -> bool:
        """Return whether the text has anything at `path`, readable or not."""
        return self.parsed.tree.node(path) is not None

    def keys(self, *path: str) -> tuple[str, ...]:
        """Return the keys written at `path`, readable or not."""
        node = self.parsed.tree.node(path)
        return tuple(key.text for key, _ in node.entries) if isinstance(node, Entries) else ()

    def did_you_mean(
        self, word: str, known: Sequence[str], span: Span
    ) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
        """Return the helps and the safe fix for a name that is nearly a known one."""
        close = nearest(word, known)
        if not close:
            return (), ()
        helps = ("did you mean " + " or ".join(f"`{name}`" for name in close) + "?",)
        if len(close) > 1:
            return helps, ()
        return helps, (Fix(title=f"use `{close[0]}`", edits=(Edit(span, close[0]),), safe=True),)


def _marked(helps: Sequence[str], fixes: Sequence[Fix]) -> tuple[str, ...]:
    """Return the helps; the first one says when it can be applied by the program."""
    if not helps or not any(fix.safe for fix in fixes):
        return tuple(helps)
    return (f"{helps[0]}  (safe fix, `synthspec check --fix`)", *helps[1:])


def plural(count: int, noun: str) -> str:
    """Return "1 noun" or "2 nouns".

    >>> plural(1, "row"), plural(2, "row")
    ('1 row', '2 rows')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def articled(noun: str) -> str:
    """Return the noun with its article.

    >>> articled("int"), articled("date")
    ('an int', 'a date')
    """
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def listing(names: Sequence[str], most: int = 8) -> str:
    """Return names in backticks, the first few of many."""
    shown = ", ".join(f"`{name}`" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
