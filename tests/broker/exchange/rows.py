"""Orders of an account as the exchange tells them, for tests of what is ours."""

from decimal import Decimal

from gpt_trader.broker.coinbase.account import parse_order
from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.order_ids import MARKED, client_order_id, order_id
from gpt_trader.domain.times import format_time
from tests.engine_helpers import HOUR, Desk

PLAN = Desk().plan
OPEN_MS = 1_700_000_000_000 // HOUR * HOUR
SENT_MS = OPEN_MS + 3 * HOUR


def route(bars: int = 0, form: int = MARKED) -> str:
    """Id of the order that a bar's decision made."""
    opened_ms = OPEN_MS + bars * HOUR
    return client_order_id(PLAN.portfolio, "COIN-USD", PLAN.interval, opened_ms, 0, form)


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


def bought(size: int, price: int, bars: int = 0, form: int = MARKED) -> RemoteOrder:
    return row(route(bars, form), "BUY", size, price, OPEN_MS + (bars + 1) * HOUR + 300)


def sold(size: int, bars: int, key: str = "by somebody", **more: object) -> RemoteOrder:
    return row(key, "SELL", size, 110, OPEN_MS + (bars + 1) * HOUR, **more)


def stop(at_ms: int = SENT_MS, lots: int = 5, form: int = MARKED, **more: object) -> RemoteOrder:
    """A protection that was decided at a time and rests."""
    key = order_id(PLAN.portfolio, "COIN-USD", f"protect:{at_ms}", lots, form)
    sizes = {"base_size": str(lots), "limit_price": "94.00", "stop_price": "95.00"}
    told = {
        "status": "OPEN",
        "order_type": "STOP_LIMIT",
        "order_configuration": {"stop_limit_stop_limit_gtc": sizes},
    }
    return row(key, "SELL", 0, 95, SENT_MS, **(told | more))


def limit_buy(key: str, size: int, filled: int = 0, **more: object) -> RemoteOrder:
    """An entry that rests at 90."""
    sizes = {"base_size": str(size), "limit_price": "90.00", "post_only": True}
    told = {
        "status": "OPEN",
        "order_type": "LIMIT",
        "order_configuration": {"limit_limit_gtd": sizes},
    }
    return row(key, "BUY", filled, 90, SENT_MS, **(told | more))
