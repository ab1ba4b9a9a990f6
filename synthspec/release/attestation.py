"""The attestation of a release: who signed which bytes, read and checked without any extra.

`attestation.intoto.jsonl` is the one file of a release that its manifest does not name, since what is signed
covers the manifest. It holds one envelope, whose statement is written anew here from the files that lie in
the folder and compared with the one that was signed: a manifest written again, a file added to it or taken
from it, and a claim that differs all come out as another statement. Checking the files themselves against
the manifest is `bundle.read_release`'s part.

Source: ours; formats: see `dsse` and `statement`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from synthspec.errors import GateError, ReleaseError
from synthspec.release.dsse import IN_TOTO, Envelope
from synthspec.release.manifest import NAME, Manifest
from synthspec.release.public_key import PublicKey
from synthspec.release.statement import Signer, Statement, signers_of

ATTESTATION = "attestation.intoto.jsonl"
MOST_BYTES = 4 << 20
"""A statement has some 200 bytes a file: what is larger is not read."""


@dataclass(frozen=True)
class Witnessed:
    """One signer: whether the signature is there (and holds), and whether the key is trusted here."""

    signer: Signer
    signed: bool
    trusted: bool

    def words(self) -> str:
        """Return it in words; never `verified` unless the key was handed over by another way."""
        key, role = self.signer.key, self.signer.role
        who = f" ({key.name})" if key.name not in ("", role) else ""
        if not self.signed:
            return f"not signed yet by the {role}{who} {key.fingerprint[:16]}"
        if not self.trusted:
            return f"signed by an unknown key {key.fingerprint[:16]}, which says it is the {role}{who}"
        return f"signed by the {role}{who} {key.fingerprint[:16]}, a trusted key"


@dataclass(frozen=True)
class Attestation:
    """A checked attestation: every signature in it holds, for exactly the files of the release."""

    envelope: Envelope
    signers: tuple[Witnessed, ...]

    @property
    def complete(self) -> bool:
        """Whether everybody whom the statement names has signed."""
        return all(each.signed for each in self.signers)

    @property
    def trusted(self) -> bool:
        """Whether somebody signed whose key is trusted here."""
        return any(each.signed and each.trusted for each in self.signers)


def is_signed(folder: Path) -> bool:
    """Return whether the release in `folder` has an attestation, good or bad."""
    return (folder / ATTESTATION).is_symlink() or (folder / ATTESTATION).exists()


def refuse_within(path: Path) -> None:
    """Refuse (Q641) a file that is to be written into a signed release: it would be no part of it."""
    folder = path.absolute().parent
    if is_signed(folder):
        raise ReleaseError(
            "Q641",
            f"`{folder.name}` is a signed release, and `{path.name}` would change it",
            helps=("write it to another place with `-o FILE`",),
        )


def read_attestation(folder: Path, trusted: Iterable[PublicKey] = ()) -> Attestation | None:
    """Return the attestation of the release in `folder`, None when nobody signed it.

    Args:
        folder: the release, whose files `read_release` has checked against the manifest.
        trusted: keys that came here by another way than with the release.

    Raises:
        GateError: Q640, when a signature does not hold or is none of the signers', nobody signed, or the
            statement is about other files; a signer who did not sign (yet) is in the answer.
    """
    if not is_signed(folder):
        return None
    path = folder / ATTESTATION
    if path.is_symlink() or not path.is_file():
        raise _bad("it is not a file")
    if path.stat().st_size > MOST_BYTES:
        raise _bad("it is larger than any statement")
    return check_attestation(path.read_bytes(), folder, trusted)


def check_attestation(content: bytes, folder: Path, trusted: Iterable[PublicKey] = ()) -> Attestation:
    """Return what `content`, an attestation, says of the release in `folder`. Raises Q640."""
    try:
        envelope = Envelope.of(content)
        signers = signers_of(envelope.payload)
    except (ValueError, ReleaseError):
        raise _bad("it cannot be read") from None
    if envelope.payload_type != IN_TOTO:
        raise _bad("it is of another type")
    keyids = {each.key.fingerprint for each in signers}
    if any(each.keyid not in keyids for each in envelope.signatures):
        raise _bad("it holds a signature of somebody whom the statement does not name")
    if statement_of(folder, signers).payload() != envelope.payload:
        raise _bad("other files were signed than those that lie here")
    known = {key.raw for key in trusted}
    found = []
    for signer in signers:
        there = any(each.keyid == signer.key.fingerprint for each in envelope.signatures)
        if there and not envelope.signed_by(signer.key):
            raise _bad(f"the signature of the {signer.role} is not that of the key {_short(signer)}")
        found.append(Witnessed(signer, there, signer.key.raw in known))
    if not any(each.signed for each in found):
        raise _bad("nobody has signed")
    return Attestation(envelope, tuple(found))


def statement_of(folder: Path, signers: tuple[Signer, ...]) -> Statement:
    """Return the statement that `signers` would sign over the release in `folder`; Q640 when it has none."""
    try:
        content = (folder / NAME).read_bytes()
        manifest = Manifest.model_validate(json.loads(content))
        ledger = json.loads((folder / "ledger.json").read_bytes())
        return Statement.over(manifest, content, ledger, signers)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _bad("the release has no readable manifest and ledger") from None


def _short(signer: Signer) -> str:
    return f"{signer.key.fingerprint[:16]}"


def _bad(why: str) -> GateError:
    return GateError(
        "Q640",
        f"the signature of the release does not hold: {why}",
        notes=("nobody vouches for these bytes, whatever the release says",),
        helps=("copy the folder again from where it was signed",),
    )
