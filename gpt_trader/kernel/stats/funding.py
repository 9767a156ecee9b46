"""What perpetuals exchange between longs and shorts, bar by bar."""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit
from gpt_trader.kernel.ledger import funding
from gpt_trader.kernel.rounding import Spec

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@njit(cache=True)
def funding_flows(lots: Ints, close: Ints, rate: Floats, spec: Spec) -> Ints:
    """Return (n,) int64 units that were received at each bar's close, paid where below 0.

    lots: (n,) int64 held at the closes, short below 0. close: (n,) int64 ticks. rate: (n,) float64
    fraction of the position's value that longs pay; 0 or NaN: nothing is exchanged.
    """
    flows = np.zeros(len(lots), np.int64)
    for i in range(len(lots)):
        flows[i] = funding(lots[i], close[i], rate[i], spec)
    return flows


@njit(cache=True)
def held(
    worth: Floats, lots: int, cash: int, close: Ints, rate: Floats, per_tick: float, spec: Spec,
    band: float,
) -> tuple[int, int, int]:  # fmt: skip
    """Write into `worth`, (n,) units, what lots and the cash beside them come to at each close.

    cash: units before the first, to which funding adds. close: (n,) ticks. rate: (n,) as above.
    per_tick: units that the lots are worth a tick. Return the first row at which that cash is more
    than a band of what is held, else the last one, the cash there, and the cash at the end.
    """
    n = len(close)
    first, then = -1, 0
    for i in range(n):
        cash += funding(lots, close[i], rate[i], spec)
        value = close[i] * per_tick
        worth[i] = value + cash
        if first < 0 and (abs(cash) > band * max(value, worth[i]) or i == n - 1):
            first, then = i, cash
    return first, then, cash
