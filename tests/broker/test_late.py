"""Answers that come late: nothing that decides may have counted on them."""

import random
from collections import Counter

import pytest

from gpt_trader.domain.order import OrderStatus, OrderType, TimeInForce
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.operator import answer_rearm
from gpt_trader.kernel.codes import REFUSED_UNKNOWN_ORDER
from tests.broker.test_contract import late
from tests.engine_helpers import records_of, sent


@pytest.mark.parametrize("seed", range(12))
def test_what_is_held_in_the_end_is_what_the_exchange_says(seed):
    """Targets and prices at random: no order twice, nothing oversold, cash to the last digit."""
    rng = random.Random(seed)
    with late(None) as desk:
        price, weight = 10_000, 0.0
        for _ in range(60):
            price += rng.randrange(-300, 301)
            weight = rng.choice((weight, weight, 0.0, 0.1, 0.2))
            desk.want(weight)
            desk.bar(price)
            desk.turn()
            assert all(total >= 0 for total in desk.exchange.wallets.values())
            assert desk.lots() >= 0
        desk.want(0.0)
        for _ in range(12):
            desk.bar(price)
            desk.settle()
        wallets = desk.exchange.wallets
        assert desk.lots() == wallets.get("COIN", 0) == 0
        assert desk.state.cash == wallets["USD"] * 10**8
        assert max(Counter(order.client_order_id for order in sent(desk.entries)).values()) == 1
        assert not desk.state.open_orders
        assert not records_of(desk.entries, rec.ProductFrozen)


def test_an_order_that_nobody_has_answered_keeps_its_product_from_entering():
    with late(None) as desk:
        desk.bar(10_000)
        limit = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC, "lots": 10, "limit": 9_000}
        [order] = sent(desk.place(1, **limit))
        assert desk.order(order.client_order_id).status is OrderStatus.SUBMITTED
        desk.want(0.1)
        desk.bar(10_000)
        assert desk.decision().code == REFUSED_UNKNOWN_ORDER
        [refused] = records_of(desk.place(1, **limit), rec.OrderRefused)
        assert refused.reason.code == "UNKNOWN_ORDER"
        rearmed = ev.Rearmed(desk.now(), "somebody", "all is well")
        [refused] = answer_rearm(desk.plan, desk.state, rearmed).records
        assert refused.reason.code == "UNKNOWN_ORDER"
        desk.want(0.0)
        desk.settle()
        assert sent(desk.place(1, **limit)), "an answer frees it"
