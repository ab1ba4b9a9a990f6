"""The base of everything that is written or hashed: immutable, closed, with canonical JSON.

Source: ours.
"""

from __future__ import annotations

import hashlib
import json

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """An immutable value: unknown keys are refused, equality is by content."""

    # validators are built on first use: `check` then builds a tenth of them
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    def canonical(self) -> bytes:
        """Return the canonical JSON: sorted keys, no blanks, UTF-8."""
        tree = self.model_dump(mode="json")
        return json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def digest(self) -> str:
        """Return the BLAKE2b-256 of the canonical JSON, in hex."""
        return hashlib.blake2b(self.canonical(), digest_size=32).hexdigest()
