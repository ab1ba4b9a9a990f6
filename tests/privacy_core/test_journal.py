"""The owner's ledger, in every store: caps, states, owners, races, kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synthspec.errors import BudgetError
from synthspec.privacy.accountant import budget_cost, cap_cost, claim_epsilon
from synthspec.privacy.cost import Cost
from synthspec.privacy.entries import Charge, Commit, Open, Void
from synthspec.privacy.journal import Journal
from tests.privacy_core import spending
from tests.privacy_core.conftest import Place

SPENDING = Path(spending.__file__)
ROOT = SPENDING.parents[2]


def here(name: str) -> str:
    """Return a ledger's name: it lies in a file."""
    return name


def opened(at: Place = here, name: str = "hospital", epsilon: float = 2.5) -> tuple[Journal, str]:
    """Open a named ledger that protects patients."""
    return Journal.open_named(
        at(name),
        unit="patient_id",
        neighbours="add-remove",
        epsilon_cap=epsilon,
        delta_cap=1e-9,
        owner="d.okafor",
    )


def reserve(journal: Journal, epsilon: float = 1.0, **changed: Any) -> str:
    """Reserve a plan of `epsilon` that names no slack."""
    facts: dict[str, Any] = {
        "unit": "patient_id",
        "neighbours": "add-remove",
        "release": "aa",
        "plan": "pp",
        "label": "first",
        "epsilon": epsilon,
        "delta": 1e-9,
        **changed,
    }
    cost = facts.pop("cost", None) or Cost(mu2=budget_cost(epsilon, 1e-9).mu2)
    return journal.reserve(cost, **facts)


def test_a_ledger_is_found_again_as_it_was_left(at: Place) -> None:
    journal, _ = opened(at)
    charge = reserve(journal)
    again = Journal.find(at("hospital"))
    assert again is not None
    assert again.spent() == Cost(mu2=budget_cost(1, 1e-9).mu2) == journal.spent()
    assert again.state(charge) == "reserved"
    assert again.standing().opened.owner == "d.okafor"
    assert again.left() == cap_cost(2.5, 1e-9) - again.spent()
    assert Journal.find(at("another")) is None
    assert journal.place.endswith("hospital") or [each.place for each in Journal.every()] == [journal.place]


def test_spending_is_composed_as_the_design_shows_and_the_excess_is_refused(at: Place) -> None:
    """LANGUAGE 3.6 (4): two releases at 1 make 1.44, a third at 2 would make 2.51, 1.98 still fits."""
    journal, _ = opened(at)
    for _ in range(2):
        reserve(journal)
    before = journal.entries()
    with pytest.raises(BudgetError, match="B501") as refused:
        reserve(journal, 2.0)
    said = "\n".join((*refused.value.diagnostics[0].notes, *refused.value.diagnostics[0].helps))
    for figure in (
        "ε = 1.44",
        "ε = 2.51",
        "by 0.01",
        "`epsilon: 1.98`",
        "`synthspec budget cap hospital --to E`",
    ):
        assert figure in said
    assert journal.entries() == before
    reserve(journal, 1.98)
    with pytest.raises(BudgetError, match="B501"):
        reserve(journal, 0.3)
    assert claim_epsilon(journal.spent(), 1e-9) <= 2.5


def test_the_forecast_says_what_a_plan_would_do(at: Place) -> None:
    journal, _ = opened(at)
    reserve(journal)
    seen = journal.forecast(Cost(mu2=budget_cost(1, 1e-9).mu2), 1e-9)
    assert seen.fits
    assert (seen.cap, seen.releases) == (2.5, 1)
    assert seen.spent < 1 < seen.after < 1.44
    assert reserve(journal, seen.largest)


def test_slack_is_counted_beside_mu(at: Place) -> None:
    journal, _ = opened(at)
    limit = journal.left().delta0
    reserve(journal, cost=Cost(mu2=1, delta0=limit))
    with pytest.raises(BudgetError, match="B501") as refused:
        reserve(journal, cost=Cost(mu2=1, delta0=1))
    assert any("delta" in note for note in refused.value.diagnostics[0].notes)
    reserve(journal, cost=Cost(mu2=1))


@pytest.mark.parametrize("other", [{"unit": "row"}, {"neighbours": "replace"}])
def test_costs_of_another_protection_are_not_added(at: Place, other: dict[str, str]) -> None:
    journal, _ = opened(at)
    with pytest.raises(BudgetError, match="B503"):
        reserve(journal, **other)
    assert journal.spent() == Cost()


def test_only_a_reserved_charge_is_voided_and_only_by_the_owner(at: Place) -> None:
    journal, secret = opened(at)
    for wrong in (None, "", "x", secret[:-1]):
        charge = reserve(journal, 0.1)
        with pytest.raises(BudgetError, match="B508"):
            journal.void(charge, wrong)
    spent = journal.spent()
    charge = reserve(journal, 0.1)
    journal.void(charge, secret + "\n")
    assert journal.spent() == spent
    assert journal.state(charge) == "voided"
    for last in ("open", "commit"):
        charge = reserve(journal, 0.1)
        journal.open(charge)
        if last == "commit":
            journal.commit(charge)
        with pytest.raises(BudgetError, match="B505"):
            journal.void(charge, secret)
    assert journal.spent() == Cost(mu2=6 * budget_cost(0.1, 1e-9).mu2)


def test_states_follow_one_another_once(at: Place) -> None:
    journal, secret = opened(at)
    charge = reserve(journal)
    with pytest.raises(BudgetError, match="B505"):
        journal.commit(charge)
    journal.open(charge)
    with pytest.raises(BudgetError, match="B505"):
        journal.open(charge)
    journal.commit(charge)
    with pytest.raises(BudgetError, match="B505"):
        journal.commit(charge)
    voided = reserve(journal)
    journal.void(voided, secret)
    with pytest.raises(BudgetError, match="B505"):
        journal.open(voided)
    with pytest.raises(BudgetError, match="B505"):
        journal.open("unknown")
    assert [entry.kind for entry in journal.entries()] == [
        "opened-ledger", "reserve", "open", "commit", "reserve", "void",
    ]  # fmt: skip
    assert journal.state("unknown") is None
    found = journal.charge_of("aa")
    assert isinstance(found, Charge)
    assert (found.id, found.state) == (charge, "committed")


def test_a_raised_cap_is_an_entry_and_needs_the_owner(at: Place) -> None:
    journal, secret = opened(at)
    with pytest.raises(BudgetError, match="B508"):
        journal.cap(5, 1e-9)
    for _ in range(3):
        reserve(journal, 1.2)
    with pytest.raises(BudgetError, match="B501"):
        reserve(journal, 2.0)
    journal.cap(5, 1e-9, secret)
    reserve(journal, 2.0)
    journal.cap(1, 1e-9, secret)
    standing = journal.standing()
    assert (standing.raises, standing.lowerings, standing.cap) == (1, 1, cap_cost(1, 1e-9))
    assert journal.left() == Cost(delta0=10**14)
    with pytest.raises(BudgetError, match="B501"):
        reserve(journal, 0.01)
    journal.verify()


@pytest.mark.parametrize(
    ("epsilon", "delta"),
    [(0, 1e-9), (-1, 1e-9), (float("nan"), 1e-9), (float("inf"), 1e-9), (1, 0), (1, 1), (1, float("nan"))],
)
def test_an_impossible_cap_is_refused(at: Place, epsilon: float, delta: float) -> None:
    journal, secret = opened(at)
    with pytest.raises(BudgetError, match="B510"):
        journal.cap(epsilon, delta, secret)
    with pytest.raises(BudgetError, match="B510"):
        Journal.open_named(
            "x", unit="row", neighbours="add-remove", epsilon_cap=epsilon, delta_cap=delta, owner="o"
        )
    assert Journal.find(at("x")) is None


def test_a_name_is_opened_once_and_is_a_plain_word(at: Place) -> None:
    opened(at)
    with pytest.raises(BudgetError, match="B509"):
        opened(at)
    for name in ("", "A", "../up", "a b", "x" * 65, "-a"):
        with pytest.raises(BudgetError, match=r"B509|B516"):
            opened(at, name)
        with pytest.raises(BudgetError, match=r"B509|B516"):
            Journal.find(name)


def _first(source: str, epsilon: float) -> tuple[Journal, Cost]:
    cost = Cost(mu2=budget_cost(epsilon, 1e-9).mu2, delta0=3)
    journal = Journal.open_default(
        source, unit="patient_id", neighbours="add-remove", epsilon=epsilon, delta=1e-9, cap=cost
    )
    return journal, cost


def test_a_default_ledger_holds_exactly_its_first_plan_wherever_it_is_asked_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, cost = _first("/data/encounters.parquet", 1.0)
    reserve(journal, cost=cost)
    assert journal.left() == Cost()
    monkeypatch.chdir(tmp_path)
    second, bigger = _first("/data/encounters.parquet", 3.0)
    with pytest.raises(BudgetError, match="B501") as refused:
        reserve(second, cost=bigger)
    assert "operator" in refused.value.diagnostics[0].helps[-1]
    with pytest.raises(BudgetError, match="B501"):
        reserve(second, cost=Cost(mu2=1))
    other, _ = _first("/data/other.parquet", 1.0)
    assert other.spent() == Cost()
    assert Journal.of_source("/data/encounters.parquet") is not None
    assert Journal.of_source("/data/third.parquet") is None


def test_the_operator_raises_a_default_ledger_without_a_secret_and_it_shows() -> None:
    journal, cost = _first("/data/a.csv", 1.0)
    charge = reserve(journal, cost=cost)
    journal.cap(2, 1e-9)
    assert journal.standing().raises == 1
    assert journal.entries()[-1].model_dump()["by"] == "operator"
    journal.void(charge)
    reserve(journal, 1.5)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda charge, _: Void(day="2025-01-01", charge=charge),
        lambda charge, _: Open(day="2025-01-01", charge=charge),
        lambda charge, _: Commit(day="2025-01-01", charge="unknown"),
        lambda _, entries: entries[0],
        lambda _, entries: entries[1],
        lambda _, entries: entries[1].model_copy(update={"charge": "new", "cost": Cost(mu2=10**18)}),
        lambda _, entries: entries[1].model_copy(update={"kind": "unheard-of"}),
    ],
)
def test_a_well_chained_entry_that_could_not_have_been_written_is_refused(
    at: Place, wrong: Callable[[str, tuple[Any, ...]], Any]
) -> None:
    journal, _ = opened(at)
    charge = reserve(journal)
    journal.open(charge)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = wrong(charge, journal.entries()).canonical().decode()
    journal._store.append(lambda _: (text,))
    with pytest.raises(BudgetError, match="B507"):
        journal.verify()


def test_a_path_that_is_no_text_has_its_ledger_too() -> None:
    journal, cost = _first("/data/caf\udce9.csv", 1.0)
    reserve(journal, cost=cost)
    assert Journal.of_source("/data/caf\udce9.csv") is not None


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SPENDING), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def cap(name: str, prices: int) -> Journal:
    """Open a named ledger for rows with room for exactly `prices` of spending.PRICE."""
    journal, _ = Journal.open_named(
        name, unit="row", neighbours="add-remove", epsilon_cap=1, delta_cap=1e-9, owner="o"
    )
    room = journal.left().mu2 - prices * spending.PRICE.mu2
    journal.reserve(
        Cost(mu2=room),
        unit="row",
        neighbours="add-remove",
        release="r",
        plan="p",
        label="",
        epsilon=1,
        delta=1e-9,
    )
    return journal


@pytest.mark.parametrize("racers", [4, pytest.param(16, marks=pytest.mark.slow)])
def test_processes_at_once_never_overspend(at: Place, racers: int) -> None:
    journal = cap(at("race"), 40)
    started = [start("race", at("race"), "40") for _ in range(racers)]
    granted = [int(racer.communicate(timeout=240)[0]) for racer in started]
    assert sum(granted) == 40
    assert journal.left().mu2 == 0
    assert journal.verify() == 42


def test_two_first_trains_at_once_open_one_default_ledger() -> None:
    """The second finds the first's cap, whoever comes first: here one after the other, any order."""
    for order in ((1.0, 2.0), (2.0, 1.0)):
        source = f"/data/{order}"
        journals = [_first(source, epsilon) for epsilon in order]
        assert journals[0][0].place == journals[1][0].place
        assert journals[1][0].left() == journals[0][1]


@pytest.mark.parametrize("delay", [0.0, 0.013, pytest.param(0.05, marks=pytest.mark.slow)])
def test_a_killed_process_leaves_everything_it_was_promised_counted(at: Place, delay: float) -> None:
    """SIGKILL at some moment after the first durable step: never fewer charges than were reported."""
    journal = cap(at("kill"), 5000)
    before = journal.spent()
    victim = start("steps", at("kill"))
    assert victim.stdout is not None
    first = victim.stdout.readline()
    time.sleep(delay)
    victim.send_signal(signal.SIGKILL)
    rest = victim.communicate(timeout=60)[0]
    promised(journal, before.mu2, (first + rest).split())
    spending.spend(journal, "and it goes on")
    journal.verify()


def promised(journal: Journal, before: int, said: list[str]) -> None:
    """Assert that what a process said of its steps stands in the ledger, and at most one step more."""
    standing = journal.standing()
    states = [each.state for each in standing.charges.values()][1:]
    assert journal.spent().mu2 - before >= said.count("reserved") * spending.PRICE.mu2 > 0
    assert sum(state in ("opened", "committed") for state in states) >= said.count("opened")
    assert states.count("committed") >= said.count("committed")
    assert len(states) <= said.count("reserved") + 1
