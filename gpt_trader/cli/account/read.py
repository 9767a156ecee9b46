"""What `gpt-trader account` reads from the exchange, as documents and tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from gpt_trader.app.account import Reached, reach_account, worths
from gpt_trader.cli import output
from gpt_trader.domain.account import Balance

Json = dict[str, Any]
DAY_MS = 86_400_000


def snapshot(profile: str | None, *, json: bool) -> None:
    """Show everything at once."""
    reached = reach_account(profile)
    data: Json = {
        "permissions": _permissions(reached),
        "balances": _balances(reached),
        "fees": _fees(reached),
        "open_orders": _open_orders(reached),
        "limits": dict(reached.private.limits),
    }
    output.emit("account snapshot", data, json=json)
    if json:
        return
    _pairs("key", data["permissions"])
    _wallets(data["balances"], reached.quote)
    _pairs("fees", data["fees"])
    _rows(("product", "side", "type", "status", "client_order_id"), data["open_orders"], "orders")


def balances(profile: str | None, *, json: bool) -> None:
    """Show each wallet."""
    reached = reach_account(profile)
    found = _balances(reached)
    output.emit("account balances", {"balances": found, "quote": reached.quote}, json=json)
    if not json:
        _wallets(found, reached.quote)


def fees(profile: str | None, *, json: bool) -> None:
    """Show the fee tier."""
    data = _fees(reach_account(profile))
    output.emit("account fees", data, json=json)
    if not json:
        _pairs("fees", data)


def permissions(profile: str | None, *, json: bool) -> None:
    """Show what the key may do."""
    data = _permissions(reach_account(profile))
    warnings = ["this key can move money out: a bot needs no such key"]
    output.emit("account permissions", data, warnings if data["can_transfer"] else [], json=json)
    if not json:
        _pairs("key", data)


def portfolios(profile: str | None, *, json: bool) -> None:
    """List the portfolios."""
    reached = reach_account(profile)
    mine = reached.private.permissions().portfolio_uuid
    found = [
        one._asdict() | {"is_traded": one.uuid == mine} for one in reached.private.portfolios()
    ]
    output.emit("account portfolios", {"portfolios": found}, json=json)
    if not json:
        _rows(("name", "type", "uuid", "is_traded"), found, "portfolios")


def limits(profile: str | None, *, json: bool) -> None:
    """Show limits on requests and orders."""
    reached = reach_account(profile)
    reached.private.permissions()
    names = reached.settings.products
    products = [
        {
            "product": info.product_id,
            "base_min_size": info.base_min_size,
            "quote_min_size": info.quote_min_size,
            "base_increment": info.base_increment,
            "price_increment": info.price_increment,
            "modes": list(info.flags),
        }
        for info in map(reached.exchange.market.product, names)
    ]
    keys = reached.settings.access
    requests = {
        "private_per_s": keys.private_requests_per_s,
        "public_per_s": keys.public_requests_per_s,
        "exchange_says": dict(reached.private.limits),
    }
    output.emit("account limits", {"requests": requests, "products": products}, json=json)
    if not json:
        _pairs("requests", requests)
        columns = ("product", "base_min_size", "quote_min_size", "base_increment", "modes")
        _rows(columns, products, "products")


def _balances(reached: Reached) -> list[Json]:
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


def _fees(reached: Reached) -> Json:
    tier = reached.private.fee_tier()
    return {
        "tier": tier.name,
        "maker_rate": tier.maker_rate,
        "taker_rate": tier.taker_rate,
        "round_trip_taker_pct": float(2 * tier.taker_rate * 100),
        "volume_30d": tier.volume_30d,
        "fees_30d": tier.fees_30d,
    }


def _permissions(reached: Reached) -> Json:
    found: Json = reached.private.permissions()._asdict()
    return found


def _open_orders(reached: Reached) -> list[Json]:
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
        for one in reached.private.open_orders(since_ms)
    ]


def _wallets(found: Sequence[Mapping[str, Any]], quote: str) -> None:
    columns = ("currency", "total", "available", "hold", "worth")
    rows = [one for one in found if one["total"]]
    _rows(columns, rows, f"wallets, worth in {quote}")
    if len(rows) < len(found):
        print(f"{len(found) - len(rows)} empty wallets are not shown")


def _pairs(title: str, data: Mapping[str, Any]) -> None:
    output.table((title, ""), [(name, _cell(value)) for name, value in data.items()])


def _rows(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], title: str) -> None:
    if not rows:
        print(f"{title}: none")
        return
    output.table(columns, [[_cell(row[name]) for name in columns] for row in rows], title=title)


def _cell(value: object) -> str:
    shown = output.plain(value)
    if isinstance(shown, list):
        return ", ".join(map(str, shown)) or "-"
    if isinstance(shown, dict):
        return ", ".join(f"{key} {one}" for key, one in shown.items()) or "-"
    return "-" if shown is None else str(shown)
