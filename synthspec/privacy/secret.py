"""The owner's secret of a named ledger: shown once, kept as a salted scrypt hash.

Source: Percival & Josefsson, RFC 7914 (scrypt).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

_SCHEME = "scrypt-16384-8-1"


def new_secret() -> tuple[str, str]:
    """Return a fresh secret and what to keep of it."""
    secret = secrets.token_urlsafe(24)
    salt = secrets.token_hex(16)
    return secret, f"{_SCHEME}${salt}${_hash(secret, salt)}"


def opens(kept: str, secret: str) -> bool:
    """Return whether `secret` is the one of which `kept` was kept."""
    scheme, salt, expected = kept.split("$")
    return scheme == _SCHEME and hmac.compare_digest(_hash(secret.strip(), salt), expected)


def _hash(secret: str, salt: str) -> str:
    return hashlib.scrypt(secret.encode(), salt=bytes.fromhex(salt), n=16384, r=8, p=1, dklen=32).hex()
