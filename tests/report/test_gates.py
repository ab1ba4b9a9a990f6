from __future__ import annotations

from dataclasses import replace

import pytest

from synthspec.errors import GateError
from synthspec.metrics.figures import FIGURES
from synthspec.plan.plan import Gate
from synthspec.release.release import Assessment, Release
from synthspec.report.gates import judge, require
from tests.release.example import empty, release


def gated(op: str, *bounds: float, low: float, high: float) -> Release:
    gate = Gate(name="g", text="text", metric="max_tvd_1way", op=op, bounds=bounds)  # type: ignore[arg-type]
    base = empty(private=True)
    figure = Assessment(
        name="max_tvd_1way",
        order=1,
        worst=True,
        cliques=1,
        value=(low + high) / 2,
        low=low,
        high=high,
        n_hat=10,
        event="e0001",
    )
    return replace(base, plan=base.plan.model_copy(update={"gates": (gate,)}), assessments=(figure,))


@pytest.mark.parametrize(
    ("op", "bounds", "low", "high", "outcome"),
    [
        ("<=", (0.5,), 0.1, 0.5, "pass"),
        ("<=", (0.5,), 0.1, 0.6, "unknown"),
        ("<=", (0.5,), 0.51, 0.6, "fail"),
        ("<=", (0.5,), 0.5, 0.6, "unknown"),
        ("<", (0.5,), 0.1, 0.5, "unknown"),
        ("<", (0.5,), 0.5, 0.6, "fail"),
        ("<", (0.5,), 0.1, 0.4, "pass"),
        (">=", (0.5,), 0.5, 0.6, "pass"),
        (">=", (0.5,), 0.1, 0.5, "unknown"),
        (">=", (0.5,), 0.1, 0.4, "fail"),
        (">", (0.5,), 0.5, 0.6, "unknown"),
        (">", (0.5,), 0.1, 0.5, "fail"),
        (">", (0.5,), 0.51, 0.6, "pass"),
        ("between", (0.2, 0.5), 0.2, 0.5, "pass"),
        ("between", (0.2, 0.5), 0.1, 0.5, "unknown"),
        ("between", (0.2, 0.5), 0.1, 0.9, "unknown"),
        ("between", (0.2, 0.5), 0.6, 0.9, "fail"),
        ("between", (0.2, 0.5), 0.0, 0.1, "fail"),
        ("=", (0.5,), 0.5, 0.5, "pass"),
        ("=", (0.5,), 0.4, 0.6, "unknown"),
        ("=", (0.5,), 0.6, 0.7, "fail"),
        ("<>", (0.5,), 0.6, 0.7, "pass"),
        ("<>", (0.5,), 0.4, 0.6, "unknown"),
        ("<>", (0.5,), 0.5, 0.5, "fail"),
    ],
)
def test_a_gate_is_judged_by_the_whole_interval(
    op: str, bounds: tuple[float, ...], low: float, high: float, outcome: str
) -> None:
    (result,) = judge(gated(op, *bounds, low=low, high=high))
    assert result.outcome == outcome


def test_only_a_failed_gate_stops_the_command() -> None:
    require(gated("<=", 0.5, low=0.4, high=0.6))
    require(empty())
    with pytest.raises(GateError, match=r"Q606: .* gate `g`") as caught:
        require(gated("<=", 0.5, low=0.6, high=0.7))
    assert caught.value.exit_code == 3


def test_the_examples_gates_come_out_as_planned() -> None:
    results = judge(release())
    assert [result.outcome for result in results] == ["pass", "pass", "fail", "unknown"]
    assert results[1].events and results[1].class_ == "B"
    assert results[3].value is None


def test_every_paid_figure_is_one_that_gates_may_name() -> None:
    for assessment in release().assessments:
        assert FIGURES[assessment.name].class_ == "B" and FIGURES[assessment.name].built
