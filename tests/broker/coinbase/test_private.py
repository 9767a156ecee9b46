"""The account over real HTTP: pages, proof, and what may be sent at all."""

from dataclasses import replace
from decimal import Decimal

import pytest

from gpt_trader.broker.coinbase.account import parse_order
from gpt_trader.broker.coinbase.parse import text
from gpt_trader.broker.exchange.scope import check_scope
from gpt_trader.domain.account import Placed, Refused
from gpt_trader.domain.order import OrderIntent, OrderType, TimeInForce
from gpt_trader.domain.product import Product as Traded
from gpt_trader.errors import (
    AuthError,
    DataError,
    HaltError,
    RateLimited,
    Unavailable,
    UnknownOutcome,
)
from tests.emulator import serve
from tests.emulator.faults import Fault, html, too_many
from tests.emulator.market import Market, Product
from tests.live_helpers import Live

COIN = Product("COIN-USD", price=10_000, trades_per_day=0, base_increment="1")
TRADED = Traded("COIN-USD", Decimal(1), Decimal("0.01"), Decimal(1), Decimal(1))
LIMIT = {"limit_limit_gtc": {"base_size": "2", "limit_price": "90.00", "post_only": True}}


def buy(key="c1", **more):
    fields = {"type": OrderType.LIMIT, "tif": TimeInForce.GTC, "lots": 2, "quote": 0}
    return OrderIntent(key, "COIN-USD", 1, **(fields | {"limit": 9_000, "post_only": True} | more))


@pytest.fixture
def desk(tmp_path):
    with serve(Market((COIN,)), now_ms=1_790_000_000_000) as exchange:
        exchange.books.transfer("USD", 10_000)
        yield Live(exchange, tmp_path, {}, secret=exchange.new_key())


@pytest.fixture
def private(desk):
    return desk.private()


def test_an_order_from_placing_to_its_end(desk, private):
    placed = private.place(buy(), TRADED)
    assert isinstance(placed, Placed)
    [found] = private.open_orders(desk.exchange.now_ms - 1000).rows
    assert (found.client_order_id, found.status, found.base_size) == ("c1", "OPEN", Decimal(2))
    assert private.amend(placed.order_id, TRADED, 3, 8_900) is None
    assert private.order(placed.order_id).limit_price == Decimal("89.00")
    assert [one.success for one in private.cancel([placed.order_id])] == [True]
    assert private.order(placed.order_id).status == "CANCELLED"
    assert [one.reason for one in private.cancel([placed.order_id])] == ["UNKNOWN_CANCEL_ORDER"]
    assert private.open_orders(0) == ([], True, True)
    assert private.order("nobody's") is None


def test_refusals_are_values_with_the_exchanges_word(private):
    assert private.place(buy()._replace(product_id="NO-USD"), TRADED) == Refused(
        "INVALID_PRODUCT_ID", "refused: INVALID_PRODUCT_ID"
    )
    large = buy("c2", lots=200)
    assert private.place(large, TRADED).reason == "INSUFFICIENT_FUND"
    assert private.amend("nobody's", TRADED, 1, 100) == Refused("ORDER_NOT_FOUND", "")
    preview = private.preview(large, TRADED)
    assert preview.errors == ("PREVIEW_INSUFFICIENT_FUND",)
    assert private.preview(buy(), TRADED).commission_total == Decimal("1.08")


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/orders", method="POST", cut="before"),
        Fault("/orders", method="POST", cut="middle"),
        html(502, path="/orders", method="POST"),
        Fault("/orders", method="POST", status=500, body="{}", refuses=True),
        Fault("/orders", method="POST", status=408, body="{}"),
        Fault("/orders", method="POST", status=200, body="{}"),
        Fault("/orders", method="POST", status=200, body="[]"),
        Fault("/orders", method="POST", status=200, body='{"success": true}'),
        Fault("/orders", method="POST", status=200, body="<html>"),
    ],
)
def test_without_proof_an_outcome_is_unknown_and_nothing_is_sent_again(fault, desk, private):
    desk.exchange.faults.add(fault)
    with pytest.raises(UnknownOutcome):
        private.place(buy(), TRADED)
    assert [r.method for r in desk.exchange.requests] == ["POST"]


@pytest.mark.parametrize(
    "fault, error",
    [
        (too_many(path="/orders", method="POST", refuses=True), RateLimited),
        (
            Fault("/orders", method="POST", status=401, body="Unauthorized\n", refuses=True),
            AuthError,
        ),
        (Fault("/orders", method="POST", status=403, body="{}", refuses=True), AuthError),
    ],
)
def test_what_the_exchange_refuses_to_read_was_not_taken_in(fault, error, desk, private):
    desk.exchange.faults.add(fault)
    with pytest.raises(error):
        private.place(buy(), TRADED)
    assert desk.exchange.books.orders == {}


def test_no_connection_means_that_nothing_was_sent(desk):
    rest = desk.rest()
    rest._url = "http://127.0.0.1:9"
    with pytest.raises(Unavailable, match="no connection"):
        rest.post("/orders", {})


@pytest.mark.parametrize("what", ["create", "edit", "cancel"])
def test_an_edit_or_cancel_without_an_answer_is_unknown(what, desk, private):
    placed = private.place(buy(), TRADED)
    desk.exchange.faults.add(Fault("/orders", method="POST", status=200, body="{}"))
    calls = {
        "create": lambda: private.place(buy("c2"), TRADED),
        "edit": lambda: private.amend(placed.order_id, TRADED, 3, 8_900),
        "cancel": lambda: private.cancel([placed.order_id]),
    }
    with pytest.raises(UnknownOutcome):
        calls[what]()


def test_a_token_is_signed_once_more_for_a_question_and_never_for_a_command(desk, private):
    refused = Fault(status=401, body="Unauthorized\n", refuses=True)
    desk.exchange.faults.add(refused)
    assert private.fee_tier().taker_rate == Decimal("0.012")
    desk.exchange.faults.add(refused, refused)
    with pytest.raises(AuthError, match="refuses the key"):
        private.permissions()
    statuses = [request.status for request in desk.exchange.requests]
    assert statuses == [401, 200, 401, 401]


def test_what_may_not_send_cannot(desk):
    rest = desk.rest(sends=False)
    for path in ("/orders", "/orders/edit", "/orders/batch_cancel", "/orders/close_position"):
        with pytest.raises(HaltError, match="nothing is sent"):
            rest.post(path, {})
    assert desk.exchange.requests == []
    body = {"product_id": "COIN-USD", "side": "BUY", "order_configuration": LIMIT}
    assert rest.ask("/orders/preview", body, dict)["errs"] == []


def test_every_page_is_read_and_no_cursor_is_followed_for_ever(desk, private):
    books = desk.exchange.books
    for i in range(300):
        books.transfer(f"T{i:03}", i + 1)
    assert len(private.balances()) == 301
    for i in range(260):
        private.place(buy(f"c{i}", type=OrderType.MARKET, lots=1, limit=0, post_only=False), TRADED)
        if books.available("USD") < 200:
            books.transfer("USD", 1000)
    assert len(private.orders(product_ids=["COIN-USD"]).rows) == 260
    assert len({fill.entry_id for fill in private.fills(product_ids=["COIN-USD"]).rows}) == 260
    assert len(private.orders(statuses=["FILLED"], since_ms=0).rows) == 260
    assert private.orders(until_ms=1) == ([], True, True)
    desk.exchange.faults.add(
        Fault("/accounts", times=None, status=200, body='{"accounts": [], "cursor": "x"}')
    )
    assert private.balances() == []


def test_cancels_go_in_hundreds(desk, private):
    private.cancel([f"o{i}" for i in range(250)])
    sent = [r for r in desk.exchange.requests if r.path.endswith("batch_cancel")]
    assert len(sent) == 3


def empty(change):
    def rows(found):
        return [{**row, **change} for row in found]

    return rows


def test_a_wallet_that_cannot_be_read_is_not_told(desk, private):
    desk.exchange.faults.add(Fault("/accounts", rows=empty({"available_balance": None})))
    assert private.balances() == []
    assert [one.total for one in private.balances()] == [10_000]


@pytest.mark.parametrize("change", [{"client_order_id": ""}, {"side": "?"}, {"order_id": None}])
def test_half_a_history_proves_nothing(change, desk, private):
    private.place(buy(), TRADED)
    assert private.orders().is_whole
    desk.exchange.faults.add(Fault("/historical/batch", rows=empty(change)))
    assert not private.orders().is_whole
    desk.exchange.faults.add(Fault("/historical/batch", rows=empty(change)))
    assert not private.open_orders(0).is_whole


def test_half_the_fills_prove_nothing(desk, private):
    private.place(buy(type=OrderType.MARKET, lots=1, limit=0, post_only=False), TRADED)
    assert private.fills().is_whole
    desk.exchange.faults.add(Fault("/fills", rows=empty({"price": None})))
    assert private.fills() == ([], False, False)


@pytest.mark.parametrize(
    "end",
    [
        '"has_next": true',
        '"has_next": true, "cursor": ""',
        '"has_next": true, "cursor": "the same again"',
        '"size": 0',
        '"cursor": null',
    ],
)
def test_a_page_that_does_not_say_whether_it_is_the_last_is_no_answer(end, desk, private):
    body = f'{{"accounts": [], {end}}}'
    desk.exchange.faults.add(Fault("/accounts", times=None, status=200, body=body))
    with pytest.raises(Unavailable, match="next page"):
        private.balances()


def test_what_has_an_unknown_status_may_still_fill(desk, private):
    private.place(buy(), TRADED)
    desk.exchange.faults.add(
        Fault("/historical/batch", status=200, body='{"orders": [], "has_next": false}'),
        Fault("/historical/batch", rows=empty({"status": "SOMETHING_NEW"})),
    )
    assert [one.client_order_id for one in private.open_orders(0).rows] == ["c1"]


def test_portfolios_touches_and_limits(private):
    assert [one.type for one in private.portfolios()] == ["DEFAULT"]
    [touch] = private.touches(["COIN-USD"])
    assert (touch.bid, touch.ask) == (Decimal("99.99"), Decimal("100.01"))
    assert private.limits["x-ratelimit-remaining"] == "29"


@pytest.mark.parametrize("kind", ["ec", "ed25519"])
def test_both_kinds_of_key_are_let_in(kind, desk):
    desk.secret = desk.exchange.new_key(kind)
    assert desk.private().permissions().can_trade


def test_a_clock_that_is_wrong_is_refused(desk):
    desk.exchange.now_ms += 3_600_000
    rest = desk.rest()
    rest._signer._clock_s = lambda: desk.exchange.now_ms / 1000 - 600
    with pytest.raises(AuthError):
        rest.get("/key_permissions", dict)


@pytest.mark.parametrize(
    "rights, trades, allow, refusal",
    [
        ({}, True, False, None),
        ({"can_trade": False}, False, False, None),
        ({"can_trade": False}, True, False, "cannot trade"),
        ({"can_view": False}, False, False, "cannot view"),
        ({"can_transfer": True}, True, False, "move money"),
        ({"can_transfer": True}, True, True, None),
    ],
)
def test_a_key_may_do_what_is_needed_and_no_more(rights, trades, allow, refusal, desk):
    desk.secret = desk.exchange.new_key(**rights)
    permissions = desk.private().permissions()
    if refusal is None:
        check_scope(permissions, trades=trades, allow_transfer=allow, setting="a.key")
        return
    with pytest.raises(AuthError, match=refusal):
        check_scope(permissions, trades=trades, allow_transfer=allow, setting="a.key")


def test_a_key_without_the_right_to_trade_sends_nothing(desk):
    desk.secret = desk.exchange.new_key(can_trade=False)
    with pytest.raises(AuthError, match="Missing required scopes"):
        desk.private().place(buy(), TRADED)


def test_whether_stops_rest_is_asked_and_never_assumed(desk, private):
    assert private.takes_stops(TRADED)
    desk.exchange.books.transfer("COIN", 100)
    assert private.takes_stops(TRADED)
    desk.exchange.books.rules["COIN-USD"].flags.add("cancel_only")
    assert private.takes_stops(TRADED) is None
    desk.exchange.books.rules["COIN-USD"].takes_stops = False
    assert private.takes_stops(TRADED) is False
    desk.exchange.faults.add(Fault("/best_bid_ask", status=200, body='{"pricebooks": []}'))
    assert private.takes_stops(TRADED) is None
    assert desk.exchange.books.orders == {}


def test_an_exhausted_limit_slows_down_before_it_is_refused(desk, private):
    rest = private.rest
    private.permissions()
    assert rest._pace._rate == 1000.0
    desk.exchange.private_left = 0
    for _ in range(3):
        private.permissions()
    assert rest._pace._rate < 300.0
    assert private.is_spent
    rest._pace.take = None  # what is sent asks for no pace: its queue has a budget
    assert private.place(buy(), TRADED).order_id


@pytest.mark.parametrize(
    "body, error",
    [
        ('{"pricebook": {"bids": [], "asks": []}}', DataError),
        ('{"pricebook": {"bids": [{"price": "2"}], "asks": [{"price": "1"}]}}', DataError),
        ('{"pricebook": {"bids": 7, "asks": [{}]}}', DataError),
        ("{}", Unavailable),
    ],
)
def test_a_book_without_both_sides_is_no_touch(body, error, desk):
    desk.exchange.faults.add(Fault("/product_book", times=None, status=200, body=body))
    with pytest.raises(error):
        desk.market().touch("COIN-USD")


def test_pages_that_never_end_are_a_fault(desk, private):
    for i in range(8):
        body = f'{{"accounts": [], "has_next": true, "cursor": "{i}"}}'
        desk.exchange.faults.add(Fault("/accounts", status=200, body=body))
    with pytest.raises(Unavailable, match="do not end"):
        replace(private, most_pages=3).balances()


def test_pages_that_lead_back_to_one_before_are_a_fault_at_once(desk, private):
    for cursor in "ABABAB":
        body = f'{{"fills": [], "cursor": "{cursor}"}}'
        desk.exchange.faults.add(Fault("/fills", status=200, body=body))
    with pytest.raises(Unavailable, match="lead back"):
        private.fills()
    assert len([one for one in desk.exchange.requests if one.path.endswith("/fills")]) == 3


def test_an_order_document_without_its_order_is_asked_again(desk, private):
    placed = private.place(buy(), TRADED)
    desk.exchange.faults.add(Fault("/historical/0000", status=200, body='{"order": null}'))
    assert private.order(placed.order_id).status == "OPEN"
    odd = {"order_configuration": {"x": None}, "side": "BUY", "order_id": "o", "product_id": "p"}
    assert parse_order(odd).limit_price is None
    assert parse_order(odd | {"order_configuration": {}}).base_size is None


def test_a_wallet_below_zero_is_not_told(desk, private):
    odd = {"available_balance": {"value": "-0.1", "currency": "USD"}}
    desk.exchange.faults.add(Fault("/accounts", rows=empty(odd)))
    assert private.balances() == []


def test_half_a_character_is_told_as_a_question_mark():
    assert text({"message": "a\ud800b"}, "message") == "a?b"


def test_an_order_is_asked_for_by_its_id_whatever_that_is(desk, private):
    assert private.order("../../accounts?x=") is None
    assert "accounts" not in [part for r in desk.exchange.requests for part in r.path.split("/")]
