"""Show: a finding as plain text with carets (LANGUAGE 3.6); colour is the caller's."""

from __future__ import annotations

from collections.abc import Mapping
from unicodedata import east_asian_width

from synthspec.errors.base import Diagnostic, Span

MAX_LINE = 200
"""Longer lines of a spec are cut around the caret."""


def show(found: Diagnostic, texts: Mapping[str, str]) -> str:
    """Return a finding as text: headline, lines of the spec with carets, notes and helps.

    Args:
        found: the finding.
        texts: the text of each file that spans name; spans in other files are shown without it.
    """
    lines = [f"{found.level}[{found.code}]: {found.message}"]
    spans = sorted(found.spans, key=lambda span: (span.line, span.column))
    primary = next((span for span in spans if span.primary), spans[0] if spans else None)
    width = max((len(str(span.line)) for span in spans), default=0) + 1 if spans else 2
    if primary is not None:
        lines.append(f"{' ' * width}╭─ {primary.file}:{primary.line}:{primary.column}")
        lines += _excerpt([span for span in spans if span.file == primary.file], primary, texts, width)
        lines += [
            f"{' ' * width}= note: {span.label} ({span.file}:{span.line}:{span.column})"
            for span in spans
            if span.file != primary.file
        ]
    lines += [f"{' ' * width}= note: {note}" for note in found.notes]
    lines += [f"{' ' * width}= help: {text}" for text in found.helps]
    return "\n".join(lines)


def show_all(found: tuple[Diagnostic, ...], texts: Mapping[str, str]) -> str:
    """Return findings one after the other, with an empty line between two."""
    return "\n\n".join(show(each, texts) for each in found)


def _excerpt(spans: list[Span], primary: Span, texts: Mapping[str, str], width: int) -> list[str]:
    text = texts.get(primary.file)
    if text is None:
        return [f"{' ' * width}│  {primary.label}"] if primary.label else []
    source = text.removeprefix("\ufeff").split("\n")
    bar = f"{' ' * width}│"
    lines = [bar]
    before = 0
    for span in spans:
        if not 1 <= span.line <= len(source):
            continue
        if before and span.line > before + 1:
            lines.append(f"{' ' * width}┆")
        line, column = _cut(source[span.line - 1].rstrip("\r").replace("\t", " "), span.column)
        if span.line != before:
            lines.append(f"{span.line:>{width - 1}} │ {line}".rstrip())
        lines.append(f"{bar} {_marks(span, line, column)}".rstrip())
        before = span.line
    return [*lines, bar]


def _cut(line: str, column: int) -> tuple[str, int]:
    """Return a line short enough to show, and the column in it."""
    if len(line) <= MAX_LINE:
        return line, column
    start = max(0, column - 1 - MAX_LINE // 2)
    piece = line[start : start + MAX_LINE]
    return (f"…{piece[1:]}" if start else piece), column - start


def _marks(span: Span, line: str, column: int) -> str:
    end = span.end_column - span.column + column if span.end_line == span.line else len(line) + 1
    length = _cells(line[column - 1 : max(end, column + 1) - 1])
    mark = ("^" if span.primary else "-") * max(length, 1)
    return f"{' ' * _cells(line[: column - 1])}{mark} {span.label}".rstrip()


def _cells(text: str) -> int:
    """Return how many terminal cells a text takes."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
