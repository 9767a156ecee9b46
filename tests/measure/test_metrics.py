"""Each number against a published or hand-computed reference value."""

import dataclasses
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel
from gpt_trader.domain.product import Product
from gpt_trader.domain.schedules import CHANGED_MS
from gpt_trader.kernel.codes import FILL_ENTRY, FILL_EXIT, MAKER, TAKER
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.kernel.slippage import NO_QUOTE
from gpt_trader.measure import metrics
from gpt_trader.measure.holding import buy_and_hold
from gpt_trader.measure.measure import half_spreads, measure, money
from gpt_trader.measure.path import Listed, Path

DAY = metrics.DAY_MS
HOUR = DAY // 24
UNIT = 100_000_000
# "mixed returns" of the empyrical test suite; its Sharpe and Sortino are for 252 days a year
MIXED = np.array([1.0, 10.0, -4.0, 2.0, 3.0, 2.0, 1.0, -10.0]) / 100
TO_365 = (365 / 252) ** 0.5
FREE = CostModel(taker_bps=0, maker_bps=0, spread_bps=0, slippage_bps=0)
BTC = Product("BTC-USD", Decimal("0.01"), Decimal("0.01"))


def test_return():
    assert metrics.return_pct(10_000, 12_345) == pytest.approx(23.45)


def test_cagr_of_half_a_year_of_26_gains_of_0_6_pct():
    final = 1_000 * 1.006**26
    assert metrics.cagr_pct(1_000, final, metrics.YEAR_MS // 2) == pytest.approx(36.488, abs=5e-4)
    assert metrics.cagr_pct(1_000, final, 26 * 7 * DAY) == pytest.approx(36.605, abs=5e-4)


def test_cagr_at_its_edges():
    assert metrics.cagr_pct(100, 121, 2 * metrics.YEAR_MS) == pytest.approx(10.0)
    assert metrics.cagr_pct(100, 110, 0) is None
    assert metrics.cagr_pct(100, 0, DAY) == -100.0
    assert metrics.cagr_pct(100, 300, 60_000) is None  # tripled in a minute


def test_sharpe_has_ddof_1_and_365_days():
    assert metrics.sharpe(MIXED) == pytest.approx(1.7238613961706866 * TO_365, rel=1e-12)
    assert metrics.sharpe(MIXED[:1]) is None
    assert metrics.sharpe(np.zeros(5)) is None


def test_sortino():
    assert metrics.sortino(MIXED) == pytest.approx(2.605531251673693 * TO_365, rel=1e-12)
    assert metrics.sortino(MIXED[:1]) is None
    assert metrics.sortino(np.abs(MIXED)) is None


def test_drawdown_of_the_mixed_returns_is_ten_percent():
    equity = 100 * np.cumprod(1 + MIXED)
    fall = metrics.drawdown_of(equity, np.arange(8, dtype=np.int64) * DAY, DAY, start=100.0)
    assert fall.max_pct == pytest.approx(10.0)
    # below the peak of day 2 from day 3 on; 1.06*1.02... passes it on day 5
    assert fall.max_days == 3.0
    assert fall.under_water_pct == 37.5  # days 3, 4 and 8


def test_drawdown_counts_from_the_start_and_to_the_last_close():
    opens = np.arange(4, dtype=np.int64) * DAY
    fall = metrics.drawdown_of(np.array([90.0, 80.0, 85.0, 99.0]), opens, DAY, start=100.0)
    assert fall == (pytest.approx(20.0), 4.0, 100.0, 100.0, 80.0)
    rising = metrics.drawdown_of(np.array([100.0, 101.0]), opens[:2], DAY, start=100.0)
    assert rising == (0.0, 0.0, 0.0, 101.0, 100.0)
    curve = metrics.drawdown_curve_pct(np.array([90.0, 120.0, 60.0]), 100.0)
    assert curve == pytest.approx([10.0, 0.0, 50.0])


def test_calmar():
    assert metrics.calmar(191.35925373194233, 10.0) == pytest.approx(19.135925373194233)
    assert metrics.calmar(5.0, 0.0) is None
    assert metrics.calmar(None, 10.0) is None


def test_daily_closes_are_the_last_of_a_utc_day_and_repeat_over_gaps():
    time = np.array([0, 23 * HOUR, 24 * HOUR, 47 * HOUR, 96 * HOUR], np.int64)
    equity = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    days = metrics.daily(time, equity)
    assert days.equity.tolist() == [2.0, 4.0, 4.0, 4.0, 5.0]
    assert days.day_ms.tolist() == [0, DAY, 2 * DAY, 3 * DAY, 4 * DAY]
    assert metrics.daily_returns(time, equity, 1.0).tolist() == [1.0, 1.0, 0.0, 0.0, 0.25]
    assert len(metrics.daily(time[:0], np.empty(0)).equity) == 0


def test_every_day_counts_from_the_start_on():
    """The first and the last day are whole ones, however little of them there is."""
    noon = DAY // 2 + np.arange(3, dtype=np.int64) * DAY // 2  # two days: noon, midnight, noon
    found = metrics.daily_returns(noon, np.array([80.0, 60.0, 90.0]), 100.0)
    assert found == pytest.approx([-0.2, 0.125])
    weeks = np.arange(2, dtype=np.int64) * 7 * DAY  # each on the day of its open
    found = metrics.daily_returns(weeks, np.array([110.0, 99.0]), 100.0)
    assert found == pytest.approx([0.1, *[0.0] * 6, -0.1])
    one = metrics.daily_returns(noon[:1], np.array([110.0]), 100.0)
    assert one == pytest.approx([0.1])
    assert metrics.sharpe(one) is metrics.sortino(one) is metrics.volatility_pct(one) is None
    owing = metrics.returns_since(100.0, np.array([50.0, -5.0, -5.0]))
    gone = metrics.returns_since(100.0, np.array([50.0, 0.0, 0.0]))  # nothing is left to move
    assert (owing.tolist(), gone.tolist()) == ([-0.5, -1.1, 0.0], [-0.5, -1.0, 0.0])


GROWTH = st.floats(0.5, 2.0) | st.just(0.0)


@given(
    st.lists(st.tuples(st.integers(1, 3 * DAY), GROWTH), min_size=1, max_size=60),
    st.floats(1.0, 1e6),
)
def test_the_days_make_the_whole_return(steps, start):
    apart, growth = (np.array(column) for column in zip(*steps, strict=True))
    time, equity = np.cumsum(apart), start * np.cumprod(growth)
    grown = np.prod(1.0 + metrics.daily_returns(time, equity, start))
    assert grown == pytest.approx(equity[-1] / start, rel=1e-9)
    days = metrics.daily(time, equity)
    for unit in metrics.PERIODS:
        spans = metrics.by_period(days, start, unit).returns
        assert np.prod(1.0 + spans) == pytest.approx(grown, rel=1e-9)


def test_returns_of_many_curves_are_those_of_each():
    closes = np.cumprod(1.0 + np.random.default_rng(3).normal(0.0, 0.02, (4, 9)), axis=1)
    many = metrics.returns_since(1.0, closes)
    assert [a.tolist() for a in many] == [metrics.returns_since(1.0, b).tolist() for b in closes]


def test_trade_statistics():
    profits = np.array([30, -10, 10, -10, 0], np.int64)
    assert metrics.win_rate_pct(profits) == 40.0
    assert metrics.profit_factor(profits) == 2.0
    assert metrics.profit_factor(profits[:1]) is None
    assert metrics.win_rate_pct(profits[:0]) is None
    assert metrics.expectancy_pct(np.array([3.0, -1.0])) == 1.0
    assert metrics.expectancy_pct(np.empty(0)) is None


def test_break_even_of_the_worst_tier():
    # (1.001 * 1.012) / (0.999 * 0.988) - 1
    assert metrics.break_even_move_bps(0.012, 0.001) == pytest.approx(0.026 / 0.987012 * 1e4)
    assert metrics.break_even_move_bps(0.006, 0.0) == pytest.approx(0.012 / 0.994 * 1e4)
    assert metrics.break_even_move_bps(0.0, 0.0) == 0.0


def test_amounts_a_year_and_shares():
    assert metrics.a_year(3, metrics.YEAR_MS // 4) == 12.0
    assert metrics.a_year(3, 0) is None
    assert metrics.share_pct(1, 4) == 25.0
    assert metrics.share_pct(1, 0) is None


def bars(product, opens, closes, interval=DAY):
    n = len(opens)
    opens, closes = np.array(opens, np.int64), np.array(closes, np.int64)
    time = np.arange(n, dtype=np.int64) * interval
    high, low = np.maximum(opens, closes), np.minimum(opens, closes)
    return Bars(product, interval, time, opens, high, low, closes, np.ones(n), np.zeros(n))


def test_buy_and_hold_pays_the_same_costs():
    one = bars(BTC, [10_000, 10_000, 12_000], [10_000, 11_000, 20_000])
    costs = CostModel(taker_bps=100, maker_bps=0, spread_bps=50, slippage_bps=50)
    # 1,000 buys at 101 + 1 % fee = 102.01: 9.80 BTC for 999.698, kept at 200
    left = buy_and_hold([Listed(one)], costs, start_units=1_000 * UNIT, close_at_end=False)
    assert money(left) == Decimal(1000) - Decimal("9.80") * Decimal("102.01") + 1960
    # or sold at 198 less 1 %
    left = buy_and_hold([Listed(one)], costs, start_units=1_000 * UNIT, close_at_end=True)
    sold = Decimal("9.80") * 198 * Decimal("0.99")
    assert money(left) == Decimal(1000) - Decimal("9.80") * Decimal("102.01") + sold


@pytest.mark.parametrize(
    "tier, hours, bought_bps, sold_bps",
    [
        ("simulated", -100, 120, 120),  # both before the schedule changed
        ("simulated", -1, 90, 90),  # decided when it changes, sold after
        ("simulated", -2, 120, 90),
        ("simulated", 0, 90, 90),
        ("advanced_1", -100, 40, 40),
    ],
)
def test_buy_and_hold_pays_the_rates_of_its_time(tier, hours, bought_bps, sold_bps):
    one = bars(BTC, [10_000] * 3, [10_000, 10_000, 20_000], HOUR)
    one = dataclasses.replace(one, time=CHANGED_MS + hours * HOUR + np.arange(3) * HOUR)
    costs = CostModel(spread_bps=0, slippage_bps=0, fee_tier=tier)
    kept, sold = (
        buy_and_hold([Listed(one)], costs, start_units=1_000 * UNIT, close_at_end=close)
        for close in (False, True)
    )
    lots = int(Decimal(100_000) / (100 * (1 + Decimal(bought_bps) / 10_000)))
    fee = Decimal(lots) * bought_bps / 10_000
    assert money(kept) == 1_000 - lots - fee + 2 * lots
    assert money(kept - sold) == Decimal(2 * lots) * sold_bps / 10_000


def test_buy_and_hold_splits_equally_and_is_undefined_if_it_cannot_buy():
    rising = bars(BTC, [10_000, 10_000], [10_000, 20_000])
    single = bars(replace(BTC, product_id="ETH-USD"), [10_000], [10_000])
    left = buy_and_hold(
        [Listed(rising), Listed(single)], FREE, start_units=200 * UNIT, close_at_end=False
    )
    assert money(left) == 300
    assert buy_and_hold([Listed(rising)], FREE, start_units=UNIT // 100, close_at_end=False) is None


def test_measure_on_a_path_computed_by_hand():
    one = bars(BTC, [10_000] * 4, [10_000, 10_000, 11_000, 11_000])
    costs = CostModel(taker_bps=100, maker_bps=50, spread_bps=100, slippage_bps=0)
    fills = np.zeros(2, FILL_DTYPE)
    cash = 89_799 * UNIT // 100
    # buy 1 at 101 (fee 1.01); sell 1 at 110 as maker (fee 0.55)
    fills[0] = (1, 0, 1, 100, 10_100, 101 * UNIT // 100, TAKER, FILL_ENTRY, 0, 0, cash, 10_000)
    fills[1] = (3, 0, -1, 100, 11_000, 55 * UNIT // 100, MAKER, FILL_EXIT, 2, 0, 0, 11_000)
    equity = np.array([1000.0, 1000 - 2.01, 1000 + 7.99, 1000 + 7.44])
    path = Path((one,), DAY, one.time, equity, fills, 1_000 * UNIT, (np.full(4, 0.05),))
    numbers, rows = measure(path, costs, close_at_end=False)
    assert len(rows) == 1
    assert numbers.final_equity == Decimal("1007.44")
    assert numbers.fees_paid == Decimal("1.56")
    assert (numbers.spread_paid, numbers.slippage_paid, numbers.spread_slippage_paid) == (1, 0, 1)
    assert numbers.net_pnl == Decimal("7.44")
    assert numbers.gross_pnl == 10
    assert (numbers.trades, numbers.open_trades, numbers.fills) == (1, 0, 2)
    assert numbers.win_rate_pct == 100.0
    assert numbers.exposure_pct == 50.0
    assert numbers.maker_share_pct == pytest.approx(110 / 211 * 100)
    assert numbers.turnover == pytest.approx(211 / np.mean(equity))
    assert numbers.cost_per_round_trip == Decimal("2.56")
    assert numbers.cost_per_round_trip_bps == pytest.approx(2.56 / 101 * 1e4)
    assert numbers.round_trips_per_year == pytest.approx(365 / 4)
    assert numbers.median_holding_hours == numbers.longest_holding_hours == 48.0
    assert numbers.turnover_per_year == pytest.approx(numbers.turnover * 365 / 4)
    # the same trade, all taker: 1 % fee and 1 % spread on 211; all maker: 0.5 % of it
    assert numbers.cost_per_round_trip_taker == Decimal("4.22")
    assert numbers.cost_per_round_trip_taker_bps == pytest.approx(4.22 / 101 * 1e4)
    assert numbers.cost_per_round_trip_maker == Decimal("1.055")
    assert numbers.cost_per_round_trip_maker_bps == pytest.approx(1.055 / 101 * 1e4)
    mean = float(np.mean(equity))
    assert numbers.fees_per_year_pct == pytest.approx(1.56 / mean * 100 * 365 / 4)
    assert numbers.fees_per_year_taker_pct == pytest.approx(2.11 / mean * 100 * 365 / 4)
    assert numbers.fees_per_year_maker_pct == pytest.approx(1.055 / mean * 100 * 365 / 4)
    assert numbers.break_even_move_maker_bps == pytest.approx(0.01 / 0.995 * 1e4)
    assert numbers.expectancy == numbers.average_win == numbers.best_trade == Decimal("7.44")
    assert numbers.expectancy_pct == pytest.approx(7.44 / 101 * 100)
    assert numbers.expectancy_r == pytest.approx(7.44 / 101 / 0.05)
    assert numbers.average_loss is numbers.payoff_ratio is numbers.kelly is None
    assert (numbers.winning_streak, numbers.losing_streak) == (1, 0)
    assert (numbers.highest_equity, numbers.lowest_equity) == (
        Decimal("1007.99"),
        Decimal("997.99"),
    )
    # 897.99 of cash beside what is held at the closes of bars 1 and 2
    invested = (1 - 897.99 / 997.99) + (1 - 897.99 / 1007.99)
    assert numbers.average_exposure_pct == pytest.approx(invested / 4 * 100)
    # 1 of 1 traded in each bar: a hundredth of the equity, in the middle of both fills
    assert numbers.capacity == Decimal("10.02715")
    assert numbers.max_drawdown_pct == pytest.approx(0.201)
    assert numbers.max_drawdown_days == 2.0  # from the close of bar 0 to that of bar 2


def test_measure_without_a_fill_is_undefined_where_it_must_be():
    one = bars(BTC, [10_000] * 2, [10_000] * 2)
    nothing = np.zeros(0, FILL_DTYPE)
    path = Path((one,), DAY, one.time, np.full(2, 100.0), nothing, 100 * UNIT)
    numbers, rows = measure(path, FREE, close_at_end=False)
    assert len(rows) == 0
    assert numbers.return_pct == 0.0
    assert numbers.sharpe is numbers.sortino is numbers.calmar is None
    assert numbers.win_rate_pct is numbers.profit_factor is numbers.expectancy_pct is None
    assert numbers.cost_per_round_trip is numbers.median_holding_hours is None
    assert numbers.maker_share_pct is numbers.capacity is numbers.expectancy_r is None
    assert numbers.omega is None
    assert numbers.volatility_pct == 0.0  # of two days that made nothing
    assert (numbers.winning_streak, numbers.longest_rise_days) == (0, 0)
    assert numbers.turnover == 0.0


@given(st.lists(st.floats(1.0, 200.0), min_size=1, max_size=60), st.floats(1.0, 200.0))
def test_the_drawdown_pass_agrees_with_the_curve(values, start):
    equity = np.array(values)
    time = np.arange(len(equity), dtype=np.int64) * HOUR
    fall = metrics.drawdown_of(equity, time, HOUR, start=start)
    curve = metrics.drawdown_curve_pct(equity, start)
    assert fall.max_pct == pytest.approx(curve.max())
    assert fall.under_water_pct == pytest.approx(np.mean(curve > 0.0) * 100)
    longest, peak, since = 0, start, 0
    below = False
    for hours, now in enumerate(values, 1):
        below = below or now < peak
        if below:
            longest = max(longest, hours - since)
        if now >= peak:
            peak, since, below = now, hours, False
    assert fall.max_days == pytest.approx(longest / 24)
    assert (fall.highest, fall.lowest) == (max(*values, start), min(*values, start))


def test_streaks_are_in_the_order_of_the_ends():
    days = [10_000] * 8
    products = (BTC, Product("ETH-USD", Decimal("0.01"), Decimal("0.01")))
    series = tuple(bars(product, days, days) for product in products)
    rows = [  # BTC is held from bar 0 to 7 and wins; within, ETH wins, loses and loses
        (0, 0, 1, 10_000), (1, 1, 1, 10_000), (2, 1, -1, 11_000), (3, 1, 1, 10_000),
        (4, 1, -1, 9_000), (5, 1, 1, 10_000), (6, 1, -1, 9_000), (7, 0, -1, 11_000),
    ]  # fmt: skip
    fills = np.zeros(len(rows), FILL_DTYPE)
    for i, (bar, p, side, ticks) in enumerate(rows):
        fills[i] = (bar, p, side, 100, ticks, 0, TAKER, FILL_ENTRY, bar, 0, 900 * UNIT, ticks)
    path = Path(series, DAY, series[0].time, np.full(8, 1000.0), fills, 1_000 * UNIT)
    numbers, _ = measure(path, FREE, close_at_end=False)
    assert numbers.win_rate_pct == 50.0
    assert (numbers.winning_streak, numbers.losing_streak) == (1, 2)


def test_every_number_has_the_type_it_declares():
    one = bars(BTC, [10_000] * 3, [10_000, 11_000, 9_000])
    fills = np.zeros(0, FILL_DTYPE)
    path = Path((one,), DAY, one.time, np.array([100.0, 110.0, 90.0]), fills, 100 * UNIT)
    numbers, _ = measure(path, FREE, close_at_end=False)
    for field in dataclasses.fields(numbers):
        value = getattr(numbers, field.name)
        assert type(value).__name__ in str(field.type) or value is None, field.name
        if value is None:
            assert "None" in str(field.type), field.name


def test_a_quoted_spread_replaces_the_assumed_one_where_it_is_known():
    one = bars(BTC, [10_000] * 3, [10_000] * 3)
    quoted = dataclasses.replace(one, half_spread_e8=np.array([NO_QUOTE, 20_000, NO_QUOTE]))
    fills = np.zeros(2, FILL_DTYPE)
    fills["bar"] = [1, 2]
    path = Path((quoted,), DAY, one.time, np.full(3, 1000.0), fills, 1_000 * UNIT)
    assert half_spreads(path, CostModel(spread_bps=5).kernel()).tolist() == [20_000, 50_000]
