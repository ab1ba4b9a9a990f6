"""Small releases made by the product, and copies of them that were changed and digested anew."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import synthspec
from synthspec.mechanisms import rounded_gaussian
from synthspec.privacy.rounded import rounded_gaussian as drawn
from synthspec.release.arrays import pack
from synthspec.release.stored import to_json

ROWS = 900
HEAD = "spec: 1\nname: small\nsource: {path: table.csv, rows: 900}\n"
COLUMNS = "columns:\n  age: int 0..9\n  sex: [F, M]\n  ward: [medicine, surgery, icu]\n"
RULES = "rules:\n  no-young-icu: ward <> 'icu' OR age >= 2\n"
SAMPLE = "sample: {rows: 200, seed: 1}\n"
BY_ROW = "privacy: {unit: row, epsilon: 6}\n"
BY_WHO = "privacy: {unit: who, max_rows: 2, epsilon: 8, delta: 1e-6, neighbours: replace}\n"

SPECS = {
    "marginal": HEAD
    + BY_ROW
    + COLUMNS
    + RULES
    + "gates: {close: max_tvd_1way <= 0.9}\nmust_answer: {old ones: {count: age >= 7, by: [ward]}}\n"
    + "sample:\n  rows: 200\n  seed: 1\n  scenarios:\n    icu: {rows: 50, where: \"ward = 'icu'\"}\n",
    "bought": HEAD
    + BY_WHO
    + COLUMNS
    + "  who: id\n"
    + "  code: {type: category, in: {discover: 4, else: other}}\n"
    + "  cost: {type: int, in: 0..9999, clip: 0.95}\n"
    + "generate: {all: {columns: [age, sex, ward, code, cost], using: bn}}\n"
    + SAMPLE
    + "output: {format: csv}\n",
    "independent": HEAD
    + BY_ROW
    + COLUMNS
    + "generate: {all: {columns: [age, sex, ward], using: independent}}\n"
    + SAMPLE,
    "copula": HEAD
    + BY_ROW
    + COLUMNS
    + "  cost: int 0..999\n"
    + "generate: {all: {columns: [age, sex, ward, cost], using: copula}}\n"
    + SAMPLE,
    "groups": HEAD
    + BY_ROW
    + COLUMNS
    + "  cost: int 0..999\n  old: {derive: age >= 7}\n"
    + "generate:\n  a: {columns: [age, ward]}\n  b: {columns: [sex, cost], given: [a]}\n"
    + "sample:\n  rows: 200\n  seed: 2\n  scenarios:\n"
    + "    dear: {rows: 50, where: \"ward = 'icu' AND cost > 50\"}\n"
    + "    even: {rows: 60, rebalance: {ward: {icu: 0.5, medicine: 0.3, surgery: 0.2}}, weights: w}\n",
    "scored": HEAD + BY_ROW + COLUMNS + "gates: {useful: auc_gap(sex) <= 0.5}\n"
    "sample: {rows: 200, seed: 1, holdout: 0.3}\n",
    "scaled": HEAD
    + "privacy: {unit: row, epsilon: 15, split: {report: 0, fit: 0}}\n"
    + COLUMNS
    + "  cost: {type: int, in: 0..999, bins: 8}\n  code: [a, b, c, d, e]\n"
    + SAMPLE,
    "panel": HEAD
    + BY_WHO
    + COLUMNS.replace("[F, M]", "{type: category, in: [F, M], per: unit}")
    + "  who: id\n"
    + "  code: {type: category, in: {discover: 4, else: other}, per: unit}\n"
    + "generate:\n  them: {columns: [sex, code], using: independent}\n"
    + "  stays: {columns: [age, ward], given: [sex], sequence: {by: age}}\n"
    + "sample: {units: 90, seed: 1}\n",
    "weights": HEAD
    + BY_WHO.replace("neighbours: replace", "contribution: weights")
    + COLUMNS
    + "  who: id\n"
    + "generate: {all: {columns: [age, sex, ward], using: independent}}\n"
    + SAMPLE,
    "public": HEAD.replace("rows: 900", "public: true, basis: made up") + COLUMNS + SAMPLE,
    "nothing": "spec: 1\nname: nothing\n" + COLUMNS + RULES + SAMPLE,
    "network": HEAD
    + BY_ROW
    + COLUMNS
    + "generate: {all: {columns: [age, sex, ward], using: vae, with: {fine_tune: always, steps: 4, "
    + "batch_size: 200, pretrain: 20, width: 16, latent: 4}}}\n"
    + SAMPLE,
}


def table() -> str:
    """Return the rows: two of each person."""
    rng = np.random.default_rng(0)
    lines = ["who,age,sex,ward,cost,code"]
    for i in range(ROWS):
        age = int(rng.integers(2, 10))
        ward = ["medicine", "surgery", "icu"][int(rng.integers(3 if age > 4 else 2))]
        cost = int(rng.gamma(2, 40 + 30 * (ward == "icu")))
        sex, code = "FM"[int(rng.integers(2))], "abcde"[min(4, int(rng.geometric(0.5)) - 1)]
        lines.append(f"p{i // 2},{age},{sex},{ward},{cost},{code}")
    return "\n".join(lines) + "\n"


def trained(folder: Path, kind: str, factor: float = 1.0) -> Path:
    """Train one of SPECS in `folder`, with a ledger of its own; return its release.

    With a `factor`, noise is drawn so much wider than is paid for and said: a bug, or a lie.
    """
    place = folder / f"{kind}-{factor:g}"
    place.mkdir()
    (place / "table.csv").write_text(table())
    (place / "small.yaml").write_text(SPECS[kind])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNTHSPEC_HOME", str(place / "home"))
        patch.setattr(
            rounded_gaussian,
            "rounded_gaussian",
            lambda scale, size, noise: drawn(scale * factor, size, noise),
        )
        synthspec.load(place / "small.yaml").plan().train(out=place / "release")
    (place / "table.csv").unlink()
    return place / "release"


def changed(release: Path, place: Path, edits: Mapping[str, Callable[[Any], Any]]) -> Path:
    """Return a copy in which files were changed and the manifest written anew: only their meaning differs.

    Edits of .json files take and give the tree, of .npz the arrays, of others the bytes.
    """
    shutil.copytree(release, place)
    for name, edit in edits.items():
        path = place / name
        content = path.read_bytes()
        if name.endswith(".json"):
            path.write_bytes(to_json(edit(json.loads(content))))
        elif name.endswith(".npz"):
            path.write_bytes(pack(edit(arrays_of(content))))
        else:
            path.write_bytes(edit(content))
    digested(place)
    return place


def digested(place: Path) -> None:
    """Write the manifest anew over the files as they lie."""
    manifest = json.loads((place / "manifest.json").read_bytes())
    for entry in manifest["files"]:
        content = (place / entry["name"]).read_bytes()
        entry["bytes"], entry["sha256"] = len(content), hashlib.sha256(content).hexdigest()
    (place / "manifest.json").write_text(json.dumps(manifest))


def arrays_of(content: bytes) -> dict[str, Any]:
    """Return the arrays of an .npz file, writeable."""
    with zipfile.ZipFile(io.BytesIO(content)):
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
        return {name: np.array(loaded[name]) for name in loaded.files}
