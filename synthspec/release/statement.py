"""Statement: what signers vouch for: these bytes, this claim, and who else is to sign.

An in-toto Statement: its subjects are manifest.json and every file that it names. The predicate repeats what
an auditor wants to read first; it must equal the files, so it adds nothing that could disagree. It lists all
signers and all predicates that are to be found in the file of attestations, because that file is covered by
no signature as a whole: what was deleted from it must be missed.

Source: in-toto/attestation, spec/v1/statement.md; the list of expected predicates: REPORTS.md 2.5.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from synthspec.release.manifest import NAME, Manifest
from synthspec.release.public_key import PublicKey

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://synthspec.dev/attestation/dp-release/v1"

_ROLE = re.compile(r"[a-z][a-z0-9 -]{0,63}")


def is_role(text: str) -> bool:
    """Return whether `text` can be a role: lower-case letters, digits, blanks and `-`."""
    return _ROLE.fullmatch(text) is not None and not text.endswith(" ")


@dataclass(frozen=True)
class Signer:
    """Who is to sign, and as what: `operator`, `data-protection officer`, ..."""

    role: str
    key: PublicKey


@dataclass(frozen=True)
class Statement:
    """A statement over one release."""

    subjects: tuple[tuple[str, str], ...]
    """Names and SHA-256 of the files."""
    predicate: dict[str, Any]
    signers: tuple[Signer, ...]

    @classmethod
    def over(
        cls, manifest: Manifest, manifest_bytes: bytes, ledger: dict[str, Any], signers: tuple[Signer, ...]
    ) -> Statement:
        """Return the statement that `signers` sign.

        Args:
            manifest: the release's, every file checked against it.
            manifest_bytes: the file itself.
            ledger: the content of ledger.json.
            signers: all who are to sign.
        """
        digests = {entry.name: entry.sha256 for entry in manifest.files}
        own = (NAME, hashlib.sha256(manifest_bytes).hexdigest())
        predicate = {
            "name": manifest.name,
            "tool": manifest.tool,
            "claim": ledger["claim"],
            "ledger": ledger["ledger"],
            "specDigest": {"sha256": digests["spec.yaml"]},
            "ledgerDigest": {"sha256": digests["ledger.json"]},
            "sourceCommitment": ledger.get("commitment"),
            "signers": [
                {
                    "role": each.role,
                    "name": each.key.name,
                    "key": each.key.text,
                    "keyid": each.key.fingerprint,
                }
                for each in signers
            ],
            "expected": [PREDICATE],
        }
        return cls((own, *sorted(digests.items())), predicate, signers)

    def payload(self) -> bytes:
        """Return the bytes to be signed: one form, so that a statement can be compared with the files."""
        tree = {
            "_type": STATEMENT,
            "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in self.subjects],
            "predicateType": PREDICATE,
            "predicate": self.predicate,
        }
        return json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signers_of(payload: bytes) -> tuple[Signer, ...]:
    """Return the signers that a payload names; ValueError when it is no statement of ours.

    Raises:
        ReleaseError: Q643, when a key in it is none.
    """
    try:
        tree = json.loads(payload)
        predicate = tree["predicate"]
        if (tree["_type"], tree["predicateType"]) != (STATEMENT, PREDICATE):
            raise ValueError("another statement")
        if predicate["expected"] != [PREDICATE]:
            raise ValueError("other predicates are expected")
        found = tuple(
            Signer(each["role"], PublicKey.of(f"{each['key']} {each['name']}"))
            for each in predicate["signers"]
        )
    except (KeyError, TypeError, AttributeError, RecursionError, ValueError):
        raise ValueError("not a statement over a release") from None
    keys = {each.key.raw for each in found}
    if not found or len(keys) < len(found) or not all(is_role(each.role) for each in found):
        raise ValueError("not a list of signers")
    return found
