"""Orders as the exchange tells them: previews, fills and history of a profile's account."""

from pathlib import Path
from typing import Any

from gpt_trader.app.account import reach_account
from gpt_trader.app.folders import session_folder
from gpt_trader.app.orders import OffGridError, OrderRequest, intent_of
from gpt_trader.data.catalog import normalize_id
from gpt_trader.domain.account import RemoteFill, RemoteOrder
from gpt_trader.domain.order import OrderStatus
from gpt_trader.domain.times import DAY_MS, format_time
from gpt_trader.errors import HaltError, UsageError
from gpt_trader.observe.cycle import order_json
from gpt_trader.runtime.explained import what_became_of
from gpt_trader.runtime.journaling import recover_state
from gpt_trader.runtime.session import view
from gpt_trader.runtime.venues import product_of, venue_of

Json = dict[str, Any]


def preview(asked: OrderRequest, profile: str | None, state_dir: Path | None) -> Json:
    """Return what the exchange says an order would come to; nothing is placed.

    Raises HaltError for an order that is off the product's grid.
    """
    reached = reach_account(profile, state_dir)
    product = product_of(reached.exchange.market.product(normalize_id(asked.product)))
    try:
        intent = intent_of(product, asked)
    except OffGridError as error:
        raise HaltError(f"refused: {error.reason.code}: {error.reason.detail}") from None
    terms = venue_of(reached.settings.venue).terms(intent, product)
    return {"request": terms} | reached.private.preview(intent, product)._asdict()


def fills(
    profile: str | None, state_dir: Path | None, product: str | None, days: int
) -> list[Json]:
    """Return the account's fills of so many days, newest first."""
    reached = reach_account(profile, state_dir)
    wanted = [] if product is None else [normalize_id(product)]
    since_ms = reached.exchange.now_ms() - days * DAY_MS
    return [_fill(one) for one in reached.private.fills(product_ids=wanted, since_ms=since_ms).rows]


def history(
    profile: str | None, state_dir: Path | None, product: str | None, days: int
) -> list[Json]:
    """Return the account's orders of so many days, of everybody, newest first."""
    reached = reach_account(profile, state_dir)
    wanted = [] if product is None else [normalize_id(product)]
    since_ms = reached.exchange.now_ms() - days * DAY_MS
    return [
        _order(one) for one in reached.private.orders(product_ids=wanted, since_ms=since_ms).rows
    ]


def look_up(order_id: str, profile: str | None, state_dir: Path | None) -> Json:
    """Return what the journal knows of an order and, with an account, what the exchange says.

    Raises UsageError if no order's id begins so, or several do.
    """
    with view(session_folder(profile, state_dir)) as (header, plan, journal):
        state = recover_state(journal, plan, header.cash)
        known = [key for key in state.orders if key.startswith(order_id)]
        if len(known) != 1:
            raise UsageError(
                f"{len(known)} orders begin with {order_id!r}", hint="see gpt-trader orders list"
            )
        order = state.orders[known[0]]
        why = what_became_of(plan, journal, order._replace(status=OrderStatus.WAITING), 0).why
    kept = order_json(plan, order) | {"why": why or None}
    data: Json = {"journal": kept, "exchange": None, "fills": []}
    if order.exchange_id:
        private = reach_account(profile, state_dir, header).private
        remote = private.order(order.exchange_id)
        data["exchange"] = None if remote is None else _order(remote)
        data["fills"] = [_fill(one) for one in private.fills(order_ids=[order.exchange_id]).rows]
    return data


def _fill(one: RemoteFill) -> Json:
    return {
        "time": format_time(one.trade_ms),
        "product": one.product_id,
        "side": "buy" if one.side > 0 else "sell",
        "size": one.size,
        "price": one.price,
        "fee": one.commission,
        "liquidity": one.liquidity.lower(),
        "order_id": one.order_id,
        "trade_id": one.trade_id,
    }


def _order(one: RemoteOrder) -> Json:
    return {
        "time": None if one.created_ms is None else format_time(one.created_ms),
        "product": one.product_id,
        "side": "buy" if one.side > 0 else "sell",
        "type": one.order_type.lower(),
        "size": one.base_size,
        "value": one.quote_size,
        "price": one.limit_price,
        "stop": one.stop_price,
        "filled": one.filled_size,
        "filled_value": one.filled_value,
        "fees": one.total_fees,
        "status": one.status,
        "why": one.reject_reason or one.cancel_message or None,
        "client_order_id": one.client_order_id,
        "order_id": one.order_id,
    }
