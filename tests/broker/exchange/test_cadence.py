"""How soon an order is looked at again."""

import pytest

from gpt_trader.broker.exchange.cadence import (
    CALM_MS,
    ENDING_MS,
    RESTING_MS,
    UNKNOWN_MS,
    has_lasted,
    is_past,
    look_after_ms,
)
from gpt_trader.domain.order import (
    Amendment,
    Order,
    OrderIntent,
    OrderStatus,
    OrderType,
    TimeInForce,
)

NOW = 1_000_000
LIMIT = OrderIntent("c", "COIN-USD", 1, OrderType.LIMIT, TimeInForce.GTC, 1, 0, 100)
MARKET = LIMIT._replace(type=OrderType.MARKET, tif=TimeInForce.IOC)
ENDED = LIMIT._replace(tif=TimeInForce.GTD, expire_ms=NOW)


@pytest.mark.parametrize("is_up", [True, False])
@pytest.mark.parametrize(
    "order, after_ms",
    [
        (Order(LIMIT, OrderStatus.SUBMITTED), UNKNOWN_MS),
        (Order(LIMIT, OrderStatus.SUBMIT_UNKNOWN), UNKNOWN_MS),
        (Order(LIMIT, OrderStatus.PENDING_CANCEL, exchange_id="x"), ENDING_MS),
        (Order(MARKET, OrderStatus.OPEN, exchange_id="x"), ENDING_MS),
        (Order(ENDED, OrderStatus.OPEN, exchange_id="x"), ENDING_MS),
        (Order(LIMIT, OrderStatus.OPEN, exchange_id="x", amendment=Amendment(1, 1)), UNKNOWN_MS),
        (Order(LIMIT, OrderStatus.FILLED), None),
        (Order(LIMIT, OrderStatus.WAITING), None),
    ],
)
def test_what_is_unknown_or_is_to_end_is_looked_at_soon_whatever_the_stream_says(
    order, after_ms, is_up
):
    assert look_after_ms(order, NOW, is_up=is_up) == after_ms


def test_what_rests_is_looked_at_now_and_then():
    resting = Order(LIMIT, OrderStatus.OPEN, exchange_id="x")
    assert look_after_ms(resting, NOW, is_up=True) == CALM_MS
    assert look_after_ms(resting, NOW, is_up=False) == RESTING_MS
    later = Order(ENDED._replace(expire_ms=NOW + 1), OrderStatus.OPEN, exchange_id="x")
    assert look_after_ms(later, NOW, is_up=True) == CALM_MS


def test_a_clock_that_is_set_back_makes_no_wait_longer():
    assert is_past(None, 5, 0)
    assert not is_past(100, 5, 104)
    assert is_past(100, 5, 105)
    assert not is_past(100, 5, 96), "stamped elsewhere, some ms ahead"
    assert is_past(100, 5, 95), "a clock that was set back: nothing is known of how long ago"


def test_a_clock_that_is_set_back_proves_not_that_something_lasts():
    assert not has_lasted(100, 5, 104)
    assert has_lasted(100, 5, 105)
    assert not has_lasted(100, 5, 99)
