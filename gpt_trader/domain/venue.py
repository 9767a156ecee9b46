"""What an exchange says: its products and prices now, and the past, exact as it was written."""

from decimal import Decimal
from typing import NamedTuple


class Candle(NamedTuple):
    """One bar as an exchange states it: prices in quote units, volume in base units."""

    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class Trade(NamedTuple):
    """One trade of the public tape. maker_side: "BUY" or "SELL", of the resting order."""

    trade_id: str
    time_ms: int
    price: Decimal
    size: Decimal
    maker_side: str


class Touch(NamedTuple):
    """A product's best bid and ask in quote units, and when they were so."""

    product_id: str
    time_ms: int
    bid: Decimal
    ask: Decimal


class ProductInfo(NamedTuple):
    """What an exchange says of a product; None where it says nothing.

    product_type, status, flags: the exchange's words. closed: why no order of it would be taken
    now, "" if it would. limit_only: whether market orders would not.
    """

    product_id: str
    product_type: str
    base_currency: str
    quote_currency: str
    base_increment: Decimal | None
    price_increment: Decimal | None
    base_min_size: Decimal | None
    quote_min_size: Decimal | None
    status: str
    flags: tuple[str, ...]
    price: Decimal | None
    volume_24h: Decimal | None
    closed: str = ""
    quote_increment: Decimal | None = None
    base_max_size: Decimal | None = None
    quote_max_size: Decimal | None = None
    limit_only: bool = False
