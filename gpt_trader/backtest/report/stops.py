"""Where the protective stop lay while a product was held."""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.backtest.report.chart import TimeSpan
from gpt_trader.backtest.report.scale import Scale
from gpt_trader.backtest.report.svg import n1, tag
from gpt_trader.measure.measure import stops_at_entry
from gpt_trader.measure.path import Path
from gpt_trader.measure.trades import last_bars

Floats = NDArray[np.float64]
Rows = NDArray[np.void]


def stop_levels(path: Path, trades: Rows, j: int) -> tuple[Rows, Floats]:
    """Return product j's trades that had a stop, TRADE_DTYPE rows, and (k,) its price of each.

    The level is the average entry less the fraction asked for when the trade was decided; for a
    short it lies above.
    """
    mine = trades[trades["product"] == j]
    fraction = stops_at_entry(path, mine)
    had = fraction > 0.0
    mine, fraction = mine[had], fraction[had]
    entry = (mine["entry_ticks"] + mine["entry_shift"]) * path.bars[j].product.tick
    return mine, np.asarray(entry * (1.0 - mine["side"] * fraction))


def stop_lines(path: Path, span: TimeSpan, scale: Scale, trades: Rows, levels: Floats) -> str:
    """Return each trade's level as a line from its entry to its exit; nothing without trades."""
    if len(trades) == 0:
        return ""
    starts = span.x(path.time[trades["entry_bar"]])
    ends = span.x(path.time[last_bars(trades, len(path.time))] + path.interval_ms)
    pieces = [
        f"M{n1(a)} {n1(y)}H{n1(b)}"
        for a, b, y in zip(starts.tolist(), ends.tolist(), scale(levels).tolist(), strict=True)
    ]
    return tag("path", d="".join(dict.fromkeys(pieces)), class_="line level")
