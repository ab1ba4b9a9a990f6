"""DSSE: an envelope of bytes, their type, and signatures over both.

What is signed is PAE(type, body) = "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body, so there is nothing
to canonicalise: whoever checks a signature goes on with the very bytes that it covers. The file's own text,
which no signature covers, has one form only (`Envelope.of` refuses every other): no changed byte goes unseen.

Source: secure-systems-lab/dsse, protocol.md and envelope.md (v1.0).
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace

from synthspec.release.ed25519 import verifies
from synthspec.release.public_key import PublicKey

IN_TOTO = "application/vnd.in-toto+json"


@dataclass(frozen=True)
class Signed:
    """One signature; `keyid` is the signer's fingerprint, a hint that is worth nothing until checked."""

    keyid: str
    sig: bytes


@dataclass(frozen=True)
class Envelope:
    """A payload and its signatures."""

    payload: bytes
    payload_type: str = IN_TOTO
    signatures: tuple[Signed, ...] = ()

    @property
    def message(self) -> bytes:
        """The bytes that are signed."""
        kind = self.payload_type.encode()
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)

    def signed_by(self, key: PublicKey) -> bool:
        """Return whether a signature of `key` holds, and every one that is said to be of it."""
        of_key = [each for each in self.signatures if each.keyid == key.fingerprint]
        return bool(of_key) and all(verifies(key.raw, self.message, each.sig) for each in of_key)

    def with_signature(self, key: PublicKey, sig: bytes) -> Envelope:
        """Return the envelope with one more signature, in the place of an older one of the same key."""
        others = tuple(each for each in self.signatures if each.keyid != key.fingerprint)
        return replace(self, signatures=(*others, Signed(key.fingerprint, sig)))

    def line(self) -> bytes:
        """Return the envelope as one line of JSON."""
        tree = {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": self.payload_type,
            "signatures": [
                {"keyid": each.keyid, "sig": base64.b64encode(each.sig).decode()} for each in self.signatures
            ],
        }
        return json.dumps(tree, sort_keys=True, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def of(cls, line: bytes) -> Envelope:
        """Return the envelope of a line; ValueError when it is not exactly one that `line` writes."""
        try:
            tree = json.loads(line)
            found = cls(
                payload=base64.b64decode(tree["payload"], validate=True),
                payload_type=str(tree["payloadType"]),
                signatures=tuple(
                    Signed(str(each["keyid"]), base64.b64decode(each["sig"], validate=True))
                    for each in tree["signatures"]
                ),
            )
        except (KeyError, TypeError, AttributeError, RecursionError, binascii.Error, ValueError):
            raise ValueError("not an envelope") from None
        if found.line() != line or len({each.keyid for each in found.signatures}) < len(found.signatures):
            raise ValueError("not in the one form that an envelope has")
        return found
