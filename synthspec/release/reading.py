"""Reading: what a release says, taken in one meaning only; `Unreadable` says in words what is wrong.

A release may come from anywhere. JSON of which two programs could read two things (a key twice, a number
that is none) is refused, and so is what does not fit into sane bounds.

Source: ours; duplicate names: RFC 8259, 4.
"""

from __future__ import annotations

import json
import math
from typing import Any


class Unreadable(ValueError):
    """A part of a release cannot be used; the text says why, and quotes nothing private."""


def parsed(content: bytes) -> Any:
    """Return the JSON of `content`.

    Raises:
        Unreadable: for a key that stands twice in one object, and a number that is not finite.
        ValueError: when it is no JSON.
        RecursionError: when it is nested too deeply.
    """
    return json.loads(content, object_pairs_hook=_once, parse_float=_finite, parse_constant=_finite)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("a key stands twice in one object")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Unreadable("a number is not finite")
    return number
