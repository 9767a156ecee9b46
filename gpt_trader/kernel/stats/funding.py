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
