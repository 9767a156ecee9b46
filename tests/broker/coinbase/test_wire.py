"""Every order that spot takes, in the exchange's words."""

from decimal import Decimal

import pytest

from gpt_trader.broker.coinbase import parse
from gpt_trader.broker.coinbase.wire import configuration
from gpt_trader.domain.order import OrderIntent, OrderType, TimeInForce
from gpt_trader.domain.product import Product
from gpt_trader.runtime.venues import product_of

BTC = Product("BTC-USD", Decimal("0.00000001"), Decimal("0.01"), Decimal("0.00000001"), Decimal(1))
M, L, S, B = OrderType.MARKET, OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.BRACKET
GTC, GTD, IOC, FOK = TimeInForce.GTC, TimeInForce.GTD, TimeInForce.IOC, TimeInForce.FOK
SIZE = {"base_size": "0.00100000"}
LIMIT = SIZE | {"limit_price": "60000.00"}
END = {"end_time": "2027-01-01T00:00:00.000Z"}
EXPIRE_MS = 1_798_761_605_000  # five seconds later


def order(kind, tif, side=1, **more):
    fields = {"lots": 100_000, "quote": 0, "expire_ms": EXPIRE_MS} | more
    return OrderIntent("id", "BTC-USD", side, kind, tif, **fields)


CASES = [
    (order(M, IOC), {"market_market_ioc": SIZE}),
    (
        order(M, IOC, lots=0, quote=10_050_000_000),
        {"market_market_ioc": {"quote_size": "100.50"}},
    ),
    (order(M, IOC, lots=0, quote=199_999_999), {"market_market_ioc": {"quote_size": "1.99"}}),
    (order(L, IOC, limit=6_000_000), {"sor_limit_ioc": LIMIT}),
    (order(L, FOK, limit=6_000_000), {"limit_limit_fok": LIMIT}),
    (order(L, GTC, limit=6_000_000), {"limit_limit_gtc": LIMIT | {"post_only": False}}),
    (
        order(L, GTD, limit=6_000_000, post_only=True),
        {"limit_limit_gtd": LIMIT | {"post_only": True} | END},
    ),
    (
        order(S, GTC, side=-1, limit=6_000_000, stop=6_100_000),
        {
            "stop_limit_stop_limit_gtc": LIMIT
            | {"stop_price": "61000.00", "stop_direction": "STOP_DIRECTION_STOP_DOWN"}
        },
    ),
    (
        order(S, GTD, limit=6_000_000, stop=5_900_000),
        {
            "stop_limit_stop_limit_gtd": LIMIT
            | {"stop_price": "59000.00", "stop_direction": "STOP_DIRECTION_STOP_UP"}
            | END
        },
    ),
    (
        order(B, GTC, side=-1, limit=6_000_000, stop=5_500_000),
        {"trigger_bracket_gtc": LIMIT | {"stop_trigger_price": "55000.00"}},
    ),
    (
        order(B, GTD, side=-1, limit=6_000_000, stop=5_500_000),
        {"trigger_bracket_gtd": LIMIT | {"stop_trigger_price": "55000.00"} | END},
    ),
]


@pytest.mark.parametrize("asked, said", CASES, ids=[next(iter(said)) for _, said in CASES])
def test_a_configuration(asked, said):
    assert configuration(asked, BTC) == said


def test_a_value_is_told_in_steps_of_its_own_and_not_in_those_of_prices():
    doge = product_of(
        parse.product(
            {
                "product_id": "DOGE-USD", "product_type": "SPOT", "base_currency_id": "DOGE",
                "quote_currency_id": "USD", "status": "online", "base_increment": "0.1",
                "quote_increment": "0.01", "price_increment": "0.00001", "base_min_size": "0.1",
                "quote_min_size": "1", "base_max_size": "20000000", "quote_max_size": "10000000",
            }
        )
    )  # fmt: skip
    asked = order(M, IOC, lots=0, quote=1_234_567_000)
    assert configuration(asked, doge) == {"market_market_ioc": {"quote_size": "12.34"}}
    assert (doge.spec.max_lots, doge.spec.max_units) == (200_000_000, 10**15)
