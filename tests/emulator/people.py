"""Others in the same account: its owner, with coins of his own, and a second bot."""

import random
import uuid
from collections.abc import Container
from decimal import Decimal

from gpt_trader.domain.order_ids import order_id
from tests.emulator.books import Books, Order, Refusal

LOT = Decimal("0.00000001")
CENT = Decimal("0.01")


class Owner:
    """Trades and moves what is his, and at times the room of the bot's orders, or its coins.

    bots: how much of each product is the bot's.
    """

    def __init__(self, books: Books, rng: random.Random, bots: dict[str, Decimal]) -> None:
        self.books, self.random, self.bots = books, rng, bots
        self.resting: list[Order] = []

    def act(self, name: str, now_ms: int) -> str:
        """Do one of the things that he does; return what, "" if there was nothing to do."""
        rng, books = self.random, self.books
        base = name.split("-", maxsplit=1)[0]
        own = books.totals.get(base, Decimal(0)) - self.bots.get(name, Decimal(0))
        free = min(own, books.available(base))
        self.resting = [one for one in self.resting if not one.is_final]
        what = rng.randrange(6)
        if what == 0 and books.available("USD") > 1_000:
            return self._order(name, "BUY", {"quote_size": str(rng.randrange(20, 400))}, now_ms)
        if what == 1 and free > LOT:
            size = self._part(free)
            return self._order(name, "SELL", {"base_size": format(size, "f")}, now_ms)
        if what == 2 and free > LOT:
            price = (books.touch[name][1] * Decimal("1.2")) // CENT * CENT
            terms = {"base_size": format(self._part(free), "f"), "limit_price": format(price, "f")}
            return self._order(name, "SELL", terms, now_ms)
        if what == 3 and self.resting:
            books.cancel(rng.choice(self.resting).order_id, now_ms)
            return "owner cancelled"
        if what == 4:
            books.transfer(base, self._part(Decimal("0.02")))
            return "owner sent coins"
        if what == 5 and free > LOT:
            books.transfer(base, -self._part(free))
            return "owner took coins"
        return ""

    def hold(self, name: str, now_ms: int) -> str:
        """Let an order of his rest on all coins that nothing holds, the bot's among them."""
        books = self.books
        free = books.available(name.split("-", maxsplit=1)[0]) // LOT * LOT
        if free <= LOT:
            return ""
        price = (books.touch[name][1] * Decimal("1.5")) // CENT * CENT
        terms = {"base_size": format(free, "f"), "limit_price": format(price, "f")}
        return self._order(name, "SELL", terms, now_ms) and "owner held all coins"

    def take(self, name: str, ours: Container[str], now_ms: int) -> Decimal:
        """Cancel the bot's stops and take its coins, all or some; return how many went."""
        books, base, bots = self.books, name.split("-", maxsplit=1)[0], self.bots.get(name)
        if not bots:
            return Decimal(0)
        for order in books.live():
            if order.product_id == name and order.is_watching and order.client_order_id in ours:
                books.cancel(order.order_id, now_ms)
        left = bots * Decimal(self.random.choice(("0", "0.3", "0.5", "0.9")))
        most = min(books.totals.get(base, Decimal(0)) - left, books.available(base))
        taken = max(most // LOT * LOT, Decimal(0))
        if taken:
            books.transfer(base, -taken)
        return taken

    def bring(self, name: str, taken: Decimal) -> None:
        """Bring coins back, all or some."""
        self.books.transfer(name.split("-", maxsplit=1)[0], self._part(taken))

    def let_go(self, now_ms: int) -> None:
        """Cancel whatever rests."""
        for order in self.resting:
            if not order.is_final:
                self.books.cancel(order.order_id, now_ms)
        self.resting = []

    def _part(self, amount: Decimal) -> Decimal:
        part = amount * Decimal(self.random.choice(("0.1", "0.5", "1")))
        return max(part // LOT * LOT, LOT)

    def _order(self, name: str, side: str, terms: dict[str, str], now_ms: int) -> str:
        kind = "limit_limit_gtc" if "limit_price" in terms else "market_market_ioc"
        body = {
            "client_order_id": str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
            "product_id": name,
            "side": side,
            "order_configuration": {kind: terms},
        }
        try:
            order = self.books.create(body, now_ms)
        except Refusal:
            return ""
        if kind == "limit_limit_gtc":
            self.resting.append(order)
        return f"owner {'rested' if kind.startswith('limit') else side.lower()}"


class Second:
    """Another bot of the portfolio: buys, and sells what it bought. Its ids have the mark, too.

    One that the first has taken over, as at a start, is not sold by it any more.
    """

    def __init__(self, books: Books, rng: random.Random, portfolio: str) -> None:
        self.books, self.random, self.portfolio = books, rng, portfolio
        self.held: list[Order] = []  # that bought and are not sold
        self._sent = 0

    def act(self, name: str, now_ms: int) -> str:
        """Sell what it holds of a product, or buy; return what, "" if it did nothing."""
        self.held = [one for one in self.held if one.filled or not one.is_final]
        held = next((one for one in self.held if one.product_id == name), None)
        if held is None:
            money = {"quote_size": str(self.random.randrange(20, 200))}
            bought = self._order(name, "BUY", money, now_ms)
            self.held += [bought] if bought else []
            return "second bot bought" if bought else ""
        if not held.is_final:
            return ""
        self.held.remove(held)
        sold = self._order(name, "SELL", {"base_size": format(held.filled, "f")}, now_ms)
        return "second bot sold" if sold else ""

    def forget(self, key: str) -> None:
        """Leave what an order bought to the bot that took it over."""
        self.held = [one for one in self.held if one.client_order_id != key]

    def _order(self, name: str, side: str, terms: dict[str, str], now_ms: int) -> Order | None:
        self._sent += 1
        body = {
            "client_order_id": order_id(self.portfolio, name, f"second:{self._sent}", 0),
            "product_id": name,
            "side": side,
            "order_configuration": {"market_market_ioc": terms},
        }
        try:
            return self.books.create(body, now_ms)
        except Refusal:
            return None
