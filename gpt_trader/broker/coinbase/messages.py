"""Reading Coinbase's WebSocket messages: pure, tolerant, and fast where there are many."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from gpt_trader.broker.coinbase.account import RemoteOrder, parse_user_order
from gpt_trader.broker.coinbase.parse import decimal, moment_ms
from gpt_trader.errors import Unavailable


class Frame(NamedTuple):
    """One message. sequence: its number on this connection, None if it says none."""

    channel: str
    sequence: int | None
    events: list[Any]


class Print(NamedTuple):
    """One trade of the tape as the stream tells it; price in quote, size in base units."""

    trade_id: str
    product_id: str
    time_ms: int
    price: Decimal
    size: float


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
    return Frame(
        str(found.get("channel", "")),
        sequence if isinstance(sequence, int) else None,
        events if isinstance(events, list) else [],
    )


def tickers(frame: Frame) -> Iterator[tuple[str, str, str]]:
    """Yield (product, best bid, best ask) as texts; those that lack one are left out."""
    for row in _rows(frame, "tickers"):
        product_id, bid, ask = row.get("product_id"), row.get("best_bid"), row.get("best_ask")
        if isinstance(product_id, str) and bid and ask:
            yield product_id, str(bid), str(ask)


def prints(frame: Frame) -> Iterator[Print]:
    """Yield the trades of a message; a row that cannot be read is left out."""
    for row in _rows(frame, "trades"):
        time_ms, price = moment_ms(row.get("time")), decimal(row.get("price"))
        product_id, size = row.get("product_id"), decimal(row.get("size"))
        if time_ms is None or price is None or size is None or not isinstance(product_id, str):
            continue
        yield Print(str(row.get("trade_id")), product_id, time_ms, price, float(size))


def orders(frame: Frame) -> Iterator[RemoteOrder]:
    """Yield the orders of a user message."""
    for row in _rows(frame, "orders"):
        found = parse_user_order(row)
        if found is not None:
            yield found


def _rows(frame: Frame, name: str) -> Iterator[dict[str, Any]]:
    for event in frame.events:
        rows = event.get(name) if isinstance(event, dict) else None
        if isinstance(rows, list):
            yield from (row for row in rows if isinstance(row, dict))
