"""Arrays on disk: .npz whose bytes depend on the arrays only; nothing in it can run code."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from math import prod

import numpy as np
from numpy.typing import NDArray

from synthspec.release.reading import Unreadable

_EPOCH = (1980, 1, 1, 0, 0, 0)
MOST_BYTES = 1 << 31
"""Unpacked, where no other bound is known."""
MOST_ARRAYS = 1_000_000


def pack(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Return `arrays` as an .npz file: names sorted, fixed times, no object arrays.

    Raises:
        ValueError: when an array holds objects.
    """
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name in sorted(arrays):
            one = io.BytesIO()
            np.lib.format.write_array(one, np.asarray(arrays[name], order="C"), allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy", date_time=_EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            archive.writestr(member, one.getvalue())
    return whole.getvalue()


def unpack(content: bytes, most: int = MOST_BYTES) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of an .npz file.

    A few kilobytes can unpack to anything, so sizes are told from the table of contents, before a byte is
    unpacked, and again from each array's head, before room is made for it.

    Args:
        content: the file.
        most: bytes that it may have unpacked.

    Raises:
        Unreadable: when it is larger, or holds anything but plain arrays, each once.
        ValueError, EOFError, BadZipFile: when it is no .npz file.
    """
    found: dict[str, NDArray[np.generic]] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        names = {member.filename for member in members}
        if len(members) > MOST_ARRAYS or sum(member.file_size for member in members) > most:
            raise Unreadable("an archive of arrays is too large once unpacked")
        if len(names) < len(members) or not all(name.endswith(".npy") for name in names):
            raise Unreadable("an archive holds something else than arrays, each once")
        for member in members:
            found[member.filename.removesuffix(".npy")] = _array(archive.read(member))
    return found


def _array(content: bytes) -> NDArray[np.generic]:
    """Return the array of a .npy file, of exactly the bytes that its head promises."""
    head = io.BytesIO(content)
    if np.lib.format.read_magic(head) != (1, 0):
        raise Unreadable("an array is written in another way")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(head)
    if dtype.hasobject or fortran or dtype.kind not in "iufb":
        raise Unreadable("an array holds something else than numbers")
    if any(size < 0 for size in shape) or prod(shape) * dtype.itemsize != len(content) - head.tell():
        raise Unreadable("an array is shorter or longer than it says")
    return np.frombuffer(content, dtype=dtype, offset=head.tell()).reshape(shape).copy()
