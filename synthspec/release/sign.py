"""sign: put a release's attestation in its place, or add a signature to it.

Nothing is signed that would not verify: every file is checked against the manifest first, nothing else may
lie in the folder, and the new attestation is checked as anybody else would check it. The file is written
beside and renamed, so an interrupted signing leaves the release as it was.

Source: ours; REPORTS.md 2.5 of the design.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from synthspec.errors import ReleaseError
from synthspec.release.attestation import (
    ATTESTATION,
    Attestation,
    check_attestation,
    is_signed,
    read_attestation,
    statement_of,
)
from synthspec.release.bundle import read_release, strangers
from synthspec.release.dsse import Envelope
from synthspec.release.private_key import PrivateKey
from synthspec.release.put import put
from synthspec.release.statement import Signer, is_role


def sign(
    folder: Path, key: PrivateKey, role: str, others: Sequence[Signer] = (), *, again: bool = False
) -> Attestation:
    """Sign a release as the first signer.

    Args:
        folder: the release.
        key: the signer's.
        role: as what the signer signs.
        others: who else is to sign, with their public keys; they add theirs with `countersign`.
        again: start over where there is an attestation; all signatures in it are dropped.

    Returns:
        The attestation as it was written.

    Raises:
        ReleaseError: Q602, Q603; Q642, when it is signed already; Q644, for a role that cannot be one or a
            signer named twice; Q645, for other files in the folder.
        GateError: Q604, Q605, when it is not whole.
    """
    _whole(folder)
    if is_signed(folder) and not again:
        raise ReleaseError(
            "Q642",
            f"`{folder.name}` is signed already",
            helps=(
                "add the signature of somebody whom it names: `synthspec release countersign`",
                "or start over, without the signatures that it has: `--again`",
            ),
        )
    signers = (Signer(role, key.public), *others)
    for signer in signers:
        if not is_role(signer.role):
            raise ReleaseError(
                "Q644",
                "this is not a role: lower-case letters, digits, blanks and `-`",
                helps=("for example `data-protection officer`",),
            )
    if len({signer.key.raw for signer in signers}) < len(signers):
        raise ReleaseError(
            "Q644", "a signer is named twice: each key signs once", helps=("leave the second one out",)
        )
    envelope = Envelope(statement_of(folder, signers).payload())
    return _write(folder, envelope.with_signature(key.public, key.sign(envelope.message)))


def countersign(folder: Path, key: PrivateKey) -> Attestation:
    """Add a signature of somebody whom the statement names; giving it twice changes nothing.

    Raises:
        ReleaseError: Q602, Q603; Q644, when nobody signed yet, or the statement does not name the key; Q645.
        GateError: Q604, Q605, when the release is not whole; Q640, when its attestation does not hold.
    """
    _whole(folder)
    found = read_attestation(folder)
    if found is None:
        raise ReleaseError(
            "Q644",
            f"nobody has signed `{folder.name}` yet",
            helps=("the first signer: `synthspec release sign RELEASE --key NAME --with ROLE=KEY`",),
        )
    if key.public.raw not in {each.signer.key.raw for each in found.signers}:
        raise ReleaseError(
            "Q644",
            f"the statement does not name the key {key.public.fingerprint[:16]} as a signer",
            notes=("signers are fixed by the first signature, so that a deleted one is missed",),
            helps=(
                f"the first signer names it: `synthspec release sign {folder.name} --key NAME --again "
                f"--with 'ROLE={key.public.text}'`",
            ),
        )
    return _write(folder, found.envelope.with_signature(key.public, key.sign(found.envelope.message)))


def _whole(folder: Path) -> None:
    """Refuse a release that is damaged (Q604, Q605), or has other files beside its own (Q645)."""
    read_release(folder)
    found = strangers(folder)
    if found:
        raise ReleaseError(
            "Q645",
            f"`{found[0]}` lies in `{folder.name}` and is no part of the release",
            notes=(f"and {len(found) - 1} more",) if len(found) > 1 else (),
            helps=("move it away: a signature covers the files of the manifest only",),
        )


def _write(folder: Path, envelope: Envelope) -> Attestation:
    content = envelope.line()
    found = check_attestation(content, folder)
    try:
        put(folder, ATTESTATION, content)
    except OSError as error:
        raise ReleaseError(
            "Q602",
            f"the signature cannot be written to `{folder.name}`: {os.strerror(error.errno or 5).lower()}",
            helps=("make the folder writable, or copy the release to one that is",),
        ) from None
    return found
