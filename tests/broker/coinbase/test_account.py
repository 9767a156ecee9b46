"""What Coinbase says of an account is read tolerantly: less, more and other than expected."""

from decimal import Decimal

import pytest

from gpt_trader.broker.coinbase import account
from gpt_trader.domain.account import Placed, Refused, told_wallet
from gpt_trader.errors import AuthError, Unavailable

WALLET = {
    "currency": "BTC",
    "type": "ACCOUNT_TYPE_CRYPTO",
    "available_balance": {"value": "0.5", "currency": "BTC"},
    "hold": {"value": "0.1", "currency": "BTC"},
}
ORDER = {"order_id": "o", "product_id": "BTC-USD", "side": "BUY", "status": "OPEN"}
FILL = {
    "entry_id": "e",
    "order_id": "o",
    "product_id": "BTC-USD",
    "side": "SELL",
    "trade_time": "2026-11-01T00:00:00.123456Z",
    "price": "100",
    "size": "2",
    "commission": "0.1",
}


def balances(*rows):
    return account.add_up(account.parse_wallets({"accounts": list(rows)}).rows)


def wallet(currency, value, hold="0", **more):
    amounts = {"available_balance": {"value": value}, "hold": {"value": hold}}
    return {"currency": currency, "type": "ACCOUNT_TYPE_CRYPTO"} | amounts | more


def test_wallets():
    [found] = balances(WALLET)
    assert (found.currency, found.available, found.hold, found.total) == (
        "BTC",
        Decimal("0.5"),
        Decimal("0.1"),
        Decimal("0.6"),
    )
    with pytest.raises(Unavailable):
        account.parse_wallets({})


@pytest.mark.parametrize(
    "broken",
    [
        {"available_balance": None},
        {"available_balance": {}},
        {"available_balance": {"value": ""}},
        {"hold": None},
        {"hold": {"value": "NaN"}},
        {"type": ""},
        {"type": "ACCOUNT_TYPE_UNSPECIFIED"},
    ],
)
def test_a_wallet_that_cannot_be_read_is_missing_and_never_one_of_0(broken):
    usd = wallet("USD", "8000", type="ACCOUNT_TYPE_FIAT")
    assert balances(usd | broken, WALLET, 7, {}) == balances(WALLET)
    assert balances(usd | broken, usd) == [], "half of it is not it"


def test_only_wallets_that_spot_orders_can_use_are_counted():
    usd = wallet("USD", "1000", uuid="a", type="ACCOUNT_TYPE_FIAT", active=True, ready=True)
    btc = wallet("BTC", "0.01", uuid="b", active=True, ready=True, deleted_at=None)
    others = [
        wallet("BTC", "3", uuid="c", type="ACCOUNT_TYPE_VAULT"),
        wallet("USD", "50000", uuid="d", type="ACCOUNT_TYPE_VAULT"),
        wallet("USD", "7", uuid="e", type="ACCOUNT_TYPE_PERP_FUTURES"),
        btc | {"uuid": "f", "platform": "ACCOUNT_PLATFORM_CFM_CONSUMER"},
        btc | {"uuid": "g", "platform": "ACCOUNT_PLATFORM_INTX"},
        btc | {"uuid": "h", "active": False},
        btc | {"uuid": "i", "ready": False},
        btc | {"uuid": "j", "deleted_at": "2026-01-05T10:00:00Z"},
        btc | {"uuid": "k", "type": "ACCOUNT_TYPE_VAULT", "available_balance": None},
    ]
    cash, coins = balances(usd, btc, *others)
    assert cash == ("USD", 1000, 0)
    assert coins == ("BTC", Decimal("0.01"), 0)
    assert balances(btc, btc) == [coins], "a row that is told twice is one wallet"
    assert balances(btc, btc | {"uuid": "z"})[0].total == Decimal("0.02")
    assert balances(btc | {"platform": "ACCOUNT_PLATFORM_CONSUMER"}) == [coins]


def test_a_wallet_that_is_not_told_is_an_error():
    assert told_wallet({"BTC": Decimal(0)}, "BTC") == 0
    with pytest.raises(Unavailable, match="no wallet of USD"):
        told_wallet({"BTC": Decimal(0)}, "USD")


@pytest.mark.parametrize(
    "said, tells",
    [
        ({}, True),
        ({"filled_size": "0", "filled_value": "", "total_fees": ""}, True),
        ({"filled_size": ""}, False),
        ({"filled_size": "1", "filled_value": "9", "total_fees": "0"}, True),
        ({"filled_size": "1", "filled_value": "0"}, False),
        ({"filled_size": "1", "filled_value": ""}, False),
        ({"filled_size": "1", "filled_value": "-9"}, False),
        ({"filled_size": "1", "filled_value": "9", "total_fees": None}, False),
    ],
)
def test_an_order_tells_its_fills_whole_or_not_at_all(said, tells):
    none = {"filled_size": "0", "filled_value": "0", "total_fees": "0", "client_order_id": "c"}
    found = account.parse_order(ORDER | none | said)
    assert (found.tells_fills, found.is_told) == (tells, tells)
    assert not found._replace(life=None).is_told
    assert not found._replace(client_order_id="").is_told


def test_what_a_key_may_do_is_never_assumed():
    found = account.parse_permissions({"can_view": True, "portfolio_uuid": "p"})
    assert (found.can_view, found.can_trade, found.can_transfer) == (True, False, True)
    with pytest.raises(Unavailable):
        account.parse_permissions({})


@pytest.mark.parametrize("uuid", [{}, {"portfolio_uuid": ""}, {"portfolio_uuid": None}])
def test_a_key_without_a_portfolio_is_refused(uuid):
    with pytest.raises(AuthError, match="no portfolio"):
        account.parse_permissions({"can_view": True, "can_trade": True} | uuid)


@pytest.mark.parametrize("document", [{}, {"fee_tier": None}, {"fee_tier": {"maker_fee_rate": ""}}])
def test_fees_without_rates_are_no_fees(document):
    with pytest.raises(Unavailable):
        account.parse_fee_tier(document)


def test_empty_texts_are_absent_and_unknown_words_are_kept():
    [found] = account.parse_orders(
        {"orders": [ORDER | {"status": "frozen", "filled_size": "", "order_configuration": None}]}
    ).rows
    assert (found.life, found.kind) == (None, None), "words that nobody knows prove nothing"
    assert (found.status, found.filled_size, found.limit_price) == ("FROZEN", None, None)


@pytest.mark.parametrize("broken", [{"order_id": ""}, {"side": "HOLD"}, {"product_id": None}])
def test_a_bad_row_never_fails_a_page(broken):
    parsed = account.parse_orders({"orders": [ORDER, ORDER | broken, None]})
    assert (len(parsed.rows), parsed.rejected) == (1, 2)


def test_a_fill_in_quote_is_turned_into_base():
    rows = [FILL, FILL | {"size_in_quote": True, "size": "50"}, FILL | {"price": ""}]
    rows.append(FILL | {"size_in_quote": True, "price": "0"})
    parsed = account.parse_fills({"fills": rows})
    assert [one.size for one in parsed.rows] == [Decimal(2), Decimal("0.5")]
    assert parsed.rejected == 2


@pytest.mark.parametrize(
    "document, came",
    [
        ({"success": True, "success_response": {"order_id": "o"}}, Placed("o", "")),
        ({"success": True}, None),
        ({"success": True, "success_response": {"order_id": ""}}, None),
        ({}, None),
        ({"success": False}, None),
        ({"success": "true", "success_response": {"order_id": "o"}}, None),
        (
            {
                "success": False,
                "error_response": {
                    "error": "UNKNOWN_FAILURE_REASON",
                    "preview_failure_reason": "PREVIEW_INSUFFICIENT_FUND",
                    "new_order_failure_reason": "UNKNOWN_FAILURE_REASON",
                    "message": "no",
                },
            },
            Refused("PREVIEW_INSUFFICIENT_FUND", "no"),
        ),
        ({"success": False, "error_response": {}}, Refused("UNKNOWN", "no reason given")),
    ],
)
def test_only_a_whole_answer_proves_what_became_of_an_order(document, came):
    assert account.parse_created(document) == came


def test_edits_and_cancels():
    assert account.parse_edited({"success": True}) is True
    assert account.parse_edited({}) is False
    refused = {"success": False, "errors": [{"edit_failure_reason": "ORDER_NOT_FOUND"}]}
    assert account.parse_edited(refused) == Refused("ORDER_NOT_FOUND", "")
    assert account.parse_edited({"success": False, "errors": None}) == Refused(
        "UNKNOWN", "no reason given"
    )
    rows = [{"success": True, "order_id": "o", "failure_reason": "UNKNOWN_CANCEL_FAILURE_REASON"}]
    assert account.parse_cancels({"results": [*rows, {}]}).rows[0].success


def test_a_preview_may_say_little_but_not_nothing():
    found = account.parse_preview({"errs": ["PREVIEW_INVALID_SIDE"], "order_total": ""})
    assert (found.errors, found.order_total) == (("PREVIEW_INVALID_SIDE",), None)
    with pytest.raises(Unavailable):
        account.parse_preview({"odd": 1})


FILLED = ORDER | {
    "status": "FILLED",
    "filled_size": "0.5",
    "filled_value": "50",
    "total_fees": "0.6",
    "average_filled_price": "100",
}


@pytest.mark.parametrize(
    "change, tells",
    [
        ({}, True),
        ({"average_filled_price": ""}, True),
        ({"average_filled_price": "100.4"}, True),
        ({"filled_size": "0", "filled_value": "0"}, True),
        ({"filled_value": "0"}, False),
        ({"filled_value": "-50"}, False),
        ({"filled_value": True}, False),
        ({"filled_size": True}, False),
        ({"filled_size": "-0.5"}, False),
        ({"total_fees": False}, False),
        ({"total_fees": "6"}, False),
        (
            {
                "filled_size": "0.0000008",
                "filled_value": "0.04",
                "total_fees": "0.01",
                "average_filled_price": "50000",
            },
            True,
        ),
        (
            {
                "filled_size": "0.0000008",
                "filled_value": "0.04",
                "total_fees": "0.02",
                "average_filled_price": "50000",
            },
            False,
        ),
        ({"average_filled_price": "90"}, False),
        ({"order_configuration": {"limit_limit_gtc": {"base_size": "0.4"}}}, False),
    ],
)
def test_a_row_that_contradicts_itself_tells_nothing_of_fills(change, tells):
    assert account.parse_order(FILLED | change).tells_fills is tells


@pytest.mark.parametrize(
    "refusal, words",
    [
        ({}, "UNKNOWN: no reason given"),
        ({"error": "UNKNOWN_FAILURE_REASON"}, "UNKNOWN_FAILURE_REASON: no reason given"),
        ({"error": "INSUFFICIENT_FUND", "message": ""}, "INSUFFICIENT_FUND"),
        ({"error": "", "message": "too late"}, "UNKNOWN: too late"),
    ],
)
def test_a_refusal_without_a_reason_says_so(refusal, words):
    document = {"success": False, "error_response": refusal}
    assert account.parse_created(document).words == words
