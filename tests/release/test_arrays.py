"""Arrays of a release: written and read the same; what is larger, other, or stands twice is refused early."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from synthspec.release.arrays import pack, unpack
from synthspec.release.reading import Unreadable


def packed(members: list[tuple[str, bytes]]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return whole.getvalue()


def head(shape: tuple[int, ...], descr: str = "<i8", *, fortran: bool = False) -> bytes:
    out = io.BytesIO()
    facts = {"descr": descr, "fortran_order": fortran, "shape": shape}
    np.lib.format.write_array_header_1_0(out, facts)
    return out.getvalue()


def test_what_was_packed_is_unpacked_the_same() -> None:
    arrays = {
        "0/values": np.arange(6, dtype=np.int64).reshape(2, 3),
        "a": np.array([0.5, 1.5]),
        "b": np.array([True]),
        "c": np.zeros((0, 3), dtype=np.float32),
    }
    found = unpack(pack(arrays))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and np.array_equal(found[name], array)
        found[name][...] = 0  # writeable, as what numpy loads


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    """300 KB that unpack to 300 MB; the table of contents tells."""
    bomb = packed([("a.npy", head((37_500_000,)) + bytes(300_000_000))])
    assert len(bomb) < 1_000_000
    tracemalloc.start()
    with pytest.raises(Unreadable, match="too large"):
        unpack(bomb, most=1_000_000)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1_000_000


@pytest.mark.parametrize(
    "members",
    [
        [("a.npy", head((1 << 40,)) + bytes(80))],
        [("a.npy", head((2,)) + bytes(8))],
        [("a.npy", head((2,)) + bytes(24))],
        [("a.npy", head((1,), "|O") + bytes(8))],
        [("a.npy", head((2, 2), fortran=True) + bytes(32))],
        [("a.txt", b"text")],
    ],
)
def test_an_array_of_other_bytes_than_its_head_promises_is_refused(members: list[tuple[str, bytes]]) -> None:
    with pytest.raises((Unreadable, ValueError)):
        unpack(packed(members))


def test_two_arrays_of_one_name_are_refused() -> None:
    one = head((1,)) + bytes(8)
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = packed([("a.npy", one), ("a.npy", one)])
    with pytest.raises(Unreadable, match="each once"):
        unpack(twice)
