"""Funding that a run received and paid, to the unit, by product and by trade; or is not known."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gpt_trader.kernel.codes import FILL_EXIT
from gpt_trader.kernel.stats.funding import funding_flows
from gpt_trader.measure.doubt import UNTESTED, Doubt
from gpt_trader.measure.metrics import DAY_MS
from gpt_trader.measure.path import Path

Ints = NDArray[np.int64]
Rows = NDArray[np.void]
LONGEST_DAYS = 7.0  # without funding: every exchange asks it each day, and it is hardly ever 0
MOST_UNKNOWN = 0.05  # share of the days that may lie in longer times without


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


def unfunded(path: Path) -> Iterator[Doubt]:
    """Yield which traded perpetuals have no funding in the data: a flow that nobody knows."""
    for p, bars in enumerate(path.bars):
        if not bars.product.is_perpetual or not (path.fills["product"] == p).any():
            continue
        ends = bars.time[[0, -1]] + [0, bars.interval_ms]
        paid = bars.time[bars.funding_rate != 0.0] + bars.interval_ms
        between = np.diff(np.concatenate([ends[:1], paid, ends[1:]])) / DAY_MS
        days = float(ends[1] - ends[0]) / DAY_MS
        unknown = float(between[between > LONGEST_DAYS].sum()) if len(paid) else days
        if unknown > MOST_UNKNOWN * days:
            yield Doubt(
                UNTESTED,
                f"What holding {bars.product.product_id} cost or brought as funding is not known "
                f"of {unknown:,.0f} of its {days:,.0f} days: data with a column funding_rate has "
                "it.",
            )
