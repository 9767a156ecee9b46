"""The tables of a run, on a path computed by hand, and that each adds up to the whole."""

from decimal import Decimal

import numpy as np
import pytest

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.product import Product
from gpt_trader.kernel.codes import (
    FILL_ENTRY,
    FILL_EXIT,
    FILL_STOP,
    N_CODES,
    REFUSED_CASH,
    REFUSED_DRAWDOWN,
    TAKER,
)
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.measure.breakdown import break_down
from gpt_trader.measure.excursions import measure_excursions
from gpt_trader.measure.path import Path
from gpt_trader.measure.trades import trades

DAY = 86_400_000
UNIT = 100_000_000
FRIDAY = 1_643_328_000_000  # 2022-01-28
BTC = Product("BTC-USD", Decimal("0.01"), Decimal("0.01"))
ETH = Product("ETH-USD", Decimal("0.01"), Decimal("0.01"))
N = 6


def flat_bars(product, rows):
    time = FRIDAY + np.array(rows, np.int64) * DAY
    price = np.full(len(rows), 10_000, np.int64)
    ones = np.ones(len(rows))
    return Bars(product, DAY, time, price, price + 500, price - 300, price, ones, ones * 0)


def example():
    """BTC: bought Friday, stopped Saturday, 10 lost; ETH: bought Sunday, sold Tuesday, 20 won."""
    fills = np.zeros(5, FILL_DTYPE)
    for i, (bar, p, side, ticks, fee, reason) in enumerate(
        [
            (0, 0, 1, 10_000, 0, FILL_ENTRY),
            (1, 0, -1, 9_100, 1, FILL_STOP),
            (2, 1, 1, 10_000, 0, FILL_ENTRY),
            (4, 1, -1, 12_000, 0, FILL_EXIT),
            (5, 0, 1, 10_000, 0, FILL_ENTRY),
        ]
    ):
        fills[i] = (bar, p, side, 100, ticks, fee * UNIT, TAKER, reason, bar, 0, 0, ticks)
    series = (flat_bars(BTC, range(N)), flat_bars(ETH, [1, 2, 3, 4]))
    equity = np.array([100.0, 90.0, 90.0, 120.0, 110.0, 115.0])
    path = Path(series, DAY, series[0].time, equity, fills, 100 * UNIT)
    return path, trades(fills, (BTC, ETH))


def test_every_table_holds_the_closed_trades():
    path, rows = example()
    counts = np.zeros((2, N_CODES), np.int64)
    counts[:, REFUSED_CASH] = [1, 0]
    counts[:, REFUSED_DRAWDOWN] = [2, 3]
    found = break_down(path, rows, counts)
    assert [(g.name, g.pnl) for g in found.products] == [("BTC-USD", -10), ("ETH-USD", 20)]
    assert [(g.name, g.trades, g.pnl) for g in found.sides] == [("long", 2, 10)]
    assert [g.name for g in found.entry_reasons] == ["ENTRY"]
    assert [(g.name, g.fees) for g in found.exit_reasons] == [("EXIT", 0), ("STOP", 1)]
    assert [g.name for g in found.weekdays] == ["Friday", "Sunday"]
    (both,) = found.sides
    assert (both.win_rate_pct, both.profit_factor) == (50.0, 2.0)
    assert (both.best_trade_pct, both.worst_trade_pct) == (20.0, -10.0)
    assert (both.expectancy_pct, both.median_holding_hours) == (5.0, 36.0)
    assert found.guards == {"DRAWDOWN": {"BTC-USD": 2, "ETH-USD": 3}, "CASH": {"BTC-USD": 1}}


def test_periods_hold_the_trades_that_ended_in_them():
    path, rows = example()
    found = break_down(path, rows, np.zeros((2, N_CODES), np.int64))
    assert [(s.begin, s.trades, s.pnl) for s in found.weeks] == [
        ("2022-01-24", 1, -10),
        ("2022-01-31", 1, 20),
    ]
    assert [s.return_pct for s in found.months] == pytest.approx([20.0, 100 * (115 / 120 - 1)])
    assert [s.equity for s in found.months] == [120, 115]
    assert sum(s.trades for s in found.days) == 2
    assert len(found.days) == N


def test_drawdowns_begin_at_a_peak_and_end_at_its_return():
    path, rows = example()
    deep, open_one = break_down(path, rows, np.zeros((2, N_CODES), np.int64)).drawdowns
    assert (deep.start, deep.trough, deep.end) == (FRIDAY + DAY, FRIDAY + 2 * DAY, FRIDAY + 4 * DAY)
    assert (deep.depth_pct, deep.days) == (pytest.approx(10.0), 3.0)
    assert (open_one.end, open_one.days) == (None, 2.0)


def test_excursions_are_read_from_each_products_own_bars():
    path, rows = example()
    mae, mfe = measure_excursions(path, rows)
    # all entered at the open: BTC fell to its stop at 91, ETH rose to 120, the last is open
    assert mae == pytest.approx([9.0, 3.0, 3.0])
    assert mfe == pytest.approx([5.0, 20.0, 5.0])
