"""Targets of longer bars at the finer bars at whose closes they are decided."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader.backtest.front import backtest
from gpt_trader.backtest.route import Route
from gpt_trader.data.synthetic import synthetic_market
from gpt_trader.domain.coarsen import coarsen
from gpt_trader.domain.costs import order_style
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.errors import UsageError
from gpt_trader.optimize.front import optimize
from gpt_trader.strategy.asked import ask_all, at_closes, decided_at
from gpt_trader.strategy.base import param
from gpt_trader.strategy.sight import groups_of
from gpt_trader.strategy.sma_cross import SmaCross
from tests.domain.test_market import HOUR, bars
from tests.strategy.test_sight import Both

FINE = bars("BTC-USD", [0, 1, 2, 3, 4, 6, 7, 9, 10, 12])
COARSE = coarsen(FINE, 4 * HOUR).bars  # of hours 0 to 3, 4 to 7, 8 to 11


def hours(rows):
    return (FINE.time[rows] // HOUR).tolist()


def test_a_longer_bar_is_decided_at_the_first_bar_by_whose_close_it_had_closed():
    assert (COARSE.time // HOUR).tolist() == [0, 4, 8]
    at, is_first = decided_at(COARSE, FINE)
    assert at.tolist() == [-1, -1, -1, 0, 0, 0, 1, 1, 1, 2]
    assert hours(is_first) == [3, 7, 12]  # nothing traded in the hour from 11 on


def test_at_the_first_bar_only_what_closes_with_it_is_decided():
    assert hours(decided_at(COARSE, FINE[3:])[1].nonzero()[0] + 3) == [3, 7, 12]
    assert hours(decided_at(COARSE, FINE[4:])[1].nonzero()[0] + 4) == [7, 12]
    assert not decided_at(COARSE[:0], FINE)[1].any()
    assert not len(decided_at(COARSE, FINE[:0])[1])


def test_between_the_closes_there_is_no_opinion_and_conditions_stand():
    rows = np.arange(3.0)
    said = Condition("row > 0", rows, np.zeros(3))
    targets = Targets(rows / 4, stop=rows / 10 + 0.1, max_bars=np.arange(3), conditions=(said,))
    found = at_closes(targets, COARSE, FINE, COARSE.time)
    assert found.weight[[3, 6, 9]].tolist() == [0.0, 0.25, 0.5]
    assert np.isfinite(found.weight).sum() == np.isfinite(found.stop).sum() == 3
    assert found.max_bars.tolist() == [0, 0, 0, 0, 0, 0, 1, 0, 0, 2]
    value = found.reasons()[0].value
    assert np.isnan(value[:3]).all()
    assert value[3:].tolist() == [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0]


def test_what_the_market_has_moved_on_from_is_not_decided_any_more():
    other = bars("ETH-USD", range(20))
    late = bars("BTC-USD", [0, 1, 2, 8, 9, 10, 11])
    both = Both(min_bars=1)
    [btc, _] = ask_all([both, both], [late, other], {}, [4 * HOUR, 4 * HOUR])
    decided = late.time[np.isfinite(btc.weight)] // HOUR
    assert decided.tolist() == [11]  # not at 8, when hours 4 to 7 of the other were known


def test_a_route_of_longer_bars_trades_what_its_strategy_says_on_them():
    fine = synthetic_market(seed=5, products=["BTC-USD"], n_bars=2_000, interval_ms=HOUR)
    slow = [coarsen(one, 4 * HOUR).bars for one in fine]
    style = order_style("taker")
    route = Route(SmaCross(3, 8), style=style, interval="4h")
    found = backtest(fine, [route], risk=None, trials=False)
    alone = backtest(slow, SmaCross(3, 8), style=style, risk=None, trials=False)
    assert found.checks.lookahead_ok
    assert len(found.fills) > 20
    closes = found.path.time[found.fills["cause"]] + HOUR
    assert set(closes % (4 * HOUR)) == {0}
    per_bar = alone.path.time[alone.fills["cause"]] + 4 * HOUR
    assert closes.tolist() == per_bar.tolist()


def test_intervals_that_do_not_fit_are_refused():
    fine = synthetic_market(seed=5, products=["BTC-USD"], n_bars=50, interval_ms=4 * HOUR)
    with pytest.raises(UsageError, match="decides on 1h bars, and those that are traded"):
        backtest(fine, [Route(SmaCross(3, 8), interval="1h")], trials=False)
    with pytest.raises(UsageError, match="decides on 6h bars"):
        backtest(fine, [Route(SmaCross(3, 8), interval="6h")], trials=False)
    with pytest.raises(UsageError, match="expected a bar interval"):
        Route(SmaCross(3, 8), interval="7h")
    with pytest.raises(TypeError, match="interval"):
        Route(SmaCross(3, 8), interval=4)


def test_a_group_of_longer_bars_is_shown_these():
    [one] = groups_of([SmaCross(3, 8)], [FINE], {}, [4 * HOUR])
    assert one.seen.time.tolist() == COARSE.time.tolist()
    assert one.fine == (FINE,)
    [same] = groups_of([SmaCross(3, 8)], [FINE], {}, [HOUR])
    assert same.seen is FINE
    assert same.fine == ()


@dataclass(frozen=True)
class ByDays:
    """In while the last whole day closed above the one `days` before."""

    name: ClassVar[str] = "by_days"
    days: int = param(1, 1, 9, doc="days back")

    @property
    def reads(self) -> dict[str, int]:
        return {"BTC-USD@1d": self.days + 1, "SOL-USD": 3}

    @property
    def min_bars(self) -> int:
        return 2

    @property
    def warmup(self) -> int:
        return 3

    def targets(self, market):
        day = market.reads["BTC-USD@1d"]
        close, then = day.bars.price.close, np.full(len(day.bars), np.nan)
        then[self.days :] = close[: -self.days]
        rose = day.spread(close - then)
        return {"BTC-USD": np.where(np.isnan(rose), np.nan, np.where(rose > 0, 0.9, 0.0))}


def test_a_search_reads_as_a_backtest_does():
    """Each fold's days begin with as many days read before them as the strategy looks back on."""
    names = ["BTC-USD", "SOL-USD"]
    btc, sol = synthetic_market(seed=5, products=names, n_bars=1_500, interval_ms=HOUR)
    style, reads = order_style("taker"), {"SOL-USD": sol}
    found = optimize(
        [btc], ByDays, {"days": [1, 2, 4]}, folds=2, reads=reads, style=style, trials=False
    )
    for point, days in enumerate([1, 2, 4]):
        alone = backtest([btc], ByDays(days), reads=reads, style=style, trials=False)
        final = float(alone.metrics.final_equity)
        assert found.closes[point][-1] == pytest.approx(final, rel=1e-12)


def test_a_run_from_a_day_on_knows_what_it_reads_of_the_days_before():
    names = ["BTC-USD", "SOL-USD"]
    btc, sol = synthetic_market(seed=5, products=names, n_bars=900, interval_ms=HOUR)
    start = int(btc.time[500])
    part = backtest([btc], ByDays(4), reads={"SOL-USD": sol}, start_ms=start, trials=False)
    weights = ask_all([ByDays(4)], [btc], {"SOL-USD": sol})[0].weight[500:]
    first = int(np.isfinite(weights).argmax())
    assert first == 0
    assert part.warmed_up[0] >= 24 * 5
    assert part.decisions["held"].get("NO_OPINION", 0) == int(np.isnan(weights).sum())
