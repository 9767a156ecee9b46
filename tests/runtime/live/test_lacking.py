"""Coins that are not there are told after a refusal, and are back once they stay."""

from decimal import Decimal

import pytest

from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine.events import CoinsLacking
from gpt_trader.runtime.live.lacking import news_of_lacking, refused_ms
from tests.engine_helpers import sent
from tests.exchange_desk import Protected


def told(desk, total, moving=(), taken=None):
    wallets = {"COIN": Decimal(total)}
    return [
        one.lots
        for one in news_of_lacking(desk.plan, desk.state, wallets, moving, taken or {}, desk.now())
    ]


def refused():
    desk = Protected()
    desk.told(desk.resting, OrderStatus.REJECTED, "INSUFFICIENT_FUND")
    return desk


@pytest.mark.parametrize("total, lots", [("20", []), ("35", []), ("12", [8]), ("0", [20])])
def test_after_a_refusal_a_look_tells_what_is_not_there(total, lots):
    desk = refused()
    assert refused_ms(desk.plan, desk.state) == desk.now()
    assert told(desk, total) == lots


def test_without_a_refusal_a_look_may_be_older_than_a_fill():
    desk = Protected()
    desk.open()
    assert refused_ms(desk.plan, desk.state) == 0
    assert told(desk, "0") == []


def test_a_wallet_that_is_not_told_is_not_one_of_0():
    desk = refused()
    assert not list(news_of_lacking(desk.plan, desk.state, {}, (), {}, desk.now()))


def test_what_is_known_is_no_news_and_more_is_told_at_once():
    desk = refused()
    desk.send(CoinsLacking(desk.now(), "COIN-USD", 8))
    assert told(desk, "12") == []
    assert told(desk, "10", moving={"COIN"}) == [10]


def test_coins_that_come_back_are_told_once_they_stay():
    desk = refused()
    desk.send(CoinsLacking(desk.now(), "COIN-USD", 8))
    assert told(desk, "16", moving={"COIN"}) == []
    assert told(desk, "16") == [4]
    assert told(desk, "20") == [0]


def test_what_is_turned_down_again_and_again_asks_for_no_more_looks():
    desk = refused()
    first_ms = desk.now()
    for _ in range(3):
        [stop] = sent(desk.wake(5_000))
        desk.told(stop, OrderStatus.REJECTED, "INSUFFICIENT_FUND")
        assert refused_ms(desk.plan, desk.state) == first_ms
    [stop] = sent(desk.wake(5_000))
    desk.told(stop, OrderStatus.OPEN)
    assert refused_ms(desk.plan, desk.state) == 0


@pytest.mark.parametrize("taken, lots", [(3, [3]), (30, [20]), (0, [])])
def test_what_another_instance_may_sell_is_lacking_though_it_is_there(taken, lots):
    desk = Protected()
    desk.open()
    assert told(desk, "35", taken={"COIN-USD": taken}) == lots
