"""commitments: show an authorised auditor that a release was made from certain files."""

from __future__ import annotations

import contextlib
import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from synthspec.errors import BudgetError, GateError, ReleaseError

if TYPE_CHECKING:
    from synthspec.privacy.commitment import Commitment
    from synthspec.release.release import Release


def match(
    release: str | Path, sources: Sequence[str | Path], *, commitment_key: str | Path | None = None
) -> None:
    """Return when `sources` are the files, byte for byte, that the release was made from.

    Args:
        release: the release's folder.
        sources: all files of the source, in any order; patterns stand for what they match.
        commitment_key: the file that `reveal` wrote; without it the key that was kept here is used.

    Raises:
        GateError: Q646, when they are not; Q604, Q605, when the release is not whole.
        ReleaseError: Q647, when the release has no commitment, or its key is not here; Q603.
        SpecError: (as an OSError) when a file cannot be read.
    """
    value = _release(release)
    made = _commitment(value, release)
    key = _kept(value, release) if commitment_key is None else _handed(Path(commitment_key))
    if not made.opens(key, [path for each in sources for path in _files(each)]):
        raise GateError(
            "Q646",
            f"these are not the files that `{Path(release).name}` was made from",
            notes=("names and order do not count; every byte does, and so does every file",),
            helps=("name all files of the source, as they were when `train` began",),
        )


def reveal(release: str | Path, out: str | Path) -> Path:
    """Write the key of a release's commitment to a new file of mode 0600, for an authorised auditor.

    Whoever has it can test candidates for the source: it belongs to the inside, like the source itself.

    Raises:
        ReleaseError: Q647, when there is none here; Q643, when the file is there already, or cannot be.
    """
    value = _release(release)
    _commitment(value, release)
    key, path = _kept(value, release), Path(out)
    problem = None
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
    except FileExistsError:
        problem = "it is there already"
    except OSError as error:
        problem = os.strerror(error.errno or 5).lower()
    if problem is not None:
        raise ReleaseError(
            "Q643",
            f"the key cannot be written to `{path.name}`: {problem}",
            helps=("name another file with `-o FILE`",),
        )
    return path


def _release(folder: str | Path) -> Release:
    from synthspec.release.bundle import read_release

    return read_release(Path(folder))


def _commitment(value: Release, folder: str | Path) -> Commitment:
    if value.commitment is None:
        raise ReleaseError(
            "Q647",
            f"`{Path(folder).name}` carries no commitment to its source",
            helps=("only releases of private rows do",),
        )
    return value.commitment


def _kept(value: Release, folder: str | Path) -> bytes:
    """Return the key that was kept on this machine for the charge of a release; Q647 when it was not."""
    from synthspec.privacy.inside import inside_of

    charge = charge_of(value)
    if charge is not None:
        with contextlib.suppress(BudgetError):
            return inside_of(charge, make=False).commitment
    raise ReleaseError(
        "Q647",
        f"the key of the commitment of `{Path(folder).name}` is not on this machine",
        notes=("it is kept where the release was trained, in the folder of the ledgers",),
        helps=("its keeper can hand it over: `synthspec release reveal RELEASE -o FILE`",),
    )


def charge_of(value: Release) -> str | None:
    """Return the charge behind a release, by the entry of a ledger of this home that opened it."""
    from synthspec.privacy.entries import Open
    from synthspec.privacy.journal import Journal

    if value.ledger is None or value.ledger.entry is None:
        return None
    place, _, digest = value.ledger.entry.partition(":")
    for journal in Journal.every():
        with contextlib.suppress(BudgetError):
            if journal.holds(int(place), digest):
                entry = journal.entries()[int(place)]
                return entry.charge if isinstance(entry, Open) else None
    return None


def _handed(path: Path) -> bytes:
    with contextlib.suppress(OSError, ValueError):
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
        if len(key) == 32:
            return key
    raise ReleaseError(
        "Q647",
        f"`{path.name}` holds no key of a commitment",
        helps=("`synthspec release reveal` writes one",),
    )


def _files(source: str | Path) -> list[Path]:
    path = Path(source)
    if path.exists() or not glob.has_magic(str(source)):
        return [path]
    return [Path(found) for found in sorted(glob.glob(str(source), recursive=True))]  # noqa: PTH207 (absolute)
