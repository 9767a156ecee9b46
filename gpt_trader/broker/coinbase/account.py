"""What Coinbase says of an account, read into values.

A row that cannot be read is left out and counted; words that nobody knows yet are kept as they are.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from gpt_trader.broker.coinbase.parse import Parsed, each, moment_ms, text
from gpt_trader.domain.account import (
    Balance,
    CancelResult,
    FeeTier,
    Permissions,
    Placed,
    Portfolio,
    Preview,
    Refused,
    RemoteFill,
    RemoteOrder,
)
from gpt_trader.domain.number import read_decimal
from gpt_trader.domain.order import OrderStatus, OrderType
from gpt_trader.errors import AuthError, Unavailable

ZERO = Decimal(0)
SIDES = {"BUY": 1, "SELL": -1}
KINDS = {
    "MARKET": OrderType.MARKET,
    "LIMIT": OrderType.LIMIT,
    "STOP_LIMIT": OrderType.STOP_LIMIT,
    "BRACKET": OrderType.BRACKET,
}
WALLETS = ("ACCOUNT_TYPE_CRYPTO", "ACCOUNT_TYPE_FIAT")  # not vaults, not those of futures
UNSAID = ("", "ACCOUNT_TYPE_UNSPECIFIED")
PLATFORMS = ("", "ACCOUNT_PLATFORM_UNSPECIFIED", "ACCOUNT_PLATFORM_CONSUMER")
LIVES = {
    "PENDING": OrderStatus.OPEN,
    "QUEUED": OrderStatus.OPEN,
    "OPEN": OrderStatus.OPEN,
    "EDIT_QUEUED": OrderStatus.OPEN,
    "CANCEL_QUEUED": OrderStatus.OPEN,
    "FILLED": OrderStatus.FILLED,
    "CANCELLED": OrderStatus.CANCELLED,
    "EXPIRED": OrderStatus.EXPIRED,
    "FAILED": OrderStatus.REJECTED,
}


class Wallet(NamedTuple):
    """One wallet that spot orders draw on. available and hold: None where they cannot be read."""

    uuid: str
    currency: str
    available: Decimal | None
    hold: Decimal | None


def parse_wallets(document: Mapping[str, Any]) -> Parsed[Wallet]:
    """Return the wallets of a page of accounts, without those that no spot order can use."""
    return each(document, "accounts", _wallet)


def _wallet(row: Mapping[str, Any]) -> Wallet | None:
    currency, kind = text(row, "currency"), text(row, "type")
    if not currency or not _is_spot(row, kind):
        return None
    available, hold = (_amount(row.get(name)) for name in ("available_balance", "hold"))
    if kind in UNSAID:  # it may be a vault's
        available = hold = None
    return Wallet(text(row, "uuid"), currency, available, hold)


def _is_spot(row: Mapping[str, Any], kind: str) -> bool:
    """Whether orders can use a wallet; what is not told of it is no reason that they cannot."""
    is_alive = row.get("active") is not False and row.get("ready") is not False
    is_ours = kind in (*UNSAID, *WALLETS) and text(row, "platform") in PLATFORMS
    return is_ours and is_alive and not row.get("deleted_at")


def _amount(value: object) -> Decimal | None:
    """Return what of a wallet is told; below 0 is nothing that a wallet can hold."""
    found = read_decimal(value.get("value")) if isinstance(value, dict) else None
    return None if found is None or found < 0 else found


def add_up(wallets: Iterable[Wallet]) -> list[Balance]:
    """Return one balance a currency, each wallet counted once; none where one cannot be read."""
    once = {one.uuid or str(at): one for at, one in enumerate(wallets)}
    found: dict[str, Balance] = {}
    unread: set[str] = set()
    for one in once.values():
        if one.available is None or one.hold is None:
            unread.add(one.currency)
            continue
        known = found.get(one.currency, Balance(one.currency, ZERO, ZERO))
        found[one.currency] = Balance(
            one.currency, known.available + one.available, known.hold + one.hold
        )
    return [one for one in found.values() if one.currency not in unread]


def parse_permissions(document: Mapping[str, Any]) -> Permissions:
    """Return what a key may do. Raises Unavailable if the answer does not say it.

    AuthError: the key is of no portfolio, by which sessions and their locks are told apart.
    """
    if not isinstance(document.get("can_view"), bool):
        raise Unavailable("Coinbase does not say what this key may do")
    if not text(document, "portfolio_uuid").strip():
        raise AuthError(
            "Coinbase names no portfolio that this key belongs to",
            hint="make a key of one portfolio, with the rights view and trade",
        )
    return Permissions(
        document["can_view"] is True,
        document.get("can_trade") is True,
        document.get("can_transfer") is not False,  # unsaid is no promise
        text(document, "portfolio_uuid"),
        text(document, "portfolio_type"),
    )


def parse_fee_tier(document: Mapping[str, Any]) -> FeeTier:
    """Return the account's tier. Raises Unavailable if the answer has no rates."""
    tier = document.get("fee_tier")
    tier = tier if isinstance(tier, dict) else {}
    maker, taker = (read_decimal(tier.get(name)) for name in ("maker_fee_rate", "taker_fee_rate"))
    if maker is None or taker is None:
        raise Unavailable("Coinbase does not say which fees this account pays")
    return FeeTier(
        text(tier, "pricing_tier"),
        maker,
        taker,
        read_decimal(document.get("total_volume")),
        read_decimal(document.get("total_fees")),
    )


def parse_portfolios(document: Mapping[str, Any]) -> Parsed[Portfolio]:
    """Return the portfolios of an answer."""
    return each(document, "portfolios", _portfolio)


def _portfolio(row: Mapping[str, Any]) -> Portfolio | None:
    uuid = text(row, "uuid")
    if not uuid:
        return None
    return Portfolio(uuid, text(row, "name"), text(row, "type"), row.get("deleted") is True)


def parse_orders(document: Mapping[str, Any]) -> Parsed[RemoteOrder]:
    """Return the orders of a page."""
    return each(document, "orders", parse_order)


def parse_order(row: Mapping[str, Any]) -> RemoteOrder | None:
    """Return an order of the REST API; None if it lacks an id, a product or a side."""
    side, sizes = SIDES.get(text(row, "side").upper()), _terms(row.get("order_configuration"))
    if not text(row, "order_id") or not text(row, "product_id") or side is None:
        return None
    return RemoteOrder(
        order_id=text(row, "order_id"),
        client_order_id=text(row, "client_order_id"),
        product_id=text(row, "product_id"),
        side=side,
        status=text(row, "status").upper(),
        life=_life(row),
        order_type=text(row, "order_type").upper(),
        kind=KINDS.get(text(row, "order_type").upper()),
        tif=text(row, "time_in_force").upper(),
        limit_price=read_decimal(sizes.get("limit_price")),
        stop_price=read_decimal(sizes.get("stop_price") or sizes.get("stop_trigger_price")),
        base_size=read_decimal(sizes.get("base_size")),
        quote_size=read_decimal(sizes.get("quote_size")),
        filled_size=read_decimal(row.get("filled_size")),
        filled_value=read_decimal(row.get("filled_value")),
        total_fees=read_decimal(row.get("total_fees")),
        created_ms=moment_ms(row.get("created_time")),
        post_only=sizes.get("post_only") is True,
        reject_reason=_why_rejected(row),
        cancel_message=text(row, "cancel_message"),
        average_price=read_decimal(row.get("average_filled_price")),
    )


def _why_rejected(row: Mapping[str, Any]) -> str:
    """Return why an order was rejected, with the exchange's own words; "" if it does not say.

    Every order has a reason, and mostly it is that none is specified.
    """
    reason = text(row, "reject_reason")
    words = ("" if reason.endswith("UNSPECIFIED") else reason, text(row, "reject_message"))
    return ": ".join(word for word in words if word)


def _life(row: Mapping[str, Any]) -> OrderStatus | None:
    """Return our word for an order's status; None for one that nobody knows: it proves nothing."""
    found = LIVES.get(text(row, "status").upper())
    if found is OrderStatus.OPEN and text(row, "trigger_status").upper() == "STOP_TRIGGERED":
        return OrderStatus.TRIGGERED
    return found


def _terms(configuration: object) -> Mapping[str, Any]:
    """Return the fields of an order's one configuration."""
    if isinstance(configuration, dict):
        for terms in configuration.values():
            if isinstance(terms, dict):
                return terms
    return {}


def parse_user_order(row: Mapping[str, Any]) -> RemoteOrder | None:
    """Return an order of the user channel, in the words of the REST API; None as `parse_order`."""
    side = SIDES.get(text(row, "order_side").upper())
    kind = text(row, "order_type").upper().replace(" ", "_")
    if not text(row, "order_id") or not text(row, "product_id") or side is None:
        return None
    return RemoteOrder(
        order_id=text(row, "order_id"),
        client_order_id=text(row, "client_order_id"),
        product_id=text(row, "product_id"),
        side=side,
        status=text(row, "status").upper(),
        life=_life(row),
        order_type=kind,
        kind=KINDS.get(kind),
        tif=text(row, "time_in_force").upper(),
        limit_price=read_decimal(row.get("limit_price")),
        stop_price=read_decimal(row.get("stop_price")),
        base_size=_size_now(row),
        quote_size=None,
        filled_size=read_decimal(row.get("cumulative_quantity")),
        filled_value=read_decimal(row.get("filled_value")),
        total_fees=read_decimal(row.get("total_fees")),
        created_ms=moment_ms(row.get("creation_time")),
        post_only=str(row.get("post_only")).lower() == "true",
        reject_reason=_why_rejected(row),
        cancel_message=text(row, "cancel_reason"),
        average_price=read_decimal(row.get("avg_price")),
    )


def _size_now(row: Mapping[str, Any]) -> Decimal | None:
    """Return the size of an order of the user channel that rests: filled and left; None: unsaid.

    Of one that has ended nothing is left, whatever its size was.
    """
    filled, left = (read_decimal(row.get(f"{name}_quantity")) for name in ("cumulative", "leaves"))
    is_open = _life(row) is OrderStatus.OPEN
    return filled + left if is_open and filled is not None and left else None


def parse_fills(document: Mapping[str, Any]) -> Parsed[RemoteFill]:
    """Return the fills of a page."""
    return each(document, "fills", _fill)


def _fill(row: Mapping[str, Any]) -> RemoteFill | None:
    side, trade_ms = SIDES.get(text(row, "side").upper()), moment_ms(row.get("trade_time"))
    price, size = read_decimal(row.get("price")), read_decimal(row.get("size"))
    order_id = text(row, "order_id")
    if side is None or trade_ms is None or price is None or size is None or not order_id:
        return None
    if row.get("size_in_quote") is True:
        if not price:
            return None
        size /= price
    return RemoteFill(
        text(row, "entry_id"),
        text(row, "trade_id"),
        order_id,
        text(row, "product_id"),
        side,
        trade_ms,
        text(row, "trade_type").upper(),
        price,
        size,
        read_decimal(row.get("commission")) or ZERO,
        text(row, "liquidity_indicator").upper(),
        moment_ms(row.get("sequence_timestamp")),
    )


def parse_preview(document: Mapping[str, Any]) -> Preview:
    """Return what an order would come to. Raises Unavailable if the answer says nothing."""
    if not {"errs", "order_total", "preview_id"} & set(document):
        raise Unavailable("Coinbase answered a preview with nothing")

    def number(name: str) -> Decimal | None:
        return read_decimal(document.get(name))

    return Preview(
        errors=_texts(document.get("errs")),
        warnings=_texts(document.get("warning")),
        order_total=number("order_total"),
        commission_total=number("commission_total"),
        best_bid=number("best_bid"),
        best_ask=number("best_ask"),
        base_size=number("base_size"),
        quote_size=number("quote_size"),
        slippage=number("slippage"),
        preview_id=text(document, "preview_id"),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def parse_created(document: Mapping[str, Any]) -> Placed | Refused | None:
    """Return what became of an order that was sent; None: the answer does not prove it."""
    success = document.get("success")
    if success is True:
        taken = document.get("success_response")
        if isinstance(taken, dict) and text(taken, "order_id"):
            return Placed(text(taken, "order_id"), text(taken, "client_order_id"))
        return None
    refused = document.get("error_response")
    if success is False and isinstance(refused, dict):
        return _refusal(refused, ("new_order_failure_reason", "preview_failure_reason", "error"))
    return None


def parse_edited(document: Mapping[str, Any]) -> Refused | bool:
    """Return True if an edit was taken, False if the answer does not say, else the refusal."""
    if document.get("success") is True:
        return True
    errors = document.get("errors")
    if document.get("success") is False:
        first = errors[0] if isinstance(errors, list) and errors else {}
        first = first if isinstance(first, dict) else {}
        return _refusal(first, ("edit_failure_reason", "preview_failure_reason"))
    return False


def _refusal(found: Mapping[str, Any], names: tuple[str, ...]) -> Refused:
    """Return the reason that says something: the others often say only that it is unknown."""
    words = [text(found, name) for name in names]
    useful = [word for word in words if word and "UNKNOWN" not in word]
    reason = (useful or [word for word in words if word] or ["UNKNOWN"])[0]
    told = text(found, "message") or text(found, "error_details")
    return Refused(reason, told or ("" if useful else "no reason given"))


def parse_cancels(document: Mapping[str, Any]) -> Parsed[CancelResult]:
    """Return the result for each order of a cancel."""
    return each(document, "results", _cancel)


def _cancel(row: Mapping[str, Any]) -> CancelResult | None:
    order_id = text(row, "order_id")
    if not order_id:
        return None
    return CancelResult(order_id, row.get("success") is True, text(row, "failure_reason"))
