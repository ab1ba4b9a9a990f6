"""Rows in a folder: the same rows whoever draws them, whole after any crash, and never of two requests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import synthspec as ss
from synthspec.api.parted import Progress
from synthspec.draw.partition import PART
from synthspec.draw.parts import LINES, MANIFEST, part_name
from synthspec.errors import ReleaseError, SamplingError, SpecError, SynthspecError

ROOT = Path(__file__).parents[2]
ROWS = 2 * PART + 1_000
SPEC = """
spec: 1
name: parted
columns:
  who: id
  age: int 0..9
  ward: [medicine, surgery, icu]
  mark: int 0..9_999_999
rules:
  no-young-icu: ward <> 'icu' OR age >= 2
sample:
  rows: 300
  seed: 5
  scenarios:
    balanced: {rebalance: {ward: {medicine: 0.5, icu: 0.5}}, rows: 100}
    old: {where: age > 5, rows: 200}
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> ss.Release:
    """Return a release of public parts only: nothing is charged for it."""
    return ss.Spec.of(SPEC, "parted.yaml").plan().train(out=tmp_path_factory.mktemp("release") / "rel")


@pytest.fixture(scope="module")
def full(release: ss.Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that one process filled."""
    folder = tmp_path_factory.mktemp("rows") / "full"
    seen: list[Progress] = []
    found = release.sample_into(folder, ROWS, show=seen.append)
    assert (found.rows, found.parts, found.certificate.violations) == (ROWS, 3, 0)
    assert [now.rows for now in seen] == [0, PART, 2 * PART, ROWS]
    assert seen[-1].left == 0 and seen[1].rate > 0 and seen[1].left is not None
    return folder


def parts(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every part."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.parquet"))}


def test_a_folder_holds_the_rows_of_one_file(release: ss.Release, full: Path) -> None:
    assert_frame_equal(pl.read_parquet(full / "*.parquet"), release.sample(ROWS))
    assert pl.read_parquet(full / "*.parquet")["who"].n_unique() == ROWS


def test_many_processes_write_the_bytes_of_one(release: ss.Release, full: Path, tmp_path: Path) -> None:
    found = release.sample_into(tmp_path / "two", ROWS, processes=2)
    assert parts(found.folder) == parts(full)
    assert found.certificate.rows == ROWS and found.certificate.engine


def test_a_crash_at_any_moment_is_made_good(release: ss.Release, full: Path, tmp_path: Path) -> None:
    """Every state that a crash can leave: torn lines, parts without a line, parts half-written aside."""

    def torn(folder: Path) -> None:
        lines = (folder / LINES).read_bytes()
        (folder / LINES).write_bytes(lines[: lines.rindex(b"\n", 0, -1) + 40])

    def aside(folder: Path) -> None:
        (folder / part_name(1)).rename(folder / ".part-00001-77.parquet")

    def nothing_yet(folder: Path) -> None:
        for path in folder.glob("*part*"):
            path.unlink()

    def changed(folder: Path) -> None:
        shutil.copyfile(folder / part_name(0), folder / part_name(1))

    crashes: tuple[tuple[Callable[[Path], None], int], ...]
    crashes = ((torn, 2), (aside, 2), (nothing_yet, 0), (changed, 2))
    for crash, before in crashes:
        folder = tmp_path / crash.__name__
        shutil.copytree(full, folder)
        crash(folder)
        found = release.sample_into(folder, ROWS)
        assert found.before == before, crash.__name__
        assert found.changed == ((1,) if crash is changed else ())
        assert parts(folder) == parts(full), crash.__name__
        assert found.certificate.rows == ROWS
        assert {path.name for path in folder.iterdir()} == {*parts(full), MANIFEST, LINES}
        assert release.sample_into(folder, ROWS).before == 3, "every part has its line now"


def test_a_full_folder_says_so_and_draws_nothing(release: ss.Release, full: Path) -> None:
    stamp = (full / part_name(0)).stat().st_mtime_ns
    found = release.sample_into(full, ROWS)
    assert any("nothing was drawn" in line for line in found.lines())
    assert (full / part_name(0)).stat().st_mtime_ns == stamp


@pytest.mark.parametrize(
    "other", [{"rows": ROWS + 1}, {"rows": ROWS, "seed": 6}, {"rows": ROWS, "where": "age > 1"}]
)
def test_other_rows_are_refused(release: ss.Release, full: Path, other: dict[str, object]) -> None:
    before = parts(full)
    with pytest.raises(ReleaseError) as caught:
        release.sample_into(full, **other)  # type: ignore[arg-type]
    assert caught.value.code == "Q650"
    assert parts(full) == before


def test_a_folder_with_anything_else_in_it_is_refused(release: ss.Release, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for folder in (tmp_path, release.folder):
        with pytest.raises(ReleaseError, match="Q650"):
            release.sample_into(folder, 10)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_of_other_rows_beside_the_parts_is_refused(release: ss.Release, tmp_path: Path) -> None:
    release.sample_into(tmp_path / "rows", 10)
    shutil.copyfile(tmp_path / "rows" / part_name(0), tmp_path / "rows" / part_name(1))
    with pytest.raises(ReleaseError, match="Q650"):
        release.sample_into(tmp_path / "rows", 10)


def test_two_writers_never_share_a_folder(release: ss.Release, tmp_path: Path) -> None:
    codes: list[str] = []

    def meanwhile(_: Progress) -> None:
        with pytest.raises(ReleaseError) as caught:
            release.sample_into(tmp_path / "rows", 10)
        codes.append(caught.value.code)

    release.sample_into(tmp_path / "rows", 10, show=meanwhile)
    assert codes == ["Q651", "Q651"]


def test_a_condition_holds_in_every_part(release: ss.Release, tmp_path: Path) -> None:
    found = release.sample_into(tmp_path / "old", scenario="old", where="ward = 'icu'")
    rows = pl.read_parquet(tmp_path / "old" / "*.parquet")
    assert rows.height == 200
    assert rows["age"].min() == 6 and set(rows["ward"]) == {"icu"}
    assert any("probability of the condition" in line for line in found.lines())
    assert_frame_equal(rows, release.sample(scenario="old", where="ward = 'icu'"))


def test_no_rows_are_a_part_with_their_columns(release: ss.Release, tmp_path: Path) -> None:
    assert release.sample_into(tmp_path / "none", 0).rows == 0
    assert pl.read_parquet(tmp_path / "none" / "*.parquet").columns == ["who", "age", "ward", "mark"]


def test_what_looks_at_all_rows_is_not_drawn_in_parts(release: ss.Release, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="S161"):
        release.sample_into(tmp_path / "a", scenario="balanced")
    keyed = SPEC.replace("  no-young-icu", "  one-each: {unique: [mark]}\n  no-young-icu")
    with pytest.raises(SamplingError, match="G458"):
        release.sample_into(tmp_path / "b", ROWS, spec=ss.Spec.of(keyed, "parted.yaml"))
    assert not (tmp_path / "b").exists()
    told = SPEC.replace("  no-young-icu", "  one-each: {determines: [ward], by: [age]}\n  no-young-icu")
    plain = ss.Spec.of(told, "parted.yaml").plan().train(out=tmp_path / "rel")
    found = plain.sample_into(tmp_path / "c", ROWS)
    assert any("different parts were not compared for `one-each`" in line for line in found.lines())


def test_a_drawer_that_ends_early_is_told(
    release: ss.Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("true"))
    with pytest.raises(ReleaseError, match="Q652"):
        release.sample_into(tmp_path / "rows", ROWS, processes=2)
    monkeypatch.undo()
    assert release.sample_into(tmp_path / "rows", ROWS).before == 0


@pytest.mark.slow
def test_what_a_drawer_refuses_is_told_as_it_was(release: ss.Release, tmp_path: Path) -> None:
    """A release that changes between the first process and the others."""
    copy = tmp_path / "rel"
    shutil.copytree(release.folder, copy)

    def spoil(_: Progress) -> None:
        (copy / "models.npz").unlink(missing_ok=True)
        (copy / "plan.json").unlink(missing_ok=True)

    with pytest.raises(SynthspecError) as caught:
        ss.load_release(copy).sample_into(tmp_path / "rows", ROWS, processes=2, show=spoil)
    assert caught.value.code == "Q604"


@pytest.mark.skipif(os.name != "posix", reason="limits of files are POSIX's")
def test_a_full_disk_leaves_whole_parts_and_a_way_on(release: ss.Release, full: Path, tmp_path: Path) -> None:
    size = len(parts(full)[part_name(0)])
    code = (
        "import resource, sys; from synthspec.cli.main import run\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size // 2}, {size // 2}))\n"
        f"sys.exit(run(['sample', sys.argv[1], '-n', '{ROWS}', '-o', 'rows/']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(release.folder)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1 and "S150" in done.stderr and "0 of 3 parts" in done.stderr
    assert {path.name for path in (tmp_path / "rows").iterdir()} == {MANIFEST}
    release.sample_into(tmp_path / "rows", ROWS)
    assert parts(tmp_path / "rows") == parts(full)
