"""Marks: what stands for a row's unit while rows are dealt to processes.

A unit's mark is 127 bits of BLAKE2b of its value under the fresh secret key of the view; a row without a
unit is one by itself, and has a number in the other half of the marks, so that it meets nobody.

Source: ours. Hash: RFC 7693.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

ALONE = np.uint64(1 << 63)
"""Set in the first word of a row without a unit."""


def marks(units: pl.Series, key: bytes, alone: int) -> NDArray[np.uint64]:
    """Return the marks of rows with these units, shape (rows, 2).

    Args:
        units: text, null for a row without a unit.
        key: secret.
        alone: how many rows without a unit came before these.
    """
    null = units.is_null().to_numpy()
    found = np.zeros((len(units), 2), dtype=np.uint64)
    found[null, 0] = ALONE
    found[null, 1] = np.arange(alone, alone + int(null.sum()), dtype=np.uint64)
    named = units.drop_nulls()
    if len(named):
        keyed, marked = hashlib.blake2b(digest_size=16, key=key, person=b"unit"), []
        for unit in named.unique().sort().to_list():
            state = keyed.copy()  # with the key taken in already
            state.update(unit.encode("utf-8", "surrogatepass"))
            marked.append(state.digest())
        kinds = b"".join(marked)
        words = np.frombuffer(kinds, dtype=">u8").astype(np.uint64).reshape(-1, 2)
        words[:, 0] &= ~ALONE
        found[~null] = words[named.rank("dense").to_numpy().astype(np.int64) - 1]
    return found
