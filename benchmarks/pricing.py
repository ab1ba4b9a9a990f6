"""What a run of noisy gradients costs: the price as (epsilon, delta), and the CPU time to find it.

Columns: q, T, s; epsilon of our price at delta 1e-9 with the slack named (a hundredth and a tenth of delta);
epsilon of dp-accounting's privacy loss distribution, where installed, and our ratios to it; the same of
the pair for replaced units; CPU seconds of a price and of a search for the noise that a price allows.

Run: python benchmarks/pricing.py
"""

from __future__ import annotations

import time
import warnings

from synthspec.mechanisms import SubsampledGaussian
from synthspec.privacy.accountant import claim_epsilon
from synthspec.privacy.cost import Cost
from synthspec.privacy.runs import RATE_UNIT, Run, price
from synthspec.terms.protection import Neighbours

DELTA = 1e-9
SLACKS = (10**13, 10**14)
"""delta/100 and delta/10 [1e-24]."""

RUNS = (
    (0.002, 1000, 0.8),
    (0.002, 5000, 0.8),
    (0.01, 400, 1.0),
    (0.01, 1000, 2.0),
    (0.05, 500, 1.5),
    (0.05, 5000, 5.0),
    (0.2, 400, 3.0),
    (0.2, 5000, 20.0),
    (0.0001, 20000, 0.8),
    (0.5, 20000, 100.0),
    (1.0, 100, 10.0),
)


def claimed(run: Run, slack: int) -> float:
    """Return the epsilon of the price of `run` at DELTA."""
    mu2 = price(run, slack)
    return float("inf") if mu2 is None else claim_epsilon(Cost(mu2=mu2, delta0=slack), DELTA)


def theirs(run: Run) -> float | None:
    """Return dp-accounting's epsilon at DELTA, pessimistic, or None where it is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from dp_accounting.pld import privacy_loss_distribution as pld
        except ImportError:
            return None
        made = pld.from_gaussian_mechanism(
            run.scale, value_discretization_interval=1e-4, sampling_prob=float(run.rate * RATE_UNIT)
        )
        return float(made.self_compose(run.steps).get_epsilon_for_delta(DELTA))


def seconds(rate: int, steps: int, neighbours: Neighbours, mu2: int) -> tuple[float, float]:
    """Return CPU seconds of a search for the noise and of a price, nothing remembered."""
    start = time.process_time()
    found = SubsampledGaussian.costing(
        Cost(mu2=mu2, delta0=SLACKS[0]), rate=rate * RATE_UNIT, steps=steps, neighbours=neighbours
    )
    middle = time.process_time()
    price(Run(rate, steps, found.multiplier + 1, neighbours), SLACKS[0])
    return middle - start, time.process_time() - middle


def main() -> None:
    """Print the table."""
    print("      q      T      s | eps d/100   d/10 | dp-acc.   ratio  ratio | replace | search s  price s")
    for q, steps, s in RUNS:
        run = Run(round(q / RATE_UNIT), steps, round(s * 1e9), "add-remove")
        ours = [claimed(run, slack) for slack in SLACKS]
        other = theirs(run)
        swapped = claimed(Run(run.rate, steps, run.multiplier, "replace"), SLACKS[0])
        compared = (
            " " * 23 if other is None else f"{other:8.4f} {ours[0] / other:7.4f} {ours[1] / other:6.4f}"
        )
        mu2 = price(run, SLACKS[0]) or 10**15
        worst = [
            max(pair) for pair in zip(*(seconds(run.rate, steps, n, mu2) for n in ("add-remove", "replace")))
        ]
        print(
            f"{q:7g} {steps:6d} {s:6g} | {ours[0]:9.4f} {ours[1]:6.4f} | {compared} | {swapped:7.3f} |"
            f" {worst[0]:8.2f} {worst[1]:8.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
