"""One file has one default budget: another role, or a link, is no second one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import synthspec as ss
from synthspec.api import ledgers

VISITS = """
spec: 1
name: visits
source: {path: visits.csv, rows: 60, units: 30}
privacy: {unit: who, max_rows: 2, epsilon: 1}
tables:
  people: {path: people.csv, key: who, columns: [sex]}
  visits: {columns: rest}
columns:
  who: id
  sex: [F, M]
  day: int 0..3
sample: {units: 10}
"""
PEOPLE = """
spec: 1
name: people
source: {path: people.csv, rows: 30}
privacy: {unit: who, max_rows: 2, epsilon: 1}
columns:
  who: id
  sex: [F, M]
sample: {rows: 10}
"""


@pytest.fixture(autouse=True)
def _tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_text("who,sex\n" + "".join(f"p{i},{'FM'[i % 2]}\n" for i in range(30)))
    Path("visits.csv").write_text("who,day\n" + "".join(f"p{i % 30},{i % 4}\n" for i in range(60)))


def train(text: str, out: str) -> str | None:
    """Return the code with which the training was refused."""
    Path("spec.yaml").write_text(text)
    try:
        ss.load("spec.yaml").plan().train(out=out)
    except ss.BudgetError as error:
        assert not Path(out).exists()
        return error.code
    return None


@pytest.mark.parametrize("turned", [False, True])
def test_a_table_of_units_that_is_a_source_by_itself_has_one_default_budget(turned: bool) -> None:
    first, second = (PEOPLE, VISITS) if turned else (VISITS, PEOPLE)
    assert train(first, "one") is None
    assert train(second, "two") == "B550"
    assert len(ledgers.names()) == 1, "and no empty ledger is left behind"
    ledgers.open_named("all", unit="who", epsilon="4", delta="1e-6")
    assert train(second.replace("epsilon: 1", "epsilon: 1, ledger: all"), "two") is None


@pytest.mark.parametrize("link", ["hard", "symbolic"])
def test_a_link_to_a_table_is_no_new_default_budget(link: str) -> None:
    assert train(PEOPLE, "one") is None
    if link == "hard":
        os.link("people.csv", "other.csv")
    else:
        Path("other.csv").symlink_to("people.csv")
    code = train(PEOPLE.replace("people.csv", "other.csv"), "two")
    assert code == ("B550" if link == "hard" else "B501"), "a symbolic link is the file's own ledger"


def test_a_file_that_got_the_number_of_one_that_is_gone_is_another() -> None:
    """Systems give numbers again: what counts is that both places lead to one file now."""
    assert train(PEOPLE, "one") is None
    Path("people.csv").rename("later.csv")
    Path("people.csv").write_text(Path("later.csv").read_text())
    assert train(PEOPLE.replace("people.csv", "later.csv"), "two") is None
