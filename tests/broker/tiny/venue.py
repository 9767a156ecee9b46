"""What a venue's folder gives: an account and a market in the port's values, a dialect, one row."""

import json
from dataclasses import dataclass
from decimal import Decimal

from gpt_trader.broker.exchange.stream import Channel, Dialect, Frame, News
from gpt_trader.broker.exchange.trade_bars import Print
from gpt_trader.broker.exchange.venue import Venue
from gpt_trader.domain.account import (
    Balance,
    CancelResult,
    FeeTier,
    History,
    Permissions,
    Placed,
    Portfolio,
    Preview,
    Refused,
    RemoteFill,
    RemoteOrder,
)
from gpt_trader.domain.fees import Rate, Schedule
from gpt_trader.domain.order import OrderStatus, OrderType
from gpt_trader.domain.venue import Candle, ProductInfo, Touch
from gpt_trader.errors import AuthError, DataError, Unavailable
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from tests.broker.tiny.exchange import LIVE, Exchange, Ticket

KINDS = {OrderType.MARKET: "now", OrderType.LIMIT: "rest", OrderType.STOP_LIMIT: "stop"}
LIVES = {
    "working": OrderStatus.OPEN,
    "armed": OrderStatus.OPEN,
    "done": OrderStatus.FILLED,
    "gone": OrderStatus.CANCELLED,
}
SIDES = {"bid": 1, "ask": -1}
PAGE_BARS = 10


@dataclass
class TinyAccount:
    exchange: Exchange
    sends: bool

    limits = {}  # noqa: RUF012 - this exchange says nothing of them
    is_spent = False

    def place(self, order, product):
        assert self.sends
        if order.type not in KINDS:
            return Refused("no such kind", "")
        ticket = Ticket(**request(order, product), made_ms=self.exchange.now_ms)
        why = self.exchange.submit(ticket)
        if why:
            return Refused(why, why)
        return Placed(ticket.number, ticket.tag)

    def amend(self, order_id, product, lots, limit):
        ticket = self.exchange.tickets.get(order_id)
        if ticket is None or ticket.state not in LIVE:
            return Refused("not there", "")
        ticket.amount, ticket.price = product.size(lots), product.price(limit)
        return None

    def cancel(self, order_ids):
        assert self.sends
        found = []
        for key in order_ids:
            is_live = self.exchange.tickets[key].state in LIVE
            if is_live:
                self.exchange.tickets[key].state = "gone"
            found.append(CancelResult(key, is_live, ""))
        return found

    def order(self, order_id):
        ticket = self.exchange.tickets.get(order_id)
        return None if ticket is None else _remote(ticket)

    def orders(self, *, product_ids=(), since_ms=None):
        rows = [
            _remote(one)
            for one in reversed(self.exchange.tickets.values())
            if one.made_ms >= (since_ms or 0) and (not product_ids or one.product in product_ids)
        ]
        return History(rows, is_whole=True)

    def open_orders(self, since_ms):
        rows = [_remote(one) for one in self.exchange.tickets.values() if one.state in LIVE]
        return History(rows, is_whole=True)

    def fills(self, *, order_ids=(), product_ids=(), since_ms=None):
        rows = [
            RemoteFill(
                f"e{one.number}", f"t{one.number}", one.number, one.product, SIDES[one.side],
                one.made_ms, "FILL", one.paid / one.done, one.done, Decimal(0), "", None,
            )
            for one in self.exchange.tickets.values()
            if one.done and (not order_ids or one.number in order_ids)
        ]  # fmt: skip
        return History(rows, is_whole=True)

    def balances(self):
        free = {asset: self.exchange.free(asset) for asset in self.exchange.wallets}
        return [
            Balance(asset, free[asset], total - free[asset])
            for asset, total in self.exchange.wallets.items()
        ]

    def permissions(self):
        return Permissions(True, self.sends, False, "tiny", "DEFAULT")

    def portfolios(self):
        return [Portfolio("tiny", "tiny", "DEFAULT", False)]

    def fee_tier(self):
        return FeeTier("all", Decimal(0), Decimal(0), None, None)

    def touches(self, product_ids):
        return [TinyMarket(self.exchange).touch(one) for one in product_ids]

    def takes_stops(self, product):
        return True

    def preview(self, order, product):
        return Preview((), (), None, None, None, None, None, None, None, "")


@dataclass
class TinyMarket:
    exchange: Exchange
    name: str = "tiny"
    page_bars: int = PAGE_BARS
    trade_pages: tuple = (50,)

    def candles(self, product_id, interval_ms, start_ms, end_ms):
        assert (end_ms - start_ms) // interval_ms < self.page_bars
        price = self.exchange.price
        return [
            Candle(at, price, price, price, price, Decimal(1))
            for at in range(start_ms, end_ms + 1, interval_ms)
        ]

    def trades(self, product_id, start_ms, end_ms, limit):
        return []

    def products(self):
        return [self.product(self.exchange.product)]

    def product(self, product_id):
        if product_id != self.exchange.product:
            raise DataError("no such product")
        step = Decimal(1), Decimal("0.01"), Decimal(1), Decimal(1)
        return ProductInfo(product_id, "SPOT", "COIN", "USD", *step, "", (), None, None)

    def touch(self, product_id):
        half = Decimal("0.01")
        price = self.exchange.price
        return Touch(product_id, self.exchange.now_ms, price - half, price + half)

    def now_ms(self):
        return self.exchange.now_ms


def _remote(one: Ticket) -> RemoteOrder:
    kind = next(kind for kind, word in KINDS.items() if word == one.kind)
    return RemoteOrder(
        order_id=one.number, client_order_id=one.tag, product_id=one.product, side=SIDES[one.side],
        status=one.state, life=LIVES[one.state], order_type=one.kind, kind=kind, tif="",
        limit_price=one.price or None, stop_price=one.trigger or None, base_size=one.amount,
        quote_size=None, filled_size=one.done, filled_value=one.paid, total_fees=Decimal(0),
        created_ms=one.made_ms, post_only=False, reject_reason="", cancel_message="",
    )  # fmt: skip


def terms(order, product):
    return {
        "kind": KINDS[order.type],
        "amount": product.size(order.lots),
        "value": Decimal(order.quote) / UNITS_PER_QUOTE,
        "price": product.price(order.limit),
        "trigger": product.price(order.stop),
    }


def request(order, product):
    side = "bid" if order.side > 0 else "ask"
    who = {"number": f"n{order.client_order_id}", "tag": order.client_order_id}
    return who | {"product": order.product_id, "side": side} | terms(order, product)


def read(text):
    try:
        channel, number, *rows = json.loads(text)
    except ValueError:
        raise Unavailable("no line of this exchange") from None
    return Frame(channel, number, rows)


def told(frame):
    match frame.channel:
        case "book":
            return News(quotes=[tuple(row) for row in frame.events])
        case "tape":
            return News(
                prints=[
                    Print(key, name, at, Decimal(price), float(size))
                    for key, name, at, price, size in frame.events
                ]
            )
        case _:
            return News()


def row(exchange: Exchange) -> Venue:
    """Return this exchange's row; a real one would be a constant."""

    def account(access, machine, now_ms, sends):
        if access.key_file is None:
            raise AuthError("no key")
        return TinyAccount(exchange, sends)

    return Venue(
        word="tiny",
        title="Tiny",
        order_types=frozenset(KINDS),
        intervals_ms=(60_000, 3_600_000),
        page_bars=PAGE_BARS,
        trade_pages=(50,),
        perpetuals=False,
        fees=Schedule({"all": 0}, {"all": ((0, (Rate(0, 0, 0),)),)}),
        dialect=Dialect(
            urls=("wss://tiny.example", "wss://tiny.example/me"),
            heartbeat=Channel("tick"),
            market=lambda books: (Channel("book", books), Channel("tape", books)),
            account=(Channel("mine"),),
            book_id=lambda product_id: product_id,
            subscribe=lambda channel, token: json.dumps([channel.name, token]),
            read=read,
            confirmed=lambda frame: {frame.channel},
            told=told,
        ),
        terms=terms,
        request=request,
        market=lambda access, machine: TinyMarket(exchange),
        account=account,
        tokens=lambda access, machine, now_ms: lambda: "token",
    )
