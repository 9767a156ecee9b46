"""The private REST API: pure functions from the books and a request to an answer."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import takewhile
from typing import Any

from tests.emulator.auth import Key
from tests.emulator.books import TYPES, Books, Fill, Order, Refusal
from tests.emulator.rest import Answer, error, one

MOST_CANCELS = 100


def answer(
    books: Books,
    key: Key,
    method: str,
    parts: list[str],
    query: dict[str, list[str]],
    body: dict[str, Any],
    now_ms: int,
) -> Answer | None:
    """Return what the exchange says to a signed request; None: no such route."""
    if method == "POST" and parts[:1] == ["orders"]:
        if not key.can_trade:
            return error(403, "PERMISSION_DENIED", "Missing required scopes")
        return _post(books, parts[1:], body, now_ms)
    if method != "GET":
        return None
    match parts:
        case ["key_permissions"]:
            return Answer(200, _permissions(key))
        case ["accounts"]:
            return _accounts(books, query)
        case ["transaction_summary"]:
            return Answer(200, _summary(books))
        case ["portfolios"]:
            row = {"name": "Default", "uuid": key.portfolio, "type": "DEFAULT", "deleted": False}
            return Answer(200, {"portfolios": [row]})
        case ["best_bid_ask"]:
            wanted = query.get("product_ids", list(books.touch))
            return Answer(200, {"pricebooks": [_book(books, p, now_ms) for p in wanted]})
        case ["orders", "historical", "batch"]:
            return _orders(books, query, now_ms)
        case ["orders", "historical", "fills"]:
            return _fills(books, query)
        case ["orders", "historical", order_id]:
            order = books.orders.get(order_id)
            if order is None or now_ms < order.visible_ms:
                return error(404, "NOT_FOUND", "order not found")
            return Answer(200, {"order": order_row(order)})
    return None


def _post(books: Books, parts: list[str], body: dict[str, Any], now_ms: int) -> Answer | None:
    match parts:
        case []:
            return _create(books, body, now_ms)
        case ["preview"]:
            return _preview(books, body, now_ms)
        case ["edit"]:
            why = books.edit(body.get("order_id", ""), body.get("price"), body.get("size"), now_ms)
            failure = {"edit_failure_reason": why, "preview_failure_reason": ""}
            return Answer(200, {"success": True} if why is None else _not([failure]))
        case ["batch_cancel"]:
            ids = body.get("order_ids") or []
            if len(ids) > MOST_CANCELS:
                return error(400, "INVALID_ARGUMENT", "too many orders")
            results = [_cancelled(order_id, books.cancel(order_id, now_ms)) for order_id in ids]
            return Answer(200, {"results": results})
    return None


def _not(errors: list[dict[str, Any]]) -> dict[str, Any]:
    return {"success": False, "errors": errors}


def _create(books: Books, body: dict[str, Any], now_ms: int) -> Answer:
    configuration = body.get("order_configuration")
    try:
        order = books.create(body, now_ms)
    except Refusal as refusal:
        reason = str(refusal)
        is_preview = reason.startswith("PREVIEW_")
        failure = {
            "error": "UNKNOWN_FAILURE_REASON" if is_preview else reason,
            "message": f"refused: {reason}",
            "error_details": "",
            "preview_failure_reason": reason if is_preview else "UNKNOWN_PREVIEW_FAILURE_REASON",
            "new_order_failure_reason": "UNKNOWN_FAILURE_REASON" if is_preview else reason,
        }
        return Answer(
            200,
            {"success": False, "error_response": failure, "order_configuration": configuration},
        )
    taken = {
        "order_id": order.order_id,
        "product_id": order.product_id,
        "side": order.side,
        "client_order_id": order.client_order_id,
        "attached_order_id": "",
    }
    return Answer(
        200, {"success": True, "success_response": taken, "order_configuration": configuration}
    )


def _preview(books: Books, body: dict[str, Any], now_ms: int) -> Answer:
    errors: list[str] = []
    total = fee = Decimal(0)
    try:
        order = books.checked(body, now_ms)
        bid, ask = books.touch[order.product_id]
        price = order.limit or (ask if order.side == "BUY" else bid)
        value = order.budget / (1 + order.taker_rate) if order.budget else order.left * price
        fee = value * (order.maker_rate if order.post_only else order.taker_rate)
        total = value + fee if order.side == "BUY" else value - fee
    except Refusal as refusal:
        reason = str(refusal)
        errors = [reason if reason.startswith("PREVIEW_") else f"PREVIEW_{reason}"]
    touch = books.touch.get(body.get("product_id", ""), ("", ""))
    return Answer(
        200,
        {
            "order_total": plain(total),
            "commission_total": plain(fee),
            "errs": errors,
            "warning": [],
            "best_bid": str(touch[0]),
            "best_ask": str(touch[1]),
            "base_size": "",
            "quote_size": "",
            "slippage": "0",
            "preview_id": "preview",
            "pnl_configuration": None,
        },
    )


def _cancelled(order_id: str, why: str | None) -> dict[str, Any]:
    reason = why or "UNKNOWN_CANCEL_FAILURE_REASON"
    return {"success": why is None, "failure_reason": reason, "order_id": order_id}


def _permissions(key: Key) -> dict[str, Any]:
    return {
        "can_view": key.can_view,
        "can_trade": key.can_trade,
        "can_transfer": key.can_transfer,
        "portfolio_uuid": key.portfolio,
        "portfolio_type": "DEFAULT",
    }


def _accounts(books: Books, query: dict[str, list[str]]) -> Answer:
    limit, start = min(int(one(query, "limit", "49")), 250), int(one(query, "cursor", "0") or 0)
    names = sorted(books.totals)
    rows = [
        {
            "uuid": f"account-{name}",
            "name": f"{name} Wallet",
            "currency": name,
            "available_balance": {"value": plain(books.available(name)), "currency": name},
            "default": True,
            "active": True,
            "type": "ACCOUNT_TYPE_FIAT" if name == "USD" else "ACCOUNT_TYPE_CRYPTO",
            "ready": True,
            "deleted_at": None,
            "hold": {"value": plain(books.hold(name)), "currency": name},
        }
        for name in names[start : start + limit]
    ]
    more = start + limit < len(names)
    return Answer(
        200,
        {
            "accounts": rows,
            "has_next": more,
            "cursor": str(start + limit) if more else "",
            "size": len(rows),
        },
    )


def _summary(books: Books) -> dict[str, Any]:
    return {
        "total_volume": 1234.5,
        "total_fees": 4.2,
        "fee_tier": {
            "pricing_tier": "Intro 1",
            "usd_from": "0",
            "usd_to": "10000",
            "taker_fee_rate": str(books.taker_rate),
            "maker_fee_rate": str(books.maker_rate),
        },
        "margin_rate": None,
        "advanced_trade_only_volume": 1234.5,
        "total_balance": "",
    }


def _book(books: Books, product_id: str, now_ms: int) -> dict[str, Any]:
    bid, ask = books.touch[product_id]
    return {
        "product_id": product_id,
        "bids": [{"price": plain(bid), "size": "1"}],
        "asks": [{"price": plain(ask), "size": "1"}],
        "time": iso(now_ms),
    }


def _orders(books: Books, query: dict[str, list[str]], now_ms: int) -> Answer:
    statuses = query.get("order_status", [])
    if "OPEN" in statuses and len(statuses) > 1:
        return error(400, "INVALID_ARGUMENT", "OPEN cannot be mixed with other statuses")
    first, last = (_ms(one(query, name, "")) for name in ("start_date", "end_date"))
    newest: Iterable[Order] = reversed(books.orders.values())
    if "OPEN" in statuses:
        newest = reversed(books.live())
    elif first is not None:  # they are in the order of their creation
        newest = takewhile(lambda o: o.created_ms >= first, newest)
    found = [o for o in newest if now_ms >= o.visible_ms]
    if statuses:
        found = [o for o in found if o.status in statuses]
    if "product_ids" in query:
        found = [o for o in found if o.product_id in query["product_ids"]]
    if "order_ids" in query:
        found = [o for o in found if o.order_id in query["order_ids"]]
    if "OPEN" not in statuses:
        found = [o for o in found if last is None or o.created_ms < last]
    limit, start = int(one(query, "limit", "100")), int(one(query, "cursor", "0") or 0)
    more = start + limit < len(found)
    return Answer(
        200,
        {
            "orders": [order_row(o) for o in found[start : start + limit]],
            "sequence": "0",
            "has_next": more,
            "cursor": str(start + limit) if more else "",
        },
    )


def _fills(books: Books, query: dict[str, list[str]]) -> Answer:
    first = _ms(one(query, "start_sequence_timestamp", ""))
    newest: Iterable[Fill] = (f for f in reversed(books.fills) if not books.hides(f))
    if first is not None:
        newest = takewhile(lambda f: f.time_ms >= first, newest)
    found = list(newest)
    if "order_ids" in query:
        found = [f for f in found if f.order.order_id in query["order_ids"]]
    if "product_ids" in query:
        found = [f for f in found if f.order.product_id in query["product_ids"]]
    limit, start = int(one(query, "limit", "100")), int(one(query, "cursor", "0") or 0)
    more = start + limit < len(found)
    return Answer(
        200,
        {
            "fills": [fill_row(f) for f in found[start : start + limit]],
            "cursor": str(start + limit) if more else "",
        },
    )


class Row(dict[str, Any]):
    """A row that has been carried over the wire: plain JSON, and nobody's to change."""


def order_row(order: Order) -> Row:
    """Return an order as the REST API shows it; the same row until the order changes."""
    if order.row is None:
        order.row = Row(json.loads(json.dumps(_row(order))))
    return order.row


def _row(order: Order) -> dict[str, Any]:
    kind, tif = TYPES[order.kind]
    shown = (order.told if order.lags else None) or order.totals
    average = shown.value / shown.filled if shown.filled else None
    watching = kind in ("STOP_LIMIT", "BRACKET")
    trigger = "STOP_TRIGGERED" if order.triggered else "STOP_PENDING"
    return {
        "order_id": order.order_id,
        "product_id": order.product_id,
        "user_id": "user",
        "order_configuration": {order.kind: order.terms},
        "side": order.side,
        "client_order_id": order.client_order_id,
        "status": order.status,
        "time_in_force": tif,
        "a_new_field": {"of": ["any", "kind"]},
        "created_time": iso(order.created_ms),
        "completion_percentage": "0",
        "filled_size": plain(shown.filled),
        "average_filled_price": ""
        if average is None
        else plain(average.quantize(Decimal("1e-12"))),
        "fee": "",
        "number_of_fills": str(shown.fills),
        "filled_value": plain(shown.value),
        "pending_cancel": order.status == "CANCEL_QUEUED",
        "size_in_quote": order.budget is not None,
        "total_fees": plain(shown.fees),
        "size_inclusive_of_fees": order.budget is not None,
        "total_value_after_fees": plain(shown.value + shown.fees),
        "trigger_status": trigger if watching else "INVALID_ORDER_TYPE",
        "order_type": kind,
        "reject_reason": order.reject_reason,
        "settled": order.is_final,
        "product_type": "SPOT",
        "reject_message": "",
        "cancel_message": "",
        "order_placement_source": "RETAIL_ADVANCED",
        "outstanding_hold_amount": "0",
        "is_liquidation": False,
        "last_fill_time": None,
        "edit_history": [],
        "originating_order_id": "",
        "attached_order_id": "",
    }


def user_row(order: Order) -> dict[str, Any]:
    """Return an order as the user channel shows it."""
    kind, _ = TYPES[order.kind]
    shown = order.told or order.totals
    return {
        "order_id": order.order_id,
        "client_order_id": order.client_order_id,
        "product_id": order.product_id,
        "order_side": order.side,
        "order_type": kind.title().replace("_", " "),
        "status": order.status,
        "cumulative_quantity": plain(shown.filled),
        "leaves_quantity": "0" if order.is_final else plain(order.left),
        "avg_price": "0",
        "total_fees": plain(shown.fees),
        "filled_value": plain(shown.value),
        "number_of_fills": str(shown.fills),
        "completion_percentage": "0",
        "limit_price": "" if order.limit is None else plain(order.limit),
        "stop_price": "" if order.stop is None else plain(order.stop),
        "post_only": str(order.post_only).lower(),
        "creation_time": iso(order.created_ms),
        "end_time": "0001-01-01T00:00:00Z",
        "cancel_reason": "",
        "reject_reason": "",
        "trigger_status": "STOP_TRIGGERED" if order.triggered else "INVALID_ORDER_TYPE",
        "outstanding_hold_amount": "0",
    }


def fill_row(fill: Fill) -> dict[str, Any]:
    """Return a fill as the REST API shows it."""
    return {
        "entry_id": fill.entry_id,
        "trade_id": fill.trade_id,
        "order_id": fill.order.order_id,
        "trade_time": iso(fill.time_ms),
        "trade_type": "FILL",
        "price": plain(fill.price),
        "size": plain(fill.size),
        "commission": plain(fill.fee),
        "product_id": fill.order.product_id,
        "sequence_timestamp": iso(fill.time_ms),
        "liquidity_indicator": "MAKER" if fill.is_maker else "TAKER",
        "size_in_quote": False,
        "user_id": "user",
        "side": fill.order.side,
    }


def plain(number: Decimal) -> str:
    """Return a number as the wire writes it: no exponent, nothing rounded."""
    return format(number, "f")


def iso(time_ms: int) -> str:
    """Return a time as the wire writes it."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"


def _ms(text: str) -> int | None:
    return int(datetime.fromisoformat(text).timestamp() * 1000) if text else None
