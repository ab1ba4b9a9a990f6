"""Bundle: a release folder, written aside and renamed whole, read with every digest checked."""

from __future__ import annotations

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
from synthspec.release import croissant, registry
from synthspec.release.aside import aside_of
from synthspec.release.attestation import ATTESTATION, is_signed
from synthspec.release.manifest import NAME, Class, FileEntry, Manifest, digest_of, entry_of
from synthspec.release.put import flush, put
from synthspec.release.reading import Unreadable, parsed
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
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError, RecursionError,
            MemoryError, zipfile.BadZipFile, EOFError) as error:  # fmt: skip
        why = str(error) if isinstance(error, Unreadable) else f"{type(error).__name__} while reading them"
        raise GateError(
            "Q605",
            "the parts of the release do not agree with each other",
            notes=(why,),
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
        return Manifest.model_validate(parsed(path.read_bytes()))
    except (ValueError, RecursionError):
        raise GateError("Q605", "the manifest of the release cannot be read", helps=_AGAIN) from None


def attach(folder: Path, name: str, content: bytes, media_type: str, class_: Class) -> None:
    """Add (or replace) one public file of a release, and its line in the manifest.

    Raises:
        ReleaseError: Q602, Q603; Q641, when the release is signed and would change.
        ValueError: for a name that a part of the release itself has.
    """
    if name not in REPORTS:
        raise ValueError("only reports are added to a release")
    manifest = read_manifest(folder)
    if is_signed(folder):
        if (folder / name).is_file() and (folder / name).read_bytes() == content:
            return
        raise ReleaseError(
            "Q641",
            f"`{folder.name}` is signed, and `{name}` would change it",
            helps=("write it to another place: `synthspec report RELEASE -o FILE`",),
        )
    with _writable(folder, name):
        entry = entry_of(put(folder, name, content), media_type, class_)
        put(folder, NAME, _manifest_bytes(manifest.with_file(entry)))


def strangers(folder: Path) -> tuple[str, ...]:
    """Return the names in the folder of a release that are no part of it; no digest covers them."""
    known = {entry.name for entry in read_manifest(folder).files} | {NAME, ATTESTATION}
    return tuple(sorted(path.name for path in folder.iterdir() if path.name not in known))


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
        entries.append(entry_of(put(aside, name, part.content), part.media_type, part.class_))
    suffix = release.plan.format
    path = aside / f"{DATA}.{suffix}"
    _write_rows(path, suffix, data)
    flush(path)
    entries.append(entry_of(path, MEDIA[suffix], "M"))
    for name, file in further.items():
        shutil.copyfile(file, aside / name)
        flush(aside / name)
        entries.append(entry_of(aside / name, MEDIA[suffix], "M"))
    entries += _described(aside, release, entries, (path.name, *further))
    files = tuple(sorted(entries, key=lambda entry: entry.name))
    manifest = Manifest(name=release.plan.name, tool=release.plan.tool, files=files)
    put(aside, NAME, _manifest_bytes(manifest))
    flush(aside)


def _described(
    aside: Path, release: Release, entries: list[FileEntry], tables: tuple[str, ...]
) -> Iterator[FileEntry]:
    """Write what describes the release to other programs, once its files are there."""
    listed = tuple(sorted(entries, key=lambda entry: entry.name))
    yield entry_of(
        put(aside, croissant.NAME, croissant.croissant(release, listed, tables)), croissant.MEDIA_TYPE, "S"
    )
    entry = registry.registry(release)
    if entry is not None:
        yield entry_of(put(aside, registry.NAME, entry), registry.MEDIA_TYPE, "S")


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
    flush(folder.parent)


def refuse_occupied(folder: Path, *, replace: bool) -> None:
    """Refuse (Q601, Q641) a folder in which anything but an older, unsigned release to replace lies."""
    if not folder.exists() and not folder.is_symlink():
        return
    if folder.is_symlink() or not folder.is_dir():
        raise ReleaseError("Q601", f"`{folder.name}` is in the way of the release", helps=_ELSEWHERE)
    if (folder / NAME).is_file():
        if replace and is_signed(folder):
            raise ReleaseError("Q641", f"`{folder.name}` holds a signed release", helps=_ELSEWHERE)
        if replace:
            return
        raise ReleaseError("Q601", f"`{folder.name}` already holds a release", helps=(*_ELSEWHERE, _INSTEAD))
    if any(folder.iterdir()):
        raise ReleaseError("Q601", f"`{folder.name}` is not empty and holds no release", helps=_ELSEWHERE)


_ELSEWHERE = ("name another folder with `-o FOLDER`",)
_INSTEAD = "or put the new one in its place with `--replace`"


@contextmanager
def _writable(folder: Path, report: str | None = None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if report is not None:
            raise ReleaseError(
                "Q602",
                f"`{report}` cannot be written into `{folder.name}`: {os.strerror(error.errno or 5).lower()}",
                notes=("the release itself is there and stands",),
                helps=(f"free some space, then write it: `synthspec report RELEASE -o {report}`",),
            ) from None
        raise ReleaseError(
            "Q602",
            f"the release cannot be written to `{folder.name}`: {os.strerror(error.errno or 5).lower()}",
            helps=("free some space or name another folder with `-o FOLDER`",),
        ) from None


def _manifest_bytes(manifest: Manifest) -> bytes:
    return to_json(manifest.model_dump(mode="json", by_alias=True))
