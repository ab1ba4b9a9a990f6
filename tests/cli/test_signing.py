"""From a trained release to two signatures and an opened commitment, on the command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.conftest import Command

pytest.importorskip("cryptography", reason="the extra `sign` is not installed")

SPEC = """\
spec: 1
name: small
source: {path: table.csv, rows: 400}
privacy: {unit: row, epsilon: 3}
columns:
  age: int 0..9
  sex: [F, M]
sample: {rows: 50, seed: 1}
"""


def test_a_release_is_signed_by_two_and_matched_with_its_source(command: Command) -> None:
    Path("small.yaml").write_text(SPEC)
    Path("table.csv").write_text(
        "age,sex\n" + "\n".join(f"{i % 10},{'FM'[i % 2]}" for i in range(400)) + "\n"
    )
    assert command("train", "small.yaml", "--yes", "-o", "rel").code == 0
    made = command("keys", "new", "operator")
    assert made.code == 0 and made.out.startswith("ed25519:") and made.out.endswith(" operator\n")
    assert "fingerprint: " in made.err and "PRIVATE" not in made.out + made.err
    again = command("keys", "new", "operator")
    assert again.code == 2 and "Q643" in again.err
    public = command("keys", "new", "dpo", "-o", "dpo.pem").out.strip()
    assert command("keys", "show").out == made.out
    assert command("keys", "show", "dpo.pub").out == public + "\n"

    early = command("release", "countersign", "rel", "--key", "dpo.pem")
    assert early.code == 2 and "Q644" in early.err
    first = command("release", "sign", "rel", "--key", "operator", "--with", f"officer={public}")
    assert first.code == 0
    assert first.out.splitlines()[0].startswith("signed: operator operator (")
    assert first.out.splitlines()[1].startswith("to sign: officer dpo (")
    assert "release countersign rel" in first.err
    second = command("--json", "release", "countersign", "rel", "--key", "dpo.pem").json
    assert second["complete"] and [each["role"] for each in second["signers"]] == ["operator", "officer"]
    twice = command("release", "sign", "rel", "--key", "operator")
    assert twice.code == 2 and "Q642" in twice.err and "--again" in twice.err

    files = {path.name: path.read_bytes() for path in Path("rel").iterdir()}
    replaced = command("train", "small.yaml", "--yes", "-o", "rel", "--replace")
    assert replaced.code == 2 and "Q641" in replaced.err
    assert {path.name: path.read_bytes() for path in Path("rel").iterdir()} == files

    assert command("release", "match", "rel", "table.csv").code == 0
    assert command("release", "reveal", "rel", "-o", "key").out == "key\n"
    with Path("table.csv").open("a") as file:
        file.write("9,F\n")
    changed = command("release", "match", "rel", "table.csv", "--commitment-key", "key")
    assert changed.code == 3 and "Q646" in changed.err


def test_a_passphrase_is_asked_for_where_somebody_can_type_it(command: Command) -> None:
    refused = command("keys", "new", "operator", "--passphrase")
    assert refused.code == 2 and "SYNTHSPEC_KEY_PASSPHRASE" in refused.err
    os.environ["SYNTHSPEC_KEY_PASSPHRASE"] = "correct horse"
    try:
        assert command("keys", "new", "operator", "--passphrase", "-o", "operator.pem").code == 0
    finally:
        del os.environ["SYNTHSPEC_KEY_PASSPHRASE"]
    assert "ENCRYPTED" in Path("operator.pem").read_text()


@pytest.mark.parametrize("pair", ["dpo.pub", "officer=nobody", "Boss=nobody"])
def test_a_signer_to_be_is_a_role_and_a_key(command: Command, pair: str) -> None:
    command("keys", "new", "operator")
    refused = command("release", "sign", "rel", "--key", "operator", "--with", pair)
    assert refused.code == 2
