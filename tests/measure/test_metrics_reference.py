"""The other numbers, each against a value computed by hand or a published one."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpt_trader.measure import metrics

DAY = metrics.DAY_MS
# eight daily returns of the empyrical test suite, sorted: -10, -4, 1, 1, 2, 2, 3, 10 percent
MIXED = np.array([1.0, 10.0, -4.0, 2.0, 3.0, 2.0, 1.0, -10.0]) / 100
NONE = np.empty(0)
PROFITS = np.array([30, -10, 10, -10, 0], np.int64)
RETURNS = st.lists(st.integers(-5_000, 5_000), min_size=2, max_size=40).map(
    lambda bps: np.array(bps) / 10_000
)


def test_volatility_is_that_of_empyrical_for_365_days():
    by_252 = 0.9136465399704637 * 100
    assert metrics.volatility_pct(MIXED) * (252 / 365) ** 0.5 == pytest.approx(by_252, rel=1e-12)
    assert metrics.volatility_pct(MIXED[:1]) is None


def test_skew_and_raw_kurtosis():
    # mean 1, central moments 3, 6 and 21
    assert metrics.skew(np.array([0.0, 0.0, 0.0, 4.0])) == pytest.approx(6 / 3**1.5)
    assert metrics.kurtosis(np.array([0.0, 0.0, 0.0, 4.0])) == pytest.approx(21 / 9)
    assert metrics.skew(np.array([0.1, 0.1])) is metrics.kurtosis(NONE) is None


def test_omega_and_gain_to_pain():
    assert metrics.omega(MIXED) == pytest.approx(19 / 14)
    assert metrics.omega(np.array([0.1])) is None
    assert metrics.gain_to_pain(np.array([0.05, -0.02, 0.03])) == pytest.approx(3.0)
    assert metrics.gain_to_pain(np.array([0.05])) is None


@given(RETURNS)
def test_the_gains_beyond_the_losses_are_omega_less_one(returns):
    if metrics.omega(returns) is not None:
        assert metrics.gain_to_pain(returns) == pytest.approx(
            metrics.omega(returns) - 1, rel=1e-9, abs=1e-6
        )


def test_tails():
    # the percentiles lie at ranks 0.35 and 6.65: -10 + 0.35 x 6 and 3 + 0.65 x 7
    assert metrics.tail_ratio(MIXED) == pytest.approx(7.55 / 7.9)
    assert metrics.value_at_risk_pct(MIXED) == pytest.approx(7.9)
    assert metrics.conditional_value_at_risk_pct(MIXED) == pytest.approx(10.0)
    assert metrics.tail_ratio(np.zeros(3)) is None
    assert metrics.tail_ratio(NONE) is None
    assert metrics.value_at_risk_pct(NONE) is metrics.conditional_value_at_risk_pct(NONE) is None


@pytest.mark.filterwarnings("error")
def test_nothing_is_lost_beyond_all_and_no_warning():
    returns = metrics.returns_since(1.0, np.array([0.0, 0.0]))
    assert returns.tolist() == [-1.0, 0.0]
    assert metrics.conditional_value_at_risk_pct(returns) == pytest.approx(100.0)


@pytest.mark.filterwarnings("error")
def test_of_days_that_are_not_known_nothing_is_said_and_no_warning():
    returns = metrics.returns_since(1.0, np.array([np.nan, 1.0, 1.1]))
    assert np.isnan(returns).tolist() == [True, True, False]
    assert metrics.conditional_value_at_risk_pct(returns) is None
    assert metrics.sharpe(returns) is metrics.sortino(returns) is None


@given(RETURNS)
def test_the_average_beyond_the_value_at_risk_is_no_better_than_it(returns):
    beyond = metrics.conditional_value_at_risk_pct(returns)
    assert beyond >= metrics.value_at_risk_pct(returns) - 1e-9
    assert beyond <= -returns.min() * 100 + 1e-9


def test_ulcer_index_and_performance():
    closes = np.array([100.0, 90.0, 95.0, 110.0, 99.0])  # 0, 10, 5, 0 and 10 percent below
    assert metrics.ulcer_index_pct(closes, 100.0) == pytest.approx(45**0.5)
    assert metrics.ulcer_index_pct(closes[3:4], 220.0) == pytest.approx(50.0)
    assert metrics.ulcer_performance(30.0, 15.0) == 2.0
    assert metrics.ulcer_performance(30.0, 0.0) is None


def test_recovery_factor():
    assert metrics.recovery_factor(-5.0, 20.0) == -0.25
    assert metrics.recovery_factor(5.0, 0.0) is None


def test_kelly_of_a_bet_at_even_money():
    stake = metrics.kelly(0.6, 1.0)
    assert stake == pytest.approx(0.2)
    assert 0.6 * log(1 + stake) + 0.4 * log(1 - stake) == pytest.approx(0.0201355, abs=5e-8)


@given(st.floats(0.05, 0.95), st.floats(0.1, 10.0))
def test_no_other_stake_grows_faster_than_kellys(won, payoff):
    stake = metrics.kelly(won, payoff)

    def growth(f):
        return won * log(1 + f * payoff) + (1 - won) * log(1 - f)

    for other in (stake - 0.01, stake + 0.01):
        if -1 / payoff < other < 1 and -1 / payoff < stake:
            assert growth(other) <= growth(stake) + 1e-12


def test_kelly_of_returns():
    # mean 1 %, variance (ddof 1) 0.02 ** 2 x 2
    assert metrics.kelly_continuous(np.array([0.03, -0.01])) == pytest.approx(0.01 / 0.0008)
    assert metrics.kelly_continuous(np.array([0.01])) is None
    assert metrics.kelly_continuous(np.zeros(3)) is None


def test_payoff_expectancy_and_kelly_of_trades():
    returns = np.array([3.0, -1.0, 1.0, -1.0])
    assert metrics.payoff_ratio(returns) == 2.0
    assert metrics.expectancy_ratio(returns) == pytest.approx(0.5)
    assert metrics.kelly_of_trades(returns) == pytest.approx(0.25)
    for lonely in (np.array([1.0, 2.0]), np.array([-1.0]), NONE):
        assert metrics.payoff_ratio(lonely) is None
        assert metrics.expectancy_ratio(lonely) is metrics.kelly_of_trades(lonely) is None


def test_expectancy_in_r_leaves_out_trades_without_a_stop():
    returns = np.array([4.0, -2.0, 50.0, 60.0])
    stops = np.array([0.02, 0.02, np.nan, 0.0])
    assert metrics.expectancy_r(returns, stops) == pytest.approx((2 - 1) / 2)
    assert metrics.expectancy_r(returns[2:], stops[2:]) is None


def test_system_quality_number():
    # mean 4, squared deviations 1120 in all
    assert metrics.sqn(PROFITS) == pytest.approx(5**0.5 * 4 / 280**0.5)
    assert metrics.sqn(PROFITS[:1]) is None
    assert metrics.sqn(np.array([5, 5], np.int64)) is None


def test_runs():
    flags = np.array([True, False, True, True, True, False, True, True])
    assert metrics.longest_run(flags) == 3
    assert metrics.longest_run(~flags) == 1
    assert metrics.longest_run(np.zeros(0, np.bool_)) == 0


def test_plain_summaries():
    values = np.array([3.0, 1.0, 8.0, 2.0])
    assert metrics.mean(values) == 3.5
    assert metrics.median(values) == 2.5
    assert (metrics.highest(values), metrics.lowest(values)) == (8.0, 1.0)
    assert metrics.positive_pct(PROFITS) == 40.0
    for summary in (metrics.mean, metrics.median, metrics.highest, metrics.lowest):
        assert summary(NONE) is None
    assert metrics.positive_pct(NONE) is None


def test_calendar_periods():
    # Friday 2022-01-28 to Wednesday 2022-02-02
    first = int(np.datetime64("2022-01-28", "ms").astype(np.int64))
    days = metrics.Daily(
        first + np.arange(6) * DAY, np.array([110.0, 99.0, 99.0, 198.0, 396.0, 99.0])
    )
    found = metrics.by_period(days, 100.0, "day")
    assert found.returns == pytest.approx([0.1, -0.1, 0.0, 1.0, 1.0, -0.75])
    weeks = metrics.by_period(days, 100.0, "week")
    assert [str(day) for day in weeks.begin] == ["2022-01-24", "2022-01-31"]
    assert weeks.returns == pytest.approx([-0.01, 0.0])
    months = metrics.by_period(days, 100.0, "month")
    assert [str(day) for day in months.begin] == ["2022-01-01", "2022-02-01"]
    assert months.returns == pytest.approx([0.98, -0.5])
    assert months.close.tolist() == [198.0, 99.0]


@given(st.integers(1, 90), st.integers(0, 20_000), st.sampled_from(metrics.PERIODS))
def test_periods_compound_to_the_whole(count, first_day, unit):
    equity = np.random.default_rng(count).uniform(50.0, 150.0, count)
    days = metrics.Daily((first_day + np.arange(count)) * DAY, equity)
    found = metrics.by_period(days, 100.0, unit)
    assert np.prod(1 + found.returns) == pytest.approx(equity[-1] / 100.0)
    assert (np.diff(found.begin) > np.timedelta64(0, "D")).all()


def test_capacity_is_where_the_middle_fill_is_one_percent_of_its_bar():
    equity = np.array([1000.0, 1000.0, 2000.0])
    sizes, volumes = np.array([1.0, 2.0, 1.0]), np.array([1000.0, 100.0, 0.0])
    assert metrics.capacity(equity, sizes, volumes) == pytest.approx(500.0)
    assert metrics.capacity(equity, sizes, np.zeros(3)) is None
    assert metrics.capacity(NONE, NONE, NONE) is None
