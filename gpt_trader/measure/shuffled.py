"""Bars whose blocks are in another order: the same moves, nothing that led to the next block."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars, own_of
from gpt_trader.kernel.stats.bootstrap import uniforms

Ints = NDArray[np.int64]


def block_bars(rows: int) -> int:
    """Return the length of a block: the cube root of the rows, as in `inference.block_days`."""
    return max(1, round(float(np.cbrt(rows))))


def shuffle(bars: Sequence[Bars], *, seed: int) -> list[Bars]:
    """Return each product's bars with their blocks in a random order.

    A bar keeps its moves from the close before it (the first: from its own open), its volume, its
    quotes, funding and extra columns; times stay. Products of equal length are shuffled alike. The
    last close is the old one, up to rounding to ticks; no price falls below one tick.
    """
    return [_shuffle(one, seed) for one in bars]


def _shuffle(bars: Bars, seed: int) -> Bars:
    rows = _order(len(bars), seed)
    before = np.concatenate([bars.open[:1], bars.close[:-1]]).astype(np.float64)
    moves = np.cumprod((bars.close / before)[rows])
    came_from = bars.open[0] * np.concatenate([[1.0], moves[:-1]])

    def price(column: Ints) -> Ints:
        ticks = np.rint(came_from * (column / before)[rows]).astype(np.int64)
        return np.asarray(np.maximum(ticks, 1))

    opens, close = price(bars.open), price(bars.close)
    return replace(
        bars,
        open=opens,
        high=np.maximum(price(bars.high), np.maximum(opens, close)),
        low=np.minimum(price(bars.low), np.minimum(opens, close)),
        close=close,
        volume=bars.volume[rows],
        funding_rate=bars.funding_rate[rows],
        half_spread_e8=None if bars.half_spread_e8 is None else bars.half_spread_e8[rows],
        extra=own_of(bars).rows(rows),
    )


def _order(rows: int, seed: int) -> Ints:
    """Return the rows in block order."""
    size = block_bars(rows)
    blocks = -(-rows // size)
    ordered = np.argsort(uniforms(seed, 0, blocks), kind="stable")
    found = (ordered[:, None] * size + np.arange(size)).ravel()
    return found[found < rows]
