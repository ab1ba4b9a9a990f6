"""Bad input: a public fault is one readable message, its exit code, nothing half-written, nothing charged.

A fault of values is silent: the run ends as a neighbour's would.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Command

HEADER = "age,sex,ward\n"


def _table(content: bytes, name: str = "table.csv") -> Callable[[], object]:
    return lambda: Path(name).write_bytes(content)


def _occupied() -> None:
    Path("rel").mkdir()
    (Path("rel") / "mine.txt").write_text("mine")


def _nothing() -> None:
    pass


TRAIN = ("train", "small.yaml", "--yes", "-o", "rel")
OVER = (
    *("--set", "columns.age=int 0..99", "--set", "columns.sex=int 0..9"),
    *("--set", "generate={all: {columns: [age, sex, ward], with: {max_cells: 1000}}}"),
    *("--set", "network={require: [age -> ward, sex -> ward]}"),
)
FAULTS: dict[str, tuple[Callable[[], object], tuple[str, ...], int, str]] = {
    "no spec": (_nothing, ("train", "none.yaml", "--yes"), 1, "S109"),
    "no source": (lambda: Path("table.csv").unlink(), TRAIN, 5, "D402"),
    "empty source": (_table(b""), TRAIN, 5, "D405"),
    "a folder as source": (_nothing, (*TRAIN, "--source", ".", "--set", "source.format=csv"), 5, "D403"),
    "an unknown ending": (_nothing, (*TRAIN, "--source", "table.xlsx"), 1, "G433"),
    "no Parquet": (_table(b"age,sex\n", "t.parquet"), (*TRAIN, "--source", "t.parquet"), 5, "D406"),
    "a column is absent": (_table(b"age,sex\n1,F\n"), TRAIN, 5, "D407"),
    "a column twice": (_table(b"age,sex,ward,age\n"), TRAIN, 5, "D411"),
    "epsilon 0": (_nothing, (*TRAIN, "--set", "privacy.epsilon=0"), 1, "S107"),
    "epsilon negative": (_nothing, (*TRAIN, "--set", "privacy.epsilon=-1"), 1, "S107"),
    "epsilon under one measurement": (_nothing, (*TRAIN, "--set", "privacy.epsilon=1e-9"), 4, "B504"),
    "a family over the cap on cells": (_nothing, (*TRAIN, *OVER), 1, "N316"),
    "epsilon NaN": (_nothing, (*TRAIN, "--set", "privacy.epsilon=nan"), 1, "S106"),
    "epsilon infinite": (_nothing, (*TRAIN, "--set", "privacy.epsilon=.inf"), 1, "S106"),
    "epsilon in words": (_nothing, (*TRAIN, "--set", "privacy.epsilon=one"), 1, "S106"),
    "no epsilon": (_nothing, (*TRAIN, "--set", "privacy.epsilon="), 1, "S106"),
    "a folder that is not empty": (_occupied, TRAIN, 2, "Q601"),
    "a file in the way": (lambda: Path("rel").touch(), TRAIN, 2, "Q601"),
    "a folder under a file": (_nothing, (*TRAIN[:-1], "table.csv/rel"), 5, "D409"),
    "events nowhere": (_nothing, (*TRAIN, "--events", "no/such/events.jsonl"), 1, "S150"),
    "tool settings": (_table(b"ledgers = 1", "synthspec.toml"), TRAIN, 1, "S156"),
    "tool settings that are no TOML": (_table(b"= 1", "synthspec.toml"), TRAIN, 1, "S156"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_public_fault_charges_nothing_and_leaves_nothing(name: str, command: Command, spec: Path) -> None:
    prepare, arguments, code, said = FAULTS[name]
    prepare()
    before = sorted(Path().rglob("*"))
    done = command(*arguments, "-q")
    assert (done.code, done.out) == (code, ""), done.err
    assert done.err.count("error[") == 1 and f"error[{said}]" in done.err
    assert "= help:" in done.err and "Traceback" not in done.err
    assert sorted(Path().rglob("*")) == before
    assert not list((Path(os.environ["SYNTHSPEC_HOME"])).rglob("*.sqlite"))
    again = command(*arguments, "--json")
    assert (again.code, again.json["ok"], again.json["exit_code"]) == (code, False, code)
    assert again.json["diagnostics"][0]["code"] == said


def test_a_release_in_the_way_costs_nothing(command: Command, spec: Path) -> None:
    command("budget", "open", "clinic", "--unit", "row", "--cap", "9", "--delta", "1e-9")
    named = ("train", str(spec), "--set", "privacy.ledger=clinic", "--yes", "-o", "rel")
    assert command(*named).code == 0
    taken = command(*named)
    assert taken.code == 2 and "--replace" in taken.err
    assert len(command("budget", "show", "clinic", "--json").json["charges"]) == 1
    assert command(*named, "--replace").code == 0


@pytest.mark.parametrize("place", ["table.csv", "/proc/nowhere"])
def test_a_home_that_cannot_be_used_is_refused_before_anything_is_read(
    place: str, command: Command, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNTHSPEC_HOME", place)
    done = command(*TRAIN, "-q")
    assert done.code == 4 and "error[B506]" in done.err
    assert not Path("rel").exists()


GOOD = b"".join(b"%d,%s,icu\n" % (2 + i % 8, b"FM"[i % 2 : i % 2 + 1]) for i in range(200))
VALUES = {
    "outside the domain": HEADER.encode() + b"99,X,nowhere\n" * 40 + GOOD,
    "undecodable": HEADER.encode() + b"3,\xff\xfe,icu\n" * 40 + GOOD,
    "ragged": HEADER.encode() + b"1\n1,2,3,4,5\n\n,,,,,,\n" * 20 + GOOD,
    "null bytes and an open quote": HEADER.encode() + b'\x00\x00\n"open,F\n' + GOOD,
    "an enormous cell": HEADER.encode() + b"9" * 500_000 + b",F,icu\n" + GOOD,
    "all null": HEADER.encode() + b",,\n" * 100,
    "a column that is all missing": HEADER.encode() + b",F,icu\n,M,surgery\n" * 100,
    "columns that repeat one another": HEADER.encode() + b"2,F,icu\n3,M,surgery\n" * 100,
    "fewer rows than cells": HEADER.encode() + b"2,F,icu\n3,M,surgery\n" * 2,
    "no rows": HEADER.encode(),
    "one row": HEADER.encode() + b"3,F,icu\n",
}


@pytest.mark.parametrize("name", VALUES)
def test_a_fault_of_values_is_silent(name: str, command: Command, spec: Path) -> None:
    Path("table.csv").write_bytes(VALUES[name])
    done = command("run", str(spec), "--yes", "-o", "rel", "-q")
    assert (done.code, done.err) == (0, "")
    assert command("budget", "verify", "--source", "table.csv").code == 0


def test_domains_of_one_value_are_learned_like_others(command: Command, spec: Path) -> None:
    constant = ("--set", "columns.sex=[F]", "--set", "columns.age=int 3..3")
    done = command("run", str(spec), "--yes", "-o", "rel", "-q", *constant)
    assert (done.code, done.err) == (0, "")
    rows = command("sample", "rel", "--rows", "50", "-o", "rows.csv", "-q")
    assert rows.code == 0, rows.err
    assert {line.rsplit(",", 1)[0] for line in Path("rows.csv").read_text().split()[1:]} == {"3,F"}


def test_the_largest_epsilon_that_is_named_fits_and_a_hundredth_more_does_not(
    command: Command, spec: Path
) -> None:
    import re

    command("budget", "open", "clinic", "--unit", "row", "--cap", "4", "--delta", "1e-9")
    named = ("train", str(spec), "--set", "privacy.ledger=clinic", "--yes", "-q")
    assert command(*named, "-o", "one").code == 0
    refused = command(*named, "-o", "two")
    assert refused.code == 4 and not Path("two").exists()
    found = re.search(r"`epsilon: ([0-9.]+)`", refused.err)
    assert found is not None
    largest = float(found.group(1))
    more = command(*named, "-o", "two", "--set", f"privacy.epsilon={largest + 0.01:.2f}")
    assert more.code == 4
    assert command(*named, "-o", "two", "--set", f"privacy.epsilon={largest:.2f}").code == 0


def test_a_reserved_charge_of_a_default_ledger_can_be_given_back(command: Command, spec: Path) -> None:
    import synthspec as ss
    from synthspec.api.ledgers import ledger_of
    from synthspec.api.plan import load_plan
    from synthspec.api.train import _located

    assert command("plan", str(spec), "-o", "small.plan").code == 0
    plan = _located(load_plan("small.plan").value)
    assert plan.protection is not None
    charge = ledger_of(plan).reserve(
        plan.most_it_can_spend, unit="row", neighbours="add-remove", release="rel-1", plan=plan.digest(),
        label="small", epsilon=plan.epsilon, delta=plan.delta,
    )  # fmt: skip
    refused = command("train", "small.plan", "-o", "rel")
    assert refused.code == 4 and f"{charge}`" in refused.err
    assert command("budget", "void", charge).code == 2
    given = command("budget", "void", "--source", "table.csv", charge)
    assert given.code == 0, given.err
    assert isinstance(ss.load_plan("small.plan").train(out="rel"), object)
    assert command("budget", "void", "--source", "table.csv", charge).code == 4
