"""A product that the exchange takes no orders of: only exits are tried, and it is told."""

import pytest

from gpt_trader.engine.events import ProductSeen, Rearmed
from gpt_trader.engine.records import ProductClosed
from gpt_trader.observe.notify import INFO, PAGE
from gpt_trader.runtime.alerts import alerts_of
from tests.engine_helpers import COIN, GOLD, Desk, records_of, sent

WHY = "orders can only be cancelled"


@pytest.fixture
def desk():
    return Desk(COIN, GOLD)


def seen(desk, closed):
    return desk.send(ProductSeen(desk.now(), "COIN-USD", closed))


def test_it_takes_no_entries_until_it_is_open_again_and_the_others_do(desk):
    assert records_of(seen(desk, WHY), ProductClosed) == [ProductClosed(0, WHY)]
    assert records_of(seen(desk, WHY), ProductClosed) == [], "it is no news"
    assert desk.state.closed == (WHY, "")
    for j in (0, 1):
        desk.want(0.2, j=j)
    assert not sent(desk.bar(10_000))
    assert [order.product_id for order in sent(desk.bar(1_000, j=1))] == ["GOLD-USD"]
    desk.restart()
    desk.send(Rearmed(desk.now(), "ann", "looked"))
    assert desk.state.closed == (WHY, ""), "no person opens it"
    seen(desk, "")
    assert [order.product_id for order in sent(desk.bar(10_000))] == []
    assert [order.product_id for order in sent(desk.bar(1_000, j=1))] == ["COIN-USD"]


def test_an_exit_is_tried_all_the_same(desk):
    desk.want(0.2)
    for _ in range(2):
        desk.bar(10_000)
        desk.bar(1_000, j=1)
    assert desk.lots(0) > 0
    seen(desk, WHY)
    desk.want(0.0)
    desk.bar(10_000)
    [order] = sent(desk.bar(1_000, j=1))
    assert (order.product_id, order.intent.side) == ("COIN-USD", -1)


@pytest.mark.parametrize("held, level", [(0.0, INFO), (0.2, PAGE)])
def test_somebody_is_told_and_paged_if_it_is_held(held, level, desk):
    desk.want(held)
    for _ in range(2):
        desk.bar(10_000)
        desk.bar(1_000, j=1)
    before = desk.state
    [alert] = alerts_of(desk.plan, before, desk.state, seen(desk, WHY))
    assert (alert.level, alert.event) == (level, "closed")
    assert list(alerts_of(desk.plan, desk.state, desk.state, seen(desk, ""))) == []
