"""Inside: the secret keys of one charge, which stay with the keeper of the data.

Two keys, drawn afresh for each charge: `commitment` hides the commitment to the source's bytes (HMAC), and
`holdout` decides which units are held out of the learning. They are written before the charge is opened
and read again when it is resumed, so that a resumed run commits to, and holds out, the same as before.
No release, report or message ever contains one: with `commitment` anybody who holds all rows but one could
test candidates for it, with `holdout` anybody could tell which half a unit fell into.

Source: ours; the HMAC: RFC 2104; why the commitment is keyed: REPORTS.md 2.5 of the design.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from synthspec.errors import BudgetError
from synthspec.privacy.home import home, private_folder, sync_folder

KEY_BYTES = 32
_FOLDER = "inside"
_CHARGE = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z_-]{0,63}")


@dataclass(frozen=True, repr=False)
class ChargeKeys:
    """The keys of one charge, 32 bytes each; never shown, never written into a release."""

    commitment: bytes
    holdout: bytes

    def __repr__(self) -> str:
        return "ChargeKeys(...)"


def inside_of(charge_id: str, make: bool) -> ChargeKeys:
    """Return the keys of a charge; the same ones every time.

    Args:
        charge_id: the charge's id in its ledger.
        make: whether to draw and keep them when there are none: before the charge is opened, never later.

    Raises:
        BudgetError: B513, when they are missing and not to be made, damaged, or cannot be kept; B506, when
            the folder cannot be used.
    """
    if not _CHARGE.fullmatch(charge_id):
        raise ValueError("a charge id has letters, digits, `-` and `_`")
    path = home() / _FOLDER / f"{charge_id}.json"
    if make and not path.exists():
        kept = False
        with contextlib.suppress(OSError):
            _keep(private_folder(_FOLDER) / path.name, _fresh(charge_id))
            kept = True
        if not kept:
            raise _unusable(path)
    found = None
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        found = _read(path, charge_id)
    if found is None:
        raise _unusable(path)
    return found


def _fresh(charge_id: str) -> bytes:
    keys = {name: secrets.token_bytes(KEY_BYTES).hex() for name in ("commitment", "holdout")}
    return json.dumps({"version": "synthspec.inside/1", "charge": charge_id, **keys}).encode()


def _keep(path: Path, content: bytes) -> None:
    """Write a new file whole and durable, readable by its owner only; leave one that is there already."""
    handle, aside = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=".partial", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:  # mkstemp: mode 0600
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)  # unlike a rename, never over another process' keys
    finally:
        Path(aside).unlink(missing_ok=True)
    sync_folder(path.parent)


def _read(path: Path, charge_id: str) -> ChargeKeys:
    tree = json.loads(path.read_bytes())
    keys = tuple(bytes.fromhex(tree[name]) for name in ("commitment", "holdout"))
    if tree["charge"] != charge_id or any(len(key) != KEY_BYTES for key in keys):
        raise ValueError("not the keys of this charge")
    return ChargeKeys(*keys)


def _unusable(path: Path) -> BudgetError:
    return BudgetError(
        "B513",
        f"the keys of the charge in `{path}` cannot be used: the file is missing, damaged or not writable",
        notes=("they are made once, before anything is read, and a run cannot go on without them",),
        helps=("put the file back from a backup, or make the folder writable, and resume",),
    )
