"""How far each trade went against us and for us while it was held (MAE and MFE)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.stats.curve import excursions
from gpt_trader.measure.path import Path
from gpt_trader.measure.trades import is_closed

Floats = NDArray[np.float64]
Rows = NDArray[np.void]


class Excursions(NamedTuple):
    """Of each trade, (k,) float64, percent of the average entry price, positive.

    mae_pct: the furthest against us; mfe_pct: the furthest for us. Source: J. Sweeney, "Maximum
    Adverse Excursion" (1997).
    """

    mae_pct: Floats
    mfe_pct: Floats


def measure_excursions(path: Path, rows: Rows) -> Excursions:
    """Return the excursions of TRADE_DTYPE rows, in their order, the open ones to the last bar.

    Only prices that surely were seen while a trade was held count: the entry bar wholly if it was
    entered at its open, else its close; of the exit bar its open and the exit itself.
    """
    out = np.zeros((2, len(rows)))
    closed = is_closed(rows)
    for p, bars in enumerate(path.bars):
        mine = np.flatnonzero(rows["product"] == p)
        some = rows[mine]
        entry = path.rows(p, some["entry_bar"])
        end = np.full(len(some), len(bars), np.int64)
        ended = closed[mine]
        end[ended] = path.rows(p, some["exit_bar"][ended])
        out[:, mine] = excursions(
            some["side"],
            entry,
            end,
            bars.open[entry] == some["entry_base"],
            some["entry_ticks"] + some["entry_shift"],
            some["exit_ticks"] + some["exit_shift"],
            bars.open,
            bars.high,
            bars.low,
            bars.close,
        )
    return Excursions(out[0], out[1])
