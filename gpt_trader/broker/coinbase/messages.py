"""Coinbase's words on its WebSocket: pure, tolerant, and fast where there are many."""

import json
from collections.abc import Iterator
from typing import Any

from gpt_trader.broker.coinbase.account import parse_user_order
from gpt_trader.broker.coinbase.parse import moment_ms
from gpt_trader.broker.coinbase.symbols import book_id
from gpt_trader.broker.exchange.stream import Channel, Dialect, Frame, News
from gpt_trader.broker.exchange.trade_bars import Print
from gpt_trader.domain.number import read_decimal
from gpt_trader.errors import Unavailable

MARKET_URL = "wss://advanced-trade-ws.coinbase.com"
USER_URL = "wss://advanced-trade-ws-user.coinbase.com"
HEARTBEAT = Channel("heartbeats")
NOTHING = News()


def market_channels(books: tuple[str, ...]) -> tuple[Channel, ...]:
    """Return the channels that tell some books' quotes and trades."""
    return (Channel("ticker", books), Channel("market_trades", books))


def subscribe(channel: Channel, token: str | None) -> str:
    """Return the message that asks for a channel."""
    asked: dict[str, object] = {"type": "subscribe", "channel": channel.name}
    if channel.product_ids:
        asked["product_ids"] = list(channel.product_ids)
    if token is not None:
        asked["jwt"] = token
    return json.dumps(asked)


def read(text: str | bytes) -> Frame:
    """Return a message; raises Unavailable if it is an error frame or no message at all."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Unavailable("a message that cannot be read") from None
    if not isinstance(found, dict):
        raise Unavailable("a message that is no object")
    if found.get("type") == "error":
        words = str(found.get("message"))[:200]
        raise Unavailable(f"Coinbase refuses: {words}")
    sequence, events = found.get("sequence_num"), found.get("events")
    if found.get("channel") == "user" and not isinstance(events, list):
        raise Unavailable("a report that cannot be read")  # what it said, a new snapshot says
    return Frame(
        str(found.get("channel", "")),
        sequence if isinstance(sequence, int) else None,
        events if isinstance(events, list) else [],
    )


def read_channels(frame: Frame) -> set[str]:
    """Return the channels that a message shows to be subscribed to."""
    if frame.channel != "subscriptions":
        return {"level2" if frame.channel == "l2_data" else frame.channel}
    found: set[str] = set()
    for event in frame.events:
        names = event.get("subscriptions") if isinstance(event, dict) else None
        found |= set(names) if isinstance(names, dict) else set()
    return found


def read_news(frame: Frame) -> News:
    """Return what a message tells, by its channel."""
    match frame.channel:
        case "ticker":
            return News(tickers(frame))
        case "market_trades":
            return News((), prints(frame))
        case "user":
            return _reports(frame)
        case _:
            return NOTHING


def tickers(frame: Frame) -> Iterator[tuple[str, str, str]]:
    """Yield (product, best bid, best ask) as texts; those that lack one are left out."""
    for row in _rows(frame, "tickers"):
        product_id, bid, ask = row.get("product_id"), row.get("best_bid"), row.get("best_ask")
        if isinstance(product_id, str) and bid and ask:
            yield product_id, str(bid), str(ask)


def prints(frame: Frame) -> Iterator[Print]:
    """Yield the trades of a message; a row that cannot be read is left out."""
    for row in _rows(frame, "trades"):
        time_ms, price = moment_ms(row.get("time")), read_decimal(row.get("price"))
        product_id, size = row.get("product_id"), read_decimal(row.get("size"))
        if time_ms is None or price is None or size is None or not isinstance(product_id, str):
            continue
        if price <= 0 or size < 0:
            continue
        yield Print(str(row.get("trade_id")), product_id, time_ms, price, float(size))


def _reports(frame: Frame) -> News:
    """Return the orders of a user message: none is passed over unsaid."""
    rows: list[object] = []
    for event in frame.events:
        told = event.get("orders") if isinstance(event, dict) else None
        rows += told if isinstance(told, list) else [told]
    found = [parse_user_order(row) if isinstance(row, dict) else None for row in rows]
    orders = [one for one in found if one is not None]
    is_unread = len(orders) < len(rows) or not all(one.is_told for one in orders)
    return News((), (), orders, is_unread)


def _rows(frame: Frame, name: str) -> Iterator[dict[str, Any]]:
    for event in frame.events:
        rows = event.get(name) if isinstance(event, dict) else None
        if isinstance(rows, list):
            for row in rows:
                if isinstance(row, dict):
                    yield row


DIALECT = Dialect(
    urls=(MARKET_URL, USER_URL),
    heartbeat=HEARTBEAT,
    market=market_channels,
    account=(Channel("user"),),
    book_id=book_id,
    subscribe=subscribe,
    read=read,
    confirmed=read_channels,
    told=read_news,
)
