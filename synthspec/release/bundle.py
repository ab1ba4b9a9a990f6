"""Bundle: a release folder, written aside and renamed whole, read with every digest checked."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace as replace_fields
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from synthspec.errors import GateError, ReleaseError
from synthspec.release.aside import aside_of
from synthspec.release.manifest import NAME, Class, FileEntry, Manifest, digest_of, entry_of
from synthspec.release.release import Release
from synthspec.release.stored import dump, load, to_json

if TYPE_CHECKING:
    import polars as pl

DATA = "synthetic"
MEDIA: Final = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv"}
REPORTS: Final = ("report.json", "report.html")


def write_release(
    folder: Path,
    release: Release,
    data: Path | pl.DataFrame,
    *,
    replace: bool = False,
    further: Mapping[str, Path] = MappingProxyType({}),
) -> Path:
    """Write a release folder, or nothing.

    Everything is written into a new folder beside `folder`, flushed to disk and renamed; on any
    failure that folder is removed.

    Args:
        folder: where it shall lie; must not exist, or be empty, or (with `replace`) hold a release.
        release: what goes in; absolute paths in its plan are cut.
        data: the rows: a frame, or a finished Parquet file (or CSV, where no other format is asked for).
        replace: put it in the place of an older release.
        further: finished files of scenarios, by the names they shall have.

    Returns:
        `folder`.

    Raises:
        ReleaseError: Q601, Q602.
    """
    refuse_occupied(folder, replace=replace)
    with _writable(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with aside_of(folder) as aside:
            _fill(aside, release, data, further)
            aside.chmod(0o755)
            _move(aside, folder, replace=replace)
    return folder


def read_release(folder: Path) -> Release:
    """Return the release in `folder`, after checking every file against the manifest.

    Raises:
        ReleaseError: Q603, when there is no release.
        GateError: Q604, when a file is missing or has changed; Q605, when the parts do not agree.
    """
    manifest = read_manifest(folder)
    contents: dict[str, bytes] = {}
    for entry in manifest.files:
        path = folder / entry.name
        if path.is_symlink() or not path.is_file():
            raise GateError("Q604", f"`{entry.name}` is missing from the release", helps=_AGAIN)
        if digest_of(path) != (entry.bytes, entry.sha256):
            raise GateError("Q604", f"`{entry.name}` is not the file that the manifest names", helps=_AGAIN)
        if path.suffix in (".json", ".npz", ".safetensors"):
            contents[entry.name] = path.read_bytes()
    try:
        files = tuple(entry for entry in manifest.files if entry.name not in REPORTS)
        return replace_fields(load(contents), files=files)
    except (KeyError, TypeError, ValueError, RecursionError, zipfile.BadZipFile, EOFError) as error:
        raise GateError(
            "Q605",
            "the parts of the release do not agree with each other",
            notes=(f"{type(error).__name__} while reading them",),
            helps=_AGAIN,
        ) from None


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of `folder`; Q603 when there is none, Q605 when it is not one."""
    path = folder / NAME
    if path.is_symlink() or not path.is_file():
        raise ReleaseError(
            "Q603",
            f"`{folder.name}` holds no release",
            helps=("`synthspec train SPEC -o FOLDER` writes one",),
        )
    try:
        return Manifest.model_validate(json.loads(path.read_bytes()))
    except (ValueError, RecursionError):
        raise GateError("Q605", "the manifest of the release cannot be read", helps=_AGAIN) from None


def attach(folder: Path, name: str, content: bytes, media_type: str, class_: Class) -> None:
    """Add (or replace) one public file of a release, and its line in the manifest.

    Raises:
        ReleaseError: Q602, Q603.
        ValueError: for a name that a part of the release itself has.
    """
    if name not in REPORTS:
        raise ValueError("only reports are added to a release")
    manifest = read_manifest(folder)
    with _writable(folder):
        entry = entry_of(_put(folder, name, content), media_type, class_)
        _put(folder, NAME, _manifest_bytes(manifest.with_file(entry)))


def data_path(folder: Path) -> Path:
    """Return the file of rows of the release in `folder`: Parquet where both are there."""
    names = {entry.name for entry in read_manifest(folder).files}
    for suffix in MEDIA:
        if f"{DATA}.{suffix}" in names:
            return folder / f"{DATA}.{suffix}"
    raise GateError("Q604", "the rows are missing from the release", helps=_AGAIN)


_AGAIN = ("copy the folder again from where it was written", "or `synthspec train` to make a new release")


def _fill(aside: Path, release: Release, data: Path | pl.DataFrame, further: Mapping[str, Path]) -> None:
    entries: list[FileEntry] = []
    for name, part in dump(release).items():
        entries.append(entry_of(_put(aside, name, part.content), part.media_type, part.class_))
    suffix = release.plan.format
    path = aside / f"{DATA}.{suffix}"
    _write_rows(path, suffix, data)
    _flush(path)
    entries.append(entry_of(path, MEDIA[suffix], "M"))
    for name, file in further.items():
        shutil.copyfile(file, aside / name)
        _flush(aside / name)
        entries.append(entry_of(aside / name, MEDIA[suffix], "M"))
    files = tuple(sorted(entries, key=lambda entry: entry.name))
    manifest = Manifest(name=release.plan.name, tool=release.plan.tool, files=files)
    _put(aside, NAME, _manifest_bytes(manifest))
    _flush(aside)


def _write_rows(path: Path, suffix: str, data: Path | pl.DataFrame) -> None:
    if isinstance(data, Path):
        if data.suffix == path.suffix:
            shutil.copyfile(data, path)
            return
        if data.suffix != ".parquet":
            raise ValueError("only Parquet rows can be written in another format")
        import polars as pl

        pl.scan_parquet(data, glob=False).sink_csv(path)
    elif suffix == "parquet":
        data.write_parquet(path)
    else:
        data.write_csv(path)


def _put(folder: Path, name: str, content: bytes) -> Path:
    """Write a file beside, flush it, and rename it into its place."""
    path, aside = folder / name, folder / f".{name}.partial"
    try:
        with aside.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    return path


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _move(aside: Path, folder: Path, *, replace: bool) -> None:
    if not folder.exists():
        aside.rename(folder)
    elif not replace:
        folder.rmdir()
        aside.rename(folder)
    else:
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".old", dir=folder.parent))
        old.rmdir()
        folder.rename(old)
        try:
            aside.rename(folder)
        except BaseException:
            old.rename(folder)
            raise
        shutil.rmtree(old)
    _flush(folder.parent)


def refuse_occupied(folder: Path, *, replace: bool) -> None:
    """Refuse (Q601) a folder in which something else than an older release to be replaced lies."""
    if not folder.exists() and not folder.is_symlink():
        return
    if folder.is_symlink() or not folder.is_dir():
        raise ReleaseError("Q601", f"`{folder.name}` is in the way of the release", helps=_ELSEWHERE)
    if (folder / NAME).is_file():
        if replace:
            return
        raise ReleaseError("Q601", f"`{folder.name}` already holds a release", helps=(*_ELSEWHERE, _INSTEAD))
    if any(folder.iterdir()):
        raise ReleaseError("Q601", f"`{folder.name}` is not empty and holds no release", helps=_ELSEWHERE)


_ELSEWHERE = ("name another folder with `-o FOLDER`",)
_INSTEAD = "or put the new one in its place with `--replace`"


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReleaseError(
            "Q602",
            f"the release cannot be written to `{folder.name}`: {os.strerror(error.errno or 5).lower()}",
            helps=("free some space or name another folder with `-o FOLDER`",),
        ) from None


def _manifest_bytes(manifest: Manifest) -> bytes:
    return to_json(manifest.model_dump(mode="json", by_alias=True))
