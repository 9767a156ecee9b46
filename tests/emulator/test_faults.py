"""What the stand-in can play: each fault does what it says, and nothing else."""

import uuid
from decimal import Decimal

import pytest

from gpt_trader.domain.order_ids import is_ours
from gpt_trader.errors import DataError, UnknownOutcome
from tests.emulator import faults
from tests.emulator.half import WAYS, spoil_ticker_row
from tests.emulator.people import Owner, Second
from tests.live_helpers import MINUTE, live


@pytest.fixture
def desk(tmp_path):
    with live(tmp_path) as found:
        yield found


def post(desk, side: str, terms: dict, kind: str = "market_market_ioc") -> dict:
    body = {
        "client_order_id": str(uuid.uuid4()),
        "product_id": "BTC-USD",
        "side": side,
        "order_configuration": {kind: terms},
    }
    return desk.rest().post("/orders", body)


def stop(desk) -> dict:
    terms = {"base_size": "0.1", "stop_price": "1000.00", "limit_price": "900.00"}
    terms |= {"stop_direction": "STOP_DIRECTION_STOP_DOWN"}
    return post(desk, "SELL", terms, "stop_limit_stop_limit_gtc")


def resting(desk) -> str:
    placed = post(desk, "BUY", {"base_size": "0.01", "limit_price": "1000.00"}, "limit_limit_gtc")
    return placed["success_response"]["order_id"]


@pytest.mark.parametrize("is_placed", [True, False])
def test_a_stop_of_unknown_outcome_is_there_or_not_and_others_are_answered(desk, is_placed):
    desk.exchange.faults.add(faults.unknown_stop(is_placed=is_placed))
    assert resting(desk)
    with pytest.raises(UnknownOutcome):
        stop(desk)
    there = [order.kind for order in desk.exchange.books.live()]
    assert ("stop_limit_stop_limit_gtc" in there) is is_placed


def test_an_exit_is_refused_and_an_entry_is_not(desk):
    desk.exchange.faults.add(faults.refused_exit(times=None))
    refused = post(desk, "SELL", {"base_size": "0.1"})
    assert refused["error_response"]["error"] == "INSUFFICIENT_FUND"
    assert post(desk, "BUY", {"quote_size": "100"})["success"]


@pytest.mark.parametrize("path, way", [(path, way) for path, ways in WAYS.items() for way in ways])
def test_an_answer_says_less_than_the_books_hold(desk, path, way):
    post(desk, "BUY", {"quote_size": "100"})
    whole = desk.rest().get(path, lambda found: found)
    desk.exchange.faults.add(faults.half(path, way))
    assert desk.rest().get(path, lambda found: found) != whole
    assert desk.rest().get(path, lambda found: found) == whole


@pytest.mark.parametrize("lags", [False, True])
def test_a_fill_is_told_after_the_end_of_its_order(desk, lags):
    order_id = resting(desk)
    tell = desk.exchange.fill_untold(order_id, lags=lags)
    desk.private().cancel([order_id])
    before = desk.private().order(order_id)
    assert before.life.is_final
    assert (before.filled_size == 0) is lags
    assert len(desk.private().fills(order_ids=[order_id]).rows) == (0 if lags else 1)
    tell()
    assert desk.private().order(order_id).filled_size > 0
    assert len(desk.private().fills(order_ids=[order_id]).rows) == 1


def test_a_delisted_product_is_asked_for_in_vain_and_the_other_is_there(desk):
    desk.exchange.delisted.add("ETH-USD")
    market = desk.market()
    with pytest.raises(DataError):
        market.product("ETH-USD")
    with pytest.raises(DataError):
        market.touch("ETH-USD")
    with pytest.raises(DataError):
        desk.private().touches(["ETH-USD"])
    assert market.product("BTC-USD").product_id == "BTC-USD"


def test_a_product_that_only_cancels_says_so_and_refuses(desk):
    order_id = resting(desk)
    desk.exchange.close_product("BTC-USD")
    assert desk.market().product("BTC-USD").closed
    assert post(desk, "BUY", {"quote_size": "100"})["error_response"]["error"] == "TRADING_DISABLED"
    assert desk.private().cancel([order_id])[0].success


def test_a_ticker_of_no_numbers(desk):
    def change(channel: str, event: dict) -> dict:
        if channel != "ticker":
            return event
        rows = [spoil_ticker_row(row, desk.exchange.faults.random) for row in event["tickers"]]
        return event | {"tickers": rows}

    desk.exchange.wire.change = change
    with desk.session() as (session, *_), desk.streaming(session) as link:
        desk.wait(60)
        desk.arrive()
        told = list(link.events(session.plan, lambda: session.state, desk.exchange.now_ms))
    assert told == []


def test_another_person_never_sells_what_is_not_his(desk):
    books, rng = desk.exchange.books, desk.exchange.faults.random
    bought = post(desk, "BUY", {"quote_size": "1000"})["success_response"]["order_id"]
    bots = {"BTC-USD": books.orders[bought].filled}
    owner, did = Owner(books, rng, bots), set()
    for minute in range(200):
        did.add(owner.act("BTC-USD", desk.exchange.now_ms + minute * MINUTE))
        assert books.totals["BTC"] >= bots["BTC-USD"]
    assert {"owner buy", "owner sell", "owner rested", "owner took coins"} <= did


def test_an_owner_cancels_the_bots_stop_and_takes_its_coins(desk):
    books, rng = desk.exchange.books, desk.exchange.faults.random
    post(desk, "BUY", {"quote_size": "10000"})
    books.transfer("BTC", Decimal("0.1") - books.totals["BTC"])
    rests = books.orders[stop(desk)["success_response"]["order_id"]]
    owner = Owner(books, rng, {"BTC-USD": Decimal("0.1")})
    taken = owner.take("BTC-USD", {rests.client_order_id}, desk.exchange.now_ms)
    assert rests.is_final
    assert 0 < taken == Decimal("0.1") - books.totals["BTC"]
    owner.bring("BTC-USD", taken)
    assert Decimal("0.1") - taken < books.totals["BTC"] <= Decimal("0.1")


def test_a_second_bot_bears_the_mark_and_sells_what_it_bought(desk):
    books, rng = desk.exchange.books, desk.exchange.faults.random
    second, before = Second(books, rng, "portfolio"), books.totals["BTC"]
    did = [second.act("BTC-USD", desk.exchange.now_ms + n * MINUTE) for n in range(4)]
    assert did == ["second bot bought", "second bot sold"] * 2
    assert books.totals["BTC"] == before
    assert all(is_ours(key, "portfolio") for key in books.by_client)
    second.act("BTC-USD", desk.exchange.now_ms + 9 * MINUTE)
    second.forget(second.held[0].client_order_id)
    assert not second.held, "the bot that took it over sells it"
