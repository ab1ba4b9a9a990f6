"""The whole command line, with the mechanisms replaced by constants: nothing depends on the rows.

Two tables that share a spec and nothing else; the release, both streams and the exit code must be
equal byte for byte. Anything that reads the rows beside a mechanism shows here.

Source: PRIVACY 10 of the design; Goguen & Meseguer 1982 (noninterference).
"""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

import numpy as np
import pytest

from synthspec.cli.main import run
from synthspec.mechanisms import Exponential, RoundedGaussian, Threshold
from synthspec.privacy.commitment import Commitment

SPEC = """\
spec: 1
name: visits
source: {path: visits.csv, rows: 500}
privacy: {unit: person, max_rows: 2, epsilon: 3}
columns:
  person: id
  age: int 0..99
  sex: [F, M]
  born: date 1920-01-01..2020-12-31
  lactate: {type: float, in: 0..30, step: 0.1, missing: modelled, clip: 0.95}
  place: {type: category, in: {discover: 5, else: OTHER}}
  old: {derive: age >= 65}
rules:
  elders: {if: age >= 90, then: sex = 'F'}
sample: {rows: 150, seed: 2, holdout: 0.2}
gates:
  one-way: max_tvd_1way <= 0.9
  useful: auc_gap(sex) <= 0.9
  tails: tail_ratio(age, 0.9) <= 90
subgroups: [place]
"""
HEADER = "person,age,sex,born,lactate,place\n"
CANARY = "canary7361"


def tidy(rows: int) -> bytes:
    """Return a table where everything fits."""
    lines = [
        f"{i // 3},{i % 90},{'FM'[i % 2]},19{20 + i % 80}-01-01,{i % 30}.5,town{i % 3}" for i in range(rows)
    ]
    return (HEADER + "\n".join(lines) + "\n").encode()


TABLES = {
    "tidy": tidy(500),
    "smaller": tidy(37),
    "one row": tidy(1),
    "no rows": HEADER.encode(),
    "nothing fits": (HEADER + "\n".join(["x,y,z,1,-,"] * 60) + "\n").encode(),
    "undecodable and ragged": HEADER.encode() + b"1,2,\xff\xfe,,3\n,,,,,\n1\n1,2,3,4,5,6,7,8\n" * 40,
    "one person": (
        HEADER + "\n".join([f"7,{i % 90},F,1950-01-01,2.5,home" for i in range(900)]) + "\n"
    ).encode(),
    "nobody": (HEADER + "\n".join([",44,M,1980-02-29,,"] * 80) + "\n").encode(),
}


def outcome(table: bytes, folder: Path, capfd: pytest.CaptureFixture[str]) -> dict[str, bytes | str | int]:
    """Return everything that leaves a run in an emptied folder: the release, the answers, streams, exit code.

    The folder and the file are the same for both tables: the name and the place on the disk are public,
    and are in the ledger, by which it knows a charged source again.
    """
    folder.mkdir(exist_ok=True)
    for made in ("home", "release"):
        shutil.rmtree(folder / made, ignore_errors=True)
    (folder / "visits.csv").write_bytes(table)
    os.utime(folder / "visits.csv", (len(table), len(table)))
    (folder / "visits.yaml").write_text(SPEC)
    home = folder / "home"
    before, os.environ["SYNTHSPEC_HOME"] = os.environ["SYNTHSPEC_HOME"], str(home)
    here = Path.cwd()
    os.chdir(folder)
    capfd.readouterr()
    try:
        code = run(["run", "visits.yaml", "--yes", "-o", "release", "-v"])
    finally:
        os.chdir(here)
        os.environ["SYNTHSPEC_HOME"] = before
    seen = capfd.readouterr()
    files = {
        str(path.relative_to(folder)): path.read_bytes() for path in sorted((folder / "release").rglob("*"))
    }
    bought = {path.name: path.read_bytes() for path in sorted(home.rglob("answers.jsonl"))}
    return {"code": code, "out": seen.out, "err": seen.err, **files, **bought}


@pytest.fixture
def constants(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace every mechanism by a constant, and the charge's random name by a fixed one."""
    monkeypatch.setattr(RoundedGaussian, "release", lambda self, exact, s, noise: np.full_like(exact, 40))
    monkeypatch.setattr(Exponential, "choose", lambda self, scores, s, noise: 0)
    monkeypatch.setattr(Threshold, "keep", lambda self, counts, s, noise: (("town1", 50), ("here", 20)))
    monkeypatch.setattr(secrets, "token_hex", lambda count: "ab" * count)
    monkeypatch.setattr(Commitment, "of", classmethod(lambda cls, key, paths: cls(value="ab" * 32)))


@pytest.mark.parametrize("name", [name for name in TABLES if name != "tidy"])
@pytest.mark.usefixtures("constants")
def test_nothing_that_leaves_a_run_depends_on_the_rows(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = outcome(TABLES["tidy"], tmp_path / "a", capfd)
    two = outcome(TABLES[name], tmp_path / "a", capfd)
    assert one["code"] in (0, 3), one["err"]
    assert set(one) == set(two)
    for part in one:
        assert one[part] == two[part], f"{part} differs"


def test_without_the_constants_the_test_above_would_fail(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    one = outcome(TABLES["tidy"], tmp_path / "a", capfd)
    two = outcome(TABLES["one person"], tmp_path / "a", capfd)
    assert one["release/synthetic.parquet"] != two["release/synthetic.parquet"]


def test_a_value_outside_every_domain_and_a_units_name_appear_nowhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{CANARY}{i % 7},{CANARY},{CANARY},{CANARY},{CANARY},rare{CANARY}{i}" for i in range(50)]
    table = tidy(300) + ("\n".join(rows) + "\n").encode()
    seen = outcome(table, tmp_path / "a", capfd)
    assert seen["code"] in (0, 3)
    for place in (tmp_path / "a" / "release", tmp_path / "a" / "home"):
        for file in place.rglob("*"):
            if file.is_file():
                assert CANARY.encode() not in file.read_bytes(), file
    assert CANARY not in str(seen["out"]) + str(seen["err"])


@pytest.mark.usefixtures("constants")
def test_a_failure_beside_the_rows_says_nothing_of_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from synthspec.engines import polars as engine

    def burst(*_: object) -> object:
        raise ValueError(f"row of {CANARY}")

    monkeypatch.setattr(engine.PolarsRows, "count", burst)
    monkeypatch.setattr(engine.PolarsRows, "affected", burst)
    seen = outcome(tidy(50), tmp_path / "a", capfd)
    assert seen["code"] == 70
    assert CANARY not in str(seen["out"]) + str(seen["err"])
    assert not (tmp_path / "a" / "release").exists()
    for file in (tmp_path / "a" / "home").rglob("*"):
        if file.is_file():
            assert CANARY.encode() not in file.read_bytes()
