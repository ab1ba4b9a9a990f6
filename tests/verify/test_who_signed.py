"""What `verify` and the one-file verifier say of signatures: both the same, and nothing missing passes."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from synthspec.release.attestation import ATTESTATION, is_signed
from synthspec.release.bundle import write_release
from synthspec.release.public_key import PublicKey
from synthspec.release.statement import Signer
from synthspec.verify.standalone import Check
from synthspec.verify.standalone import verify as alone
from synthspec.verify.verify import _signatures
from tests.release.example import empty

pytest.importorskip("cryptography", reason="the extra `sign` is not installed")

from synthspec.release.private_key import PrivateKey
from synthspec.release.sign import countersign, sign

ANA, BEN = PrivateKey.new("ana"), PrivateKey.new("ben")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a small release that `ana` signed, and `ben` is to sign."""
    made = write_release(tmp_path / "small", empty(), pl.DataFrame({"age": [1, 2]}))
    sign(made, ANA, "operator", (Signer("officer", BEN.public),))
    return made


def said(folder: Path, *trusted: PublicKey) -> str:
    """Return the outcome, the same from both."""
    one = next(check for check in alone(folder, [key.raw for key in trusted]) if check.name == "signatures")
    two = _signatures(one, folder, trusted)
    if one.outcome == "failed" and is_signed(folder):  # the product's own reading must find it by itself, too
        two = _signatures(Check("signatures", "passed", ""), folder, trusted)
    assert one.outcome == two.outcome
    return two.outcome


def test_a_signature_that_is_still_to_come_or_was_deleted_fails(folder: Path) -> None:
    assert said(folder, ANA.public) == said(folder) == "failed"
    countersign(folder, BEN)
    assert said(folder, ANA.public) == said(folder, BEN.public) == "passed"
    tree = json.loads((folder / ATTESTATION).read_bytes())
    del tree["signatures"][0]
    (folder / ATTESTATION).write_text(json.dumps(tree, sort_keys=True, separators=(",", ":")) + "\n")
    assert said(folder, BEN.public) == "failed"


def test_signatures_of_unknown_keys_pass_nowhere(folder: Path) -> None:
    countersign(folder, BEN)
    assert said(folder) == "not done"
    assert said(folder, PrivateKey.new("ana").public) == "failed"


def test_whoever_expects_a_signature_is_told_that_there_is_none(folder: Path) -> None:
    (folder / ATTESTATION).unlink()
    assert said(folder) == "not done"
    assert said(folder, ANA.public) == "failed"


def test_a_signature_over_other_files_fails(folder: Path) -> None:
    countersign(folder, BEN)
    content = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(content.replace(": ", ":  ", 1))
    assert said(folder, ANA.public, BEN.public) == "failed"
