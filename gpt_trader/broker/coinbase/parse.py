"""From Coinbase's documents to values.

A row that cannot be read is left out and counted; whoever asked decides what that means. A document
without its rows is no empty page: it raises Unavailable, or a hole would be taken for silence.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from gpt_trader.domain.number import read_decimal
from gpt_trader.domain.venue import Candle, ProductInfo, Touch, Trade
from gpt_trader.errors import Unavailable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST_MS, LATEST_MS = 1_420_070_400_000, 4_102_444_800_000  # 2015 and 2100: else it is no time
SECOND_MS = 1_000
FLAGS = (
    "is_disabled",
    "trading_disabled",
    "cancel_only",
    "limit_only",
    "post_only",
    "auction_mode",
    "view_only",
)

CLOSED = {
    "is_disabled": "it is disabled",
    "trading_disabled": "trading is disabled",
    "cancel_only": "orders can only be cancelled",
    "post_only": "only orders that rest are taken",
    "auction_mode": "an auction is on",
    "view_only": "this account may only look at it",
}


class Parsed[T](NamedTuple):
    """The rows of a page that could be read, and how many could not."""

    rows: list[T]
    rejected: int


def candles(document: Mapping[str, Any]) -> Parsed[Candle]:
    """Return the candles of a page, oldest first."""
    found: Parsed[Candle] = each(document, "candles", _candle)
    found.rows.sort()
    return found


def trades(document: Mapping[str, Any]) -> Parsed[Trade]:
    """Return the trades of a page in the order of the page (newest first)."""
    return each(document, "trades", _trade)


def products(document: Mapping[str, Any]) -> Parsed[ProductInfo]:
    """Return the products of a page."""
    return each(document, "products", product)


def product(row: Mapping[str, Any]) -> ProductInfo | None:
    """Return one product; None without an id."""
    product_id = row.get("product_id")
    if not isinstance(product_id, str) or not product_id:
        return None
    flags = tuple(name for name in FLAGS if row.get(name) is True)
    return ProductInfo(
        product_id,
        text(row, "product_type"),
        text(row, "base_currency_id"),
        text(row, "quote_currency_id"),
        read_decimal(row.get("base_increment")),
        read_decimal(row.get("price_increment")),
        read_decimal(row.get("base_min_size")),
        read_decimal(row.get("quote_min_size")),
        text(row, "status"),
        flags,
        read_decimal(row.get("price")),
        read_decimal(row.get("volume_24h")),
        _say_closed(flags, text(row, "status")),
        read_decimal(row.get("quote_increment")),
        read_decimal(row.get("base_max_size")),
        read_decimal(row.get("quote_max_size")),
        limit_only="limit_only" in flags,
    )


def _say_closed(flags: tuple[str, ...], status: str) -> str:
    """Return why a position could not be entered, protected and left, "" if it could.

    limit_only is no reason, limit orders do all three. post_only is: no stop and no exit is taken.
    """
    for flag, words in CLOSED.items():
        if flag in flags:
            return words
    if status and status != "online":  # futures say nothing
        return f"it is {status}"
    return ""


def touch(document: Mapping[str, Any]) -> Touch | None:
    """Return the best bid and ask of a book; None if a side is empty or crossed.

    Raises Unavailable if the document has no book.
    """
    book = document.get("pricebook")
    if not isinstance(book, dict):
        raise Unavailable("Coinbase answered without pricebook")
    return _touch(book)


def touches(document: Mapping[str, Any]) -> list[Touch]:
    """Return the best bid and ask of each book that has both."""
    return each(document, "pricebooks", _touch).rows


def _touch(book: Mapping[str, Any]) -> Touch | None:
    bid, ask = (_best(book.get(side)) for side in ("bids", "asks"))
    moment = moment_ms(book.get("time"))
    if bid is None or ask is None or bid >= ask or moment is None:
        return None
    return Touch(text(book, "product_id"), moment, bid, ask)


def _best(levels: object) -> Decimal | None:
    if not isinstance(levels, list) or not levels or not isinstance(levels[0], dict):
        return None
    return read_decimal(levels[0].get("price"))


def time_ms(document: Mapping[str, Any]) -> int | None:
    """Return the exchange's time, ms UTC; None if the document does not tell it, or tells two."""
    found, seconds = (read_decimal(document.get(name)) for name in ("epochMillis", "epochSeconds"))
    if found is None or not EARLIEST_MS <= found < LATEST_MS:
        return None
    if seconds is not None and abs(found - seconds * 1000) > SECOND_MS:
        return None
    return int(found)


def each[T](
    document: Mapping[str, Any], name: str, read: Callable[[Mapping[str, Any]], T | None]
) -> Parsed[T]:
    """Return what `read` makes of each row below a name. Raises Unavailable without rows."""
    rows = document.get(name)
    if not isinstance(rows, list):
        raise Unavailable(f"Coinbase answered without {name}")
    found: list[T | None] = [read(row) if isinstance(row, dict) else None for row in rows]
    kept = [one for one in found if one is not None]
    return Parsed(kept, len(found) - len(kept))


def _candle(row: Mapping[str, Any]) -> Candle | None:
    start, low, high, first, last, volume = (
        read_decimal(row.get(name)) for name in ("start", "low", "high", "open", "close", "volume")
    )
    if start is None or None in (low, high, first, last):
        return None
    assert low is not None and high is not None and first is not None and last is not None  # noqa: PT018
    if start != start.to_integral_value():
        return None
    return Candle(
        int(start) * 1000, first, high, low, last, Decimal(0) if volume is None else volume
    )


def _trade(row: Mapping[str, Any]) -> Trade | None:
    trade_id, moment = row.get("trade_id"), moment_ms(row.get("time"))
    price, size = (read_decimal(row.get(name)) for name in ("price", "size"))
    if not trade_id or price is None or size is None or moment is None:
        return None
    return Trade(str(trade_id), moment, price, size, text(row, "side"))


def moment_ms(value: object) -> int | None:
    """Return an ISO time, ms UTC; None if it is none."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError):
        return None


def text(row: Mapping[str, Any], name: str) -> str:
    """Return a field's text; "" if it is absent or something else.

    Half a character, which JSON can say and nothing can write, becomes a question mark.
    """
    value = row.get(name)
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""
