from __future__ import annotations

from pathlib import Path

import pytest

from synthspec.release.aside import aside_of


def test_what_a_crash_left_is_removed_and_what_is_in_use_stays(tmp_path: Path) -> None:
    left, other = tmp_path / ".rel.abc.partial", tmp_path / ".rel2.abc.partial"
    for folder in (left, other):
        folder.mkdir()
        (folder / "synthetic.parquet").write_text("half")
    with aside_of(tmp_path / "rel") as mine:
        assert not left.exists()
        with aside_of(tmp_path / "rel") as second:
            assert mine.is_dir() and second.is_dir() and mine != second
    assert sorted(tmp_path.iterdir()) == [other]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with aside_of(tmp_path / "rel") as mine:
            (mine / "x").touch()
            raise OSError

    with pytest.raises(OSError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_looks_like_a_pattern_matches_itself_only(tmp_path: Path) -> None:
    (tmp_path / ".rel.abc.partial").mkdir()
    with aside_of(tmp_path / "re[l]"):
        assert (tmp_path / ".rel.abc.partial").is_dir()
