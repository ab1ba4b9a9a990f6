from __future__ import annotations

import itertools

import numpy as np
import pytest
from pydantic import ValidationError

from synthspec.privacy.cost import Cost
from synthspec.privacy.ledger import Ledger
from synthspec.release.public import public_plan, short
from synthspec.release.release import Assessment, Claim, Event, LedgerFacts
from tests.release.example import empty, plan, release


def test_the_claim_is_the_total_of_the_plan_and_not_what_was_spent() -> None:
    nothing_bought = empty(private=True)
    assert nothing_bought.spent == Cost()
    claim = nothing_bought.claim
    assert claim is not None
    assert claim.cost == nothing_bought.plan.most_it_can_spend
    assert claim.mu**2 * 1e15 >= claim.cost.mu2
    assert 1.98 < claim.epsilon <= 2.0


def test_nothing_is_claimed_without_private_rows() -> None:
    assert empty().claim is None
    assert Claim.of(plan().model_copy(update={"source_public": True})) is None


def test_what_the_example_bought_stays_within_its_claim() -> None:
    example = release()
    assert example.claim is not None
    assert example.spent.fits(example.claim.cost)
    assert example.spent.mu2 > example.claim.cost.mu2 * 0.999
    assert len({event.id for event in example.events}) == len(example.events)


def test_only_a_mechanism_can_be_an_event() -> None:
    class Gift:
        def cost(self) -> Cost:
            return Cost()

    receipt = Ledger(Cost(mu2=1)).charge(Gift())
    with pytest.raises(TypeError):
        Event.of(receipt, stage="learn")


def test_a_ledgers_facts_know_the_day_and_no_finer_time() -> None:
    LedgerFacts(name="a", opened_by="owner", releases=1, day="2026-11-21")
    with pytest.raises(ValidationError):
        LedgerFacts(name="a", opened_by="owner", releases=1, day="2026-11-21T08:00")


def test_the_interval_of_a_distance_covers_the_true_one() -> None:
    """400 draws; 90 % must cover at least, both parts at 95 %: fewer than 330 has chance below 1e-5 at 90 %.

    Seeded, so it does not flicker; it would catch an interval without the part of the noisy n.
    """
    rng = np.random.default_rng(1)
    counts = rng.multinomial(3000, rng.dirichlet(np.ones(20)))
    shares = rng.dirichlet(np.ones(20))
    true = np.abs(counts / 3000 - shares).sum() / 2
    covered = 0
    for _ in range(400):
        n_hat = max(1.0, 3000 + rng.normal(0, 60))
        raw = np.abs(8 * counts - np.rint(shares * n_hat * 8)).sum() + rng.normal(0, 8 * 30)
        found = Assessment.of(
            int(raw),
            order=1,
            worst=True,
            cliques=1,
            grid=8,
            stddev=240,
            n_hat=n_hat,
            n_stddev=60,
            event="e0001",
        )
        assert found.low <= found.value <= found.high
        covered += found.low <= true <= found.high
    assert covered >= 360


@pytest.mark.parametrize(("worst", "cliques", "value"), [(True, 10, 0.25), (False, 10, 0.025)])
def test_a_mean_is_divided_by_the_number_of_cliques_and_a_maximum_is_not(
    worst: bool, cliques: int, value: float
) -> None:
    found = Assessment.of(
        8000, order=2, worst=worst, cliques=cliques, grid=16, stddev=16, n_hat=1000, n_stddev=0, event="e0001"
    )
    assert found.value == value
    assert found.name == ("max_tvd_2way" if worst else "mean_tvd_2way")


def test_an_interval_stays_in_range_whatever_the_noise() -> None:
    for raw, n_hat in itertools.product((-(10**9), 0, 10**9), (-50.0, 0.0, 20.0)):
        found = Assessment.of(
            raw,
            order=1,
            worst=False,
            cliques=3,
            grid=16,
            stddev=1e6,
            n_hat=n_hat,
            n_stddev=1e3,
            event="e0001",
        )
        assert 0 <= found.low <= found.value <= found.high <= 1


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/home/ana/a.csv", "a.csv"),
        ("~/a.csv", "a.csv"),
        ("C:\\Users\\ana\\a.csv", "a.csv"),
        ("\\\\server\\share\\ana\\a.csv", "a.csv"),
        ("data/a.csv", "data/a.csv"),
        ("", ""),
    ],
)
def test_absolute_paths_are_cut_to_their_last_name(path: str, shown: str) -> None:
    assert short(path) == shown


def test_cutting_a_plan_twice_changes_nothing_more() -> None:
    once = public_plan(plan())
    assert public_plan(once) == once
    assert "ana" not in once.canonical().decode().replace("manager", "")
