"""What is held is what was bought under this bot's ids and not sold since, by whomever."""

from decimal import Decimal

import pytest

from gpt_trader.broker.coinbase.account import parse_order
from gpt_trader.broker.exchange.earlier import CLOCKS_MS, Earlier, earlier
from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.order import OrderStatus, OrderType
from gpt_trader.domain.order_ids import client_order_id, order_id
from gpt_trader.domain.times import format_time
from tests.engine_helpers import COIN, HOUR, Desk

PLAN = Desk().plan
OPEN_MS = 1_700_000_000_000 // HOUR * HOUR
SENT_MS = OPEN_MS + 3 * HOUR


def route(bars: int = 0) -> str:
    """Id of the order that a bar's decision made."""
    return client_order_id(PLAN.portfolio, "COIN-USD", PLAN.interval, OPEN_MS + bars * HOUR, 0)


def row(key: str, side: str, size: int, price: int, at_ms: int, **more: object) -> RemoteOrder:
    """An order that was filled."""
    told = {
        "order_id": f"x-{key}",
        "client_order_id": key,
        "product_id": "COIN-USD",
        "side": side,
        "status": "FILLED",
        "filled_size": str(size),
        "filled_value": str(Decimal(size) * price),
        "total_fees": "0",
        "created_time": format_time(at_ms),
    }
    return parse_order(told | more)


def bought(size: int, price: int, bars: int = 0) -> RemoteOrder:
    return row(route(bars), "BUY", size, price, OPEN_MS + (bars + 1) * HOUR + 300)


def sold(size: int, bars: int) -> RemoteOrder:
    return row("by somebody", "SELL", size, 110, OPEN_MS + (bars + 1) * HOUR)


def stop(at_ms: int = SENT_MS, lots: int = 5, **more: object) -> RemoteOrder:
    """A protection that was decided at a time and rests."""
    key = order_id(PLAN.portfolio, "COIN-USD", f"protect:{at_ms}", lots)
    sizes = {"base_size": str(lots), "limit_price": "94.00", "stop_price": "95.00"}
    told = {
        "status": "OPEN",
        "order_type": "STOP_LIMIT",
        "order_configuration": {"stop_limit_stop_limit_gtc": sizes},
    }
    return row(key, "SELL", 0, 95, SENT_MS, **(told | more))


def found(*rows: RemoteOrder) -> Earlier | None:
    return earlier(PLAN, COIN, rows)


def test_what_was_bought_and_its_stop_are_found_in_any_order_of_rows():
    rows = bought(3, 100), bought(2, 110, bars=1), stop()
    for seen in (rows, rows[::-1]):
        what = found(*seen)
        assert (what.product_id, what.order_id) == ("COIN-USD", route(1))
        assert (what.lots, what.ticks) == (5, 10_400)
        assert (what.order.intent.lots, what.order.intent.stop, what.order.intent.limit) == (
            5,
            9_500,
            9_400,
        )
        assert (what.order.intent.side, what.order.intent.sent_ms) == (-1, SENT_MS)
        assert what.order.intent.reduce_only


def test_sales_count_whoever_made_them_and_the_rest_keeps_its_price():
    assert found(bought(4, 100), sold(3, 1)) == Earlier("COIN-USD", route(), 1, 10_000, None)
    assert found(bought(4, 100), sold(9, 1))[2:] == (0, 0, None)
    again = found(bought(4, 100), sold(9, 1), bought(2, 120, bars=3))
    assert (again.lots, again.ticks) == (2, 12_000)


def test_a_sale_before_takes_nothing_away():
    assert found(sold(9, -3), bought(4, 100)).lots == 4


def test_orders_of_somebody_else_are_no_position():
    theirs = row("by hand", "BUY", 4, 100, OPEN_MS)
    assert found(theirs) is None
    assert found(theirs, bought(1, 100)).lots == 1
    elsewhere = bought(4, 100)._replace(product_id="GOLD-USD")
    assert found(elsewhere) is None


def test_nothing_was_filled():
    assert found(bought(0, 100)) == Earlier("COIN-USD", route(), 0, 0, None)


@pytest.mark.parametrize(
    "shift_ms, is_known", [(-CLOCKS_MS, True), (CLOCKS_MS - 1, True), (CLOCKS_MS, False)]
)
def test_a_stop_is_known_by_its_id_as_far_as_clocks_may_differ(shift_ms, is_known):
    what = found(bought(5, 100), stop(SENT_MS + shift_ms))
    assert (what.order is not None) == is_known


@pytest.mark.parametrize(
    "change",
    [
        {"side": 1},
        {"life": OrderStatus.CANCELLED},
        {"life": None},
        {"filled_size": Decimal(1)},
        {"kind": OrderType.LIMIT},
        {"stop_price": None},
        {"limit_price": None},
        {"base_size": Decimal(4)},
    ],
)
def test_what_is_no_whole_resting_stop_is_left_alone(change):
    assert found(bought(9, 100), stop()._replace(**change)).order is None


def test_a_bracket_is_one_too_and_the_newest_counts():
    bracket = stop(SENT_MS + 5)._replace(kind=OrderType.BRACKET, created_ms=SENT_MS + 5)
    what = found(bought(5, 100), bracket, stop())
    assert what.order.intent.type is OrderType.BRACKET
