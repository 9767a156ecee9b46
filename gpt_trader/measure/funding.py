"""What a run received and paid as funding, by product and by trade, to the unit."""

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.codes import FILL_EXIT
from gpt_trader.kernel.stats.funding import funding_flows
from gpt_trader.measure.path import Path

Ints = NDArray[np.int64]
Rows = NDArray[np.void]


def received(path: Path, product: int) -> Ints:
    """Return (n,) int64 units that a product brought at each of its bars' closes; paid: below 0."""
    bars = path.bars[product]
    if not bars.funding_rate.any():
        return np.zeros(len(bars), np.int64)
    fills = path.fills[path.fills["product"] == product]
    rows = path.rows(product, fills["bar"])
    # what is sold at the close that decided it, at the end, has seen that close's funding
    late = (fills["reason"] == FILL_EXIT) & (fills["cause"] == fills["bar"])
    moved = np.zeros(len(bars) + 1, np.int64)
    np.add.at(moved, rows + late, fills["side"] * fills["lots"])
    lots = np.cumsum(moved[:-1])
    return np.asarray(funding_flows(lots, bars.close, bars.funding_rate, bars.product.spec))


def by_trade(path: Path, rows: Rows) -> Ints:
    """Return (k,) int64 units that each of a run's trades received; paid: below 0.

    rows: TRADE_DTYPE in order of entry. Nothing is exchanged while flat, so a trade has what came
    from its entry until the next one's.
    """
    out = np.zeros(len(rows), np.int64)
    for product in range(len(path.bars)):
        mine = np.flatnonzero(rows["product"] == product)
        so_far = np.concatenate([[0], np.cumsum(received(path, product))])
        entries = path.rows(product, rows["entry_bar"][mine])
        out[mine] = np.diff(so_far[np.append(entries, len(so_far) - 1)])
    return out
