from __future__ import annotations

import errno
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from synthspec.errors import GateError, ReleaseError
from synthspec.release import bundle
from synthspec.release.arrays import pack, unpack
from synthspec.release.bundle import attach, data_path, read_manifest, read_release, write_release
from synthspec.release.release import Release
from tests.release.example import empty, frame_rows, release


@pytest.fixture(scope="module")
def example() -> Release:
    return release()


@pytest.fixture
def rows() -> pl.DataFrame:
    return pl.DataFrame(frame_rows())


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_release_reads_back_as_it_was_written(tmp_path: Path, example: Release, rows: pl.DataFrame) -> None:
    folder = write_release(tmp_path / "stays", example, rows)
    back = read_release(folder)
    assert back.events == example.events
    assert back.columns == example.columns
    assert back.fit == example.fit
    assert back.assessments == example.assessments
    assert back.certificate == example.certificate
    assert back.ledger == example.ledger
    assert back.claim == example.claim
    assert back.plan.ops == example.plan.ops
    for a, b in zip(back.measurements, example.measurements, strict=True):
        assert (a.event, a.group, a.stddev, a.attributes) == (b.event, b.group, b.stddev, b.attributes)
        assert np.array_equal(a.values, b.values)
        assert [x.identity() for x in a.axes] == [x.identity() for x in b.axes]
    for saved, model in zip(back.models, example.models, strict=True):
        assert saved.facts == model.facts
        assert {k: v.tolist() for k, v in saved.arrays.items()} == {
            k: v.tolist() for k, v in model.arrays.items()
        }
    assert pl.read_parquet(data_path(folder)).equals(rows)
    assert [entry.name for entry in back.files] == sorted(
        name for name in contents(folder) if name != "manifest.json"
    )


def test_an_empty_release_reads_back(tmp_path: Path, rows: pl.DataFrame) -> None:
    for i, nothing in enumerate((empty(), empty(private=True))):
        back = read_release(write_release(tmp_path / str(i), nothing, rows))
        assert back.events == () and back.claim == nothing.claim


def test_the_same_release_has_the_same_bytes_in_any_folder(
    tmp_path: Path, example: Release, rows: pl.DataFrame
) -> None:
    first = write_release(tmp_path / "a" / "one", example, rows)
    second = write_release(tmp_path / "another", example, rows)
    assert contents(first) == contents(second)


def test_no_place_on_the_operators_machine_is_written(
    tmp_path: Path, example: Release, rows: pl.DataFrame
) -> None:
    folder = write_release(tmp_path / "stays", example, rows)
    for name, content in contents(folder).items():
        assert b"/home/ana" not in content, name
        assert str(tmp_path).encode() not in content, name
    assert read_release(folder).plan.source is not None
    assert b"stays.csv" in (folder / "plan.json").read_bytes()


def test_the_spec_in_a_release_names_no_place_either(tmp_path: Path, rows: pl.DataFrame) -> None:
    """`--source` writes the operator's path into the text that is parsed; the release shows its last name."""
    one = empty(private=True)
    assert one.plan.source is not None
    path = "/home/ana/ward 7/stays.csv"
    plan = one.plan.model_copy(
        update={
            "source": one.plan.source.model_copy(update={"path": path}),
            "spec_text": f"spec: 1\nsource: {path}\n",
        }
    )
    folder = write_release(tmp_path / "out", replace(one, plan=plan), rows)
    assert (folder / "spec.yaml").read_text() == "spec: 1\nsource: stays.csv\n"
    for name, content in contents(folder).items():
        assert b"/home/ana" not in content, name


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_rows_are_written_in_the_format_asked_for(tmp_path: Path, rows: pl.DataFrame, form: str) -> None:
    one = empty()
    asked = replace(one, plan=one.plan.model_copy(update={"format": form}))
    file = tmp_path / "rows.parquet"
    rows.write_parquet(file)
    for data in (rows, file):
        folder = write_release(tmp_path / f"{form}-{isinstance(data, Path)}", asked, data)
        path = folder / f"synthetic.{form}"
        assert (pl.read_csv(path) if form == "csv" else pl.read_parquet(path)).equals(rows)
        read_release(folder)


def test_a_folder_in_use_is_left_alone(tmp_path: Path, rows: pl.DataFrame) -> None:
    folder = write_release(tmp_path / "stays", empty(), rows)
    before = contents(folder)
    with pytest.raises(ReleaseError, match="Q601: `stays` already holds a release"):
        write_release(folder, empty(private=True), rows)
    other = tmp_path / "notes"
    other.mkdir()
    (other / "mine.txt").write_text("mine")
    for again in (False, True):
        with pytest.raises(ReleaseError, match="Q601: `notes` is not empty"):
            write_release(other, empty(), rows, replace=again)
    assert contents(folder) == before
    assert contents(other) == {"mine.txt": b"mine"}


def test_an_older_release_is_replaced_only_when_told(tmp_path: Path, rows: pl.DataFrame) -> None:
    folder = write_release(tmp_path / "stays", empty(), rows)
    write_release(folder, empty(private=True), rows, replace=True)
    assert read_release(folder).claim is not None
    assert [path.name for path in tmp_path.iterdir()] == ["stays"]


def test_an_empty_folder_may_be_filled(tmp_path: Path, rows: pl.DataFrame) -> None:
    (tmp_path / "stays").mkdir()
    read_release(write_release(tmp_path / "stays", empty(), rows))


class FullDisk:
    """A frame that cannot be written."""

    def write_parquet(self, path: Path) -> None:
        path.write_bytes(b"PAR1")
        raise OSError(errno.ENOSPC, "No space left on device", str(path))


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"Q602: .*no space left") as caught:
        write_release(tmp_path / "stays", empty(), FullDisk())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
    assert caught.value.__cause__ is None


def test_an_interrupted_write_leaves_nothing_behind(tmp_path: Path) -> None:
    class Interrupted:
        def write_parquet(self, path: Path) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_release(tmp_path / "stays", empty(), Interrupted())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_parent_that_is_a_file_is_a_readable_error(tmp_path: Path, rows: pl.DataFrame) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReleaseError, match="Q602"):
        write_release(tmp_path / "file" / "stays", empty(), rows)


@pytest.mark.parametrize(
    "name",
    sorted(
        p
        for p in (
            "plan.json",
            "columns.json",
            "ledger.json",
            "measurements.json",
            "measurements.npz",
            "models.json",
            "models.npz",
            "fit.json",
            "evaluation.json",
            "rules.json",
            "spec.yaml",
            "synthetic.parquet",
        )
    ),
)
def test_a_changed_or_missing_file_is_found(
    tmp_path: Path, example: Release, rows: pl.DataFrame, name: str
) -> None:
    folder = write_release(tmp_path / "stays", example, rows)
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(GateError, match=f"Q604: `{name}`"):
        read_release(folder)
    (folder / name).unlink()
    with pytest.raises(GateError, match=f"Q604: `{name}`"):
        read_release(folder)


def forge(folder: Path, name: str, change: object) -> None:
    """Change a JSON part and mend the manifest, as somebody would who means it."""
    assert callable(change)
    tree = json.loads((folder / name).read_bytes())
    change(tree)
    (folder / name).write_text(json.dumps(tree))
    manifest = read_manifest(folder)
    old = next(entry for entry in manifest.files if entry.name == name)
    entry = bundle.entry_of(folder / name, old.media_type, old.class_)
    (folder / "manifest.json").write_bytes(bundle._manifest_bytes(manifest.with_file(entry)))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("ledger.json", lambda tree: tree["claim"].update(epsilon=0.1)),
        ("ledger.json", lambda tree: tree["claim"]["cost"].update(mu2=1)),
        ("ledger.json", lambda tree: tree["events"].pop(3)),
        ("ledger.json", lambda tree: tree["events"][3]["cost"].update(mu2=10**18)),
        ("ledger.json", lambda tree: tree["events"].append(dict(tree["events"][0]))),
        ("ledger.json", lambda tree: tree["ledger"].update(day="2026-11-21T10:11:12")),
        ("measurements.json", lambda tree: tree[0]["axes"][0].update(size=7)),
        ("measurements.json", lambda tree: tree.append(tree[0])),
        ("plan.json", lambda tree: tree["ops"][3]["cost"].update(mu2=1)),
        ("rules.json", lambda tree: tree.update(rows=-1)),
        ("models.json", lambda tree: tree[0].pop("facts")),
    ],
)
def test_parts_that_contradict_each_other_are_refused(
    tmp_path: Path, example: Release, rows: pl.DataFrame, name: str, change: object
) -> None:
    folder = write_release(tmp_path / "stays", example, rows)
    forge(folder, name, lambda tree: None)
    read_release(folder)
    forge(folder, name, change)
    with pytest.raises(GateError, match="Q605"):
        read_release(folder)


def test_a_folder_without_a_manifest_is_no_release(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ReleaseError, match="Q603"):
            read_release(folder)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 100_000])
def test_a_manifest_that_is_none_is_a_readable_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(GateError, match="Q605"):
        read_release(tmp_path)


@pytest.mark.parametrize("name", ["../evil", "a/b", "/etc/passwd", ".hidden", "manifest.json", ""])
def test_a_manifest_can_name_plain_files_only(tmp_path: Path, rows: pl.DataFrame, name: str) -> None:
    folder = write_release(tmp_path / "stays", empty(), rows)
    tree = json.loads((folder / "manifest.json").read_bytes())
    tree["files"][0]["name"] = name
    (folder / "manifest.json").write_text(json.dumps(tree))
    with pytest.raises(GateError, match="Q605"):
        read_release(folder)


def test_a_link_is_not_followed(tmp_path: Path, rows: pl.DataFrame) -> None:
    folder = write_release(tmp_path / "stays", empty(), rows)
    outside = tmp_path / "fit.json"
    (folder / "fit.json").rename(outside)
    (folder / "fit.json").symlink_to(outside)
    with pytest.raises(GateError, match="Q604"):
        read_release(folder)


def test_a_report_can_be_added_and_is_then_checked_too(tmp_path: Path, rows: pl.DataFrame) -> None:
    folder = write_release(tmp_path / "stays", empty(), rows)
    attach(folder, "report.html", b"<p>one", "text/html", "B")
    attach(folder, "report.html", b"<p>two", "text/html", "B")
    assert "report.html" not in {entry.name for entry in read_release(folder).files}
    (folder / "report.html").write_bytes(b"<p>three")
    with pytest.raises(GateError, match=r"Q604: `report\.html`"):
        read_release(folder)
    with pytest.raises(ValueError, match="only reports"):
        attach(folder, "plan.json", b"{}", "application/json", "S")


def test_a_report_that_cannot_be_written_leaves_the_release_and_says_so(
    tmp_path: Path, rows: pl.DataFrame
) -> None:
    folder = write_release(tmp_path / "stays", empty(), rows)
    (folder / ".report.html.partial").mkdir()
    with pytest.raises(ReleaseError, match=r"Q602: `report\.html` cannot be written into `stays`") as refused:
        attach(folder, "report.html", b"<p>one", "text/html", "B")
    assert refused.value.diagnostics[0].notes == ("the release itself is there and stands",)


def test_no_array_with_objects_is_written_or_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        pack({"a": np.array([{}], dtype=object)})
    assert unpack(pack({"a": np.arange(3), "b/c": np.ones((2, 2))}))["b/c"].shape == (2, 2)


def test_no_clock_is_in_packed_arrays() -> None:
    packed = zipfile.ZipFile(io.BytesIO(pack({"a": np.arange(3)})))
    assert {member.date_time for member in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
