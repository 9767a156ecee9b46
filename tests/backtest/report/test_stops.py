"""The stop's level: what was asked for, of the average entry, while the trade was held."""

from dataclasses import replace

import numpy as np

from gpt_trader import backtest
from gpt_trader.backtest.report import html
from gpt_trader.backtest.report.performance import span_of
from gpt_trader.backtest.report.scale import Scale
from gpt_trader.backtest.report.stops import stop_levels, stop_lines
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.times import HOUR_MS
from gpt_trader.strategy.sma_cross import SmaCross

BARS = synthetic_market(seed=7, products=("BTC-USD",), n_bars=800, interval_ms=HOUR_MS)


def with_stop(fraction):
    result = backtest(BARS, SmaCross(5, 20))
    return replace(result, path=replace(result.path, stops=(np.full(800, fraction),)))


def test_a_level_lies_its_fraction_below_the_average_entry():
    result = with_stop(0.1)
    rows, levels = stop_levels(result.path, result.trade_rows, 0)
    entries = [float(trade.entry_price) for trade in result.trades]
    assert len(rows) == len(entries) > 5
    np.testing.assert_allclose(levels, np.array(entries) * 0.9, rtol=1e-9)


def test_a_short_has_its_stop_above():
    result = with_stop(0.1)
    rows = result.trade_rows.copy()
    rows["side"] = -1
    _, levels = stop_levels(result.path, rows, 0)
    entries = [float(trade.entry_price) for trade in result.trades]
    np.testing.assert_allclose(levels, np.array(entries) * 1.1, rtol=1e-9)


def test_a_trade_without_a_stop_has_no_level():
    for path in (with_stop(np.nan).path, replace(with_stop(0.1).path, stops=())):
        rows, levels = stop_levels(path, with_stop(0.1).trade_rows, 0)
        assert len(rows) == len(levels) == 0
        assert stop_lines(path, span_of(path), Scale(0.0, 1.0, 0.0, 1.0), rows, levels) == ""


def test_the_page_draws_levels_only_where_there_were_stops():
    assert 'class="line level"' in html(with_stop(0.1))
    assert 'class="line level"' not in html(with_stop(np.nan))
