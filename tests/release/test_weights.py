"""Weights on disk are safetensors: any reader of the format gets the same arrays."""

from __future__ import annotations

import json

import numpy as np
import pytest

from synthspec.release.reading import Unreadable
from synthspec.release.weights import pack_weights, unpack_weights

ARRAYS = {
    "1/net/out.3.weight": np.arange(12, dtype=np.float32).reshape(3, 4),
    "1/net/bias": np.zeros(0, dtype=np.float32),
    "0/net/masses": np.array([0.25, 0.75]),
}


def test_weights_come_back_as_they_were() -> None:
    found = unpack_weights(pack_weights(ARRAYS))
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_the_library_of_the_format_reads_and_writes_the_same() -> None:
    library = pytest.importorskip("safetensors.numpy")
    found = library.load(pack_weights(ARRAYS))
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
    again = unpack_weights(library.save({name: array.copy() for name, array in ARRAYS.items()}))
    assert all(np.array_equal(again[name], array) for name, array in ARRAYS.items())


@pytest.mark.parametrize("cut", [0, 4, 9, 60, -1])
def test_what_is_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(ValueError):
        unpack_weights(pack_weights(ARRAYS)[:cut])


def test_objects_are_refused() -> None:
    with pytest.raises(ValueError):
        pack_weights({"net/x": np.array([object()])})


def test_weights_that_share_their_place_are_refused_before_they_fill_the_memory() -> None:
    """A header of 100,000 names over one megabyte would be a hundred gigabytes."""
    one = {"dtype": "F32", "shape": [250], "data_offsets": [0, 1000]}
    header = json.dumps({f"net/{at}": one for at in range(3)}).encode()
    with pytest.raises(Unreadable, match="share their place"):
        unpack_weights(len(header).to_bytes(8, "little") + header + bytes(1000))
