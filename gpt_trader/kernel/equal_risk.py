"""Amounts of assets that contribute equally to the risk of them all."""

import math

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit

Floats = NDArray[np.float64]

SWEEPS = 50  # a fixed number, so that every run takes the same steps


@njit(cache=True)
def equal_risk(correlation: Floats) -> Floats:
    """Return amounts of p assets of volatility 1 that contribute equally: (p,), all above 0.

    correlation: (p, p) float64. The amounts x at which x_i * (correlation @ x)_i is 1 for every i,
    one after the other: Griveau-Billion, Richard, Roncalli, "A Fast Algorithm for Computing
    High-Dimensional Risk Parity Portfolios" (2013).
    """
    amount = np.ones(len(correlation))
    for _ in range(SWEEPS):
        for i in range(len(amount)):
            others = 0.0
            for j in range(len(amount)):
                if j != i:
                    others += correlation[i, j] * amount[j]
            amount[i] = (math.sqrt(others * others + 4.0) - others) / 2.0
    return amount
