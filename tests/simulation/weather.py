"""What is wrong at the exchange for a while: drawn each minute, and over by itself."""

import random
from collections import Counter
from decimal import Decimal
from typing import Any

from tests.emulator.half import WAYS, halve
from tests.simulation.chances import Chances

MINUTE = 60_000
SOURCES = ("ticker", "touch", "tape", "candles")  # of prices
FACTORS = ("0.001", "0.1", "10", "1000")
CENT = Decimal("0.01")
MODES = ("limit_only", "post_only")
NEVER = (  # endpoints that may stop answering
    *("GET /accounts", "GET /orders/historical/batch", "GET /orders/historical/fills"),
    *("GET /orders/historical/0000", "product_book", "candles"),
    *("POST /orders BTC-USD", "POST /orders ETH-USD", "POST /orders/batch_cancel"),
)


class Weather:
    """What is so until when. happened: counts what began.

    odds: draws what is chosen apart, so that the rest stays as it was.
    """

    def __init__(self, rng: random.Random, happened: Counter[str], odds: random.Random) -> None:
        self.random, self.happened, self.odds = rng, happened, odds
        self.unanswered: dict[str, int] = {}  # part of a request's name
        self.halves: dict[str, tuple[str, int]] = {}  # by end of the path
        self.silent: dict[str, int] = {}  # products whose ticker says nothing
        self.closed: dict[str, tuple[str, int]] = {}  # delisted or cancel_only
        self.far: dict[str, tuple[str, Decimal, int]] = {}  # products: source, factor
        self.modes: dict[str, tuple[str, int]] = {}  # products that take few kinds of orders
        self.burst = 0, 0  # every request is refused with this status

    def change(self, chances: Chances, products: tuple[str, ...], now_ms: int) -> None:
        """Draw what begins in this minute."""
        rng = self.random
        if rng.random() < chances.never_answers:
            part = rng.choice(NEVER)
            self.unanswered[part] = now_ms + rng.randrange(20_000, 5 * MINUTE)
            self.happened["endpoint silent"] += 1
        if rng.random() < chances.half_pages:
            path = rng.choice(list(WAYS))
            way = rng.choice(WAYS[path])
            self.halves[path] = way, now_ms + rng.randrange(1_000, 3 * MINUTE)
            self.happened[way] += 1
        if rng.random() < chances.silent_tickers:
            self.silent[rng.choice(products)] = now_ms + rng.randrange(MINUTE, 30 * MINUTE)
            self.happened["ticker silent"] += 1
        if rng.random() < chances.closed_products:
            how = rng.choice(("delisted", "cancel_only"))
            self.closed[rng.choice(products)] = how, now_ms + rng.randrange(MINUTE, 15 * MINUTE)
            self.happened[how] += 1
        if rng.random() < chances.bursts:
            self.burst = rng.choice((429, 500, 503)), now_ms + rng.randrange(2_000, MINUTE)
            self.happened[f"burst of {self.burst[0]}"] += 1
        self._change_odds(chances, products, now_ms)

    def _change_odds(self, chances: Chances, products: tuple[str, ...], now_ms: int) -> None:
        odds = self.odds
        if odds.random() < chances.far_prices:
            source, factor = odds.choice(SOURCES), Decimal(odds.choice(FACTORS))
            until_ms = now_ms + odds.randrange(1_000, 4 * MINUTE)
            name = odds.choice(products)
            before, _, over_ms = self.far.get(name, ("", factor, -MINUTE))
            source = before if now_ms < over_ms + MINUTE else source  # never two that say the same
            self.far[name] = source, factor, until_ms
            self.happened[f"{source} far off"] += 1
        if odds.random() < chances.modes:
            how = odds.choice(MODES)
            self.modes[odds.choice(products)] = how, now_ms + odds.randrange(MINUTE, 15 * MINUTE)
            self.happened[how] += 1

    def refuses(self, now_ms: int) -> int:
        """Return the status with which every request is refused now; 0: none."""
        status, until_ms = self.burst
        return status if now_ms < until_ms else 0

    def leaves(self, name: str, now_ms: int) -> bool:
        """Whether a request of this name gets no answer."""
        return any(part in name and now_ms < until_ms for part, until_ms in self.unanswered.items())

    def halved(self, path: str, document: Any, now_ms: int) -> Any:
        """Return an answer as it is told now."""
        for end, (way, until_ms) in self.halves.items():
            if path.endswith(end) and now_ms < until_ms:
                return halve(path, way, document, self.random)
        return document

    def is_silent(self, name: str, now_ms: int) -> bool:
        """Whether a product's ticker says nothing."""
        return now_ms < self.silent.get(name, 0)

    def is_closed(self, name: str, now_ms: int) -> str:
        """Return how a product cannot be traded; "" if it can."""
        how, until_ms = self.closed.get(name, ("", 0))
        return how if now_ms < until_ms else ""

    def told(self, source: str, name: str, price: Decimal, now_ms: int) -> Decimal:
        """Return a product's price as one source tells it."""
        who, factor, until_ms = self.far.get(name, ("", Decimal(1), 0))
        return (price * factor).quantize(CENT) if who == source and now_ms < until_ms else price

    def mode(self, name: str, now_ms: int) -> str:
        """Return of which kind alone a product takes orders; "" if of any."""
        how, until_ms = self.modes.get(name, ("", 0))
        return how if now_ms < until_ms else ""

    def is_down(self, name: str, now_ms: int) -> bool:
        """Whether the exchange does not answer, or half, or lets nobody trade a product."""
        return bool(
            self.refuses(now_ms)
            or self.is_closed(name, now_ms)
            or self.mode(name, now_ms) == "post_only"
            or any(now_ms < until_ms for until_ms in self.unanswered.values())
            or any(now_ms < until_ms for _, until_ms in self.halves.values())
        )
