"""A small signed release and a tampered twin, over simulated rows: `python signed.py [FOLDER]`.

Writes `release`, `tampered` and `signers` (the two public keys) into FOLDER, the current one without it. The
rows are made up, ledger and private keys lie in a folder that is removed at the end, so nobody can sign with
these keys again. The twin is what a forger without a key can do at best: it claims half the epsilon, and its
manifest is written anew, so that every digest agrees.

`examples/signed` was made by it: `rm -r examples/signed; python examples/signed.py examples/signed`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

import synthspec as ss
from synthspec.api.keys import countersign, new_key, sign
from synthspec.api.train import train

SOURCE = "visits.csv"
WARDS = ["icu", "medicine", "surgery"]


def main(folder: Path) -> None:
    """Make both folders."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["SYNTHSPEC_HOME"] = home
        signers = release_in(folder / "release", Path(home))
    (folder / "signers").write_text(f"# who signs: hand this out by another way than releases\n{signers}")
    shutil.copytree(folder / "release", folder / "tampered")
    tamper(folder / "tampered")
    print(f"synthspec verify {folder / 'release'} --key {folder / 'signers'}")
    print(f"synthspec verify {folder / 'tampered'} --key {folder / 'signers'}")


def release_in(folder: Path, home: Path) -> str:
    """Train a release of simulated rows, sign it twice, and return the signers' public lines."""
    world = ss.Spec(
        name="world",
        columns={"person": "int 1..600", "sex": ["F", "M"], "ward": WARDS, "nights": "int 0..20"},
        rules={"icu": ss.sql("ward <> 'icu' OR nights >= 2")},
    )
    world.mock(1_200, seed=1).write_csv(home / SOURCE)
    spec = ss.Spec(
        name="visits",
        about="Made-up visits to a made-up hospital.",
        source=ss.Source(str(home / SOURCE), rows=1_200),
        privacy=ss.Privacy(unit="person", max_rows=3, epsilon=3),
        columns={"person": "id", "sex": ["F", "M"], "ward": WARDS, "nights": "int 0..20"},
        rules={"nobody-leaves-icu-at-once": "ward <> 'icu' OR nights >= 2"},
        sample={"rows": 250, "seed": 4},
        gates={"rules-hold": "violations = 0"},
    )
    train(
        spec.plan().value, out=folder
    )  # as `synthspec train`, but for the page, which would double the size
    operator, officer = new_key("operator").public, new_key("officer").public
    sign(folder, "operator", others={"data-protection officer": officer.line})
    countersign(folder, "officer")
    return f"{operator.line}\n{officer.line}\n"


def tamper(folder: Path) -> None:
    """Claim half the epsilon, and make all digests agree."""
    ledger = json.loads((folder / "ledger.json").read_bytes())
    ledger["claim"]["epsilon"] /= 2
    content = (json.dumps(ledger, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()
    (folder / "ledger.json").write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    for entry in manifest["files"]:
        if entry["name"] == "ledger.json":
            entry.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    (folder / "manifest.json").write_text(json.dumps(manifest, sort_keys=True, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
