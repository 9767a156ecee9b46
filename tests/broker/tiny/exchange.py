"""The exchange itself: one price, wallets, orders that fill when it trades through them."""

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count

LIVE = ("working", "armed")


@dataclass
class Ticket:
    """An order in this exchange's words: side is "bid" or "ask", value what a buy may spend."""

    number: str
    tag: str
    product: str
    side: str
    kind: str
    amount: Decimal
    value: Decimal
    price: Decimal
    trigger: Decimal
    made_ms: int
    state: str = "working"
    done: Decimal = Decimal(0)
    paid: Decimal = Decimal(0)


@dataclass
class Exchange:
    """One product, no fees. now_ms: its time."""

    product: str = "COIN-USD"
    price: Decimal = Decimal(100)
    now_ms: int = 0
    wallets: dict[str, Decimal] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    numbers: count = field(default_factory=count)

    def submit(self, ticket: Ticket) -> str:
        """Take an order in; return why not, "" if it was."""
        if any(one.tag == ticket.tag for one in self.tickets.values()):
            return "seen before"
        if ticket.value:
            ticket.amount = ticket.value // self.price
        coin, cash = self.product.split("-")
        needs, has = (ticket.amount, coin) if ticket.side == "ask" else (self._cost(ticket), cash)
        if self.free(has) < needs:
            return "too poor"
        self.tickets[ticket.number] = ticket
        if ticket.kind == "now":
            self._fill(ticket, self.price)
        return ""

    def free(self, asset: str) -> Decimal:
        """Return what of a wallet no order has set aside."""
        coin, _ = self.product.split("-")
        held = sum(
            (
                one.amount if one.side == "ask" else self._cost(one)
                for one in self.tickets.values()
                if one.state in LIVE and (one.side == "ask") == (asset == coin)
            ),
            Decimal(0),
        )
        return self.wallets.get(asset, Decimal(0)) - held

    def trade(self, price: Decimal) -> None:
        """Let the market trade at a price."""
        self.price = price
        for one in self.tickets.values():
            if one.state == "armed" and price <= one.trigger:
                one.state = "working"
            if one.state != "working":
                continue
            if price < one.price if one.side == "bid" else price > one.price:
                self._fill(one, one.price)

    def _cost(self, ticket: Ticket) -> Decimal:
        return ticket.amount * (ticket.price or self.price)

    def _fill(self, one: Ticket, price: Decimal) -> None:
        coin, cash = self.product.split("-")
        sign = 1 if one.side == "bid" else -1
        one.state, one.done, one.paid = "done", one.amount, one.amount * price
        self.wallets[coin] = self.wallets.get(coin, Decimal(0)) + sign * one.done
        self.wallets[cash] = self.wallets.get(cash, Decimal(0)) - sign * one.paid
