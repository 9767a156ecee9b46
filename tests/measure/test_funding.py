"""Funding by product and by trade, by hand."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from gpt_trader import backtest
from gpt_trader.backtest.prepare import cash_units
from gpt_trader.domain.bars import Bars
from gpt_trader.domain.costs import CostModel, order_style
from gpt_trader.domain.product import Product
from gpt_trader.kernel.codes import FILL_ENTRY, FILL_EXIT, TAKER
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.measure.funding import by_trade, received, unfunded
from gpt_trader.measure.holding import buy_and_hold, hold_daily
from gpt_trader.measure.measure import measure, money
from gpt_trader.measure.path import Listed, Path
from gpt_trader.optimize.sweep import SearchTerms
from gpt_trader.optimize.terms import at_other_terms
from tests.power.rates import NOTHING_BEFORE
from tests.power.worlds import CHEAP, DECLARED, Tide, market

UNIT = 10**8
DAY = 86_400_000
PERP = Product("BTC-PERP", Decimal("0.01"), Decimal("0.01"), is_perpetual=True)
STYLE = order_style("taker")
FREE = CostModel(0, 0, 0, 0)


def bars(rates, close=10_000):
    n = len(rates)
    prices = np.full(n, close)
    time = np.arange(n, dtype=np.int64) * DAY
    return Bars(PERP, DAY, time, prices, prices, prices, prices, np.ones(n), np.array(rates))


def path_of(one, fills, equity):
    rows = np.zeros(len(fills), FILL_DTYPE)
    for i, (bar, side, reason, cause) in enumerate(fills):
        rows[i] = (bar, 0, side, 100, 10_000, 0, TAKER, reason, cause, 0, 0, 10_000)
    return Path((one,), DAY, one.time, np.array(equity), rows, 1_000 * UNIT)


def test_who_holds_at_a_close_pays_and_each_trade_has_its_own():
    """1 at 100: long at the closes of bars 1 and 2, short at that of bar 3, flat at 4."""
    one = bars([0.5, 0.01, 0.02, 0.03, 0.04])
    fills = [(1, 1, FILL_ENTRY, 0), (3, -1, FILL_EXIT, 2), (3, -1, FILL_ENTRY, 2),
             (4, 1, FILL_EXIT, 3)]  # fmt: skip
    path = path_of(one, fills, [1000, 999, 997, 1000, 1000])
    assert received(path, 0).tolist() == [0, -UNIT, -2 * UNIT, 3 * UNIT, 0]
    numbers, rows = measure(path, FREE, close_at_end=False)
    assert by_trade(path, rows).tolist() == rows["funding"].tolist() == [-3 * UNIT, 3 * UNIT]
    assert numbers.funding_paid == 0
    assert (numbers.worst_trade, numbers.best_trade) == (-3, 3)
    assert numbers.win_rate_pct == 50.0


def test_what_is_sold_at_the_last_close_has_paid_there():
    path = path_of(bars([0, 0, 0.01]), [(1, 1, FILL_ENTRY, 0), (2, -1, FILL_EXIT, 2)],
                   [1000, 1000, 999])  # fmt: skip
    numbers, rows = measure(path, FREE, close_at_end=True)
    assert rows["funding"].tolist() == [-UNIT]
    assert (numbers.funding_paid, numbers.gross_pnl, numbers.net_pnl) == (1, 0, -1)


def test_holding_pays_from_its_first_close_on():
    """1,000 buys 10 at 100; 1 % of 1,000 at two closes; the first bar came before it was bought."""
    terms = {"start_units": 1_000 * UNIT, "close_at_end": False}
    listed = [Listed(bars([0.5, 0.01, 0.01]))]
    assert money(buy_and_hold(listed, FREE, **terms)) == 980
    daily = hold_daily(listed, FREE, np.arange(3), **terms)
    assert daily.tolist() == [1.0, 0.99, 0.98]


@pytest.mark.parametrize(
    "rate, left",
    [
        # pays 900, sells 901 of 1,000 lots at 1 for it, pays 90 % of the 99 that are left
        (0.9, 1_000 - 900 - Decimal("89.1")),
        # gets 900, buys as much, gets 90 % of 1,900
        (-0.9, 1_000 + 900 + 1_710),
    ],
)
def test_what_holding_pays_is_taken_out_and_what_it_gets_is_put_in(rate, left):
    listed = [Listed(bars([rate, rate, rate]))]
    terms = {"start_units": 1_000 * UNIT, "close_at_end": False}
    assert money(buy_and_hold(listed, FREE, **terms)) == left
    assert hold_daily(listed, FREE, np.arange(3), **terms)[-1] == float(left) / 1_000


@pytest.mark.parametrize(
    "rates, unknown",
    [
        ([0.0] * 40, 40),
        ([0.0] * 5, 5),
        ([1e-4] * 40, None),
        ([1e-4, 0.0, 0.0] * 20, None),
        ([1e-4] * 30 + [0.0] * 10, 10),
        ([1e-4] * 300 + [0.0] * 10, None),
    ],
)
def test_funding_that_is_not_in_the_data_is_a_doubt(rates, unknown):
    one = bars(rates)
    path = path_of(one, [(1, 1, FILL_ENTRY, 0)], [1_000.0] * len(rates))
    said = [doubt.sentence for doubt in unfunded(path)]
    assert len(said) == (unknown is not None)
    told = f"BTC-PERP cost or brought as funding is not known of {unknown} of"
    assert all(told in one for one in said)


def test_funding_is_not_asked_of_what_pays_none():
    one = bars([0.0] * 40)
    spot = replace(one, product=replace(PERP, is_perpetual=False))
    assert not [*unfunded(path_of(spot, [(1, 1, FILL_ENTRY, 0)], [1_000.0] * 40))]
    assert not [*unfunded(path_of(one, [], [1_000.0] * 40))]


def test_a_backtest_and_a_search_of_a_perpetual_without_funding_are_not_proven():
    spot = market(replace(DECLARED, costs=CHEAP, days=300, sharpe=8.0), 1)
    perp = replace(spot, product=replace(spot.product, product_id="BTC-PERP", is_perpetual=True))
    terms = {"costs": CHEAP, "style": STYLE, "risk": None, "self_check": False}
    result = backtest(perp, Tide(), assess=True, trials=NOTHING_BEFORE, nulls=19, **terms)
    assert any("is not known of 300 of its 300" in one for one in result.assessment.verdict.reasons)
    searched = SearchTerms((perp,), cash_units(10_000), CHEAP, None, STYLE, 1.0)
    found = [doubt.sentence for doubt in at_other_terms(searched, Tide()).doubts()]
    assert any("is not known of 300 of its 300" in one for one in found)
