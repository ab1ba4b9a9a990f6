"""The signed release of the examples still verifies; its tampered twin does not, and says why."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from synthspec.api.keys import trusted_keys
from synthspec.cli.main import run
from synthspec.release.bundle import read_release
from synthspec.verify import standalone

FOLDER = Path(__file__).parents[1] / "examples" / "signed"
SIGNERS = str(FOLDER / "signers")


def verified(name: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    """Return exit code and outcomes of `synthspec verify` on one of the two."""
    capsys.readouterr()
    code = run(["verify", str(FOLDER / name), "--key", SIGNERS, "--format", "json"])
    tree = json.loads(capsys.readouterr().out)
    return code, {check["name"]: check["outcome"] for check in tree["checks"]}


def test_the_release_verifies(capsys: pytest.CaptureFixture[str]) -> None:
    code, outcomes = verified("release", capsys)
    assert code == 0
    assert "failed" not in outcomes.values()
    assert outcomes["signatures"] == "passed"


def test_the_twin_does_not_although_its_digests_agree(capsys: pytest.CaptureFixture[str]) -> None:
    code, outcomes = verified("tampered", capsys)
    assert code == 3
    assert outcomes["digests"] == "passed"
    assert outcomes["signatures"] == "failed"
    assert outcomes["epsilon"] == "failed"


def test_the_one_file_verifier_says_the_same_of_both(tmp_path: Path) -> None:
    alone = tmp_path / "verify.py"
    shutil.copy(standalone.__file__, alone)
    codes = [
        subprocess.run(
            [sys.executable, "-I", str(alone), str(FOLDER / name), "--key", SIGNERS],
            capture_output=True,
            check=False,
            timeout=120,
        ).returncode
        for name in ("release", "tampered")
    ]
    assert codes == [0, 3]


def test_two_signed_it_and_no_private_key_is_kept() -> None:
    assert [key.name for key in trusted_keys([SIGNERS])] == ["operator", "officer"]
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert not [path for path in files if b"PRIVATE" in path.read_bytes() or path.suffix == ".pem"]
    assert sum(path.stat().st_size for path in files) < 150_000


def test_it_names_no_place_on_the_machine_that_made_it() -> None:
    plan = read_release(FOLDER / "release").plan
    assert plan.source is not None
    assert (plan.source.path, plan.folder) == ("visits.csv", "out/visits")
    texts = [path for path in (FOLDER / "release").iterdir() if path.suffix in (".json", ".yaml", ".jsonl")]
    assert not [path.name for path in texts if b"/tmp" in path.read_bytes()]
