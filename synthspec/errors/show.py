"""show: a finding as text, with the lines it is about and carets under the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synthspec.errors.base import Diagnostic, Span

_WIDE = {"W", "F"}


def show(found: Diagnostic, texts: Mapping[str, str]) -> str:
    """Return a finding as people read it (LANGUAGE 3.6).

    Args:
        found: the finding.
        texts: the text of each file that spans may point into; others are shown by place only.
    """
    lines = [f"{found.level}[{found.code}]: {found.message}"]
    spans = sorted(found.spans, key=lambda span: (span.file, span.line, span.column))
    margin = " " * max((len(str(span.line)) for span in spans), default=0)
    primary = next((span for span in spans if span.primary), spans[0] if spans else None)
    if primary is not None:
        lines.append(f"{margin} ╭─ {primary.file}:{primary.line}:{primary.column}")
        shown = [span for span in spans if span.file in texts]
        if shown:
            lines.append(f"{margin} │")
            lines += _pieces(shown, texts, margin)
            lines.append(f"{margin} │")
    for word, said in (("note", found.notes), ("help", _helps(found))):
        lines += [f"{margin} = {word}: {each}" for each in said]
    return "\n".join(lines)


def _helps(found: Diagnostic) -> Sequence[str]:
    safe = any(fix.safe for fix in found.fixes) and not any("safe fix" in text for text in found.helps)
    mark = "  (safe fix, `synthspec check --fix`)" if safe else ""
    return [text + (mark if number == 0 else "") for number, text in enumerate(found.helps)]


def _pieces(spans: Sequence[Span], texts: Mapping[str, str], margin: str) -> list[str]:
    """Return the lines that spans are about, each once, with marks under them; `┆` where lines are left out."""
    lines: list[str] = []
    before: tuple[str, int] | None = None
    for span in spans:
        source = texts[span.file].split("\n")
        text = source[span.line - 1].rstrip("\r") if span.line <= len(source) else ""
        here = (span.file, span.line)
        if before != here:
            if before is not None and before != (span.file, span.line - 1):
                lines.append(f"{margin} ┆")
            lines.append(f"{span.line:>{len(margin)}} │ {_tame(text)}")
        last = span.end_column if span.end_line == span.line else len(text) + 1
        pad = _width(text[: span.column - 1])
        marks = ("^" if span.primary else "-") * max(1, _width(text[span.column - 1 : last - 1]))
        lines.append(f"{margin} │ {' ' * pad}{marks} {span.label}".rstrip())
        before = here
    return lines


def _tame(text: str) -> str:
    """Return a line with tabs as blanks and control characters made visible: a spec may come from anybody."""
    return "".join(" " if char == "\t" else char if char.isprintable() else "·" for char in text)


def _width(text: str) -> int:
    """Return how many cells a terminal needs for `text`."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in _WIDE else 1
        for char in text
    )
