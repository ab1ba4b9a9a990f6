"""What `diff` says of two releases: paid scores side by side, and what both amount to."""

from __future__ import annotations

from dataclasses import replace
from math import hypot

import pytest

from synthspec.privacy.accountant import claim_epsilon
from synthspec.release.release import LedgerFacts, Release
from synthspec.report.differences import differences
from synthspec.report.together import together, together_text
from tests.release.example import empty, plan, release
from tests.release.scored_example import scored


def of_ledger(entry: str, *, name: str = "hospital", opened_by: str = "owner", releases: int = 1) -> Release:
    """Return the example, charged by `entry`."""
    facts = LedgerFacts(
        name=name,
        opened_by="owner" if opened_by == "owner" else "operator",
        releases=releases,
        day="2026-01-01",
        entry=entry,
    )
    return replace(release(), ledger=facts)


ONE, TWO = "2:" + "a" * 64, "3:" + "b" * 64


def test_the_paid_scores_are_compared_with_intervals_that_hold_both_noises() -> None:
    first, second = scored(5.0), scored(5.0, rows=0.5)
    found = {each.what: each for each in differences(first, second)}
    auc = [each for what, each in found.items() if what.startswith("AUC: ")]
    assert auc and all(each.kind == "B" for each in auc)
    assert all(each.gap.half == pytest.approx(hypot(each.first.half, each.second.half)) for each in auc)
    assert any(what.startswith("F1: ") for what in found)
    assert any(what.startswith("AUC on released rows minus AUC: ") for what in found)
    assert any(what.startswith("tail ratio: ") for what in found)


def test_scores_of_other_rows_are_not_compared() -> None:
    first = scored(5.0)
    assert first.scores[0].part != "all"
    other = tuple(each.model_copy(update={"part": "all"}) for each in first.scores)
    evaluation = first.evaluation.model_copy(update={"scores": other})
    found = differences(first, replace(first, evaluation=evaluation))
    assert not [each for each in found if each.what.startswith(("AUC", "F1"))]


def test_two_releases_of_one_ledger_add_up_and_the_ledger_is_named() -> None:
    first, second = of_ledger(ONE), of_ledger(TWO, releases=2)
    held = together(first, second)
    assert first.claim is not None and held.epsilon is not None and held.mu is not None
    assert held.delta == 2 * first.claim.delta
    assert held.epsilon == claim_epsilon(first.claim.cost + first.claim.cost, held.delta)
    assert held.mu == pytest.approx(2**0.5 * first.claim.mu) and held.mu > first.claim.mu
    assert held.ledger == "hospital" and "had 2 releases" in together_text(held)


def test_default_ledgers_have_one_name_and_are_never_called_one_ledger() -> None:
    held = together(of_ledger(ONE, opened_by="operator"), of_ledger(TWO, opened_by="operator"))
    assert held.ledger is None and held.epsilon is not None
    assert "that is in both sources" in held.why


def test_claims_that_do_not_add_are_not_added() -> None:
    assert together(of_ledger(ONE), of_ledger(ONE)).epsilon is None
    assert together(of_ledger(ONE), empty()).mu is None
    first = of_ledger(ONE)
    other = replace(of_ledger(TWO), plan=plan(unit="row"))
    assert "different units" in together_text(together(first, other))
