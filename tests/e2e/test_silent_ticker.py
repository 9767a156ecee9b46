"""A ticker that falls silent while heartbeats go on: a watched stop is sold all the same."""

from dataclasses import replace
from decimal import Decimal

import pytest

from gpt_trader.runtime.live.quotes import QUOTE_AGE_MS
from tests.emulator.market import GENESIS_MS
from tests.live_helpers import BUSY, MINUTE, live

BEGIN = GENESIS_MS + 40 * 86_400_000 + 7 * MINUTE
SOON_MS = 2_000
CENT = Decimal("0.01")


@pytest.mark.parametrize("tape", [True, False], ids=["the tape goes on", "nothing is told"])
def test_a_watched_stop_is_sold_when_the_ticker_says_nothing(tape, tmp_path):
    products = (replace(BUSY.products[0], silent=((BEGIN, 2**60),)),)  # only this test trades
    flags = {
        "params.bars": 100,
        "params.stop": 0.01,
        "products": "BTC-USD",
        "order_style.entry.style": "taker",
    }
    with live(tmp_path, replace(BUSY, products=products), **flags,
              risk__bot_watched_stops="accept") as desk:  # fmt: skip
        exchange, books = desk.exchange, desk.exchange.books
        books.rules["BTC-USD"].takes_stops = False
        high = books.touch["BTC-USD"][0]
        low = high / 2 if tape else high * 9 / 10  # what falls further needs a second source
        fell_ms = BEGIN + 5 * MINUTE + 10_000
        wait = desk.wait

        def trade_each_second(seconds):
            wait(seconds)
            if exchange.now_ms < fell_ms:
                exchange.trade("BTC-USD", high, Decimal(1), exchange.now_ms)
                return
            exchange.silent.add("BTC-USD")
            if tape:
                exchange.trade("BTC-USD", low, Decimal(1), exchange.now_ms)
            books.touch["BTC-USD"] = (low - CENT, low + CENT)

        desk.wait = trade_each_second
        session = desk.run(fell_ms + 10_000, streams=True)
        [sell] = [fill for fill in books.fills if fill.order.side == "SELL"]
        most_ms = SOON_MS if tape else QUOTE_AGE_MS + SOON_MS
        assert fell_ms <= sell.time_ms <= fell_ms + most_ms
        assert session.state.slots["lots"][0] == 0
        assert desk.differences(session) == []
