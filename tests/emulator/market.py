"""A market that is the same at every look: trades by product and day, from a seed.

Prices are whole cents, sizes whole units of 1e-8. Candles of every length are made of the trades.
"""

import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np

DAY_MS = 86_400_000
GENESIS_MS = 1_704_067_200_000  # 2024-01-01


@dataclass(frozen=True)
class Product:
    """One product. trades_per_day: about so many. silent: (start_ms, end_ms) without trades."""

    product_id: str
    price: int = 4_000_000  # cents, about
    trades_per_day: int = 4_000
    listed_ms: int = GENESIS_MS
    silent: tuple[tuple[int, int], ...] = ()
    flags: tuple[str, ...] = ()
    base_increment: str = "0.00000001"
    price_increment: str = "0.01"


class Tape(NamedTuple):
    """Trades, oldest first: int64 ms, cents, units of 1e-8; buys: the resting order bought."""

    time: np.ndarray
    price: np.ndarray
    size: np.ndarray
    buys: np.ndarray


@dataclass(frozen=True)
class Market:
    """Products by id, and the seed of their trades."""

    products: tuple[Product, ...] = (
        Product("BTC-USD"),
        Product("ETH-USD", price=250_000),
        Product("QUIET-USD", price=120, trades_per_day=60),
    )
    seed: int = 1
    outages: tuple[tuple[int, int], ...] = field(default=())  # of the whole venue

    def product(self, product_id: str) -> Product | None:
        """Return a product, None if there is none of that id."""
        return next((p for p in self.products if p.product_id == product_id), None)

    def tape(self, product: Product, start_ms: int, end_ms: int) -> Tape:
        """Return the trades from start, inclusive, to end, exclusive."""
        first = max(start_ms, product.listed_ms)
        end = max(end_ms, first)
        parts = []
        for day in range(first // DAY_MS, max(-(-end // DAY_MS), first // DAY_MS + 1)):
            tape = _day(self, product, day)
            low, high = np.searchsorted(tape.time, (first, end))
            parts.append(Tape(*(column[low:high] for column in tape)))
        if len(parts) == 1:
            return parts[0]
        return Tape(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def candles(
        self, product: Product, interval_ms: int, start_ms: int, end_ms: int
    ) -> list[dict[str, str]]:
        """Return the candles that open in [start, end), oldest first, as the wire shows them."""
        tape = self.tape(product, start_ms, end_ms)
        opens = tape.time // interval_ms * interval_ms
        heads = np.flatnonzero(np.diff(opens, prepend=-1))
        ends = np.append(heads, len(opens))[1:]
        return [
            {
                "start": str(opens[a] // 1000),
                "low": cents(tape.price[a:b].min()),
                "high": cents(tape.price[a:b].max()),
                "open": cents(tape.price[a]),
                "close": cents(tape.price[b - 1]),
                "volume": units(tape.size[a:b].sum()),
            }
            for a, b in zip(heads, ends, strict=True)
        ]


@lru_cache(maxsize=4096)
def _day(market: Market, product: Product, day: int) -> Tape:
    rng = np.random.default_rng([market.seed, zlib.crc32(product.product_id.encode()), day])
    count = rng.poisson(product.trades_per_day) if day * DAY_MS + DAY_MS > product.listed_ms else 0
    time = np.sort(rng.integers(0, DAY_MS, count)) + day * DAY_MS
    wave = 1.0 + 0.2 * np.sin(time / (20 * DAY_MS)) + 0.02 * np.sin(time / (DAY_MS / 7))
    noise = rng.normal(0.0, 0.0005, count)
    price = np.maximum(np.rint(product.price * wave * np.exp(noise)), 1).astype(np.int64)
    size = np.rint(rng.gamma(0.7, 1e7, count)).astype(np.int64) + 1
    buys = rng.random(count) < 0.5
    there = time >= product.listed_ms
    for start, end in (*market.outages, *product.silent):
        there &= (time < start) | (time >= end)
    return Tape(time[there], price[there], size[there], buys[there])


def cents(price: int) -> str:
    """Return a price as text in quote units."""
    return f"{int(price) // 100}.{int(price) % 100:02}"


def units(size: int) -> str:
    """Return a size as text in base units."""
    return f"{int(size) // 10**8}.{int(size) % 10**8:08}".rstrip("0").rstrip(".")
