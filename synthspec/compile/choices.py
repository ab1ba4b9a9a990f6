"""Choices: one spec at several budgets side by side: error, gates and the best possible attack.

Source: the attack rates are the trade-off curve of mu-GDP (Dong, Roth & Su 2022), which no attack beats.
"""

from __future__ import annotations

from collections.abc import Sequence

from synthspec.compile.checked import Checked
from synthspec.compile.plan import compile_plan
from synthspec.errors import SpecError
from synthspec.plan.explain import predicted
from synthspec.privacy.accountant import advantage, mu_in, tpr_at
from synthspec.privacy.cost import DELTA0_UNIT
from synthspec.terms.frozen import Frozen

FALSE_POSITIVES = 0.01


class Choice(Frozen):
    """What one epsilon gives: predicted errors, gates, and what the best attack could reach.

    `attack` is the highest true-positive rate at 1 % false positives; `advantage` the largest difference
    of the two rates.
    """

    epsilon: float
    mu: float
    max_tvd_1way: float | None
    max_tvd_2way: float | None
    attack: float
    advantage: float
    gates: tuple[tuple[str, str], ...]


def choices(checked: Checked, epsilons: Sequence[float]) -> tuple[Choice, ...]:
    """Return one choice per epsilon, in the order given.

    Raises:
        SpecError: P440, when the spec has no private source, so that there is nothing to choose.
    """
    if checked.spec.privacy is None:
        raise SpecError("P440", "there is no budget to compare: the spec has no private source",
                        helps=("add `source:` and `privacy:`, or plan without `--epsilon`",))  # fmt: skip
    found = []
    for epsilon in epsilons:
        plan = compile_plan(checked, epsilon)
        mu, slack = mu_in(plan.budget), float(plan.budget.delta0 * DELTA0_UNIT)
        found.append(
            Choice(
                epsilon=epsilon,
                mu=mu,
                max_tvd_1way=plan.forecast.max_tvd_1way,
                max_tvd_2way=plan.forecast.max_tvd_2way,
                attack=tpr_at(FALSE_POSITIVES, mu, slack),
                advantage=advantage(mu, slack),
                gates=tuple((gate.name, predicted(plan, gate)) for gate in plan.gates),
            )
        )
    return tuple(found)


def choices_text(found: Sequence[Choice]) -> str:
    """Return the choices as a table, one column per epsilon."""
    rows = [
        ("ε", [f"{each.epsilon:g}" for each in found]),
        ("μ", [f"{each.mu:.3g}" for each in found]),
        ("worst column, noise alone", [_figure(each.max_tvd_1way) for each in found]),
        ("worst pair, noise alone", [_figure(each.max_tvd_2way) for each in found]),
        ("best attack at 1 % false alarms", [f"{100 * each.attack:.1f} %" for each in found]),
        ("best attack's advantage", [f"{100 * each.advantage:.1f} %" for each in found]),
    ]
    for at, (name, _) in enumerate(found[0].gates if found else ()):
        rows.append((f"gate {name}", [_verdict(each.gates[at][1]) for each in found]))
    lead = max(len(label) for label, _ in rows)
    width = max(len(cell) for _, cells in rows for cell in cells) + 2
    lines = [label.ljust(lead) + "".join(cell.rjust(width) for cell in cells) for label, cells in rows]
    return "\n".join([*lines, "", "Nothing was read and nothing was charged.", ""])


def _figure(value: float | None) -> str:
    return "?" if value is None else f"{value:.3f}"


def _verdict(text: str) -> str:
    if text == "not predicted":
        return "?"
    return "fails" if text.endswith("likely to fail") else "may fail" if text.endswith("fail") else "can pass"
