"""plan.train: one charge, one release; an interruption loses time and no budget."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import synthspec as ss
from synthspec.api import ledgers


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ss.Spec:
    """Return a spec whose table lies in the working folder."""
    monkeypatch.chdir(tmp_path)
    rows = 600
    pl.DataFrame(
        {
            "person": [i // 2 for i in range(rows)],
            "age": [i % 10 for i in range(rows)],
            "sex": ["FM"[i % 2] for i in range(rows)],
            "cost": [(i % 50) * 1.5 for i in range(rows)],
        }
    ).write_csv("people.csv")
    return ss.Spec(
        name="people",
        source=ss.Source("people.csv", rows=rows),
        privacy=ss.Privacy(unit="person", max_rows=2, epsilon=4),
        columns={
            "person": "id",
            "age": "int 0..9",
            "sex": ["F", "M"],
            "cost": ss.Column(type="float", in_="0..1000", step="0.5", clip=0.95),
        },
        sample={"rows": 300, "seed": 5},
    )


def charges() -> tuple[dict[str, object], ...]:
    """Return the charges on the default ledger of the table."""
    return tuple(dict(each) for each in ledgers.state(None, "people.csv").charges)


def test_a_release_claims_the_plans_total_and_the_ledger_agrees(spec: ss.Spec) -> None:
    plan = spec.plan()
    release = plan.train(out="rel")
    assert release.claim is not None
    assert release.claim["epsilon"] <= 4
    assert release.value.claim is not None
    assert release.value.claim.cost == plan.value.most_it_can_spend
    (charge,) = charges()
    assert charge["state"] == "committed"
    assert release.data().height == 300
    assert set(release.data().columns) == {"person", "age", "sex", "cost"}
    assert release.report().passed
    assert (release.folder / "report.html").is_file()


def test_reading_a_release_again_draws_the_same_rows(spec: ss.Spec) -> None:
    release = spec.plan().train(out="rel")
    again = ss.load_release("rel")
    assert again.sample(100, seed=3).equals(release.sample(100, seed=3))
    assert not again.sample(100, seed=4).equals(release.sample(100, seed=3))
    assert again.sample(0).height == 0


@pytest.mark.parametrize("stop", range(1, 9))
def test_an_interruption_at_any_step_is_resumed_at_no_further_price(spec: ss.Spec, stop: int) -> None:
    plan = spec.plan()

    def interrupt(step: int, steps: int, name: str) -> None:
        if step == stop:
            raise KeyboardInterrupt

    try:
        plan.train(out="rel", progress=interrupt)
    except KeyboardInterrupt:
        assert not Path("rel").exists()
        with pytest.raises(ss.BudgetError) as twice:
            plan.train(out="rel")
        assert twice.value.code == "B552"
        plan.train(out="rel", resume=True)
    (charge,) = charges()
    assert charge["state"] == "committed"
    assert ss.load_release("rel").claim is not None


def test_the_charge_is_opened_durably_before_the_first_step(spec: ss.Spec) -> None:
    seen: list[object] = []
    spec.plan().train(
        out="rel", progress=lambda step, steps, name: seen.append((step, charges()[0]["state"]))
    )
    assert [state for _, state in seen] == ["opened"] * len(seen)
    assert [step for step, _ in seen] == list(range(1, len(seen) + 1))


def test_the_second_release_of_a_default_ledger_is_refused_with_two_ways_out(spec: ss.Spec) -> None:
    spec.plan().train(out="rel")
    with pytest.raises(ss.BudgetError) as refused:
        spec.replace({"sample.rows": 301}).plan().train(out="rel2")
    assert refused.value.code == "B501"
    said = " ".join(refused.value.diagnostics[0].helps)
    assert "synthspec sample" in said and "budget cap" in said
    assert not Path("rel2").exists()
    ledgers.raise_default("people.csv", epsilon="20", delta=None)
    assert spec.replace({"sample.rows": 301}).plan().train(out="rel2").value.ledger is not None


def test_a_where_that_cannot_be_read_is_a_spec_error(spec: ss.Spec) -> None:
    release = spec.plan().train(out="rel")
    with pytest.raises(ss.SpecError):
        release.sample(10, where="agee > 3")
    with pytest.raises(ss.SamplingError):
        release.sample(10, where="age > 3 AND age < 2")


def test_steps_are_a_frame_and_the_plan_round_trips(spec: ss.Spec) -> None:
    plan = spec.plan()
    assert plan.steps.columns == ["step", "what", "share", "noise", "epsilon_alone", "error", "worst"]
    assert plan.steps["share"].sum() == pytest.approx(1.0)
    saved = ss.load_plan(plan.save("people.plan"))
    assert saved.value == plan.value
    assert saved.digest == plan.digest
    assert spec.plan(epsilon=1).epsilon == 1


def test_a_built_spec_says_the_same_as_its_yaml(spec: ss.Spec, tmp_path: Path) -> None:
    again = ss.load(spec.to_yaml(tmp_path / "people.yaml"))
    assert again.text == spec.text
    assert [each for each in again.check() if each.level == "error"] == []
    assert again.plan().value.columns == spec.plan().value.columns


def test_check_returns_and_plan_raises() -> None:
    spec = ss.Spec(columns={"age": "int 9..0"})
    found = spec.check()
    assert any(each.level == "error" for each in found)
    with pytest.raises(ss.SpecError) as refused:
        spec.plan()
    assert refused.value.diagnostics == tuple(found)
