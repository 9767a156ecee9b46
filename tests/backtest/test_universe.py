"""A backtest that may hold a product only while it is in the universe."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader import backtest
from gpt_trader.domain.bars import Bar, bars_from_rows
from gpt_trader.domain.costs import CostModel, OrderStyle, order_style
from gpt_trader.domain.selection import Criteria, Membership, inside, members
from gpt_trader.domain.targets import Targets
from gpt_trader.errors import UsageError
from gpt_trader.kernel.codes import FILL_NAMES
from gpt_trader.strategy.registry import create
from tests.engine_helpers import COIN, HOUR

N = 24 * 20
IDS = ("A-USD", "B-USD", "C-USD")


def market(seed):
    rng = np.random.default_rng(seed)
    series = []
    for name in IDS:
        closes = 10_000 + np.cumsum(rng.integers(-40, 41, N))
        volumes = np.repeat(rng.integers(1, 900, N // 48), 48).astype(float)
        rows = [
            Bar(name, i * HOUR, c, c + 30, c - 30, c, v)
            for i, (c, v) in enumerate(zip(closes.tolist(), volumes.tolist(), strict=True))
        ]
        series.append(bars_from_rows(replace(COIN, product_id=name), HOUR, rows))
    return series


def top(series, n):
    return members(series, {name: [(0, 10**15)] for name in IDS}, Criteria(top=n), "1d")


@pytest.mark.parametrize("seed", [1, 4])
def test_both_engines_hold_members_only_and_fill_the_same(seed):
    series = market(seed)
    universe = top(series, 1)
    terms = {"bars": series, "strategy": create("sma_cross", {"fast": 3, "slow": 7})}
    terms |= {"universe": universe, "risk": None, "self_check": False}
    fast, replayed = (backtest(**terms, engine=engine) for engine in ("fast", "replay"))
    assert fast.fills.tobytes() == replayed.fills.tobytes()
    assert np.array_equal(fast.path.equity, replayed.path.equity)
    free = backtest(**terms | {"universe": None})
    assert 0 < len(fast.fills) < len(free.fills)
    entries = fast.fills[fast.fills["side"] > 0]
    masks = [inside(bars, universe) for bars in series]
    assert len(set(entries["product"].tolist())) > 1
    assert all(masks[j][i] for j, i in zip(entries["product"], entries["cause"], strict=True))


def test_everybody_in_is_no_universe_at_all():
    series = market(3)
    whole = Membership(np.array([0]), IDS, np.ones((1, 3), bool))
    terms = {"bars": series, "strategy": create("sma_cross", {}), "self_check": False}
    one, other = backtest(**terms), backtest(**terms, universe=whole)
    assert one.fills.tobytes() == other.fills.tobytes()


def test_a_weight_outside_is_zero_and_says_why():
    found = Targets(np.array([np.nan, 0.5, 0.5])).only(np.array([False, False, True]))
    assert found.weight.tolist() == [0.0, 0.0, 0.5]
    out, within = found.row(1).readings[0], found.row(2).readings[0]
    assert ("NOT_IN_UNIVERSE" in out.label, out.holds, within.holds) == (True, False, True)


def test_a_product_that_the_universe_does_not_know_is_refused():
    only = Membership(np.array([0]), IDS[:2], np.ones((1, 2), bool))
    with pytest.raises(UsageError, match="nothing of C-USD"):
        backtest(market(1), create("sma_cross", {}), universe=only)


def falling(n, last):
    """A-USD with n bars and B-USD with `last` of them, both a tick lower at each close."""
    series = []
    for name, rows in (("A-USD", n), ("B-USD", last)):
        closes = np.arange(20_000, 20_000 - 10 * rows, -10)
        bars = [
            Bar(name, i * HOUR, int(c) + 5, int(c) + 5, int(c) - 1, int(c), 500.0)
            for i, c in enumerate(closes)
        ]
        series.append(bars_from_rows(replace(COIN, product_id=name), HOUR, bars))
    return series


@dataclass(frozen=True)
class Share:
    """A share of the equity, at every bar."""

    weight: float
    name: ClassVar[str] = "share"
    min_bars: int = 1
    warmup: int = 1

    def targets(self, bars):
        return Targets(np.full(len(bars), self.weight))


N_LONG, N_SHORT = 120, 60  # bars of A-USD and of B-USD, which is delisted at hour 61
LISTINGS = {"A-USD": [(0, 10**15)], "B-USD": [(0, 61 * HOUR)]}
TERMS = {"risk": None, "self_check": False, "cash": 10_000}


def run_delisted(style, engine, **terms):
    series = falling(N_LONG, N_SHORT)
    universe = members(series, LISTINGS, Criteria(), "1d")
    return backtest(
        series, Share(0.4), universe=universe, engine=engine, style=style, **TERMS, **terms
    )


@pytest.mark.parametrize("engine", ["fast", "replay"])
@pytest.mark.parametrize("style", ["taker", "maker_first"])
@pytest.mark.parametrize("costs", [CostModel(), CostModel(latency_bars=3)])
def test_what_is_delisted_is_sold_while_it_has_bars(engine, style, costs):
    result = run_delisted(order_style(style), engine, costs=costs)
    mine = result.fills[result.fills["product"] == 1]
    assert mine["side"].tolist() == [1, -1]
    assert mine["bar"][-1] == (N_SHORT - 2 if style == "taker" else N_SHORT - 1)
    assert mine["lots"][0] == mine["lots"][1]
    assert not result.notes


@pytest.mark.parametrize("close_at_end", [False, True])
def test_what_cannot_be_sold_counts_as_nothing_and_it_is_said(close_at_end):
    """In at the market, out by limits that a falling price never meets."""
    in_, out = order_style("taker"), order_style("maker_only")
    style = OrderStyle(in_.entry, out.exit)
    fast, replayed = (
        run_delisted(style, engine, close_at_end=close_at_end) for engine in ("fast", "replay")
    )
    assert fast.fills.tobytes() == replayed.fills.tobytes()
    assert np.array_equal(fast.path.equity, replayed.path.equity)
    last = fast.fills[fast.fills["product"] == 1][-1]
    assert last["bar"] == N_SHORT - 1
    if close_at_end:  # asked to, it is sold at its last close
        assert last["ticks"] > 0
        return
    assert (FILL_NAMES[int(last["reason"])], last["ticks"], last["fee"]) == ("DELISTED", 0, 0)
    said = f"{last['lots']} of B-USD could not be sold before it was delisted on 1970-01-03"
    assert fast.notes[-1].startswith(said)  # a lot of it is 1
    [trade] = [one for one in fast.trades if one.product == "B-USD"]
    assert (trade.exit_reason, trade.exit_price) == ("DELISTED", 0)
    assert trade.return_pct < -100  # and the fee of its entry
    dropped = fast.path.equity[N_SHORT - 2] - fast.path.equity[N_SHORT - 1]
    assert dropped > 0.9 * 4_000
    assert sum(one.pnl for one in fast.trades) == pytest.approx(fast.metrics.net_pnl)


def test_buy_and_hold_holds_what_is_listed_only():
    """B-USD is bought in its second bar, sold at its last; A-USD is listed from hour 40 on."""
    series = falling(N_LONG, N_SHORT)
    listings = LISTINGS | {"A-USD": [(40 * HOUR, 10**15)]}
    free = CostModel(0, 0, 0, 0)
    universe = members(series, listings, Criteria(), "1d")
    found = backtest(series, Share(0.4), universe=universe, costs=free, **TERMS, assess=True)
    a, b = series
    expected = (b.close[-1] / b.open[1] + a.close[-1] / a.open[41]) / 2
    assert found.metrics.buy_hold_return_pct == pytest.approx((expected - 1) * 100, abs=0.1)
    half = found.assessment.baselines.buy_hold[0] * 2 - 1
    assert half == pytest.approx(b.close[23] / b.open[1], abs=1e-3)
    dear = backtest(series, Share(0.4), universe=universe, **TERMS)
    paid = found.metrics.buy_hold_return_pct - dear.metrics.buy_hold_return_pct
    assert paid == pytest.approx(1.3 + 1.3 / 2, abs=0.2)  # both entries, one exit


def test_a_universe_without_listings_holds_everything_always():
    series = falling(N_LONG, N_SHORT)
    whole = Membership(np.array([0]), ("A-USD", "B-USD"), np.ones((1, 2), bool))
    terms = TERMS | {"style": order_style("taker")}
    assert backtest(series, Share(0.4), universe=whole, **terms).metrics.open_trades == 2


def test_buy_and_hold_holds_each_listing():
    """B-USD is listed again from hour 60 on: bought again with what its sale left."""
    series = falling(N_LONG, N_LONG)
    listings = LISTINGS | {"B-USD": [(0, 40 * HOUR), (60 * HOUR, 10**15)]}
    free = CostModel(0, 0, 0, 0)
    universe = members(series, listings, Criteria(), "1d")
    found = backtest(series, Share(0.4), universe=universe, costs=free, **TERMS, assess=True)
    a, b = series
    twice = b.close[39] / b.open[1] * b.close[-1] / b.open[61]
    expected = (a.close[-1] / a.open[1] + twice) / 2
    assert found.metrics.buy_hold_return_pct == pytest.approx((expected - 1) * 100, abs=0.1)
    assert found.assessment.baselines.buy_hold[-1] == pytest.approx(expected, abs=1e-3)
    held = found.assessment.baselines.buy_hold
    between = (a.close[47] / a.open[1] + b.close[39] / b.open[1]) / 2
    assert held[1] == pytest.approx(between, abs=1e-3)
