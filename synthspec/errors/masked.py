"""masked: text without the passwords of the addresses in it, for whatever goes to a stream."""

from __future__ import annotations

import re

_PASSWORD = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^\s:/@]*):.*@")
"""A scheme, a user, and all up to the last `@` of the line: a password may hold any sign."""


def masked(text: str) -> str:
    """Return `text` with `***` in place of every password in an address.

    >>> masked("ledger: postgres://olga:s3cret@db.example/ledgers#hospital")
    'ledger: postgres://olga:***@db.example/ledgers#hospital'
    """
    return _PASSWORD.sub(r"\1:***@", text) if "://" in text else text
