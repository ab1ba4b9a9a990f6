"""Entry: the long text of one code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """What `synthspec explain CODE` prints: title, text, a minimal bad and good example."""

    title: str
    text: str
    bad: str = ""
    good: str = ""
    related: tuple[str, ...] = ()
