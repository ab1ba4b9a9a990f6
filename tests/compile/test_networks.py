"""Plans of neural groups: the split that the fit will make, slack where it is needed, in words."""

from __future__ import annotations

import pytest

from synthspec.errors import BudgetError
from synthspec.generators.neural.network import Network
from synthspec.plan.explain import explain
from synthspec.plan.networks import split_of
from synthspec.plan.ops import Fit
from synthspec.plan.plan import Plan
from tests.compile.specs import SMALL, codes, plan


def spec(using: str, epsilon: float = 10, options: str = "", rows: str = ", rows: 50000") -> str:
    text = SMALL.replace(", rows: 50000", rows).replace("epsilon: 1", f"epsilon: {epsilon:g}")
    with_ = f", with: {{{options}}}" if options else ""
    return text + f"generate: {{all: {{columns: [age, sex, ward, stay], using: {using}{with_}}}}}\n"


def fit_of(found: Plan) -> Fit:
    return next(op for op in found.ops if isinstance(op, Fit))


@pytest.mark.parametrize("using", ["autoregressive", "vae", "ctgan"])
def test_fine_tuning_that_can_help_names_slack_and_is_shown_with_its_share(using: str) -> None:
    found = plan(spec(using, rows=", rows: 500000"))
    cost = fit_of(found).cost
    assert cost.delta0 > 0
    assert found.most_it_can_spend.fits(found.budget)
    split = split_of(found, found.groups[0], cost)
    assert split is not None and 0.29 < split.tuning.mu2 / cost.mu2 < 0.31
    text = explain(found)
    assert "fine-tuning can be expected to help" in text
    assert "70 % of its budget for the marginal model, 30 % for 500 noisy steps" in text
    assert "30 % for fine-tuning" in text


@pytest.mark.parametrize("using", ["autoregressive", "vae", "ctgan"])
def test_fine_tuning_that_cannot_help_costs_nothing_and_is_said(using: str) -> None:
    found = plan(spec(using, epsilon=0.5))
    assert fit_of(found).cost.delta0 == 0
    assert "fine-tuning cannot be expected to help" in explain(found)
    assert "no fine-tuning" in explain(found)


def test_without_public_rows_slack_is_kept_and_the_text_says_what_decides() -> None:
    found = plan(spec("autoregressive", rows=""))
    assert fit_of(found).cost.delta0 > 0
    assert "if the noisy number of rows lets that help" in explain(found)


def test_fine_tuning_that_is_asked_for_against_advice_is_shown_so() -> None:
    text = explain(plan(spec("vae", epsilon=0.5, options="fine_tune: always")))
    assert "cannot be expected to help" in text and ", and is asked for" in text
    assert "its share goes to" not in text
    assert "signal 0," not in explain(plan(spec("vae", epsilon=0.5)))


def test_the_signal_counts_units_as_declared_or_as_few_as_the_rows_can_be_of() -> None:
    """A unit's gradient is clipped once, however many rows it has."""
    found = plan(spec("vae"))
    assert found.protection is not None and found.learned_units == 50000
    people = found.protection.model_copy(update={"max_rows": 5})
    bounded = found.model_copy(update={"protection": people})
    declared = bounded.model_copy(update={"public_units": 20000})
    assert (bounded.learned_units, declared.learned_units) == (10000, 20000)
    assert declared.model_copy(update={"holdout": 0.25}).learned_units == 15000
    signals = []
    for each in (found, declared, bounded):
        split = split_of(each, each.groups[0], fit_of(each).cost)
        assert split is not None
        signals.append(split.expectation.signal)
    assert [each / signals[0] for each in signals] == pytest.approx([1, 0.4, 0.2])


def test_fine_tuning_without_one_useful_step_is_refused_before_any_charge() -> None:
    with pytest.raises(BudgetError, match="one useful step") as raised:
        plan(spec("vae", epsilon=0.001, options="fine_tune: always"))
    assert raised.value.code == "B504"
    assert "no fine-tuning" in explain(plan(spec("vae", epsilon=0.001)))


def test_what_the_spec_asks_for_is_done() -> None:
    assert fit_of(plan(spec("vae", options="fine_tune: never"))).cost.delta0 == 0
    found = plan(spec("vae", epsilon=0.5, options="fine_tune: always, fine_tune_share: 0.5"))
    assert "50 % for 500 noisy steps" in explain(found)
    assert codes(spec("vae", options="fine_tune: sometimes")) == ["G403"]
    assert codes(spec("vae", options="epochs: 3")) == ["G402"]
    assert isinstance(found.groups[0].generator, Network)
