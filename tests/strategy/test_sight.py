"""Which strategies see a market, what they read, and who is asked about what."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from gpt_trader.backtest.route import Route
from gpt_trader.domain.market import Market
from gpt_trader.domain.targets import Condition, Targets
from gpt_trader.errors import ConfigError, StrategyError, UsageError
from gpt_trader.strategy.answers import ask_market
from gpt_trader.strategy.asked import ask_all, first_row
from gpt_trader.strategy.of_function import from_function
from gpt_trader.strategy.sight import groups_of, part, reads_of, sees_market
from gpt_trader.strategy.sma_cross import SmaCross
from tests.domain.test_market import BTC, DAY, ETH, HOUR, MARKET, bars


@dataclass(frozen=True)
class Both:
    name: ClassVar[str] = "both"
    min_bars: int = 2
    warmup: int = 5
    reads: object = ()
    answer: object = None

    def targets(self, market):
        if callable(self.answer):
            return self.answer(market)
        return dict.fromkeys(market.products, np.full(len(market), 0.4))


@dataclass(frozen=True)
class Annotated(Both):
    def targets(self, panel: "Market"):
        return {}


@dataclass(frozen=True)
class OfBars(Both):
    def targets(self, bars):
        return Targets(np.ones(len(bars)))


def asked(answer, market=MARKET):
    return ask_market(Both(answer=answer), market)


def test_a_strategy_sees_the_market_if_its_targets_take_one():
    assert sees_market(Both())
    assert sees_market(Both)
    assert sees_market(Annotated())
    assert sees_market(from_function(lambda market: {}))
    assert not sees_market(OfBars())
    assert not sees_market(SmaCross())
    assert not sees_market(from_function(lambda bars: np.ones(len(bars))))
    assert not sees_market(type("Odd", (), {"targets": None}))
    assert not sees_market(type("Odd", (), {"targets": dict.fromkeys}))


def test_products_of_one_route_are_one_market_and_those_of_another_another():
    one, other = (Route(Both()).strategy for _ in range(2))
    single = SmaCross(2, 3)
    sol, xrp = bars("SOL-USD", range(48)), bars("XRP-USD", range(48))
    found = groups_of([one, single, one, other], [BTC, ETH, sol, xrp])
    assert [group.places for group in found] == [(0, 2), (1,), (3,)]
    assert found[0].seen.products == ("BTC-USD", "SOL-USD")
    assert found[1].seen is ETH


def test_what_is_read_is_given_or_made_of_what_is_traded():
    daily = bars("BTC-USD", range(2), interval_ms=DAY, start=7)
    both = Both(reads=("BTC-USD", "BTC-USD@1d", "ETH-USD@1d"))
    [group] = groups_of([both, both], [BTC, ETH], {"ETH-USD@1d": daily})
    reads = group.seen.reads
    assert reads["BTC-USD"].bars == BTC
    assert reads["BTC-USD@1d"].bars.close.tolist() == [123, 147]
    assert reads["ETH-USD@1d"].bars == daily
    with pytest.raises(ConfigError, match="both reads SOL-USD@1d, of which there are no bars"):
        groups_of([Both(reads=("SOL-USD@1d",))], [BTC])
    with pytest.raises(ConfigError, match="reads BTC-USD@5m"):
        groups_of([Both(reads=("BTC-USD@5m",))], [BTC])


@pytest.mark.parametrize(
    "reads", ["BTC-USD", 5, ("BTC",), ("BTC-USD@7h",), {"BTC-USD": 0}, {"BTC-USD": True}, (3,)]
)
def test_what_names_no_series_is_refused(reads):
    with pytest.raises(UsageError, match="both"):
        reads_of(Both(reads=reads))


def test_what_is_read_looks_back_as_far_as_it_is_said():
    assert reads_of(Both(reads=("BTC-USD", "ETH-USD@1d"))) == {"BTC-USD": 5, "ETH-USD@1d": 5}
    assert reads_of(Both(reads={"ETH-USD@1d": 3})) == {"ETH-USD@1d": 3}
    assert reads_of(SmaCross()) == {}


def test_a_session_sees_so_many_bars_of_what_is_read_and_all_from_the_first_row_on():
    both = Both(reads={"BTC-USD": 3})
    [group] = groups_of([both], [BTC])
    assert len(part(both, group.seen, 10, 20).reads["BTC-USD"].bars) == 3
    assert len(part(both, group.seen, 0, 20).reads["BTC-USD"].bars) == 20


def test_there_is_no_opinion_on_a_product_without_a_bar():
    btc, eth = asked(None)
    assert np.isfinite(btc.weight).all()
    assert np.flatnonzero(np.isfinite(eth.weight)).tolist() == [3, 4, 6, 40]


def test_nor_on_one_that_is_left_out():
    btc, eth = asked(lambda market: {"ETH-USD": Targets(np.zeros(len(market)), stop=0.1)})
    assert np.isnan(btc.weight).all()
    assert eth.stop[3] == 0.1


def test_targets_come_with_their_own_bars_and_no_early_opinion():
    both = Both()
    btc, eth = ask_all([both, both], [BTC, ETH])
    assert np.isnan(btc.weight).tolist() == [True] + [False] * 47
    assert eth.weight.tolist() == [0.4] * 4
    late = ask_all([Both(min_bars=5)], [ETH])
    assert np.isnan(late[0].weight).all()
    assert first_row(MARKET, 3) == 2


def test_conditions_follow_the_bars():
    def answer(market):
        rows = np.arange(len(market), dtype=float)
        said = Condition("BTC-USD EMA(32) > EMA(128)", rows, np.zeros(len(rows)))
        return {"ETH-USD": Targets(rows * 0, conditions=lambda: (said,))}

    both = Both(answer=answer)
    eth = ask_all([both, both], [BTC, ETH])[1]
    assert eth.reasons()[0].value.tolist() == [3, 4, 6, 40]
    assert eth.row(3).readings[0].value == 40


@pytest.mark.parametrize(
    "answer, said",
    [
        (lambda market: np.ones(len(market)), "gave a value of type ndarray, expected targets by"),
        (lambda market: Targets(np.ones(len(market))), "expected targets by product"),
        (lambda market: {"SOL-USD": np.ones(len(market))}, "gave targets of SOL-USD, expected of"),
        (lambda market: {"BTC-USD": np.ones(3)}, "gave 3 rows of weight for 48 bars"),
        (lambda market: {"BTC-USD": np.full(48, 2.0)}, "gave weight 2 for the BTC-USD bar at 1970"),
        (lambda market: {"BTC-USD": "much"}, "as weight, expected numbers"),
        (lambda market: {"BTC-USD": None, "ETH-USD": Targets(np.ones((48, 2)))}, "2 dimensions"),
    ],
)
def test_what_is_no_answer_is_refused_in_its_words(answer, said):
    with pytest.raises(StrategyError, match=said):
        asked(answer)


def test_an_impossible_weight_of_an_absent_product_is_not_read():
    asked(lambda market: {"ETH-USD": np.where(market.present[:, 1], 0.5, 7.0)})


def test_what_a_strategy_writes_into_its_market_is_its_own():
    def answer(market):
        close = market.close
        close[:] = 0.0
        return {}

    asked(answer)
    assert MARKET.close[0, 0] == 50.0
    assert MARKET.interval_ms == HOUR
