"""Plans: prices are exact parts of the budget, passes keep them, unbuilt keys are refused by name."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from synthspec.compile.budget import discovery_prices
from synthspec.compile.check import check
from synthspec.compile.lower import lower
from synthspec.compile.passes import PASSES
from synthspec.compile.plan import compile_plan, mock_plan
from synthspec.compile.privacy import DEFAULTS
from synthspec.errors import BudgetError, SpecError
from synthspec.plan.ops import Assess, CountFit, CountRows, Discover, Fit, Scan, Tighten
from synthspec.plan.plan import Plan
from synthspec.plan.verify import verify
from synthspec.privacy.accountant import claim_epsilon
from synthspec.privacy.cost import FREE, Cost
from synthspec.spec.parse import parse
from tests.compile.specs import HEAD, PATIENTS, SMALL, checked, plan

PUBLIC = SMALL.replace("rows: 50000", "public: true, basis: archive").replace(
    "privacy: {unit: row, epsilon: 1}\n", ""
)
BARE = "spec: 1\ncolumns: {a: bool, b: int 0..9}\nrules: {r: b < 5 OR a}\n"
PUBLIC_LIST = PUBLIC.replace("[F, M, X]", "{type: category, in: {discover: 5, else: X}}").replace(
    "  no-men: ward <> 'obstetrics' OR sex <> 'M'", "  r: age < 120"
)
SPECS = {"public-list": PUBLIC_LIST, "small": SMALL, "patients": PATIENTS, "public": PUBLIC, "bare": BARE}
EVERY = pytest.mark.parametrize("text", SPECS.values(), ids=SPECS)


def costs(found: Plan, kind: type) -> list[Cost]:
    """Return the prices of the ops of one kind."""
    return [op.cost for op in found.ops if isinstance(op, kind)]  # type: ignore[attr-defined]


@EVERY
def test_a_plan_survives_its_json_and_verifies(text: str) -> None:
    found = plan(text)
    assert Plan.model_validate_json(found.model_dump_json()) == found
    assert verify(found).most_it_can_spend.fits(found.budget)


@EVERY
@pytest.mark.parametrize("each", PASSES, ids=lambda each: each.__name__)
def test_a_pass_is_idempotent_sound_and_never_raises_the_price(text: str, each: object) -> None:
    before = lower(checked(text))
    after = verify(each(before))  # type: ignore[operator]
    assert after.most_it_can_spend.fits(before.most_it_can_spend)
    assert each(after) == after  # type: ignore[operator]


def test_the_claim_is_the_epsilon_of_the_spec_or_less() -> None:
    for text in (SMALL, PATIENTS):
        found = plan(text)
        assert claim_epsilon(found.most_it_can_spend, found.delta) <= found.epsilon


def test_shares_are_parts_of_mu2_and_groups_divide_the_rest() -> None:
    found = plan(PATIENTS)
    whole = found.budget.mu2
    fit, report, bounds, domains = (DEFAULTS[k] for k in ("fit", "report", "bounds", "domains"))
    rest = 1 - fit - report - bounds - domains - Fraction(1, 2)
    prices = {op.group: op.cost.mu2 for op in found.ops if isinstance(op, Fit)}
    assert prices == {"who": int(whole * Fraction(1, 2)), "what": int(whole * rest)}
    assert costs(found, CountFit)[0].mu2 == int(whole * fit)
    assert costs(found, Assess)[0].mu2 == int(int(whole * report) * Fraction(6, 7))
    assert costs(found, CountRows)[0].mu2 == int(int(whole * report) * Fraction(1, 7))
    assert costs(found, Tighten)[0].mu2 == int(whole * bounds)
    assert costs(found, Discover)[0].mu2 == int(whole * domains)


def test_only_discovery_names_slack_and_it_is_a_hundredth_of_delta() -> None:
    found = plan(PATIENTS)
    assert costs(found, Discover)[0].delta0 == 10**13
    others = [cost for kind in (CountFit, Assess, Tighten, Fit) for cost in costs(found, kind)]
    assert {cost.delta0 for cost in others} == {0}
    assert discovery_prices(checked(SMALL), FREE) == ()


def test_fit_0_and_report_0_buy_none() -> None:
    found = plan(SMALL.replace("epsilon: 1", "epsilon: 1, split: {fit: 0, report: 0}"))
    assert not costs(found, CountFit) and not costs(found, Assess)
    assert costs(found, Fit)[0].mu2 == found.budget.mu2


def test_every_fit_waits_for_every_bought_domain() -> None:
    found = plan(PATIENTS)
    bought = {at for at, op in enumerate(found.ops) if isinstance(op, Discover | Tighten)}
    assert all(set(op.domains) == bought for op in found.ops if isinstance(op, Fit))


def test_no_source_means_no_private_step_and_no_price() -> None:
    found = plan(BARE)
    assert not any(isinstance(op, Scan) for op in found.ops)
    assert (found.budget, found.epsilon, found.source) == (FREE, 0.0, None)


def test_groups_by_rules_alone_do_not_touch_the_source() -> None:
    text = SMALL.replace("epsilon: 1", "epsilon: 1, split: {fit: 0, report: 0}")
    text += "generate: {all: {columns: [age, sex, ward, stay], using: rules}}\n"
    assert not any(isinstance(op, Scan) for op in plan(text).ops)


def test_a_public_source_is_read_without_a_ledger() -> None:
    found = plan(PUBLIC)
    assert found.source_public and found.source_basis == "archive" and found.ledger is None


def test_a_mock_plan_reads_nothing() -> None:
    found = mock_plan(checked(PATIENTS), rows=7, seed=3)
    assert (found.source, found.most_it_can_spend, found.rows, found.seed) == (None, FREE, 7, 3)
    assert all(c.discovery is None and c.tightening is None and c.field is None for c in found.columns)


def test_another_epsilon_changes_the_prices_and_nothing_of_the_work() -> None:
    one, four = plan(SMALL), compile_plan(checked(SMALL), epsilon=4.0)
    assert four.budget.mu2 > one.budget.mu2 and four.epsilon == 4.0
    assert [op.op for op in one.ops] == [op.op for op in four.ops]


def test_default_rows_never_depend_on_the_source() -> None:
    assert plan(SMALL).rows == plan(SMALL.replace("50000", "70")).rows == 10_000


UNBUILT = {
    "missing: random": PATIENTS.replace("missing: modelled", "missing: random"),
}


@pytest.mark.parametrize(("key", "text"), UNBUILT.items(), ids=UNBUILT)
def test_what_is_not_built_checks_and_is_refused_by_name(key: str, text: str) -> None:
    found = checked(text)
    with pytest.raises(SpecError) as error:
        compile_plan(found)
    assert error.value.code == "G490"
    (only,) = error.value.diagnostics
    assert key in only.message
    assert only.helps and any(span.primary for span in only.spans)


@pytest.mark.parametrize("also", ["csv:x.csv", "duckdb:x.db#t", "postgres://h/d#s.t"])
def test_copies_are_built(also: str) -> None:
    assert plan(SMALL + f"output: {{also: ['{also}']}}\n").also == (also,)


@pytest.mark.parametrize(
    ("path", "kind"), [("duckdb:x.db#t", "duckdb"), ("postgres://h/d#t", "postgres"), ("p/*.csv", "csv")]
)
def test_a_source_in_a_database_is_built_and_not_opened(path: str, kind: str) -> None:
    source = plan(SMALL.replace("a.csv", f"'{path}'")).source
    assert source is not None and (source.path, source.format) == (path, kind)


def test_a_published_one_way_table_becomes_probabilities_of_codes() -> None:
    sex = "sex: {cite: x, cases: [{else: {F: 0.5, M: 0.4, X: 0.1}}]}"
    age = "age: {cite: x, cases: [{else: 'normal(50, 10)'}]}"
    tables = dict(plan(SMALL + f"network: {{known: {{{sex}, {age}}}}}\n").known)
    assert tables["sex"] == pytest.approx((0.5, 0.4, 0.1))
    assert sum(tables["age"]) == pytest.approx(1)
    mean = sum(code * share for code, share in enumerate(tables["age"]))
    assert mean == pytest.approx(50, abs=0.01)


@pytest.mark.parametrize(
    ("change", "step"),
    [
        ({"epsilon: 2": "epsilon: 1e-9"}, "domains"),
        ({"split: {who: 0.5}": "split: {who: 1e-15}"}, "who"),
    ],
    ids=str,
)
def test_a_step_that_cannot_pay_for_one_measurement_is_refused(change: dict[str, str], step: str) -> None:
    text = PATIENTS
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(BudgetError, match="too small for one measurement") as caught:
        plan(text)
    assert f"`{step}`" in caught.value.message
    assert caught.value.diagnostics[0].path == ("privacy", "epsilon")


def test_a_domain_of_one_value_is_planned_like_any_other() -> None:
    found = plan(SMALL.replace("[F, M, X]", "[M]").replace("int 0..365", "int 3..3"))
    assert found.column("sex").column.size == 1  # type: ignore[union-attr]


def test_what_is_derived_or_looked_up_is_in_no_model(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("ccy,rate\nEUR,1\nUSD,0.9\n", encoding="utf-8")
    text = HEAD + (
        "columns:\n  ccy: [EUR, USD]\n  age: int 0..120\n  old: {derive: age >= 65}\n"
        "  rate: {lookup: rates.csv, by: {ccy: ccy}, take: rate}\n"
    )
    found, diagnostics = check(parse(text, "spec.yaml"), tmp_path)
    assert found is not None and not diagnostics
    assert [group.columns for group in compile_plan(found).groups] == [("ccy", "age")]
