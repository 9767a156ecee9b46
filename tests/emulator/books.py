"""The exchange's own books: wallets, orders and fills, exact, and checked after every change.

Decimal throughout, time in ms. Nothing here does I/O or reads a clock: `now_ms` is handed in.
What is set aside is never stored but follows from the open orders, so that a wallet's total moves
with fills and transfers only.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

ZERO = Decimal(0)
FINAL = ("FILLED", "CANCELLED", "EXPIRED", "FAILED")
THROUGH = Decimal("0.05")  # how far beyond its trigger the limit of a bracket's stop is
TYPES = {
    "market_market_ioc": ("MARKET", "IMMEDIATE_OR_CANCEL"),
    "sor_limit_ioc": ("LIMIT", "IMMEDIATE_OR_CANCEL"),
    "limit_limit_gtc": ("LIMIT", "GOOD_UNTIL_CANCELLED"),
    "limit_limit_gtd": ("LIMIT", "GOOD_UNTIL_DATE_TIME"),
    "limit_limit_fok": ("LIMIT", "FILL_OR_KILL"),
    "stop_limit_stop_limit_gtc": ("STOP_LIMIT", "GOOD_UNTIL_CANCELLED"),
    "stop_limit_stop_limit_gtd": ("STOP_LIMIT", "GOOD_UNTIL_DATE_TIME"),
    "trigger_bracket_gtc": ("BRACKET", "GOOD_UNTIL_CANCELLED"),
    "trigger_bracket_gtd": ("BRACKET", "GOOD_UNTIL_DATE_TIME"),
}


class Refusal(Exception):
    """Why an order or an edit is refused, in the exchange's words."""


@dataclass
class Rules:
    """A product's grid, minimums and modes."""

    product_id: str
    base_increment: Decimal
    price_increment: Decimal
    quote_increment: Decimal
    base_min: Decimal
    quote_min: Decimal
    flags: set[str] = field(default_factory=set)
    takes_stops: bool = True

    @property
    def base(self) -> str:
        return self.product_id.split("-")[0]

    @property
    def quote(self) -> str:
        return self.product_id.split("-")[1]


class Totals(NamedTuple):
    """How far an order has been filled. fills: how many."""

    filled: Decimal
    value: Decimal
    fees: Decimal
    fills: int


@dataclass
class Order:
    """One order. size: base, None when by value; budget: quote, fees included.

    told: what reports say of its fills, None if that is the truth; lags: whether answers about the
    order itself and the list of fills say no more. Wallets always tell.
    """

    order_id: str
    client_order_id: str
    product_id: str
    side: str
    kind: str
    terms: dict[str, Any]
    created_ms: int
    size: Decimal | None
    budget: Decimal | None
    limit: Decimal | None
    stop: Decimal | None
    end_ms: int | None
    post_only: bool
    taker_rate: Decimal
    maker_rate: Decimal
    status: str = "OPEN"
    triggered: bool = False
    filled: Decimal = ZERO
    value: Decimal = ZERO
    fees: Decimal = ZERO
    fills: int = 0
    reject_reason: str = "REJECT_REASON_UNSPECIFIED"
    visible_ms: int = 0
    ends_ms: int | None = None  # when a cancel that is queued takes effect
    opens_ms: int = 0  # when a pending order becomes open
    told: Totals | None = None
    lags: bool = False
    is_stuck: bool = False  # it never triggers, whatever the price
    row: dict[str, Any] | None = None  # as it was shown last; None: it has changed since

    @property
    def totals(self) -> Totals:
        """How far it has been filled."""
        return Totals(self.filled, self.value, self.fees, self.fills)

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def left(self) -> Decimal:
        return ZERO if self.size is None else self.size - self.filled

    @property
    def is_watching(self) -> bool:
        """Whether it waits for its trigger."""
        return self.kind.startswith(("stop_limit", "trigger_bracket")) and not self.triggered


@dataclass
class Fill:
    """One fill. size: base."""

    entry_id: str
    trade_id: str
    order: Order
    price: Decimal
    size: Decimal
    fee: Decimal
    is_maker: bool
    time_ms: int


class Books:
    """One portfolio's truth. on_order: told of every order that changed."""

    def __init__(self, taker_rate: str = "0.012", maker_rate: str = "0.006") -> None:
        self.rules: dict[str, Rules] = {}
        self.totals: dict[str, Decimal] = {}
        self.orders: dict[str, Order] = {}
        self.by_client: dict[str, Order] = {}
        self.fills: list[Fill] = []
        self._untold: dict[str, Fill] = {}  # of orders that have filled and not said so
        self.moved: dict[str, Decimal] = {}  # in and out, otherwise than by fills
        self.touch: dict[str, tuple[Decimal, Decimal]] = {}
        self.depth: dict[str, Decimal] = {}  # what the touch holds; absent: any size
        self.taker_rate, self.maker_rate = Decimal(taker_rate), Decimal(maker_rate)
        self.violations: list[str] = []
        self.replays: list[str] = []  # client ids that came twice
        self.hidden_ms = self.pending_ms = self.cancelling_ms = 0
        self.on_order: list[Callable[[Order], None]] = []
        self.audits_every = 1  # changes between two full audits; they cost as much as all fills
        self._changes = self._told = self._held = 0
        self._live: dict[str, Order] = {}
        self._asked = 0

    # Wallets.

    def transfer(self, currency: str, amount: str | Decimal) -> None:
        """Move an amount in or out."""
        self.moved[currency] = self.moved.get(currency, ZERO) + Decimal(amount)
        self.totals[currency] = self.totals.get(currency, ZERO) + Decimal(amount)

    def hold(self, currency: str) -> Decimal:
        """What open orders set aside."""
        return sum(
            (self._need(o)[1] for o in self.live() if self._need(o)[0] == currency), start=ZERO
        )

    def available(self, currency: str) -> Decimal:
        """What may be spent."""
        return self.totals.get(currency, ZERO) - self.hold(currency)

    def live(self) -> list[Order]:
        """Orders that may still fill."""
        if any(o.is_final for o in self._live.values()):
            self._live = {key: o for key, o in self._live.items() if not o.is_final}
        return list(self._live.values())

    def _need(self, order: Order) -> tuple[str, Decimal]:
        rules = self.rules[order.product_id]
        if order.side == "SELL":
            return rules.base, order.left
        if order.budget is not None:
            return rules.quote, order.budget
        price = self.touch[order.product_id][1] if order.limit is None else order.limit
        return rules.quote, order.left * price * (1 + order.taker_rate)

    # Orders.

    def create(self, body: dict[str, Any], now_ms: int) -> Order:
        """Take an order, or raise Refusal. A client id that is known gives its order again."""
        client = body.get("client_order_id", "")
        if client in self.by_client:
            self.replays.append(client)
            return self.by_client[client]
        order = self.checked(body, now_ms)
        self.orders[order.order_id] = self.by_client[client] = order
        self._live[order.order_id] = order
        order.visible_ms = now_ms + self.hidden_ms
        if self.pending_ms:
            order.status, order.opens_ms = "PENDING", now_ms + self.pending_ms
            self._tell(order)
        else:
            self._enter(order, now_ms)
        self.check()
        return order

    def checked(self, body: dict[str, Any], now_ms: int) -> Order:
        """Return the order that a request asks for, or raise Refusal; nothing changes."""
        rules = self.rules.get(body.get("product_id", ""))
        if rules is None:
            raise Refusal("INVALID_PRODUCT_ID")
        side = body.get("side")
        if side not in ("BUY", "SELL"):
            raise Refusal("INVALID_SIDE")
        configuration = body.get("order_configuration") or {}
        if len(configuration) != 1:
            raise Refusal("UNSUPPORTED_ORDER_CONFIGURATION")
        [(kind, terms)] = configuration.items()
        if kind not in TYPES or (kind.startswith(("stop", "trigger")) and not rules.takes_stops):
            raise Refusal("UNSUPPORTED_ORDER_CONFIGURATION")
        self._asked += 1
        order = Order(
            order_id=str(uuid.UUID(int=self._asked)),
            client_order_id=body.get("client_order_id", ""),
            product_id=rules.product_id,
            side=side,
            kind=kind,
            terms=terms,
            created_ms=now_ms,
            size=_number(terms, "base_size"),
            budget=_number(terms, "quote_size"),
            limit=_number(terms, "limit_price"),
            stop=_number(terms, "stop_price") or _number(terms, "stop_trigger_price"),
            end_ms=_time(terms.get("end_time")),
            post_only=terms.get("post_only") is True,
            taker_rate=self.taker_rate,
            maker_rate=self.maker_rate,
        )
        self._check_terms(rules, order, now_ms)
        self._check_modes(rules, order)
        self._check_funds(rules, order)
        return order

    def _check_terms(self, rules: Rules, order: Order, now_ms: int) -> None:
        market = order.kind == "market_market_ioc"
        if (order.size is None) == (order.budget is None) or (market != (order.limit is None)):
            raise Refusal("PREVIEW_INVALID_ORDER_CONFIG")
        for value, step, reason in (
            (order.size, rules.base_increment, "INVALID_SIZE_PRECISION"),
            (order.budget, rules.quote_increment, "PREVIEW_INVALID_QUOTE_SIZE_PRECISION"),
            (order.limit, rules.price_increment, "INVALID_PRICE_PRECISION"),
            (order.stop, rules.price_increment, "INVALID_PRICE_PRECISION"),
        ):
            if value is not None and (value <= 0 or value % step):
                self.violations.append(f"{reason} {order.product_id} {value}")
                raise Refusal(reason)
        bid, ask = self.touch[rules.product_id]
        if order.size is not None and order.size < rules.base_min:
            raise Refusal("PREVIEW_INVALID_BASE_SIZE_TOO_SMALL")
        worth = order.budget or (order.size or ZERO) * (order.limit or bid)
        if worth < rules.quote_min:
            raise Refusal("PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL")
        if order.kind.endswith("gtd") and (order.end_ms is None or order.end_ms <= now_ms):
            raise Refusal("END_TIME_IS_IN_THE_PAST")
        if order.kind.startswith(("stop", "trigger")):
            if order.stop is None:
                raise Refusal("PREVIEW_INVALID_STOP_PRICE")
            if order.side == "SELL" and order.stop >= ask:
                raise Refusal("PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE")
            if order.side == "BUY" and order.stop <= bid:
                raise Refusal("PREVIEW_STOP_PRICE_BELOW_LAST_TRADE_PRICE")

    def _check_modes(self, rules: Rules, order: Order) -> None:
        if rules.flags & {"trading_disabled", "is_disabled", "cancel_only", "auction_mode"}:
            raise Refusal("TRADING_DISABLED")
        if "limit_only" in rules.flags and order.limit is None:
            raise Refusal("UNSUPPORTED_ORDER_CONFIGURATION")
        if "post_only" in rules.flags and not order.post_only:
            raise Refusal("PREVIEW_NOT_ALLOWED_BY_MARKET_STATE")
        if order.post_only and self._crosses(order):
            raise Refusal("INVALID_LIMIT_PRICE_POST_ONLY")

    def _check_funds(self, rules: Rules, order: Order) -> None:
        if order.budget is not None:
            need, currency = order.budget, rules.quote
        elif order.side == "BUY" and order.limit is None:
            assert order.size is not None
            price = self.touch[rules.product_id][1]
            need, currency = order.size * price * (1 + order.taker_rate), rules.quote
        else:
            currency, need = self._need(order)
        if need > self.available(currency):
            raise Refusal("INSUFFICIENT_FUND")

    def _crosses(self, order: Order) -> bool:
        bid, ask = self.touch[order.product_id]
        assert order.limit is not None
        return order.limit >= ask if order.side == "BUY" else order.limit <= bid

    def _enter(self, order: Order, now_ms: int) -> None:
        """Let an order meet the book: what crosses is filled at the touch."""
        order.status = "OPEN"
        if not order.is_watching:
            self._take(order, now_ms)
        self._tell(order)

    def _take(self, order: Order, now_ms: int) -> None:
        """Fill what crosses, as taker; end what may not rest."""
        bid, ask = self.touch[order.product_id]
        price = ask if order.side == "BUY" else bid
        depth = self.depth.get(order.product_id)
        if order.budget is not None:
            step = self.rules[order.product_id].base_increment
            size = order.budget / (price * (1 + order.taker_rate)) // step * step
        else:
            size = order.left
        if depth is not None:
            size = min(size, depth)
        immediate = TYPES[order.kind][1] in ("IMMEDIATE_OR_CANCEL", "FILL_OR_KILL")
        whole = order.kind == "limit_limit_fok" and size < order.left
        if (order.limit is None or self._crosses(order)) and size > 0 and not whole:
            self._fill(order, price, size, now_ms, is_maker=False)
        if immediate and not order.is_final:
            done = order.budget is not None and order.filled > 0 and depth is None
            order.status = "FILLED" if done else "CANCELLED"

    def _fill(
        self, order: Order, price: Decimal, size: Decimal, now_ms: int, *, is_maker: bool
    ) -> None:
        rules = self.rules[order.product_id]
        value = price * size
        fee = value * (order.maker_rate if is_maker else order.taker_rate)
        sign = 1 if order.side == "BUY" else -1
        self.totals[rules.base] = self.totals.get(rules.base, ZERO) + sign * size
        self.totals[rules.quote] = self.totals.get(rules.quote, ZERO) - sign * value - fee
        order.row = None
        order.filled += size
        order.value += value
        order.fees += fee
        order.fills += 1
        number = len(self.fills) + 1
        self.fills.append(
            Fill(f"entry-{number}", f"trade-{number}", order, price, size, fee, is_maker, now_ms)
        )
        if order.size is not None and order.left == 0:
            order.status = "FILLED"

    def fill_untold(self, order: Order, now_ms: int, *, lags: bool) -> bool:
        """Let half of what was left of an order fill just before its end, and report nothing yet.

        `tell_late` makes it good. Returns whether there was something left to fill.
        """
        step = self.rules[order.product_id].base_increment
        part = order.left / 2 // step * step
        if order.told is not None or part <= 0:
            return False
        order.told, order.lags = order.totals, lags
        bid, ask = self.touch[order.product_id]
        price = order.limit if order.limit and not order.is_watching else None
        price = price or (ask if order.side == "BUY" else bid)
        self._fill(order, price, part, now_ms, is_maker=True)
        self._untold[order.order_id] = self.fills[-1]
        return True

    def hides(self, fill: Fill) -> bool:
        """Whether the list of fills does not tell of a fill yet."""
        order = fill.order
        return order.lags and order.told is not None and fill is self._untold.get(order.order_id)

    def tell_late(self, order: Order) -> None:
        """Tell of the fills of an order that were not told."""
        order.told = None
        self._tell(order)

    def cancel(self, order_id: str, now_ms: int) -> str | None:
        """Ask to cancel; return why not, or None."""
        order = self.orders.get(order_id)
        if order is None or order.is_final:
            return "UNKNOWN_CANCEL_ORDER"
        if order.status == "CANCEL_QUEUED":
            return "DUPLICATE_CANCEL_REQUEST"
        if self.cancelling_ms:
            order.status, order.ends_ms = "CANCEL_QUEUED", now_ms + self.cancelling_ms
        else:
            order.status = "CANCELLED"
        self._tell(order)
        self.check()
        return None

    def edit(self, order_id: str, price: str | None, size: str | None, now_ms: int) -> str | None:
        """Change a resting order; return why not, or None."""
        order = self.orders.get(order_id)
        if order is None:
            return "ORDER_NOT_FOUND"
        if order.status != "OPEN" or not order.kind.endswith("gtc") or order.size is None:
            return "ONLY_OPEN_ORDERS_CAN_BE_EDITED"
        rules = self.rules[order.product_id]
        new_price, new_size = Decimal(price or 0), Decimal(size or 0)
        if new_price <= 0 or new_price % rules.price_increment:
            return "INVALID_EDITED_PRICE"
        if new_size <= order.filled:
            return "CANNOT_EDIT_TO_BELOW_FILLED_SIZE"
        if new_size % rules.base_increment:
            return "INVALID_EDITED_SIZE"
        before = order.limit, order.size
        order.limit, order.size = new_price, new_size
        if self.available(self._need(order)[0]) < 0:
            order.limit, order.size = before
            return "PREVIEW_INSUFFICIENT_FUND"
        order.terms = order.terms | {"limit_price": price, "base_size": size}
        if not order.is_watching:
            self._take(order, now_ms)
        self._tell(order)
        self.check()
        return None

    def move_stop(self, order: Order, stop: Decimal, size: Decimal) -> bool:
        """Let the owner change a stop that rests; return whether that is possible."""
        step, before = self.rules[order.product_id].price_increment, order.size
        if not order.is_watching or order.status != "OPEN" or size <= order.filled:
            return False
        order.size = size
        if self.available(self.rules[order.product_id].base) < 0:
            order.size = before
            return False
        name = "stop_price" if "stop_price" in order.terms else "stop_trigger_price"
        order.stop = stop // step * step
        order.terms = order.terms | {name: str(order.stop), "base_size": format(size, "f")}
        if order.kind.startswith("stop"):
            order.limit = order.stop * (1 - THROUGH) // step * step
            order.terms = order.terms | {"limit_price": str(order.limit)}
        self._tell(order)
        self.check()
        return True

    # The market.

    def trade(self, product_id: str, price: Decimal, size: Decimal, now_ms: int) -> None:
        """Let a trade of others pass: triggers, and fills of what it trades through."""
        left = size
        for order in [o for o in self.live() if o.product_id == product_id]:
            if order.status == "PENDING" or order.kind == "market_market_ioc":
                continue
            if order.is_watching:
                self._watch(order, price, now_ms)
            if order.is_final or (order.is_watching and not order.kind.startswith("trigger")):
                continue
            assert order.limit is not None
            is_through = price < order.limit if order.side == "BUY" else price > order.limit
            if is_through and left > 0:
                part = min(left, order.left)
                self._fill(order, order.limit, part, now_ms, is_maker=True)
                left -= part
                self._tell(order)
        self.check()

    def _watch(self, order: Order, price: Decimal, now_ms: int) -> None:
        assert order.stop is not None
        if order.is_stuck:
            return
        if price > order.stop if order.side == "SELL" else price < order.stop:
            return
        order.triggered = True
        if order.kind.startswith("trigger"):
            away = 1 - THROUGH if order.side == "SELL" else 1 + THROUGH
            step = self.rules[order.product_id].price_increment
            order.limit = order.stop * away // step * step
        self._take(order, now_ms)
        self._tell(order)

    def settle(self, now_ms: int) -> None:
        """Let time pass: what is pending opens, what is queued ends, what is over expires."""
        for order in self.live():
            if order.status == "PENDING" and now_ms >= order.opens_ms:
                self._enter(order, now_ms)
            elif order.status == "CANCEL_QUEUED" and now_ms >= (order.ends_ms or 0):
                order.status = "CANCELLED"
                self._tell(order)
            elif order.end_ms is not None and now_ms >= order.end_ms:
                order.status = "EXPIRED"
                self._tell(order)
        self.check()

    def _tell(self, order: Order) -> None:
        self._told += 1
        order.row = None
        for hear in self.on_order:
            hear(order)

    def check(self) -> None:
        """Hold the books against themselves; what is wrong is written down, and raised.

        Where no order was told of since the last time, nothing can have become wrong.
        """
        if self._told == self._held:
            return
        self._held = self._told
        self._changes += 1
        if self._changes % self.audits_every == 0:
            self.audit()

    def audit(self) -> None:
        """Add up every fill and transfer anew, and compare."""
        expected = dict(self.moved)
        for fill in self.fills:
            rules = self.rules[fill.order.product_id]
            sign = 1 if fill.order.side == "BUY" else -1
            base, quote = rules.base, rules.quote
            expected[base] = expected.get(base, ZERO) + sign * fill.size
            expected[quote] = expected.get(quote, ZERO) - sign * fill.price * fill.size - fill.fee
        wrong = [
            f"{name}: {total} is not {expected.get(name, ZERO)}"
            for name, total in self.totals.items()
            if total != expected.get(name, ZERO)
        ]
        wrong += [
            f"{name}: available {self.available(name)}"
            for name in self.totals
            if self.available(name) < 0
        ]
        if wrong:
            self.violations += wrong
            raise AssertionError("; ".join(wrong))


def _number(terms: dict[str, Any], name: str) -> Decimal | None:
    text = terms.get(name)
    if text in (None, ""):
        return None
    if not isinstance(text, str):
        raise Refusal("INVALID_REQUEST")
    return Decimal(text)


def _time(text: str | None) -> int | None:
    from datetime import datetime

    return None if not text else int(datetime.fromisoformat(text).timestamp() * 1000)
