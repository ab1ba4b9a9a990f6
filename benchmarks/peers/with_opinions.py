"""Second opinions, in an environment of their own: python with_opinions.py FOLDER.

Reads `tables.npz` and `ask.json`, writes `said.json`: SDMetrics' complements of tables of codes,
dp-accounting's delta of Gaussians and its epsilon of events composed as what they are, OpenDP's rho of the
same events, and what its own conversion makes of both rhos. Imports nothing of the project.
"""

from __future__ import annotations

import json
import math
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

GRID = 1e-4
"""Interval of the loss distributions; they are rounded up to it, so an epsilon may be this much too large."""


def complements(folder: Path, asked: list[dict[str, Any]]) -> list[float]:
    """Return 1 - complement of each pair of tables, by SDMetrics."""
    import pandas as pd
    from sdmetrics.column_pairs import ContingencySimilarity
    from sdmetrics.single_column import TVComplement

    held = np.load(folder / "tables.npz")
    said = []
    for each in asked:
        real, synthetic = (
            pd.DataFrame(held[f"{each['table']}/{part}"][:, each["columns"]]).astype(str)
            for part in ("private", "released")
        )
        if len(each["columns"]) == 1:
            said.append(1 - TVComplement.compute(real[0], synthetic[0]))
        else:
            said.append(1 - ContingencySimilarity.compute(real, synthetic))
    return [float(each) for each in said]


def deltas(asked: list[list[float]]) -> list[float]:
    """Return dp-accounting's delta of a Gaussian of each mu at each epsilon."""
    from dp_accounting.pld.privacy_loss_mechanism import GaussianPrivacyLoss

    return [float(GaussianPrivacyLoss(1 / mu).get_delta_for_epsilon(epsilon)) for mu, epsilon in asked]


def composed(events: list[dict[str, Any]], delta: float, equivalents: bool) -> float:
    """Return dp-accounting's epsilon of `events`: as what they are, or each as the Gaussian of its price."""
    from dp_accounting.pld import privacy_loss_distribution as pld

    whole = None
    for event in events:
        if equivalents or event["kind"] == "gaussian":
            ratio = 1 / event["mu"] if equivalents else event["stddev"] / event["l2"]
            loss = pld.from_gaussian_mechanism(ratio, value_discretization_interval=GRID)
        elif event["kind"] == "selection":
            # the worst pair of the range e that is symmetric: the choice between two, losses of -e/2 and e/2
            wrong = 1 / (1 + math.exp(event["scale"] / 2))
            loss = pld.from_randomized_response(2 * wrong, 2, value_discretization_interval=GRID)
        else:
            loss = pld.from_gaussian_mechanism(
                event["multiplier"], sampling_prob=event["rate"], value_discretization_interval=GRID
            ).self_compose(event["steps"])
        whole = loss if whole is None else whole.compose(loss)
    return 0.0 if whole is None else float(whole.get_epsilon_for_delta(delta))


def opendp(events: list[dict[str, Any]], mu2: float, delta: float) -> dict[str, float]:
    """Return OpenDP's rho of the events, what its conversion makes of that rho and of ours (mu^2 / 2)."""
    import opendp.prelude as dp

    dp.enable_features("contrib")
    numbers = dp.vector_domain(dp.atom_domain(T="i64"))
    rho = 0.0
    for event in events:
        if event["kind"] == "gaussian":
            asked = dp.m.make_gaussian(numbers, dp.l2_distance(T="f64"), scale=event["stddev"])
            rho += asked.map(event["l2"])
        else:
            # Gumbel noise of scale 2 D / e on scores that move by D: the exponential mechanism, D = 1
            asked = dp.m.make_noisy_max(
                numbers,
                dp.linf_distance(T="i64"),
                dp.zero_concentrated_divergence(),
                scale=2 / event["scale"],
            )
            rho += asked.map(1)
    return {"rho": rho, "of_theirs": _approximate(rho, delta), "of_ours": _approximate(mu2 / 2, delta)}


def _approximate(rho: float, delta: float) -> float:
    """Return the epsilon that OpenDP's conversion gives for `rho`-zCDP."""
    import opendp.prelude as dp

    one = dp.m.make_gaussian(
        dp.atom_domain(T="i64"), dp.absolute_distance(T="f64"), scale=1 / math.sqrt(2 * rho)
    )
    return float(dp.c.make_zCDP_to_approxDP(one).map(1.0).epsilon(delta))


def main(folder: Path) -> None:
    """Answer all that is asked in `folder`."""
    ask = json.loads((folder / "ask.json").read_text(encoding="utf-8"))
    said = {
        "versions": {name: version(name) for name in ("sdmetrics", "dp-accounting", "opendp")},
        "complements": complements(folder, ask["complements"]),
        "deltas": deltas(ask["gaussians"]),
        "charges": [
            {
                "equivalents": composed(each["events"], each["rest"], True),
                "realised": composed(each["events"], each["delta"], False),
                "opendp": opendp(each["events"], each["mu2"], each["delta"])
                if all(event["kind"] != "gradients" for event in each["events"])
                else None,
            }
            for each in ask["charges"]
        ],
    }
    (folder / "said.json").write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
