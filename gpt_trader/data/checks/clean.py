"""Bars as they would be without the prices in doubt: what a result hangs on is told by both."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gpt_trader.data.checks.findings import GAPS, LEVELS, PRINTS, WICKS, Finding, Judged
from gpt_trader.domain.bars import Bars, Floats, Ints
from gpt_trader.domain.product import MAX_TICKS

BY_PRICE = (WICKS, PRINTS, LEVELS, GAPS)  # findings that a price can be set right for


def in_doubt(judged: Sequence[Judged]) -> bool:
    """Whether there is a price in doubt."""
    return any(finding.kind in BY_PRICE for one in judged for finding in one.findings)


def without_doubt(bars: Bars, findings: Sequence[Finding]) -> Bars:
    """Return bars of the same times without what was found in them.

    A far high or low ends at open and close; a bar that was off stands at the close before it;
    another level, and a jump across a gap, is joined to what was before by one factor, the volume
    by its inverse, so that what was traded is worth as much. Prices are whole ticks, at least one.
    """
    none = np.empty(0, np.int64)
    at = dict.fromkeys(BY_PRICE, none) | {finding.kind: finding.at for finding in findings}
    prices = np.stack([bars.open, bars.high, bars.low, bars.close])
    wicks = at[WICKS]
    prices[1, wicks] = prices[[0, 3]][:, wicks].max(axis=0)
    prices[2, wicks] = prices[[0, 3]][:, wicks].min(axis=0)
    for row in at[PRINTS].tolist():
        prices[:, row] = prices[3, row - 1]
    scale = _scale(prices, np.union1d(at[LEVELS], at[GAPS]))
    volume = bars.volume / scale
    whole = np.clip(np.rint(prices * scale), 1, MAX_TICKS).astype(np.int64)
    opens, high, low, close = whole
    return replace(bars, open=opens, high=high, low=low, close=close, volume=volume)


def _scale(prices: Ints, rows: Ints) -> Floats:
    """Return (n,) factors of at least 1, or less where prices would not fit, that join levels.

    rows: the first of each level. Of a level that is reached within a bar the bar before it is
    joined to the close.
    """
    n = prices.shape[1]
    scale = np.ones(n)
    for row in rows.tolist():
        opened, closed, before = prices[0, row], prices[3, row], prices[3, row - 1]
        inside = max(opened / before, before / opened) < max(closed / opened, opened / closed)
        if inside:
            prices[:3, row] = closed
        scale[row:] *= before / (closed if inside else opened)
    scale /= scale.min()
    most = float((prices * scale).max())
    return scale * min(1.0, MAX_TICKS / most)
