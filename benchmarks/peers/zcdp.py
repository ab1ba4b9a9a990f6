"""The largest rho whose zCDP gives (epsilon, delta)-DP.

Source: Canonne, Kamath and Steinke 2020, proposition 12 (the conversion that the peers use).
"""

from __future__ import annotations

import numpy as np


def rho_of(epsilon: float, delta: float) -> float:
    """Return the largest rho with `delta_of(rho, epsilon)` at most delta, by bisection."""
    low, high = 0.0, epsilon + 1.0
    for _ in range(200):
        middle = (low + high) / 2
        if delta_of(middle, epsilon) <= delta:
            low = middle
        else:
            high = middle
    return low


def delta_of(rho: float, epsilon: float) -> float:
    """Return the smallest bound on delta over a fine grid of orders."""
    if rho == 0:
        return 0.0
    orders = 1 + np.exp(np.linspace(np.log(1e-3), np.log(epsilon / rho + 10), 20_000))
    logs = (orders - 1) * (orders * rho - epsilon) + orders * np.log1p(-1 / orders) - np.log(orders - 1)
    return float(np.exp(min(0.0, logs.min())))
