"""Wilder's parabolic stop and reverse."""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit

Floats = NDArray[np.float64]


@njit(cache=True)
def parabolic_sar(high: Floats, low: Floats, step: float, most: float) -> Floats:
    """Parabolic SAR: a stop that moves to the extreme of the trade, faster with each new one.

    sar += factor x (extreme - sar), factor = step, 2 step, ... up to `most`; never beyond the last
    two rows' range. Where the price touches it, it turns and begins at the extreme. The first trade
    is short if the low fell further than the high rose in row 1, else long. high, low: (n,)
    float64. Returns (n,) float64 in their unit, first valid row 1: of row i before row i+1 is
    known. Memory: all rows since the last turn. Source: Wilder, New Concepts in Technical Trading
    Systems (1978), 0.02 and 0.2; TA-Lib SAR.
    """
    out = np.full(len(high), np.nan)
    if len(high) < 2:
        return out
    fall, rise = low[0] - low[1], high[1] - high[0]
    side = -1.0 if fall > 0.0 and fall > rise else 1.0
    # both sides are one: a short trade is a long one in prices turned round
    sar = low[0] if side > 0.0 else -high[0]
    extreme = high[1] if side > 0.0 else -low[1]
    step = min(step, most)
    factor = step
    for i in range(1, len(high)):
        before = i - 1 if i > 1 else 1
        top, floor = _turned(side, high[i], low[i])
        top_before, floor_before = _turned(side, high[before], low[before])
        if floor <= sar:
            side = -side
            floor, floor_before = -top, -top_before
            sar = min(-extreme, floor, floor_before)
            out[i] = side * sar
            factor = step
            extreme = high[i] if side > 0.0 else -low[i]
        else:
            out[i] = side * sar
            if top > extreme:
                extreme = top
                factor = min(factor + step, most)
        sar = min(sar + factor * (extreme - sar), floor, floor_before)
    return out


@njit(cache=True)
def _turned(side: float, high: float, low: float) -> tuple[float, float]:
    """High and low as a long trade sees them."""
    return (high, low) if side > 0.0 else (-low, -high)
