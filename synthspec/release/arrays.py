"""Arrays on disk: .npz whose bytes depend on the arrays only; nothing in it can run code."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_EPOCH = (1980, 1, 1, 0, 0, 0)


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


def unpack(content: bytes) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of an .npz file; a ValueError or zip error when it holds anything else."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
