"""The codes of family S."""

from __future__ import annotations

from synthspec.errors.entry import Entry

CODES: dict[str, Entry] = {}
