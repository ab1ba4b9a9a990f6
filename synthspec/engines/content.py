"""The keyed hash of a row's own content, which ranks the rows of one unit.

Every value becomes a cell of 16 bytes; a row's rank is BLAKE2b-128 of its cells under a fresh secret
key. Rows with equal hashes are identical in every field, so which of them stays cannot be told.
The unit's own value is among the fields: equal contents rank differently in different units.

Source: ours; PRIVACY 1 (stable truncation). Hash: RFC 7693.
"""

from __future__ import annotations

import hashlib
import struct

import numpy as np
from numpy.typing import NDArray

from synthspec.engines.cells import Physical

KEY_BYTES = 32
NULL = b"\x00" * 16
BAD = b"\x01" + b"\x00" * 15
NUMBER, TEXT = 2, 3


def cell(value: Physical | None, bad: bool) -> bytes:
    """Return the 16 bytes of one value."""
    if value is None:
        return BAD if bad else NULL
    if isinstance(value, str):
        return (
            bytes((TEXT,)) + hashlib.blake2b(value.encode("utf-8", "surrogatepass"), digest_size=15).digest()
        )
    number = struct.pack("<d", value) if isinstance(value, float) else struct.pack("<q", int(value))
    return bytes((NUMBER,)) + number + b"\x00" * 7


def row_hash(cells: bytes, key: bytes) -> bytes:
    """Return the 16 bytes by which a row is ranked."""
    return hashlib.blake2b(cells, digest_size=16, key=key).digest()


def number_cells(
    values: NDArray[np.generic], null: NDArray[np.bool_], bad: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Return the cells of int64 or float64 `values`, shape (rows, 16)."""
    out = np.zeros((len(values), 16), dtype=np.uint8)
    out[:, 0] = NUMBER
    out[:, 1:9] = np.ascontiguousarray(values).view(np.uint8).reshape(-1, 8)
    out[null] = 0
    out[bad, 0] = 1
    return out


def text_cells(codes: NDArray[np.int64], words: list[str], null: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the cells of the texts `words[codes]`, shape (rows, 16)."""
    kind, blake2b = bytes((TEXT,)), hashlib.blake2b  # as `cell` does, without its calls
    known = [kind + blake2b(word.encode("utf-8", "surrogatepass"), digest_size=15).digest() for word in words]
    table = np.frombuffer(b"".join(known) or NULL, dtype=np.uint8).reshape(-1, 16)
    out = table[np.where(null, 0, codes)]
    out[null] = 0
    return out


def hashes(cells: NDArray[np.uint8], key: bytes) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the hashes of the rows of `cells` as high and low words, each of shape (rows,)."""
    width = cells.shape[1]
    flat = np.ascontiguousarray(cells).tobytes()
    keyed = hashlib.blake2b(digest_size=16, key=key)  # a copy has taken in the key: three times as fast
    found = []
    for i in range(0, len(flat), width):
        state = keyed.copy()
        state.update(flat[i : i + width])
        found.append(state.digest())
    words = np.frombuffer(b"".join(found), dtype=">u8").astype(np.uint64).reshape(-1, 2)
    return words[:, 0], words[:, 1]
