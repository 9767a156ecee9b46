"""The loop waits for no answer: while something hangs, a watched stop is sold all the same.

Requests are carried on threads, as they are in production, and the exchange's time passes once all
are answered that do not hang.
"""

import itertools
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.emulator.faults import never
from tests.emulator.market import GENESIS_MS
from tests.live_helpers import BUSY, MINUTE, Beside, live

pytestmark = pytest.mark.compiled  # whole sessions, at the speed they have

BEGIN = GENESIS_MS + 40 * 86_400_000 + 7 * MINUTE
HANGS_MS = BEGIN + 3 * MINUTE
FELL_MS = BEGIN + 4 * MINUTE + 10_000
SOON_MS = 2_000
CENT = Decimal("0.01")
READS = ("/accounts", "/product_book")
FLAGS = {
    "params.bars": 100,
    "params.stop": 0.01,
    "order_style.entry.style": "taker",
    "risk.bot_watched_stops": "accept",
}


def hanging(where):
    if where in READS:
        return [never(where)]
    if where == "everything that is read":
        return [never("", method="GET")]
    return [never("/orders", method="POST", of=lambda body: body["product_id"] == "ETH-USD")]


@pytest.mark.parametrize("where", [*READS, "everything that is read", "another product's order"])
def test_a_watched_stop_is_sold_within_two_seconds_of_its_quote(where, tmp_path):
    products = tuple(replace(one, silent=((BEGIN, 2**60),)) for one in BUSY.products)
    with live(tmp_path, replace(BUSY, products=products), **FLAGS) as desk:
        desk.beside = Beside()
        exchange, books = desk.exchange, desk.exchange.books
        for rules in books.rules.values():
            rules.takes_stops = False
        high = {name: bid for name, (bid, _) in books.touch.items()}
        wait, hung = desk.wait, []

        def let_the_market_move(seconds):
            wait(seconds)
            if exchange.now_ms >= HANGS_MS and not hung:
                hung.extend(hanging(where))
                exchange.faults.add(*hung)
            for name, bid in high.items():
                has_fallen = exchange.now_ms >= FELL_MS
                price = bid / 2 if has_fallen else bid
                books.touch[name] = (price - CENT, price + CENT)
                exchange.trade(name, price, Decimal(1), exchange.now_ms)

        desk.wait = let_the_market_move
        beats = []
        desk.run(FELL_MS + 10_000, streams=True, idle=lambda: beats.append(exchange.now_ms))
        exchange.faults.heal()
        [sold, *_] = [
            order for order in books.orders.values()
            if order.side == "SELL" and order.product_id == "BTC-USD"
        ]  # fmt: skip
        assert FELL_MS <= sold.created_ms <= FELL_MS + SOON_MS
        assert max(b - a for a, b in itertools.pairwise(beats)) <= SOON_MS, "it goes on"
