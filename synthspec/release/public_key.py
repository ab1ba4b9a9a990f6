"""PublicKey: who may have signed, as one line that is handed out: `ed25519:<base64 of 32 bytes> name`.

Source: ours; the key's encoding: RFC 8032, 5.1.5.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from synthspec.errors import ReleaseError
from synthspec.release.ed25519 import is_key

SCHEME = "ed25519:"
_NAME = re.compile(r"[\w.@ +-]{0,100}")


@dataclass(frozen=True)
class PublicKey:
    """An Ed25519 public key of 32 bytes, and what its holder calls it: a name is no proof of anything."""

    raw: bytes
    name: str = ""

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the 32 bytes, in hex; also the `keyid` of signatures."""
        return hashlib.sha256(self.raw).hexdigest()

    @property
    def text(self) -> str:
        """The key without the name: `ed25519:<base64>`."""
        return SCHEME + base64.b64encode(self.raw).decode()

    @property
    def line(self) -> str:
        """The line to hand out."""
        return f"{self.text} {self.name}".strip()

    @classmethod
    def of(cls, line: str) -> PublicKey:
        """Return the key of a line.

        Raises:
            ReleaseError: Q643, when it is none, is not written in its one form, or is of small order.
        """
        text, _, name = line.strip().partition(" ")
        raw = b""
        if text.startswith(SCHEME):
            try:
                raw = base64.b64decode(text.removeprefix(SCHEME), validate=True)
            except (binascii.Error, ValueError):
                raw = b""
        key = cls(raw, name.strip())
        if not is_key(raw) or key.text != text or not _NAME.fullmatch(key.name):
            raise ReleaseError(
                "Q643",
                "this is not a public key of a signer",
                notes=("one is a line `ed25519:` and 44 characters of base64, then a name",),
                helps=("`synthspec keys show NAME` prints the line to hand out",),
            )
        return key


def read_keys(text: str) -> tuple[PublicKey, ...]:
    """Return the keys of a file of lines; empty lines and those after `#` are left out. Raises Q643."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return tuple(PublicKey.of(line) for line in lines if line)
