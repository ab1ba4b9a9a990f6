"""A signed release: who signed, what a second signer does, and that no change goes unseen."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from synthspec.errors import GateError, ReleaseError
from synthspec.release.attestation import ATTESTATION, Attestation, is_signed, read_attestation
from synthspec.release.bundle import attach, read_release, refuse_occupied, strangers, write_release
from synthspec.release.dsse import Envelope
from synthspec.release.manifest import digest_of
from synthspec.release.public_key import PublicKey
from synthspec.release.statement import PREDICATE, STATEMENT, Signer
from tests.release.example import frame_rows, release

pytest.importorskip("cryptography", reason="the extra `sign` is not installed")

from synthspec.release.private_key import PrivateKey
from synthspec.release.sign import countersign, sign


@pytest.fixture(scope="module")
def keys() -> tuple[PrivateKey, PrivateKey]:
    return PrivateKey.new("operator"), PrivateKey.new("dpo")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(tmp_path_factory.mktemp("made") / "stays", release(), pl.DataFrame(frame_rows()))


def copied(folder: Path, to: Path) -> Path:
    """Copy a release."""
    to.mkdir(parents=True)
    for path in folder.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


@pytest.fixture
def plain(written: Path, tmp_path: Path) -> Path:
    return copied(written, tmp_path / "stays")


@pytest.fixture
def signed(plain: Path, keys: tuple[PrivateKey, PrivateKey]) -> Path:
    """Return a release that both have signed."""
    sign(plain, keys[0], "operator", (Signer("data-protection officer", keys[1].public),))
    countersign(plain, keys[1])
    return plain


def checked(folder: Path, *trusted: PublicKey) -> Attestation:
    """Check a release as whoever gets it does: the files, then who signed them."""
    read_release(folder)
    found = read_attestation(folder, trusted)
    assert found is not None
    return found


def caught(folder: Path) -> bool:
    """Return whether a check says that something is wrong, or that a signature is missing."""
    try:
        return not checked(folder).complete or bool(strangers(folder))
    except (GateError, ReleaseError, AssertionError):
        return True


def test_both_signatures_hold_for_all_files(signed: Path, keys: tuple[PrivateKey, PrivateKey]) -> None:
    found = checked(signed, keys[1].public)
    assert found.complete and found.trusted
    assert [(each.signer.role, each.signed, each.trusted) for each in found.signers] == [
        ("operator", True, False),
        ("data-protection officer", True, True),
    ]
    unknown, known = (each.words() for each in found.signers)
    assert unknown.startswith("signed by an unknown key ") and "verified" not in unknown
    assert known.endswith("a trusted key")


def test_without_a_key_handed_over_nobody_is_trusted(signed: Path) -> None:
    assert not checked(signed).trusted


def test_the_statement_is_one_of_in_toto_over_every_file(signed: Path) -> None:
    envelope = Envelope.of((signed / ATTESTATION).read_bytes())
    tree = json.loads(envelope.payload)
    assert (tree["_type"], tree["predicateType"]) == (STATEMENT, PREDICATE)
    assert tree["predicate"]["expected"] == [PREDICATE]
    digests = {each["name"]: each["digest"]["sha256"] for each in tree["subject"]}
    files = {path.name for path in signed.iterdir()} - {ATTESTATION}
    assert set(digests) == files
    assert all(digest_of(signed / name)[1] == digest for name, digest in digests.items())
    claim = read_release(signed).claim
    assert claim is not None and tree["predicate"]["claim"] == claim.model_dump(mode="json")


def test_a_countersignature_is_missed_until_it_is_there(
    plain: Path, keys: tuple[PrivateKey, PrivateKey]
) -> None:
    sign(plain, keys[0], "operator", (Signer("officer", keys[1].public),))
    assert not checked(plain).complete
    assert checked(plain).signers[1].words().startswith("not signed yet by the officer (dpo)")
    payload = Envelope.of((plain / ATTESTATION).read_bytes()).payload
    countersign(plain, keys[1])
    assert Envelope.of((plain / ATTESTATION).read_bytes()).payload == payload
    once = (plain / ATTESTATION).read_bytes()
    countersign(plain, keys[1])
    assert (plain / ATTESTATION).read_bytes() == once


def test_only_who_was_named_countersigns(plain: Path, keys: tuple[PrivateKey, PrivateKey]) -> None:
    with pytest.raises(ReleaseError, match="Q644"):
        countersign(plain, keys[1])
    sign(plain, keys[0], "operator")
    before = (plain / ATTESTATION).read_bytes()
    with pytest.raises(ReleaseError, match="Q644") as refused:
        countersign(plain, keys[1])
    assert keys[1].public.text in refused.value.diagnostics[0].helps[0]
    assert (plain / ATTESTATION).read_bytes() == before


def test_signing_again_starts_over_and_only_when_asked_to(
    signed: Path, keys: tuple[PrivateKey, PrivateKey]
) -> None:
    with pytest.raises(ReleaseError, match="Q642"):
        sign(signed, keys[0], "operator")
    assert checked(signed).complete and len(checked(signed).signers) == 2
    sign(signed, keys[0], "operator", again=True)
    assert [each.signer.role for each in checked(signed).signers] == ["operator"]


def test_a_release_whose_attestation_is_stale_can_be_signed_anew(
    signed: Path, keys: tuple[PrivateKey, PrivateKey]
) -> None:
    (signed / ATTESTATION).write_bytes(b"damaged")
    with pytest.raises(ReleaseError, match="Q642"):
        sign(signed, keys[0], "operator")
    sign(signed, keys[0], "operator", again=True)
    assert checked(signed).complete


@pytest.mark.parametrize("role", ["", "The Boss", "x\ny"])
def test_a_role_is_a_plain_word(plain: Path, keys: tuple[PrivateKey, PrivateKey], role: str) -> None:
    with pytest.raises(ReleaseError, match="Q644"):
        sign(plain, keys[0], role)
    assert not is_signed(plain)


def test_a_key_signs_once(plain: Path, keys: tuple[PrivateKey, PrivateKey]) -> None:
    with pytest.raises(ReleaseError, match="Q644"):
        sign(plain, keys[0], "operator", (Signer("officer", keys[0].public),))
    assert not is_signed(plain)


def test_what_is_not_whole_is_not_signed(plain: Path, keys: tuple[PrivateKey, PrivateKey]) -> None:
    (plain / "notes.txt").write_text("looks like evidence")
    with pytest.raises(ReleaseError, match="Q645"):
        sign(plain, keys[0], "operator")
    (plain / "notes.txt").unlink()
    (plain / "fit.json").write_bytes(b"null\n")
    with pytest.raises(GateError, match="Q604"):
        sign(plain, keys[0], "operator")
    assert not is_signed(plain)


def test_a_signed_release_is_not_changed(signed: Path) -> None:
    before = {path.name: path.read_bytes() for path in signed.iterdir()}
    with pytest.raises(ReleaseError, match="Q641"):
        attach(signed, "report.json", b"{}", "application/json", "B")
    with pytest.raises(ReleaseError, match="Q641"):
        refuse_occupied(signed, replace=True)
    assert {path.name: path.read_bytes() for path in signed.iterdir()} == before


def test_a_report_that_is_there_already_is_no_change(
    plain: Path, keys: tuple[PrivateKey, PrivateKey]
) -> None:
    attach(plain, "report.json", b"{}", "application/json", "B")
    sign(plain, keys[0], "operator")
    attach(plain, "report.json", b"{}", "application/json", "B")
    assert checked(plain).complete


def test_a_signature_that_cannot_be_written_leaves_the_release_as_it_was(
    plain: Path, keys: tuple[PrivateKey, PrivateKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("synthspec.release.put.os.fsync", full)
    with pytest.raises(ReleaseError, match=r"Q602: .*no space left"):
        sign(plain, keys[0], "operator")
    assert not is_signed(plain) and not strangers(plain)


# ---- tampering


def rewritten(folder: Path, name: str, content: bytes) -> None:
    """Change a file, and its line in the manifest, so that all digests agree again."""
    (folder / name).write_bytes(content)
    tree = json.loads((folder / "manifest.json").read_bytes())
    for entry in tree["files"]:
        if entry["name"] == name:
            entry["bytes"], entry["sha256"] = len(content), hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(tree, sort_keys=True, indent=1) + "\n")


def _an_event_less(folder: Path) -> None:
    tree = json.loads((folder / "ledger.json").read_bytes())
    del tree["events"][-1]
    rewritten(folder, "ledger.json", json.dumps(tree, sort_keys=True, indent=1).encode())


def _measurements_swapped(folder: Path) -> None:
    tree = json.loads((folder / "measurements.json").read_bytes())
    tree[0]["event"], tree[1]["event"] = tree[1]["event"], tree[0]["event"]
    rewritten(folder, "measurements.json", json.dumps(tree, sort_keys=True, indent=1).encode())


def _a_smaller_claim(folder: Path) -> None:
    tree = json.loads((folder / "ledger.json").read_bytes())
    tree["claim"]["epsilon"] /= 2
    rewritten(folder, "ledger.json", json.dumps(tree, sort_keys=True, indent=1).encode())


def _a_file_less(folder: Path) -> None:
    (folder / "fit.json").unlink()


def _a_file_less_in_the_manifest_too(folder: Path) -> None:
    tree = json.loads((folder / "manifest.json").read_bytes())
    tree["files"] = [entry for entry in tree["files"] if entry["name"] != "croissant.json"]
    (folder / "manifest.json").write_text(json.dumps(tree, sort_keys=True, indent=1) + "\n")
    (folder / "croissant.json").unlink()


def _a_file_more(folder: Path) -> None:
    (folder / "report-2.html").write_text("<h1>verified</h1>")


def _a_file_more_in_the_manifest_too(folder: Path) -> None:
    tree = json.loads((folder / "manifest.json").read_bytes())
    tree["files"].append({**tree["files"][0], "name": "more.json"})
    (folder / "more.json").write_bytes((folder / tree["files"][0]["name"]).read_bytes())
    (folder / "manifest.json").write_text(json.dumps(tree, sort_keys=True, indent=1) + "\n")


def _the_manifest_written_in_another_way(folder: Path) -> None:
    tree = json.loads((folder / "manifest.json").read_bytes())
    (folder / "manifest.json").write_text(json.dumps(tree))


def _a_signature_less(folder: Path) -> None:
    tree = json.loads((folder / ATTESTATION).read_bytes())
    del tree["signatures"][1]
    (folder / ATTESTATION).write_text(json.dumps(tree, sort_keys=True, separators=(",", ":")) + "\n")


def _no_signature(folder: Path) -> None:
    tree = json.loads((folder / ATTESTATION).read_bytes())
    tree["signatures"] = []
    (folder / ATTESTATION).write_text(json.dumps(tree, sort_keys=True, separators=(",", ":")) + "\n")


def _no_attestation(folder: Path) -> None:
    (folder / ATTESTATION).unlink()


def _the_signatures_exchanged(folder: Path) -> None:
    tree = json.loads((folder / ATTESTATION).read_bytes())
    one, two = tree["signatures"]
    one["sig"], two["sig"] = two["sig"], one["sig"]
    (folder / ATTESTATION).write_text(json.dumps(tree, sort_keys=True, separators=(",", ":")) + "\n")


def _somebody_else_signs_too(folder: Path) -> None:
    envelope = Envelope.of((folder / ATTESTATION).read_bytes())
    other = PrivateKey.new("mallory")
    (folder / ATTESTATION).write_bytes(
        envelope.with_signature(other.public, other.sign(envelope.message)).line()
    )


def _too_large(folder: Path) -> None:
    with (folder / ATTESTATION).open("ab") as file:
        file.truncate(1 << 33)  # a sparse file: reading it would take all memory


def _another_line(folder: Path) -> None:
    content = (folder / ATTESTATION).read_bytes()
    (folder / ATTESTATION).write_bytes(content * 2)


CHANGES: list[Callable[[Path], None]] = [
    _an_event_less,
    _measurements_swapped,
    _a_smaller_claim,
    _a_file_less,
    _a_file_less_in_the_manifest_too,
    _a_file_more,
    _a_file_more_in_the_manifest_too,
    _the_manifest_written_in_another_way,
    _a_signature_less,
    _no_signature,
    _no_attestation,
    _the_signatures_exchanged,
    _somebody_else_signs_too,
    _another_line,
    _too_large,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_a_change_is_caught(signed: Path, change: Callable[[Path], None]) -> None:
    assert not caught(signed)
    change(signed)
    assert caught(signed)


def test_a_release_that_contradicts_itself_is_not_signed(signed: Path) -> None:
    _a_smaller_claim(signed)
    with pytest.raises(GateError, match="Q605"):
        sign(signed, PrivateKey.new("operator"), "operator", again=True)


def test_a_consistent_forgery_is_signed_by_an_unknown_key(
    signed: Path, keys: tuple[PrivateKey, PrivateKey]
) -> None:
    """The best that a forger can do: all digests agree, signed over under the same name."""
    rewritten(signed, "answers.json", b"[]\n")
    assert caught(signed)
    sign(signed, PrivateKey.new("operator"), "operator", again=True)
    found = checked(signed, keys[0].public, keys[1].public)
    assert not found.trusted
    assert "unknown key" in found.signers[0].words()


def places(size: int, most: int) -> range:
    """Return positions in a file: all, or `most` of them spread evenly."""
    return range(0, size, max(1, -(-size // most)))


def unseen(folder: Path, most: int) -> list[str]:
    """Return the places where one flipped bit of one byte is not caught."""
    missed = []
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        for place in places(len(content), most):
            flipped = bytearray(content)
            flipped[place] ^= 1 << place % 8
            path.write_bytes(flipped)
            if not caught(folder):
                missed.append(f"{path.name} at {place}")
        path.write_bytes(content)
    assert not caught(folder)
    return missed


def test_a_flipped_byte_is_caught_wherever_it_is(signed: Path) -> None:
    assert unseen(signed, 24) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_flipped_byte_is_caught(signed: Path) -> None:
    assert unseen(signed, 20_000) == []


# ---- key files


def test_a_key_file_is_for_its_owner_and_is_never_overwritten(tmp_path: Path) -> None:
    key = PrivateKey.new("ana")
    path = key.save(tmp_path / "ana.pem")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert PrivateKey.load(path).public == key.public
    before = path.read_bytes()
    with pytest.raises(ReleaseError, match="Q643"):
        PrivateKey.new("ana").save(path)
    assert path.read_bytes() == before
    assert "PRIVATE" not in repr(key)


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = PrivateKey.new("ana").save(tmp_path / "ana.pem")
    path.chmod(0o640)
    with pytest.raises(ReleaseError, match="Q643") as refused:
        PrivateKey.load(path)
    assert f"chmod 600 {path}" in refused.value.diagnostics[0].helps


def test_a_passphrase_protects_a_key_file(tmp_path: Path) -> None:
    key = PrivateKey.new("ana")
    path = key.save(tmp_path / "ana.pem", "correct horse")
    assert PrivateKey.load(path, "correct horse").public == key.public
    for wrong in (None, "", "battery staple"):
        with pytest.raises(ReleaseError, match="Q643"):
            PrivateKey.load(path, wrong)


@pytest.mark.parametrize("content", [b"", b"nothing", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_another_file_is_no_key(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ReleaseError, match="Q643"):
        PrivateKey.load(path)


def test_a_key_of_another_kind_is_no_key(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    path = tmp_path / "x.pem"
    path.write_bytes(
        X25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    path.chmod(0o600)
    with pytest.raises(ReleaseError, match="Q643"):
        PrivateKey.load(path)
