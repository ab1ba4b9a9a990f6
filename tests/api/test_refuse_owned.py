"""A file for which budget was charged is not public under any name, on any ledger of this machine."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

import synthspec as ss
from synthspec.api import ledgers
from synthspec.api.sources import held_sources
from synthspec.privacy.held import held_files
from synthspec.privacy.journal import Journal

SPEC = """
spec: 1
name: visits
source: {path: PATH, rows: 400MORE}
privacy: {unit: row, epsilon: 1, ledger: NAME}
columns:
  age: int 0..9
  sex: [F, M]
sample: {rows: 20}
"""
OPEN = ", public: true, basis: so I say"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    table = pl.DataFrame({"age": [i % 10 for i in range(400)], "sex": ["FM"[i % 2] for i in range(400)]})
    table.write_csv("visits.csv")
    return tmp_path


def load(path: str, *, public: bool = False, ledger: str | None = None) -> ss.Spec:
    text = SPEC.replace("PATH", path).replace("MORE", OPEN if public else "")
    text = text.replace(", ledger: NAME", f", ledger: {ledger}" if ledger else "")
    if public:
        text = "\n".join(line for line in text.splitlines() if not line.startswith("privacy"))
    Path("spec.yaml").write_text(text)
    return ss.load("spec.yaml")


def refused(spec: ss.Spec, out: str = "open") -> bool:
    try:
        spec.plan().train(out=out)
    except ss.BudgetError as error:
        assert error.code == "B554"
        assert not Path(out).exists()
        return True
    return False


def on_a_named_ledger() -> None:
    ledgers.open_named("ward", unit="row", epsilon="3", delta="1e-9")
    load("visits.csv", ledger="ward").plan().train(out="rel")


def test_a_source_on_a_named_ledger_cannot_be_declared_public(folder: Path) -> None:
    on_a_named_ledger()
    assert refused(load("visits.csv", public=True))


@pytest.mark.parametrize("named", [True, False])
def test_a_hard_link_or_a_new_name_does_not_make_it_public(folder: Path, named: bool) -> None:
    if named:
        on_a_named_ledger()
    else:
        load("visits.csv").plan().train(out="rel")
    os.link("visits.csv", "census.csv")
    assert refused(load("census.csv", public=True))
    Path("visits.csv").rename("moved.csv")
    assert refused(load("moved.csv", public=True))
    pl.DataFrame({"age": [1, 2], "sex": ["F", "M"]}).write_csv("visits.csv")
    assert refused(load("visits.csv", public=True))  # the place where the private table lay


def test_one_of_the_files_of_a_pattern_is_enough(folder: Path) -> None:
    on_a_named_ledger()
    Path("many").mkdir()
    os.link("visits.csv", "many/a.csv")
    assert refused(load("many/*.csv", public=True))


def test_it_is_no_public_list_of_values_either(folder: Path) -> None:
    on_a_named_ledger()
    os.link("visits.csv", "codes.csv")
    text = "spec: 1\nname: m\ncolumns:\n  sex: {type: category, in: {file: codes.csv, column: sex}}\n"
    Path("mock.yaml").write_text(text)
    with pytest.raises(ss.BudgetError) as error:
        ss.load("mock.yaml").mock(5)
    assert error.value.code == "B554"
    pl.read_csv("visits.csv").write_csv("published.csv")
    Path("mock.yaml").write_text(text.replace("codes.csv", "published.csv"))
    assert ss.load("mock.yaml").mock(5).height == 5


def test_another_file_and_a_voided_charge_do_not_refuse(folder: Path) -> None:
    on_a_named_ledger()
    pl.DataFrame({"age": [1] * 50, "sex": ["F"] * 50}).write_csv("other.csv")
    assert not refused(load("other.csv", public=True), "open1")
    journal, secret = Journal.open_named(
        "mistaken", unit="row", neighbours="add-remove", epsilon_cap=3, delta_cap=1e-9, owner="o"
    )
    plan = load("other.csv", ledger="mistaken").plan().value
    charge = journal.reserve(
        plan.most_it_can_spend, unit="row", neighbours="add-remove", release="r", plan="p", label="l",
        epsilon=1, delta=1e-9, sources=held_files([Path("other.csv")]),
    )  # fmt: skip
    assert refused(load("other.csv", public=True), "open2")
    journal.void(charge, secret)
    assert not refused(load("other.csv", public=True), "open2")


def test_a_ledger_remembers_where_the_file_is_and_nothing_of_what_is_in_it(folder: Path) -> None:
    on_a_named_ledger()
    (journal,) = Journal.every()
    (charge,) = journal.standing().charges.values()
    facts = Path("visits.csv").stat()
    (held,) = charge.sources
    assert held.model_dump() == {
        "path": str(Path("visits.csv").resolve()), "device": facts.st_dev, "inode": facts.st_ino,
    }  # fmt: skip
    journal.verify()


@pytest.mark.parametrize(
    ("charged", "other"),
    [
        ("spark:parquet.`visits.parquet`", "visits.parquet"),
        ("visits.parquet", "spark:parquet.`PLACE/visits.parquet`"),
        ("spark:parquet.`many`", "many/part-0.parquet"),
        ("many/part-0.parquet", "spark:parquet.`many`"),
        ("postgres://ann@db.example/clinic#visits", "postgres://bob@10.0.0.1:5432/clinic#public.visits"),
    ],
)
def test_another_address_of_a_table_does_not_make_it_public(folder: Path, charged: str, other: str) -> None:
    """Charged without a run, and asked without one: neither a server nor Spark is needed here."""
    (folder / "many").mkdir()
    for place in ("visits.parquet", "many/part-0.parquet"):
        pl.read_csv("visits.csv").write_parquet(place)
    plan = load(charged, ledger="ward").plan().value
    made, _ = Journal.open_named(
        "ward", unit="row", neighbours="add-remove", epsilon_cap=3, delta_cap=1e-9, owner="o"
    )
    made.reserve(
        plan.most_it_can_spend,
        unit="row",
        neighbours="add-remove",
        release="r",
        plan="p",
        label="l",
        epsilon=1,
        delta=1e-9,
        sources=held_sources(plan),
    )
    public = load(other.replace("PLACE", str(folder)), public=True).plan().value
    with pytest.raises(ss.BudgetError, match="B554"):
        ledgers.refuse_owned(public)
