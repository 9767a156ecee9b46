"""What Coinbase says of an account is read tolerantly: less, more and other than expected."""

from decimal import Decimal

import pytest

from gpt_trader.broker.coinbase import account
from gpt_trader.domain.account import Placed, Refused
from gpt_trader.errors import Unavailable

WALLET = {
    "currency": "BTC",
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


def test_wallets():
    [found] = account.parse_balances({"accounts": [WALLET]}).rows
    assert (found.currency, found.available, found.hold, found.total) == (
        "BTC",
        Decimal("0.5"),
        Decimal("0.1"),
        Decimal("0.6"),
    )
    rows = [{}, {"currency": "X"}, 7, WALLET | {"hold": None}]
    parsed = account.parse_balances({"accounts": rows})
    assert (len(parsed.rows), parsed.rejected) == (1, 3)
    with pytest.raises(Unavailable):
        account.parse_balances({})


def test_what_a_key_may_do_is_never_assumed():
    found = account.parse_permissions({"can_view": True})
    assert (found.can_view, found.can_trade, found.can_transfer) == (True, False, True)
    with pytest.raises(Unavailable):
        account.parse_permissions({})


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
        ({"success": False, "error_response": {}}, Refused("UNKNOWN", "")),
    ],
)
def test_only_a_whole_answer_proves_what_became_of_an_order(document, came):
    assert account.parse_created(document) == came


def test_edits_and_cancels():
    assert account.parse_edited({"success": True}) is True
    assert account.parse_edited({}) is False
    refused = {"success": False, "errors": [{"edit_failure_reason": "ORDER_NOT_FOUND"}]}
    assert account.parse_edited(refused) == Refused("ORDER_NOT_FOUND", "")
    assert account.parse_edited({"success": False, "errors": None}) == Refused("UNKNOWN", "")
    rows = [{"success": True, "order_id": "o", "failure_reason": "UNKNOWN_CANCEL_FAILURE_REASON"}]
    assert account.parse_cancels({"results": [*rows, {}]}).rows[0].success


def test_a_preview_may_say_little_but_not_nothing():
    found = account.parse_preview({"errs": ["PREVIEW_INVALID_SIDE"], "order_total": ""})
    assert (found.errors, found.order_total) == (("PREVIEW_INVALID_SIDE",), None)
    with pytest.raises(Unavailable):
        account.parse_preview({"odd": 1})
