"""The best possible attack in `plan`: the very figures that the report prints of the release."""

from __future__ import annotations

import pytest

from synthspec.plan.explain_risk import risk_lines, share
from synthspec.privacy import risk
from tests.release.example import plan


def test_the_lines_are_those_of_the_price() -> None:
    made = plan()
    mu, slack = risk.of_cost(made.most_it_can_spend)
    text = "\n".join(risk_lines(made))
    assert share(risk.tradeoff(mu, slack, 0.01)) in text
    assert share(risk.tradeoff(mu, slack, 0.01, 4)) in text
    assert "a member of any group of `outcome`: as one patient_id" in text
    assert "earlier releases" not in text


def test_earlier_releases_make_every_attack_better() -> None:
    made = plan()
    text = risk_lines(made, made.most_it_can_spend)
    one, together = text[1].split("%")[0].split()[-1], text[3].split("%")[0].split()[-1]
    assert "earlier releases included" in text[3]
    assert float(together) > float(one) > 1


def test_where_nothing_private_is_read_there_is_nothing_to_attack() -> None:
    assert risk_lines(plan().model_copy(update={"source": None})) == []


@pytest.mark.parametrize(("value", "text"), [(0.0160001, "1.7 %"), (0.5, "50.0 %"), (1.0, "100.0 %")])
def test_bounds_are_rounded_up(value: float, text: str) -> None:
    assert share(value) == text
