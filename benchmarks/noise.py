"""How fast noise is drawn: rounded Gaussians and exact selections, per CPU second.

Run: python benchmarks/noise.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from synthspec.mechanisms import Exponential, RoundedGaussian
from synthspec.privacy.cost import Cost
from synthspec.privacy.entropy import SystemNoise
from synthspec.privacy.rounded import rounded_gaussian
from synthspec.terms.query import Sensitivity


def cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds of the best of three."""
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    """Print the table."""
    noise = SystemNoise()
    print("rounded Gaussian              million draws per CPU second")
    for scale in (0.5, 5.0, 100.0, 1e4, 1e6, 1e8):
        count = 2_000_000 if scale <= 1e6 else 20_000
        seconds = cpu(lambda s=scale, n=count: rounded_gaussian(s, n, noise))  # type: ignore[misc]
        print(f"  scale {scale:>13,g}             {count / seconds / 1e6:8.2f}")
    table, mechanism = np.zeros((1000, 1000), dtype=np.int64), RoundedGaussian(mu2=10**14)
    seconds = cpu(lambda: mechanism.release(table, Sensitivity(1, 1), noise))
    print(f"  release of 1,000,000 cells      {1 / seconds:8.2f}")
    print("exponential mechanism         microseconds per choice")
    chooser = Exponential.costing(Cost.of(0.01))
    for size in (100, 1000, 5000):
        scores = np.arange(size, dtype=np.int64)
        seconds = cpu(lambda s=scores: [chooser.choose(s, Sensitivity(9, 81), noise) for _ in range(200)])  # type: ignore[misc]
        print(f"  {size:>6,} candidates               {seconds / 200 * 1e6:8.0f}")


if __name__ == "__main__":
    main()
