"""Where a ledger stands, where a plan would bring it, and the refusal of what does not fit.

Everything here is about the ledger's own amounts, which are public.

Source: ours; LANGUAGE 3.6 (4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from synthspec.errors import BudgetError
from synthspec.privacy.accountant import Number, budget_cost, claim_epsilon, largest_epsilon
from synthspec.privacy.cost import DELTA0_UNIT, Cost
from synthspec.privacy.entries import Charge, Standing


@dataclass(frozen=True)
class Forecast:
    """Epsilons at the ledger's own delta, rounded up; `largest` at the spec's delta, rounded down.

    `spent` and `after` are composed, not added; `after` includes the plan. `largest` is the largest
    epsilon of a spec, with the slack that this plan names, that still fits (0 when none does).
    """

    spent: float
    after: float
    cap: float
    largest: float
    delta: float
    releases: int
    fits: bool


def forecast(standing: Standing, cost: Cost, delta: Number) -> Forecast:
    """Return the forecast for a purchase of `cost` by a spec with `delta`."""
    spent, limit = standing.spent, standing.delta
    return Forecast(
        spent=claim_epsilon(spent, limit),
        after=claim_epsilon(spent + cost, limit),
        cap=float(standing.epsilon),
        largest=_largest(standing.left, delta, cost.delta0),
        delta=float(limit),
        releases=sum(each.state != "voided" for each in standing.charges.values()),
        fits=cost.fits(standing.left),
    )


def _largest(left: Cost, delta: Number, slack: int) -> float:
    """Return `largest_epsilon`, or the hundredth just above it where that fits as well: 2, not 1.99."""
    found = float(largest_epsilon(left, delta, slack))
    near = Decimal(round(found * 100)) / 100
    fits = found > 0 and near > 0 and budget_cost(near, delta).mu2 <= left.mu2
    return max(found, float(near)) if fits else found


def overspend(standing: Standing, cost: Cost, delta: Number) -> BudgetError:
    """Return the refusal (B501) of a purchase that does not fit, with the largest that does."""
    seen = forecast(standing, cost, delta)
    opened = standing.opened
    after = "no finite ε"
    if math.isfinite(seen.after):
        excess = max(0.0, seen.after - seen.cap)
        added = sum(float(each.epsilon) for each in _standing(standing)) + claim_epsilon(cost, delta)
        after = (
            f"ε = {up2(seen.after)}   exceeds the cap by {up2(excess)} "
            f"(composed, not added: adding would give {up2(added)})"
        )
    helps = []
    if seen.largest >= 0.01:
        helps.append(f"the largest budget that still fits is `epsilon: {down2(seen.largest)}`")
    made = [each.folder for each in standing.charges.values() if each.state == "committed" and each.folder]
    again = f"{AGAIN}`synthspec sample {here(made[-1]) if made else 'RELEASE'}` costs nothing"
    helps.append(f"or {again}" if helps else again)
    to = "--to E" if cost.delta0 <= standing.left.delta0 else "--to E --delta D"
    if opened.by == "owner":
        helps.append(f"only the ledger's owner can raise the cap: `synthspec budget cap {opened.name} {to}`")
    else:
        helps.append(f"the operator can raise the cap: `synthspec budget cap --source PATH {to}`")
    return BudgetError(
        "B501",
        f"training would overspend the ledger `{opened.name}`",
        notes=(
            f"{CAP}{cap_text(standing)}",
            f"spent so far   ε = {up2(seen.spent)}   {_releases(standing)}, δ = {_short(seen.delta)}",
            f"with this plan {after}",
            *_slack_note(standing, cost),
            "no data was read and nothing was charged",
        ),
        helps=tuple(helps),
    )


AGAIN = "reuse a released model: "
"""How the help on what is released begins, so that whoever knows which release answers can say so."""


def here(folder: str) -> str:
    """Return a folder as one would type it here."""
    path = Path(folder)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else folder


CAP = "cap            "
"""How the note about the cap begins, so that whoever can point at the spec's `ledger:` finds it."""


def cap_text(standing: Standing) -> str:
    """Return the cap, and who set it when."""
    opened = standing.opened
    raised = standing.raises + standing.lowerings
    since = "" if not raised else ", changed once since" if raised == 1 else f", changed {raised} times since"
    at = "" if standing.delta == opened.delta == _NINE else f" at δ = {_short(float(standing.delta))}"
    return f"ε = {float(standing.epsilon):.2f}{at}, set by {opened.owner} on {opened.day}{since}"


def _standing(standing: Standing) -> list[Charge]:
    return [each for each in standing.charges.values() if each.state != "voided"]


def _releases(standing: Standing) -> str:
    """Return how many releases there are, and in which months they were charged."""
    made = _standing(standing)
    months = tuple(dict.fromkeys(each.day[:7] for each in made))
    shown = ", ".join((*months[:1], "...", *months[-1:]) if len(months) > 3 else months)
    count = "1 release" if len(made) == 1 else f"{len(made)} releases"
    return f"{count} ({shown})" if made else count


def _short(delta: float) -> str:
    """Return a delta as people write it.

    >>> _short(1e-9)
    '1e-9'
    """
    return f"{delta:g}".replace("e-0", "e-")


_NINE = Decimal("1e-9")


def _slack_note(standing: Standing, cost: Cost) -> tuple[str, ...]:
    left = standing.left.delta0
    if cost.delta0 <= left:
        return ()
    return (
        f"this plan takes {float(cost.delta0 * DELTA0_UNIT):.3g} of delta for `discover` and training runs, "
        f"the ledger has {float(left * DELTA0_UNIT):.3g} left for them: its cap needs a larger delta",
    )


def up2(value: float) -> str:
    """Return an epsilon that is spent, to hundredths, rounded up; every text about a ledger uses it."""
    return f"{math.ceil(value * 100 - 1e-6) / 100:.2f}"


def down2(value: float) -> str:
    """Return an epsilon that is still to be had, to hundredths, rounded down."""
    return f"{math.floor(value * 100 + 1e-9) / 100:.2f}"
