"""PrivateKey: an Ed25519 key that signs, kept as a PEM file which only its owner may read.

The one file that needs the extra `sign`; checking a signature needs nothing.

Source: ours; RFC 8032 (Ed25519), RFC 5958 and 8410 (the file), done by the package cryptography.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, final

from synthspec.errors import ReleaseError
from synthspec.release.public_key import PublicKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@final
class PrivateKey:
    """A key that signs; never shown."""

    def __init__(self, inner: Ed25519PrivateKey, name: str) -> None:
        self._inner = inner
        self.public = PublicKey.of(PublicKey(inner.public_key().public_bytes_raw(), name).line)

    def __repr__(self) -> str:
        return f"PrivateKey({self.public.name!r}, {self.public.fingerprint[:16]})"

    @classmethod
    def new(cls, name: str) -> PrivateKey:
        """Return a fresh key. Raises Q648 without the extra; Q643 for a name that cannot be one."""
        _needs_extra()
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate(), name)

    @classmethod
    def load(cls, path: Path, passphrase: str | None = None) -> PrivateKey:
        """Return the key in the file at `path`, named after it.

        Raises:
            ReleaseError: Q648 without the extra; Q643, when the file is missing, readable by others, needs
                another passphrase, or is no Ed25519 key.
        """
        _needs_extra()
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        content = _content(path)
        secret = passphrase.encode() if passphrase else None
        if secret is None and b"BEGIN ENCRYPTED" in content:
            raise _unusable(path, "it needs a passphrase", "set SYNTHSPEC_KEY_PASSPHRASE, or use a terminal")
        inner = None
        with contextlib.suppress(ValueError, TypeError):
            inner = serialization.load_pem_private_key(
                content, secret if b"BEGIN ENCRYPTED" in content else None
            )
        if not isinstance(inner, Ed25519PrivateKey):
            raise _unusable(path, "it is no Ed25519 key, or has another passphrase", *_MAKE)
        return cls(inner, _ODD.sub("-", path.stem)[:100])

    def save(self, path: Path, passphrase: str | None = None) -> Path:
        """Write the key to a new file of mode 0600. Raises Q643, when it is there already, or cannot be."""
        from cryptography.hazmat.primitives import serialization

        protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            protection = serialization.BestAvailableEncryption(passphrase.encode())
        content = self._inner.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection
        )
        problem = None
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            problem = "it is there already, and keys are never overwritten"
        except OSError as error:
            problem = os.strerror(error.errno or 5).lower()
        if problem is not None:
            raise _unusable(path, problem, "choose another name")
        return path

    def sign(self, message: bytes) -> bytes:
        """Return the signature of `message`, 64 bytes."""
        return self._inner.sign(message)


_ODD = re.compile(r"[^\w.@ +-]")
_MAKE = ("`synthspec keys new NAME` makes one",)


def _content(path: Path) -> bytes:
    """Return the file's content; Q643 when it cannot be read, or others can read it too."""
    content = None
    with contextlib.suppress(OSError):
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise _unusable(path, "others may read it", f"chmod 600 {path}")
        content = path.read_bytes()
    if content is None:
        raise _unusable(path, "it is missing or cannot be read", *_MAKE)
    return content


def _needs_extra() -> None:
    """Refuse (Q648) where the package cryptography is not installed."""
    from importlib.util import find_spec

    if find_spec("cryptography") is None:
        raise ReleaseError(
            "Q648",
            "signing needs the package cryptography, which is not installed",
            helps=("pip install 'synthspec[sign]'",),
        )


def _unusable(path: Path, why: str, *helps: str) -> ReleaseError:
    return ReleaseError("Q643", f"the key file `{path.name}` cannot be used: {why}", helps=helps)
