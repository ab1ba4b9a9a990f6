"""Torn: an expression inside `{ }` that YAML could not read on, because a comma had ended it before."""

from __future__ import annotations

import re
from typing import NamedTuple

_KEY = re.compile(r"[{,]\s*(?P<key>if|then|check|where|derive|count|else|is|[\w-]+)\s*:\s+(?=[^\s\"'{\[])")


class Torn(NamedTuple):
    """The key, the offsets of the whole expression, and where YAML ended it."""

    key: str
    start: int
    end: int
    comma: int


def torn(text: str, offset: int) -> Torn | None:
    """Return the expression that was cut before `offset`, on the same line; None when there is none."""
    begin = text.rfind("\n", 0, offset) + 1
    for found in reversed(list(_KEY.finditer(text, begin, offset))):
        end, comma = _extent(text, found.end())
        if comma is not None and comma < offset <= end + 1:
            return Torn(found["key"], found.end(), end, comma)
    return None


def _extent(text: str, start: int) -> tuple[int, int | None]:
    """Return where an expression ends by its own parentheses, and the first comma inside them."""
    depth, quoted, comma = 0, False, None
    for here in range(start, len(text)):
        char = text[here]
        if char == "'":
            quoted = not quoted
        elif char == "\n":
            return here, None
        elif quoted:
            continue
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "," and depth > 0 and comma is None:
            comma = here
        elif char in ",}" and depth <= 0:
            return here, comma
    return len(text), None
