"""Commitment: what ties a release to the bytes of its source without telling anything about them.

With h = HMAC-SHA256 under the charge's secret key, the value is h("source" | sorted h("file" | bytes of a
file)): the names and the order of the files do not count, each byte does.

*Hiding.* HMAC-SHA256 is a pseudorandom function: without the key the value is worth a random one, so whoever
holds all rows but one cannot test candidates for it; a plain digest would let them, and no epsilon would
hold. Fresh keys for each charge: two releases do not tell whether the data changed in between. *Binding.* The
keys have 32 bytes, which HMAC pads injectively; whoever opens one value in two ways has found a collision of
SHA-256. It commits to the files as they lay when the run, or its resumption, began.

Source: Krawczyk, Bellare & Canetti, RFC 2104; REPORTS.md 2.5 of the design.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Self

from pydantic import Field

from synthspec.terms.frozen import Frozen

_BLOCK = 1 << 20


class Commitment(Frozen):
    """The public half; its key stays inside."""

    scheme: Literal["hmac-sha256/synthspec.source/1"] = "hmac-sha256/synthspec.source/1"
    value: str = Field(pattern=r"^[0-9a-f]{64}$")

    @classmethod
    def of(cls, key: bytes, paths: Iterable[Path]) -> Self:
        """Return the commitment under `key` (32 bytes) to the bytes of the files at `paths`."""
        if len(key) != 32:
            raise ValueError("a commitment has a key of 32 bytes")
        files = sorted(_sealed(key, path) for path in paths)
        return cls(value=hmac.new(key, b"source\n" + b"".join(files), hashlib.sha256).hexdigest())

    def opens(self, key: bytes, paths: Iterable[Path]) -> bool:
        """Return whether these are the files, under the key that was kept."""
        return hmac.compare_digest(self.value, Commitment.of(key, paths).value)


def _sealed(key: bytes, path: Path) -> bytes:
    state = hmac.new(key, b"file\n", hashlib.sha256)
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            state.update(block)
    return state.digest()
