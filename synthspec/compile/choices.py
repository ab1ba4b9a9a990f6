"""Choices: one spec under several policies side by side: error, gates and the best possible attack.

Source: the attack rates are the trade-off curve of mu-GDP (Dong, Roth & Su 2022), which no attack beats.
"""

from __future__ import annotations

from collections.abc import Sequence

from synthspec.compile.checked import Checked
from synthspec.compile.plan import compile_plan
from synthspec.errors import SpecError
from synthspec.plan.explain import predicted
from synthspec.plan.explain_risk import FAMILY, share
from synthspec.plan.plan import Plan
from synthspec.privacy import risk
from synthspec.privacy.cost import Cost
from synthspec.terms.frozen import Frozen

FALSE_POSITIVES = 0.01


class Choice(Frozen):
    """What one policy gives: predicted errors, gates, and what the best attack could reach.

    `label` says what differs from the spec. `attack` is the highest true-positive rate at 1 % false
    positives against one unit, `family` that against a family, `guess` how often the best guess about one
    unit is right from even odds, `advantage` the largest difference of the two rates; `together` is `attack`
    over all releases of the ledger, this one included, where there are earlier ones.
    """

    label: str
    epsilon: float
    mu: float
    max_rows: int
    max_tvd_1way: float | None
    max_tvd_2way: float | None
    attack: float
    family: float
    guess: float
    advantage: float
    together: float | None = None
    gates: tuple[tuple[str, str], ...]


def choices(checked: Checked, epsilons: Sequence[float], *, before: Cost | None = None) -> tuple[Choice, ...]:
    """Return one choice per epsilon, in the order given.

    Raises:
        SpecError: P440, when the spec has no private source, so that there is nothing to choose.
    """
    _private(checked)
    return tuple(_choice(compile_plan(checked, each), f"ε {each:g}", before) for each in epsilons)


def policy(checked: Checked, label: str, *, before: Cost | None = None) -> Choice:
    """Return what a spec, changed or not, gives.

    Args:
        checked: the spec as it would be.
        label: what differs.
        before: what earlier releases on its ledger amount to.

    Raises:
        SpecError: P440, see `choices`.
    """
    _private(checked)
    return _choice(compile_plan(checked), label, before)


def _private(checked: Checked) -> None:
    if checked.spec.privacy is None:
        raise SpecError(
            "P440",
            "there is no budget to compare: the spec has no private source",
            helps=("add `source:` and `privacy:`, or plan without `--epsilon` and `--what-if`",),
        )


def _choice(plan: Plan, label: str, before: Cost | None) -> Choice:
    mu, slack = risk.of_cost(plan.most_it_can_spend)
    found = risk.risk(mu, slack)
    together = None
    if before is not None and before.mu2:
        together = risk.tradeoff(*risk.of_cost(before + plan.most_it_can_spend), FALSE_POSITIVES)
    return Choice(
        label=label,
        epsilon=plan.epsilon,
        mu=mu,
        max_rows=1 if plan.protection is None else plan.protection.max_rows,
        max_tvd_1way=plan.forecast.max_tvd_1way,
        max_tvd_2way=plan.forecast.max_tvd_2way,
        attack=risk.tradeoff(mu, slack, FALSE_POSITIVES),
        family=risk.tradeoff(mu, slack, FALSE_POSITIVES, FAMILY),
        guess=found.right[-1],
        advantage=found.advantage,
        together=together,
        gates=tuple((gate.name, predicted(plan, gate)) for gate in plan.gates),
    )


def choices_text(found: Sequence[Choice]) -> str:
    """Return the choices as a table, one column per policy."""
    rows = [
        ("", [each.label for each in found]),
        ("ε", [f"{each.epsilon:g}" for each in found]),
        ("μ", [f"{each.mu:.3g}" for each in found]),
        ("rows per unit, at most", [str(each.max_rows) for each in found]),
        ("worst column, noise alone", [_figure(each.max_tvd_1way) for each in found]),
        ("worst pair, noise alone", [_figure(each.max_tvd_2way) for each in found]),
        ("best attack on one unit, 1 % false alarms", [share(each.attack) for each in found]),
        (f"the same on a family of {FAMILY}", [share(each.family) for each in found]),
        ("best guess right, from 50 %", [share(each.guess) for each in found]),
        ("best attack's advantage", [share(each.advantage) for each in found]),
    ]
    if any(each.together is not None for each in found):
        cells = ["?" if each.together is None else share(each.together) for each in found]
        rows.append(("best attack, earlier releases included", cells))
    for name, _ in found[0].gates if found else ():
        rows.append((f"gate {name}", [_verdict(dict(each.gates).get(name, "")) for each in found]))
    lead = max(len(label) for label, _ in rows)
    widths = [max(len(cells[at]) for _, cells in rows) + 3 for at in range(len(found))]
    lines = [
        label.ljust(lead) + "".join(cell.rjust(w) for cell, w in zip(cells, widths, strict=True))
        for label, cells in rows
    ]
    said = "Attack rates are upper bounds, whatever the method; guessing finds 1 % at 1 % false alarms."
    return "\n".join([*lines, "", said, "Nothing was read and nothing was charged.", ""])


def _figure(value: float | None) -> str:
    return "?" if value is None else f"{value:.3f}"


def _verdict(text: str) -> str:
    if text in ("", "not predicted"):
        return "?"
    return "fails" if text.endswith("likely to fail") else "may fail" if text.endswith("fail") else "can pass"
