"""Keys and commitments from Python: found by name or file, refused when they are something else."""

from __future__ import annotations

import stat
from pathlib import Path

import polars as pl
import pytest

from synthspec.api import commitments, keys
from synthspec.errors import GateError, ReleaseError
from synthspec.privacy.commitment import Commitment
from synthspec.privacy.home import home
from synthspec.privacy.inside import inside_of
from synthspec.release.bundle import write_release
from tests.release.example import frame_rows, release

pytest.importorskip("cryptography", reason="the extra `sign` is not installed")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a release folder."""
    return write_release(tmp_path / "stays", release(), pl.DataFrame(frame_rows()))


def test_a_new_key_is_kept_for_its_owner_with_its_public_line_beside_it() -> None:
    made = keys.new_key("operator")
    assert made.path == home() / "keys" / "operator.pem"
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.path.parent.stat().st_mode) == 0o700
    assert made.path.with_suffix(".pub").read_text() == made.public.line + "\n"
    assert made.public.name == "operator"
    with pytest.raises(ReleaseError, match="Q643"):
        keys.new_key("operator")
    assert keys.kept_keys() == (made,)


@pytest.mark.parametrize("name", ["", "../x", "A", "a b", "a.pem", "x" * 65])
def test_a_key_has_a_plain_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="Q643"):
        keys.new_key(name, out=tmp_path / "x.pem")
    assert list(tmp_path.iterdir()) == []


def test_a_key_can_lie_elsewhere(tmp_path: Path) -> None:
    made = keys.new_key("ana", out=tmp_path / "ana.pem")
    assert keys.find_key(tmp_path / "ana.pem") == made.path
    assert not (home() / "keys" / "ana.pem").exists()
    with pytest.raises(ReleaseError, match="Q643"):
        keys.new_key("ana", out=tmp_path / "ana.pub")
    (tmp_path / "dpo.pub").write_text("somebody else's\n")
    with pytest.raises(ReleaseError, match="Q643"):
        keys.new_key("dpo", out=tmp_path / "dpo.pem")
    assert not (tmp_path / "dpo.pem").exists()
    assert (tmp_path / "dpo.pub").read_text() == "somebody else's\n"


def test_public_keys_are_found_by_line_by_file_and_by_name(tmp_path: Path) -> None:
    ana, ben = keys.new_key("ana").public, keys.new_key("ben", out=tmp_path / "ben.pem").public
    ring = tmp_path / "trusted"
    ring.write_text(f"# the clinic\n{ana.line}\n{ben.line}\n")
    assert keys.trusted_keys([ana.line]) == (ana,)
    assert keys.trusted_keys(["ana"]) == (ana,)
    assert keys.trusted_keys([str(tmp_path / "ben.pub")]) == (ben,)
    assert keys.trusted_keys([str(ring)]) == (ana, ben)


def test_a_private_key_is_never_taken_for_a_public_one(tmp_path: Path) -> None:
    made = keys.new_key("ana")
    with pytest.raises(ReleaseError, match="Q643") as refused:
        keys.trusted_keys([str(made.path)])
    assert "PRIVATE" not in str(refused.value)


@pytest.mark.parametrize("content", [None, "", "# nobody\n", "ssh-ed25519 AAAA ana\n"])
def test_what_holds_no_key_is_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "ring").write_text(content)
    with pytest.raises(ReleaseError, match="Q643"):
        keys.trusted_keys([str(tmp_path / "ring")])


def test_a_release_is_signed_and_countersigned_by_name(folder: Path) -> None:
    keys.new_key("operator")
    officer = keys.new_key("dpo").public
    first = keys.sign(folder, "operator", others={"data-protection officer": officer.line})
    assert not first.complete
    assert keys.countersign(folder, "dpo").complete


def test_a_key_with_a_passphrase_signs_with_it_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.new_key("operator", passphrase="correct horse")
    with pytest.raises(ReleaseError, match=r"Q643: .*needs a passphrase"):
        keys.sign(folder, "operator")
    monkeypatch.setenv("SYNTHSPEC_KEY_PASSPHRASE", "correct horse")
    assert keys.sign(folder, "operator").complete


def test_nothing_is_written_into_a_signed_release(folder: Path) -> None:
    from synthspec.api.release import load_release
    from synthspec.api.write import write_table

    keys.new_key("operator")
    keys.sign(folder, "operator")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    rows, release_ = pl.DataFrame({"age": [1]}), load_release(folder)
    for work in (
        release_.attach_report,
        lambda: release_.report().save(folder / "mine.html"),
        lambda: write_table(rows, folder / "more.csv"),
    ):
        with pytest.raises(ReleaseError, match="Q641"):
            work()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert write_table(rows, folder.parent / "more.csv").is_file()


def test_an_unknown_key_is_refused_before_the_release_is_touched(folder: Path) -> None:
    with pytest.raises(ReleaseError, match="Q643"):
        keys.sign(folder, "nobody")


# ---- the commitment to the source


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[Path]]:
    """Return a release that commits to two files under a kept key, and the files."""
    from dataclasses import replace

    sources = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path in sources:
        path.write_text(f"id,age\n{path.stem},44\n")
    made = Commitment.of(inside_of("c0", make=True).commitment, sources)
    monkeypatch.setattr(commitments, "charge_of", lambda value: "c0")
    value = replace(release(), commitment=made)
    return write_release(tmp_path / "sealed", value, pl.DataFrame(frame_rows())), sources


def test_the_keeper_shows_that_files_match(sealed: tuple[Path, list[Path]]) -> None:
    folder, sources = sealed
    commitments.match(folder, sources)
    commitments.match(folder, [str(sources[0].parent / "*.csv")])
    with pytest.raises(GateError, match="Q646"):
        commitments.match(folder, sources[:1])
    sources[1].write_text("id,age\nb,45\n")
    with pytest.raises(GateError, match="Q646") as refused:
        commitments.match(folder, sources)
    assert "45" not in str(refused.value.diagnostics)


def test_a_key_that_was_handed_over_opens_the_commitment_elsewhere(
    sealed: tuple[Path, list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, sources = sealed
    key = commitments.reveal(folder, tmp_path / "key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with pytest.raises(ReleaseError, match="Q643"):
        commitments.reveal(folder, key)
    monkeypatch.setenv("SYNTHSPEC_HOME", str(tmp_path / "elsewhere"))
    with pytest.raises(ReleaseError, match="Q647"):
        commitments.match(folder, sources)
    commitments.match(folder, sources, commitment_key=key)
    key.write_text("00" * 31)
    with pytest.raises(ReleaseError, match="Q647"):
        commitments.match(folder, sources, commitment_key=key)


def test_a_release_of_an_older_version_has_no_commitment(folder: Path, tmp_path: Path) -> None:
    for work in (
        lambda: commitments.match(folder, [folder]),
        lambda: commitments.reveal(folder, tmp_path / "k"),
    ):
        with pytest.raises(ReleaseError, match="Q647"):
            work()
