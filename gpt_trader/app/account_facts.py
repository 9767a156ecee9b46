"""What an exchange tells of a profile's account, as JSON."""

from collections.abc import Sequence
from typing import Any

from gpt_trader.app.account import Reached, worths
from gpt_trader.broker.exchange.catalog import Listing, look_up
from gpt_trader.domain.account import Balance
from gpt_trader.domain.times import DAY_MS

Json = dict[str, Any]


def snapshot(reached: Reached) -> Json:
    """Return everything at once."""
    return {
        "permissions": permissions(reached),
        "balances": balances(reached),
        "fees": fees(reached),
        "open_orders": open_orders(reached),
        "limits": dict(reached.private.limits),
    }


def balances(reached: Reached) -> list[Json]:
    """Return each wallet: what is free, what orders hold, what it is worth."""
    wallets: Sequence[Balance] = sorted(reached.private.balances())
    worth = worths(reached, wallets)
    return [
        {
            "currency": one.currency,
            "total": one.total,
            "available": one.available,
            "hold": one.hold,
            "worth": worth[one.currency],
        }
        for one in wallets
    ]


def fees(reached: Reached) -> Json:
    """Return the fee tier and its rates."""
    tier = reached.private.fee_tier()
    return {
        "tier": tier.name,
        "maker_rate": tier.maker_rate,
        "taker_rate": tier.taker_rate,
        "round_trip_taker_pct": float(2 * tier.taker_rate * 100),
        "volume_30d": tier.volume_30d,
        "fees_30d": tier.fees_30d,
    }


def permissions(reached: Reached) -> Json:
    """Return what the key may do, and in which portfolio."""
    found: Json = reached.permissions()._asdict()
    return found


def open_orders(reached: Reached) -> list[Json]:
    """Return the orders that are open, of everybody."""
    since_ms = reached.exchange.now_ms() - DAY_MS
    return [
        {
            "client_order_id": one.client_order_id,
            "order_id": one.order_id,
            "product": one.product_id,
            "side": "buy" if one.side > 0 else "sell",
            "type": one.order_type,
            "status": one.status,
            "price": one.limit_price,
            "size": one.base_size,
            "filled": one.filled_size,
        }
        for one in reached.private.open_orders(since_ms).rows
    ]


def portfolios(reached: Reached) -> list[Json]:
    """Return the portfolios, and which of them the key trades in."""
    mine = reached.permissions().portfolio_uuid
    return [one._asdict() | {"is_traded": one.uuid == mine} for one in reached.private.portfolios()]


def limits(reached: Reached) -> tuple[Json, list[Json]]:
    """Return the limits on requests, and those on the orders of each product."""
    reached.permissions()
    products = [
        _limits_of(look_up(reached.exchange.market.product, name))
        for name in reached.settings.products
    ]
    keys = reached.settings.access
    requests = {
        "private_per_s": keys.private_requests_per_s,
        "public_per_s": keys.public_requests_per_s,
        "exchange_says": dict(reached.private.limits),
    }
    return requests, products


def _limits_of(found: Listing) -> Json:
    names = (
        "base_min_size", "quote_min_size", "base_increment", "price_increment",
        "quote_increment", "base_max_size", "quote_max_size",
    )  # fmt: skip
    told = {} if found.info is None else found.info._asdict()
    return {
        "product": found.product_id,
        **{name: told.get(name) for name in names},
        "modes": list(told.get("flags", ())),
        "closed": found.closed or None,
    }
