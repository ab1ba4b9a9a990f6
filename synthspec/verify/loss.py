"""loss: epsilon by another project's privacy loss distributions, where it is installed.

Every event is at most as telling as a Gaussian of its mu (the ledger's currency), so these Gaussians,
composed by dp-accounting, must give the epsilon of our closed form. It is a second opinion on the conversion,
not a proof: with choices on the way, the filter on the sum of mu^2 is the proof (DECISIONS 17).

Source: dp-accounting (Google), `pld`; Koskela, Jaelkoe & Honkela 2020.
"""

from __future__ import annotations

from importlib.util import find_spec
from math import sqrt

from synthspec.privacy.accountant import claim_epsilon
from synthspec.privacy.cost import DELTA0_UNIT, MU2_UNIT
from synthspec.release.release import Release
from synthspec.verify.standalone import Check

WITHIN = 1e-3


def check_loss(release: Release) -> Check:
    """Return whether dp-accounting agrees with the closed form within 0.1 %."""
    spent, claim = release.spent, release.claim
    if claim is None or not spent.mu2:
        return Check("second opinion", "passed", "nothing was spent")
    if find_spec("dp_accounting") is None:
        return Check("second opinion", "not done", "dp-accounting is not installed")
    slack = spent.delta0 * DELTA0_UNIT
    delta = float(claim.delta)
    if float(slack) >= delta:
        return Check("second opinion", "failed", "the slack alone reaches delta")
    mine, theirs = (
        float(claim_epsilon(spent, delta)),
        composed(release, (delta - float(slack)) / (1 - float(slack))),
    )
    off = abs(theirs - mine) / max(mine, 1e-12)
    figures: dict[str, float | int | str] = {"closed_form": mine, "dp_accounting": theirs, "apart": off}
    apart = f"{off:.4%} apart" if off >= 1e-6 else "less than 0.0001% apart"
    said = f"dp-accounting's loss distributions give {theirs:.6g}, the closed form {mine:.6g}: {apart}"
    return Check("second opinion", "passed" if off <= WITHIN else "failed", said, figures)


def composed(release: Release, delta: float) -> float:
    """Return epsilon at `delta` of the events' Gaussians, composed; coarse equals are taken together."""
    from dp_accounting.pld import privacy_loss_distribution as pld

    whole = None
    parts: dict[int, int] = {}
    for event in release.events:
        parts[event.cost.mu2] = parts.get(event.cost.mu2, 0) + 1
    least = sqrt(float(release.spent.mu2 * MU2_UNIT)) / 1000
    for mu2, many in sorted(parts.items()):
        if not mu2:
            continue
        step = pld.from_gaussian_mechanism(
            1 / sqrt(many * float(mu2 * MU2_UNIT)), value_discretization_interval=min(1e-4, least)
        )
        whole = step if whole is None else whole.compose(step)
    return 0.0 if whole is None else float(whole.get_epsilon_for_delta(delta))
