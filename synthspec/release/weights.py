"""Weights on disk: the safetensors format, written and read without torch; nothing in it can run code.

A header of JSON after its length in 8 bytes (little endian), then the arrays' bytes in C order.

Source: the format's description, huggingface/safetensors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthspec.release.reading import Unreadable, parsed

KINDS: Mapping[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8"), "I64": np.dtype("<i8")}
MOST_HEADER = 100_000_000


def pack_weights(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Return `arrays` as safetensors, names sorted; a function of the arrays only.

    Raises:
        ValueError: for an array of another type than float32, float64 or int64.
    """
    names = {kind: name for name, kind in KINDS.items()}
    header: dict[str, object] = {}
    parts: list[bytes] = []
    place = 0
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        kind = array.dtype.newbyteorder("<")
        if kind not in names:
            raise ValueError(f"weights of type {array.dtype} cannot be saved")
        data = np.ascontiguousarray(array, dtype=kind).tobytes()
        header[name] = {
            "dtype": names[kind],
            "shape": list(array.shape),
            "data_offsets": [place, place + len(data)],
        }
        parts.append(data)
        place += len(data)
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(parts)


def unpack_weights(content: bytes) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of a safetensors file.

    Raises:
        ValueError: when the content is none.
    """
    length = int.from_bytes(content[:8], "little")
    if not 2 <= length <= min(len(content) - 8, MOST_HEADER):
        raise ValueError("no safetensors: its header is cut off")
    header, data = parsed(content[8 : 8 + length]), content[8 + length :]
    found: dict[str, NDArray[np.generic]] = {}
    room = len(data)
    for name, facts in header.items():
        if name == "__metadata__":
            continue
        kind, shape = KINDS.get(facts["dtype"]), [int(size) for size in facts["shape"]]
        start, stop = (int(at) for at in facts["data_offsets"])
        if kind is None or not 0 <= start <= stop <= len(data) or stop - start != prod(shape) * kind.itemsize:
            raise ValueError(f"no safetensors: `{name}` does not fit its place")
        room -= stop - start
        if room < 0:
            raise Unreadable("weights share their place: together they are larger than their file")
        found[str(name)] = np.frombuffer(data[start:stop], dtype=kind).reshape(shape).copy()
    return found
