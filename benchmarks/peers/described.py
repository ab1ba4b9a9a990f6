"""Hold what a release says of itself against the publishers of its formats: python described.py RELEASE.

Run in an environment of its own (`requirements/described.txt`): mlcroissant reads croissant.json and loads
every row through it, in-toto-attestation and securesystemslib read the attestation and check its signatures,
and, with --schema FILE, the registry's own schema (deployments-schema.yaml of
github.com/opendp/deployments-registry-data) is held against dp-registry.yaml. Exit 1 when one refuses.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Said = Iterator[tuple[str, bool, str]]


def croissant(folder: Path) -> Said:
    """Read the record, and all rows through it."""
    import mlcroissant

    dataset = mlcroissant.Dataset(str(folder / "croissant.json"))
    issues = dataset.metadata.ctx.issues
    yield "croissant: no error", not issues.errors, str(sorted(issues.errors))
    yield "croissant: no warning", not issues.warnings, str(sorted(issues.warnings))
    expected = json.loads((folder / "rules.json").read_bytes())["rows"]
    table = dataset.metadata.record_sets[0]
    rows = sum(1 for _ in dataset.records(table.uuid))
    yield "croissant: every row is read", rows == expected, f"{rows} of {expected}"


def attestation(folder: Path) -> Said:
    """Check envelope, signatures and subjects by others' code."""
    from google.protobuf import json_format
    from in_toto_attestation.v1.statement import Statement
    from in_toto_attestation.v1.statement_pb2 import Statement as StatementPb
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import SSlibKey

    path = folder / "attestation.intoto.jsonl"
    if not path.exists():
        yield "attestation: not signed", True, ""
        return
    envelope = Envelope.from_dict(json.loads(path.read_bytes()))
    tree: dict[str, Any] = json.loads(envelope.payload)
    keys = []
    for signer in tree["predicate"]["signers"]:
        raw = base64.b64decode(signer["key"].removeprefix("ed25519:"))
        keys.append(SSlibKey(signer["keyid"], "ed25519", "ed25519", {"public": raw.hex()}))
    accepted = envelope.verify(keys, threshold=len(envelope.signatures))
    yield "attestation: every signature holds", len(accepted) == len(envelope.signatures), ""
    statement = Statement.copy_from_pb(json_format.Parse(envelope.payload, StatementPb()))
    statement.validate()
    yield "attestation: a statement of in-toto", tree["_type"] == "https://in-toto.io/Statement/v1", ""
    for subject in tree["subject"]:
        digest = hashlib.sha256((folder / subject["name"]).read_bytes()).hexdigest()
        if digest != subject["digest"]["sha256"]:
            yield f"attestation: {subject['name']}", False, "another digest"


def registry(folder: Path, schema: Path | None) -> Said:
    """Hold the entry against the registry's own schema."""
    import yaml
    from jsonschema import Draft7Validator

    path = folder / "dp-registry.yaml"
    if schema is None or not path.exists():
        yield "registry: not done", True, "no entry, or no --schema"
        return
    validator = Draft7Validator(
        yaml.safe_load(schema.read_text()), format_checker=Draft7Validator.FORMAT_CHECKER
    )
    errors = [error.message for error in validator.iter_errors(yaml.safe_load(path.read_text()))]
    yield "registry: valid by its schema", not errors, "; ".join(errors)


def main() -> int:
    """Print a line for each check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", type=Path)
    parser.add_argument("--schema", type=Path)
    options = parser.parse_args()
    failed = 0
    for each in (
        croissant(options.release),
        attestation(options.release),
        registry(options.release, options.schema),
    ):
        for name, good, detail in each:
            failed += not good
            print(f"{'ok  ' if good else 'FAIL'} {name}{f': {detail}' if detail else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
