"""Coinbase's public market data, which needs no key."""

from dataclasses import dataclass
from typing import Any

from gpt_trader.broker.coinbase import parse
from gpt_trader.broker.coinbase.parse import Parsed
from gpt_trader.broker.coinbase.rest import Rest
from gpt_trader.domain.venue import Candle, ProductInfo, Touch, Trade
from gpt_trader.errors import DataError, Unavailable

GRANULARITIES = {
    60_000: "ONE_MINUTE",
    300_000: "FIVE_MINUTE",
    900_000: "FIFTEEN_MINUTE",
    1_800_000: "THIRTY_MINUTE",
    3_600_000: "ONE_HOUR",
    7_200_000: "TWO_HOUR",
    14_400_000: "FOUR_HOUR",
    21_600_000: "SIX_HOUR",
    86_400_000: "ONE_DAY",
}
MOST_CANDLES = 349  # in one request: the exchange refuses 351, and its words refuse 350
TRADE_PAGES = (1000, 100)  # it refuses more, and has been said to stop at 100, too
NAME = "coinbase"  # as stored bars name their source
PAGE = 250


@dataclass(frozen=True, slots=True)
class PublicMarket:
    """Questions about the past and the present of Coinbase's products."""

    rest: Rest
    name: str = NAME
    page_bars: int = MOST_CANDLES
    trade_pages: tuple[int, ...] = TRADE_PAGES

    def candles(
        self, product_id: str, interval_ms: int, start_ms: int, end_ms: int
    ) -> list[Candle]:
        """Return the candles with opens from start_ms to end_ms, both inclusive; one request.

        At most page_bars of them. Oldest first, as answered: nothing is trimmed. Raises
        DataError for an unknown product.
        """
        params = {
            "start": str(start_ms // 1000),
            "end": str(end_ms // 1000),
            "granularity": GRANULARITIES[interval_ms],
            "limit": MOST_CANDLES + 1,
        }
        path = f"/market/products/{product_id}/candles"
        return self.rest.get(path, lambda found: _whole(parse.candles(found)), params)

    def trades(self, product_id: str, start_ms: int, end_ms: int, limit: int) -> list[Trade]:
        """Return the newest trades of [start, end], whole seconds, at most `limit` of them."""
        params = {"limit": limit, "start": str(start_ms // 1000), "end": str(end_ms // 1000)}
        path = f"/market/products/{product_id}/ticker"
        return self.rest.get(path, lambda found: _whole(parse.trades(found)), params)

    def products(self) -> list[ProductInfo]:
        """Return all products that the exchange lists."""
        found: dict[str, ProductInfo] = {}
        offset = 0
        while True:
            page = self.rest.get(
                "/market/products", parse.products, {"limit": PAGE, "offset": offset}
            )
            before = len(found)
            found |= {one.product_id: one for one in page.rows}
            sent = len(page.rows) + page.rejected
            offset += sent
            if sent < PAGE or len(found) == before:
                return list(found.values())

    def product(self, product_id: str) -> ProductInfo:
        """Return one product; raises DataError if there is none of that id."""
        found = self.rest.get(f"/market/products/{product_id}", parse.product)
        if found is None:
            raise DataError(f"Coinbase says nothing of {product_id}")
        return found

    def touch(self, product_id: str) -> Touch:
        """Return a product's best bid and ask. Raises DataError if a side is empty."""
        params = {"product_id": product_id, "limit": 1}
        found = self.rest.get("/market/product_book", parse.touch, params)
        if found is None:
            raise DataError(f"Coinbase tells no bid and ask of {product_id}")
        return found

    def now_ms(self) -> int:
        """Return the exchange's time, ms UTC."""
        return self.rest.get("/time", _time)


def _whole[T](page: Parsed[T]) -> list[T]:
    """Return the rows of a page that could all be read: half a page would look like silence."""
    if page.rejected:
        raise Unavailable(f"{page.rejected} rows of Coinbase's answer cannot be read")
    return page.rows


def _time(document: dict[str, Any]) -> int:
    found = parse.time_ms(document)
    if found is None:
        raise Unavailable("Coinbase does not say what time it is")
    return found
