"""Ed25519 signatures checked in plain Python, so that a release can be verified without any extra.

Only public values pass through here: nothing needs to be constant in time, and nothing here signs. What is
refused beyond the bare equation, so that one message and key have one signature and no key signs everything:
S >= L (malleability), points that are not encoded in their one canonical form, and public keys or commitments
R of small order. The equation is the one without the cofactor, [S]B = R + [k]A, which OpenSSL checks too.

Source: Josefsson & Liusvaara, RFC 8032, 5.1; points of small order: Chalkias, Garillot & Nikolaenko 2020,
"Taming the many EdDSAs".
"""

from __future__ import annotations

import hashlib
from functools import cache

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
"""Order of the base point."""

D = -121665 * pow(121666, P - 2, P) % P
KEY_BYTES, SIGNATURE_BYTES = 32, 64

Point = tuple[int, int, int, int]
"""(X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z."""

_NEUTRAL: Point = (0, 1, 1, 0)


def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether `signature` (64 bytes) is that of `message` by the holder of `public` (32 bytes)."""
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    key, commitment = _decoded(public), _decoded(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= L or _small(key) or _small(commitment):
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % L
    return _same(_times(scalar, _base()), _sum(commitment, _times(challenge, key)))


def is_key(public: bytes) -> bool:
    """Return whether `public` is a key that `verifies` could accept a signature of."""
    point = _decoded(public) if len(public) == KEY_BYTES else None
    return point is not None and not _small(point)


def _decoded(encoded: bytes) -> Point | None:
    """Return the point of an encoding, None when it is none or not the canonical one (RFC 8032, 5.1.3)."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & ((1 << 255) - 1)
    if y >= P:
        return None
    x = _root((y * y - 1) * pow(D * y * y + 1, P - 2, P) % P)
    if x is None or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def _root(square: int) -> int | None:
    """Return a square root modulo P, which is 5 modulo 8; None when there is none."""
    root = pow(square, (P + 3) // 8, P)
    if root * root % P != square:
        root = root * pow(2, (P - 1) // 4, P) % P
    return root if root * root % P == square else None


@cache
def _base() -> Point:
    """Return the base point: y = 4/5, x even."""
    point = _decoded((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    assert point is not None
    return point


def _sum(p: Point, q: Point) -> Point:
    """Return p + q (RFC 8032, 5.1.4; the formula is complete: it also doubles)."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar: int, point: Point) -> Point:
    """Return [scalar] point."""
    found = _NEUTRAL
    for bit in f"{scalar:b}":
        found = _sum(found, found)
        if bit == "1":
            found = _sum(found, point)
    return found


def _same(p: Point, q: Point) -> bool:
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def _small(point: Point) -> bool:
    """Return whether [8] point is the neutral element."""
    return _same(_times(8, point), _NEUTRAL)
