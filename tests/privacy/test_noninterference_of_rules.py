"""With constants for mechanisms, a spec with every kind of rule, edge, table and scenario shows no row."""

from __future__ import annotations

import secrets
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from synthspec.cli.main import run
from synthspec.mechanisms import Exponential, RoundedGaussian, Threshold
from synthspec.privacy.commitment import Commitment
from synthspec.privacy.home import home

SPEC = """\
spec: 1
name: everything
source: {path: t.csv, nulls: ['?']}
privacy: {unit: who, max_rows: 3, epsilon: 4, delta: 1e-6}
columns:
  who: id
  sex: [F, M]
  age: {type: int, in: 0..119, clip: 0.95}
  band: {derive: CASE WHEN age < 40 THEN 'young' ELSE 'old' END, type: category, in: [young, old]}
  ward: {type: category, in: {discover: 4, else: other}}
  site: [north, south, west]
  region: [a, b]
  admit: {type: datetime, in: 2020-01-01..2020-12-31, step: 1h}
  leave: {type: datetime, in: 2020-01-01..2021-03-31, step: 1h}
  amount: decimal(2) 0..5000
  fee: decimal(2) 0..100
  total: decimal(2) 0..5100
  lab: {type: float, in: 0..30, step: 0.5, missing: modelled}
  risk: bool
  so-far: {derive: 'sum(amount) OVER (PARTITION BY who ORDER BY admit)'}
  before: {derive: so_far - amount}
rules:
  order: leave >= admit
  long: date_diff('day', admit, leave) <= 60
  sum: total = amount + fee
  young: {if: age < 12, then: NOT risk}
  place: {combos: [site, sex], rows: [[north, F], [north, M], [south, F], [west, M]]}
  region-of-site: {determines: [region], by: [site]}
  late: before >= -100
  apart: {no_overlap: [admit, leave], per: who}
network:
  require: ["sex, age -> risk", "ward -> lab.missing"]
  forbid: [lab -> sex]
  known:
    sex: {cite: made up, cases: [{else: {F: 0.5, M: 0.5}}]}
    risk: {cite: made up, strength: 50, cases: [{if: sex = 'F', is: {true: 0.3}}, {else: {true: 0.1}}]}
generate:
  people: {columns: [sex, age, ward, site, region], using: marginal}
  stay: {columns: [admit, leave, lab, risk, amount, fee, total], using: bn, given: [people]}
workload: [{columns: [sex, ward], weight: 5}]
must_answer:
  risky: {count: risk, by: [sex, ward]}
  olds: {count: age >= 65}
subgroups: [sex, band]
sample:
  rows: 120
  seed: 3
  scenarios:
    summer: {rows: 20, where: "month(admit) > 3 AND sex = 'F'"}
    even: {rows: 30, rebalance: {sex: {F: 0.8, M: 0.2}}}
output: {format: csv}
""".replace("so-far", "so_far")

HEADER = "who,sex,age,ward,site,region,admit,leave,amount,fee,total,lab,risk\n"
GARBAGE = HEADER + "\n".join(
    [
        ",,,,,,,,,,,,",
        "p1,M,old,icu,south,a,2020-13-01T00:00:00,1700-01-01T00:00:00,?,?,1,nan,maybe",
        'p1,"F,40',
        "p2,F,-9223372036854775808,er,north,a,0001-01-01T00:00:00,9999-12-31T23:59:59,"
        "92233720368547758.07,-92233720368547758.08,1e300,1e308,true",
        "p2,F,9223372036854775807,er,north,b,9999-12-31T23:59:59,0001-01-01T00:00:00,"
        "-99999999999999999999,99999999999999999999,0,-1e308,false",
        *(["p3,F,70,icu,north,a,2020-02-01T00:00:00,2020-02-01T00:00:00,1.00,2.00,3.00,0.5,true"] * 50),
        *(["p4,F,5,icu,south,b,2020-02-01T00:00:00,2020-01-01T00:00:00,1.00,2.00,9.00,,true"] * 5),
    ]
)


def visits(rows: int, seed: int = 0) -> str:
    """Return a table that keeps every rule but a few."""
    rng = np.random.default_rng(seed)
    lines = [HEADER]
    for _ in range(rows):
        sex, risk = "FM"[rng.integers(2)], ("true", "false")[rng.integers(2)]
        site = ("north", "south" if sex == "F" else "west")[rng.integers(2)]
        ward = ("icu", "er")[rng.integers(2)]
        month, amount, fee = rng.integers(1, 13), rng.integers(0, 4000), rng.integers(0, 90)
        lines.append(
            f"p{rng.integers(max(1, rows // 2))},{sex},{rng.integers(12, 100)},{ward},"
            f"{site},{'ab'[site == 'north']},2020-{month:02d}-10T05:00:00,2020-{month:02d}-12T01:00:00,"
            f"{amount}.00,{fee}.50,{amount + fee}.50,{rng.integers(0, 60) / 2},{risk}\n"
        )
    return "".join(lines)


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def constants(patch: pytest.MonkeyPatch, sign: int = 1) -> None:
    """Replace every mechanism by a function of public sizes; with `sign` -1, every count is negative."""

    def counts(self: object, exact: NDArray[np.int64], bound: object, noise: object) -> NDArray[np.int64]:
        return np.random.default_rng(exact.size).integers(0, 60, exact.size) * sign

    patch.setattr(RoundedGaussian, "release", counts)
    patch.setattr(Exponential, "choose", lambda self, scores, bound, noise: (len(scores) - 1) // 2)
    patch.setattr(Threshold, "keep", lambda self, counts, bound, noise: (("er", 90), ("icu", 80)))
    patch.setattr(secrets, "token_hex", lambda count=8: "ab" * count)
    patch.setattr(Commitment, "of", classmethod(lambda cls, key, paths: cls(value="ab" * 32)))


@pytest.mark.parametrize("sign", [1, pytest.param(-1, marks=pytest.mark.slow)])
def test_nothing_that_leaves_depends_on_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], sign: int
) -> None:
    constants(monkeypatch, sign)
    monkeypatch.chdir(tmp_path)
    Path("s.yaml").write_text(SPEC)
    found = []
    for number, table in enumerate((visits(200), GARBAGE, HEADER)):
        monkeypatch.setenv("SYNTHSPEC_HOME", str(tmp_path / f"home{number}"))
        Path("t.csv").write_text(table)
        code = run(["train", "s.yaml", "--yes", "-o", "rel"])
        kept = {name: data for name, data in tree(home()).items() if name.endswith("answers.jsonl")}
        assert kept
        files = tree(Path("rel")) if Path("rel").exists() else {}
        found.append((code, files, kept, capfd.readouterr()))
        if Path("rel").exists():
            Path("rel").rename(f"rel{number}")
    assert all(code == 0 for code, *_ in found)
    for other in found[1:]:
        assert other == found[0]
