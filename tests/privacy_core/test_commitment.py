"""The commitment to a source: tied to each byte, blind to names and order, worthless without its key."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from synthspec.privacy.commitment import Commitment

KEY, OTHER = bytes(range(32)), bytes(32)


def written(folder: Path, *contents: bytes) -> list[Path]:
    """Write files and return their places."""
    paths = [folder / f"part-{number}.csv" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


def test_it_is_what_its_docstring_says(tmp_path: Path) -> None:
    paths = written(tmp_path, b"a,b\n1,2\n", b"")
    parts = sorted(hmac.new(KEY, b"file\n" + p.read_bytes(), hashlib.sha256).digest() for p in paths)
    expected = hmac.new(KEY, b"source\n" + b"".join(parts), hashlib.sha256).hexdigest()
    assert Commitment.of(KEY, paths).value == expected


def test_names_and_order_do_not_count_and_copies_do(tmp_path: Path) -> None:
    one, two = written(tmp_path, b"1", b"2")
    renamed = tmp_path / "zzz.csv"
    renamed.write_bytes(b"1")
    made = Commitment.of(KEY, [one, two])
    assert made.opens(KEY, [two, renamed])
    assert not made.opens(KEY, [one])
    assert not made.opens(KEY, [one, two, two])


def test_every_byte_counts(tmp_path: Path) -> None:
    content = b"id,age\n7,81\n8,44\n"
    (path,) = written(tmp_path, content)
    made = Commitment.of(KEY, [path])
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert not made.opens(KEY, [path])
    path.write_bytes(content + b"\n")
    assert not made.opens(KEY, [path])


def test_where_a_file_ends_counts(tmp_path: Path) -> None:
    parted = Commitment.of(KEY, written(tmp_path, b"ab", b"c"))
    assert not parted.opens(KEY, written(tmp_path, b"a", b"bc"))
    assert not parted.opens(KEY, written(tmp_path, b"abc"))
    assert not parted.opens(KEY, [])


def test_without_its_key_it_is_no_test_of_a_candidate(tmp_path: Path) -> None:
    paths = written(tmp_path, b"7,81\n")
    made = Commitment.of(KEY, paths)
    assert not made.opens(OTHER, paths)
    assert made.value not in {hashlib.sha256(b"7,81\n").hexdigest(), Commitment.of(OTHER, paths).value}


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_a_key_has_32_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Commitment.of(bytes(size), [])
