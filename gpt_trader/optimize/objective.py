"""What is wanted of a point, from its daily closes: one number a point, NaN where undefined.

The numbers are those of `backtest.metrics` on daily closes, for many points at once; the drawdown
of calmar is therefore that of daily closes, less deep than the one of bars.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gpt_trader.measure.metrics import DAYS_PER_YEAR, returns_since

Floats = NDArray[np.float64]
Objective = Literal["sharpe", "return", "calmar"]
OBJECTIVES: tuple[Objective, ...] = ("sharpe", "return", "calmar")


def scores(closes: Floats, start: float, objective: Objective) -> Floats:
    """Return (k,) float64: the objective of k points; closes: (k, d) daily equity, quote.

    start: equity before the first bar. A point that never moved has no score (NaN): not trading
    is no parameter to be found.
    """
    moved = (closes != start).any(axis=1)
    if objective == "sharpe":
        found = sharpe(returns_since(start, closes))
    elif objective == "return":
        found = closes[:, -1] / start - 1.0
    else:
        found = _calmar(closes, start)
    return np.where(moved, found, np.nan)


def sharpe(returns: Floats) -> Floats:
    """Return (k,) annualized Sharpe ratios of (k, d) daily returns, as `metrics.sharpe`."""
    if returns.shape[1] < 2:
        return np.full(len(returns), np.nan)
    deviation = returns.std(axis=1, ddof=1)
    safe = np.where(deviation > 0.0, deviation, np.nan)
    return np.asarray(returns.mean(axis=1) / safe * DAYS_PER_YEAR**0.5)


def _calmar(closes: Floats, start: float) -> Floats:
    """Growth a year over the deepest drawdown; a day counts whole, also the first."""
    years = closes.shape[1] / DAYS_PER_YEAR
    growth = np.maximum(closes[:, -1], 0.0) / start
    with np.errstate(over="ignore"):
        cagr = growth ** (1.0 / years) - 1.0
    peak = np.maximum(np.maximum.accumulate(closes, axis=1), start)
    deepest = (1.0 - closes / peak).max(axis=1)
    return np.asarray(cagr / np.where(deepest > 0.0, deepest, np.nan))
