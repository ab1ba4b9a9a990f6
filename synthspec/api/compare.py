"""compare: plans at several budgets side by side, which is how people choose one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from synthspec.api.plan import Plan
from synthspec.api.spec import Spec
from synthspec.privacy.accountant import mu_in

_WIDTH = 12
_FALSE_ALARM = 0.05


def sweep(spec: Spec, epsilons: Sequence[float]) -> tuple[Plan, ...]:
    """Return the plan of a spec at each epsilon."""
    return tuple(spec.plan(epsilon=epsilon) for epsilon in epsilons)


def compare(plans: Sequence[Plan]) -> list[Mapping[str, object]]:
    """Return a row a plan: epsilon, mu, the worst predicted error, gates, the best possible attack.

    `attack_rate` is the most that anyone who sees the release can find out about one unit: the power
    at a 5 % false-alarm rate of the best test between the table with and without that unit.
    """
    return [_row(plan) for plan in plans]


def table(rows: Sequence[Mapping[str, object]]) -> str:
    """Return the rows as a table for people, one column a budget."""
    names = {
        "epsilon": "epsilon",
        "mu": "mu",
        "worst_error": "worst predicted error",
        "worst_step": "  in step",
        "gates": "gates out of reach",
        "attack_rate": "best possible attack",
    }
    left = max(map(len, names.values()))
    lines = [
        f"{title:<{left}}" + "".join(f"{_said(row[key]):>{_WIDTH}}" for row in rows)
        for key, title in names.items()
    ]
    lines += [
        "",
        f"best possible attack: how often the best test spots one unit, with {_FALSE_ALARM:.0%} false alarms "
        f"({_FALSE_ALARM:.0%} is guessing)",
        "errors are from noise alone; what the model cannot express comes on top",
    ]
    return "\n".join(lines)


def attack_rate(mu: float) -> float:
    """Return the power of the best test at a 5 % false-alarm rate: Phi(Phi^-1(0.05) + mu)."""
    from statistics import NormalDist

    normal = NormalDist()
    return normal.cdf(normal.inv_cdf(_FALSE_ALARM) + mu)


def _row(plan: Plan) -> Mapping[str, object]:
    value = plan.value
    predicted = [each for each in value.predictions if each.error is not None]
    worst = max(predicted, key=lambda each: each.error or 0.0, default=None)
    mu = float(mu_in(value.most_it_can_spend))
    return {
        "epsilon": value.epsilon,
        "mu": round(mu, 4),
        "worst_error": None if worst is None else round(worst.error or 0.0, 4),
        "worst_step": None if worst is None else worst.step,
        "gates": _out_of_reach(plan),
        "attack_rate": round(attack_rate(mu), 4),
    }


def _out_of_reach(plan: Plan) -> int:
    """Return how many gates on a 1-way distance the noise alone is predicted to break."""
    errors = [each.error for each in plan.value.predictions if each.error is not None]
    floor = min(errors, default=0.0)
    return sum(
        1
        for gate in plan.value.gates
        if gate.metric.startswith(("max_tvd", "mean_tvd"))
        and gate.op in ("<", "<=")
        and gate.bounds[0] < floor
    )


def _said(value: object) -> str:
    match value:
        case None:
            return "-"
        case float():
            return f"{value:g}"
        case _:
            return str(value)
