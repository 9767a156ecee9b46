"""Resampled daily returns: the stationary bootstrap, with a random stream of its own.

Random numbers are splitmix64 of a counter (G. Steele, D. Lea, C. Flood, "Fast Splittable
Pseudorandom Number Generators", 2014): the same seed gives the same bits, compiled or not, on
any version of numpy.
"""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.compiled import njit

Floats = NDArray[np.float64]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)


@njit(cache=True)
def uniforms(seed: int, begin: int, count: int) -> Floats:
    """Return numbers begin, begin + 1, ... of a seed's stream: (count,) float64 in [0, 1)."""
    # arrays, not scalars: interpreted, only they wrap around without a warning
    x = np.arange(begin + 1, begin + count + 1).astype(np.uint64) * GOLDEN + np.uint64(seed)
    x = (x ^ (x >> np.uint64(30))) * MIX_1
    x = (x ^ (x >> np.uint64(27))) * MIX_2
    x = x ^ (x >> np.uint64(31))
    return (x >> np.uint64(11)).astype(np.float64) * 2.0**-53


@njit(cache=True)
def draw(returns: Floats, block: float, u: Floats) -> Floats:
    """Return one resample of (n,) returns; u: (n,) uniform numbers, one a draw.

    A draw goes on to the next return (after the last comes the first) or, with probability
    1 / block, starts a new block anywhere. Source: D. Politis and J. Romano, "The Stationary
    Bootstrap" (1994).
    """
    n = len(returns)
    out = np.empty(n)
    start_new = 1.0 / block
    at = int(u[0] * n)
    for i in range(n):
        if i > 0:
            if u[i] < start_new:
                at = min(int(u[i] / start_new * n), n - 1)  # u / p is uniform again below p
            else:
                at = at + 1 if at + 1 < n else 0
        out[i] = returns[at]
    return out


@njit(cache=True)
def sharpe_of(returns: Floats) -> float:
    """Mean over standard deviation (ddof 1), not annualized; NaN without variation."""
    n = len(returns)
    total = 0.0
    for r in returns:
        total += r
    mean = total / n
    squares = 0.0
    for r in returns:
        squares += (r - mean) * (r - mean)
    return mean / np.sqrt(squares / (n - 1)) if squares > 0.0 else np.nan


@njit(cache=True)
def bootstrap(
    returns: Floats, block: float, resamples: int, seed: int
) -> tuple[Floats, Floats, Floats]:
    """Resample n >= 2 daily returns: equity paths, Sharpe ratios and deepest drawdowns.

    block: mean length of a block, days. Returns (n, resamples) float64 equity over its start at
    the closes of the days, (resamples,) Sharpe ratios of a day, NaN without variation, and
    (resamples,) drawdowns of the daily equity as fractions, the start being the first peak.
    """
    n = len(returns)
    paths = np.empty((n, resamples))
    sharpes = np.empty(resamples)
    falls = np.empty(resamples)
    for k in range(resamples):
        drawn = draw(returns, block, uniforms(seed, k * n, n))
        sharpes[k] = sharpe_of(drawn)
        equity = peak = 1.0
        deepest = 0.0
        for i in range(n):
            equity *= 1.0 + drawn[i]
            paths[i, k] = equity
            if equity > peak:
                peak = equity
            elif 1.0 - equity / peak > deepest:
                deepest = 1.0 - equity / peak
        falls[k] = deepest
    return paths, sharpes, falls
