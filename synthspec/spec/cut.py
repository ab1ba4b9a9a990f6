"""Cut: an expression that YAML ended at a comma inside `{ }` (LANGUAGE 3.6, mock-up 7)."""

from __future__ import annotations

from collections.abc import Callable

from synthspec.errors import Edit, Fix
from synthspec.spec.reading import Reading
from synthspec.spec.source import Entries, Path_, Scalar


def cut(reading: Reading, node: Entries, path: Path_, unknown: Callable[[str], bool]) -> set[str]:
    """Find an expression that YAML cut at a comma inside `{ }`; return the keys that took part (S105)."""
    if not node.flow:
        return set()
    taken: set[str] = set()
    owner: tuple[Scalar, Scalar] | None = None
    parts: list[Scalar] = []
    for key, value in [*node.entries, (None, None)]:
        if key is not None and isinstance(value, Scalar) and not value.text and unknown(key.text):
            if owner is not None:
                parts.append(key)
            continue
        if owner is not None and parts:
            taken |= {owner[0].text, *(part.text for part in parts)}
            _cut_short(reading, path, owner, parts)
        parts = []
        owner = (key, value) if key is not None and isinstance(value, Scalar) and value.text else None
    return taken


def _cut_short(reading: Reading, path: Path_, owner: tuple[Scalar, Scalar], parts: list[Scalar]) -> None:
    key, value = owner
    text = reading.tree.text
    begin = max(text.rfind(" ", value.start, value.end) + 1, value.start)
    if text[begin] == "(":  # with the word before it: `IN (12,`
        begin = max(text.rfind(" ", value.start, max(begin - 1, value.start)) + 1, value.start)
    end = value.end + text.startswith(",", value.end)
    span = reading.tree.place(begin, end, "YAML ends the value at this comma", True)
    whole = " ".join(text[value.start : parts[-1].end].split())
    names = [f"`{part.text}`" for part in (key, *parts)]
    listed = ", ".join(names[:-1]) + f" and {names[-1]}"
    word = {2: "two", 3: "three", 4: "four", 5: "five"}.get(len(names), str(len(names)))
    quoted = '"' + whole.replace("\\", "\\\\").replace('"', '\\"') + '"'
    edit = Edit(reading.tree.place(value.start, parts[-1].end), quoted)
    reading.report(
        "S105",
        "expression cut short by a comma inside `{ }`",
        (*path, key.text),
        span,
        notes=(f"YAML read {word} keys here: {listed}",),
        helps=(f"put the expression on its own line, or quote it: `{key.text}: {quoted}`",),
        fixes=(Fix("quote the expression", (edit,), True),),
    )
    reading.broken.add(path)
