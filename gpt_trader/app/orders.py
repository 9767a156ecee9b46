"""From what an operator asked for to a verdict: sizes and prices on the grid, then the engine."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from gpt_trader.app.hand import Hand
from gpt_trader.config.words import DEFAULT_VENUE
from gpt_trader.data.catalog import normalize_id
from gpt_trader.domain.decision import Reason
from gpt_trader.domain.order import Order, OrderIntent, OrderStatus, OrderType, Origin, TimeInForce
from gpt_trader.domain.product import Product
from gpt_trader.domain.times import parse_time
from gpt_trader.engine.events import AmendRequested, CancelRequested, OrderRequested
from gpt_trader.engine.operator import amend_refusal, check_order, name_order
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.protect import covered_beside, lots_by_hand
from gpt_trader.engine.state import State, costs_now, open_order
from gpt_trader.errors import UsageError
from gpt_trader.kernel.codes import BUY, SELL
from gpt_trader.kernel.rounding import RATE_SCALE, UNITS_PER_QUOTE, VALUE_LIMIT
from gpt_trader.observe.cycle import guard_json, order_json, order_words, size_text
from gpt_trader.runtime.situation import entry_guards
from gpt_trader.runtime.venues import venue_of

Json = dict[str, Any]

LISTED = "see gpt-trader orders list"


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order as it stands on the command line."""

    product: str
    side: str
    size: str | None
    value: str | None
    kind: str
    price: str | None
    stop: str | None
    tif: str | None
    until: str | None
    post_only: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a request. refusal: None if it was taken. hint: what else is to be known.

    open_end: why an order that was taken may be anything when the command ends; "" if it is known.
    """

    refusal: Reason | None
    data: Json
    words: str
    hint: str = ""
    open_end: str = ""


class OffGridError(Exception):
    """A size or price between two steps of the product's grid; carries the refusal."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.detail)
        self.reason = reason


def place(hand: Hand, asked: OrderRequest, *, dry_run: bool) -> Reply:
    """Check an order and, unless it is a dry run, send it."""
    plan, state = hand.plan, hand.state
    product = _product(plan, asked.product)
    _check_shape(asked)
    j = plan.index[product.product_id]
    guards = [guard_json(guard) for guard in entry_guards(plan, state, j, hand.time_ms)]
    data: Json = {"guards": guards, "dry_run": dry_run, "order": None}
    try:
        intent = intent_of(product, asked)
    except OffGridError as error:
        return Reply(error.reason, data, "")
    event = OrderRequested(hand.time_ms, hand.command_id(), Order(intent))
    found = check_order(plan, state, event)
    refusal, checked = None, name_order(plan, state, event)
    if isinstance(found, Reason):
        refusal = found
    else:
        checked = found.order
        if not dry_run:
            refusal, after = hand.request(event)
            checked = after.orders.get(checked.client_order_id, checked)
    shown = order_json(plan, checked)
    if refusal is not None or dry_run:
        shown["status"] = "REFUSED" if refusal is not None else "DRY_RUN"
    data |= {
        "order": shown,
        "cut_from": None,
        "request": venue_of(DEFAULT_VENUE).request(checked.intent, product),
    }
    data["fees"] = _fees(plan, state, product, checked)
    makes_way = refusal is None and _takes_stop(plan, state, j, checked)
    by_hand = lots_by_hand(plan, state, j) + checked.intent.lots
    covered = covered_beside(plan, state, j, by_hand) if makes_way else 0
    data |= {
        "stop_makes_way": makes_way,
        "stop_covers": size_text(product, covered) if covered else None,
    }
    if refusal is not None:
        return Reply(refusal, data, "", _price_hint(state, j))
    if checked.intent.lots != intent.lots:
        data["cut_from"] = str(product.size(intent.lots))
    words = f"{'would be taken' if dry_run else 'taken'}: {order_words(plan, checked)}"
    if not dry_run:
        words += f"\n{checked.client_order_id}: {checked.status}{_what_follows(plan, checked)}"
    hint = _without_stop(checked, data["stop_covers"]) if makes_way else _ended_hint(hand)
    return Reply(None, data, words, hint, "" if dry_run else _open_end(hand, checked))


def _open_end(hand: Hand, order: Order) -> str:
    """Return what nobody knows of an order that was taken, or goes on with; "" if all is well."""
    name = order.client_order_id[:8]
    if order.status is OrderStatus.SUBMIT_UNKNOWN:
        return f"nobody knows what became of {name}: it was sent, and not answered"
    if hand.goes_on or not hand.plan.rests:
        return ""
    if order.status is OrderStatus.SUBMITTED:
        return f"nobody knows what became of {name}: no answer is in"
    if order.status is OrderStatus.WAITING:
        return f"{name} was not sent: it waits for another order's end, and nobody runs"
    return ""


def _takes_stop(plan: Plan, state: State, j: int, order: Order) -> bool:
    """Whether a position's stop leaves an order's coins for as long as that may rest.

    The coins of an order are its own: what is left of the position is what a stop covers.
    """
    rests = order.intent.tif in (TimeInForce.GTC, TimeInForce.GTD)
    is_kept_there = bool(plan.rests) and plan.rests[j] and bool(state.slots["stop_ticks"][j])
    return rests and order.intent.reduce_only and is_kept_there


def _without_stop(order: Order, covered: str | None) -> str:
    """Say what holds while an order rests in the place of a stop. covered: size of the rest's."""
    product = order.product_id
    begins = f"while it rests no stop of {product} does"
    if covered is not None:
        begins = f"while it rests the stop of {product} covers {covered}, not what it sells"
    return (
        f"{begins}: a running bot watches the quotes and sells at the stop's level, without one "
        f"nobody does; gpt-trader orders cancel {order.client_order_id[:8]} brings the stop back"
    )


def _what_follows(plan: Plan, order: Order) -> str:
    """Say what an order that was taken waits for; "" where its status says it."""
    is_market = order.intent.type is OrderType.MARKET
    if order.status is not OrderStatus.OPEN:
        return ""
    if plan.rests:
        return ", not filled yet" if is_market else ", it rests"
    return ", it fills at the next bar's open" if is_market else ", the next bar can fill it"


def _fees(plan: Plan, state: State, product: Product, order: Order) -> Json:
    """Return the rate that an order is counted at and what it comes to, in quote."""
    costs = costs_now(plan, state)
    rate_e8 = costs.maker_e8 if order.intent.post_only else costs.taker_e8
    ticks = order.intent.limit or int(state.slots["close_ticks"][plan.index[product.product_id]])
    worth = Decimal(order.intent.quote) / UNITS_PER_QUOTE or product.size(
        order.intent.lots
    ) * product.price(ticks)
    rate = Decimal(rate_e8) / RATE_SCALE
    return {"rate": rate, "estimate": worth * rate}


def cancel(hand: Hand, order_id: str, *, dry_run: bool) -> Reply:
    """Cancel an open order. Raises UsageError if it is none that was placed by hand."""
    known = _find_open(hand.state, order_id)
    if dry_run:
        return _after(hand.plan, hand.state, known, None, "would cancel")
    refusal, after = hand.request(CancelRequested(hand.time_ms, hand.command_id(), known))
    is_over = after.orders[known].status.is_final
    return _after(hand.plan, after, known, refusal, "cancelled" if is_over else "asked to cancel")


def edit(hand: Hand, order_id: str, *, size: str | None, price: str | None, dry_run: bool) -> Reply:
    """Change a resting order's size, price or both."""
    if size is None and price is None:
        raise UsageError("nothing to change", hint="give --size, --price or both")
    plan, state = hand.plan, hand.state
    known = _find_open(state, order_id)
    order = state.orders[known]
    product = _product(plan, order.product_id)
    try:
        lots = order.intent.lots if size is None else _lots(product, size)
        limit = order.intent.limit if price is None else _ticks(product, "--price", price)
    except OffGridError as error:
        return _after(plan, state, known, error.reason, "")
    event = AmendRequested(hand.time_ms, hand.command_id(), known, lots, limit)
    if dry_run:
        refusal = amend_refusal(plan, state, order, event)
        return _after(plan, state, known, refusal, "would change")
    refusal, after = hand.request(event)
    is_waiting = after.orders[known].amendment.lots > 0
    return _after(plan, after, known, refusal, "asked to change" if is_waiting else "changed")


def _after(plan: Plan, state: State, known: str, refusal: Reason | None, done: str) -> Reply:
    order = state.orders[known]
    words = f"{done}: {order_words(plan, order)}\n{known}: {order.status}"
    return Reply(refusal, {"order": order_json(plan, order)}, words)


def _find(state: State, order_id: str) -> str:
    """Return the one id that begins so. Raises UsageError if there is none, or several."""
    found = [key for key in state.orders if key.startswith(order_id)]
    if len(found) != 1:
        many = f"{len(found)} orders begin with" if found else "no order begins with"
        raise UsageError(f"{many} {order_id!r}", hint=LISTED)
    return found[0]


def _find_open(state: State, order_id: str) -> str:
    """Return the one order that begins so, and may be cancelled or changed by hand."""
    known = _find(state, order_id)
    order = state.orders[known]
    if open_order(state, known) is not None:
        return known
    if order.status.is_final:
        raise UsageError(f"order {known} has ended: {order.status}", hint=LISTED)
    what = "rests for a position" if order.intent.origin is Origin.PROTECTION else "is the bot's"
    raise UsageError(
        f"order {known} {what}: only what was placed by hand is cancelled or changed by hand",
        hint="gpt-trader pause cancels entries; orders place PRODUCT sell ends a position",
    )


def _product(plan: Plan, text: str) -> Product:
    product_id = normalize_id(text)
    if product_id not in plan.index:
        hint = f"it trades {', '.join(plan.index)}"
        raise UsageError(f"{product_id} is not traded in this session", hint=hint)
    return plan.products[plan.index[product_id]]


def _check_shape(asked: OrderRequest) -> None:
    """Raise UsageError where an order of this type lacks something, or has too much."""
    kind = asked.kind
    market = kind == OrderType.MARKET
    if (asked.size is None) == (asked.value is None):
        raise UsageError("expected --size or --value", hint="give one of them")
    if asked.value is not None and not (market and asked.side == "buy"):
        raise UsageError("--value is for market buys", hint="give --size")
    if market != (asked.price is None):
        need = "takes no --price" if market else "needs --price"
        raise UsageError(f"a {kind} order {need}", hint="see gpt-trader orders place --help")
    stops = kind in (OrderType.STOP_LIMIT, OrderType.BRACKET)
    if stops != (asked.stop is not None):
        need = "needs --stop" if stops else "takes no --stop"
        raise UsageError(f"a {kind} order {need}", hint="see gpt-trader orders place --help")
    if (asked.tif == TimeInForce.GTD) != (asked.until is not None):
        raise UsageError("--tif GTD and --until TIME belong together", hint="give both")
    if market and asked.tif not in (None, TimeInForce.IOC):
        raise UsageError("a market order is IOC", hint="leave out --tif")
    immediate = asked.tif in (TimeInForce.IOC, TimeInForce.FOK)
    if asked.post_only and (kind != OrderType.LIMIT or immediate):
        raise UsageError("--post-only is for limit orders that rest", hint="--type limit")


def cancel_all(hand: Hand, product: str | None, *, dry_run: bool) -> list[str]:
    """Cancel every open order that was placed by hand; return their ids."""
    wanted = None if product is None else _product(hand.plan, product).product_id
    found = [
        order.client_order_id
        for order in hand.state.open_orders
        if order.intent.origin is Origin.OPERATOR and wanted in (None, order.product_id)
    ]
    for key in [] if dry_run else found:
        hand.request(CancelRequested(hand.time_ms, hand.command_id(), key))
    return found


def intent_of(product: Product, asked: OrderRequest) -> OrderIntent:
    """Return what is asked in lots and ticks; raise OffGridError between the product's steps."""
    kind = OrderType(asked.kind)
    default = TimeInForce.IOC if kind is OrderType.MARKET else TimeInForce.GTC
    return OrderIntent(
        client_order_id="",
        product_id=product.product_id,
        side=BUY if asked.side == "buy" else SELL,
        type=kind,
        tif=TimeInForce(asked.tif) if asked.tif else default,
        lots=0 if asked.size is None else _lots(product, asked.size),
        quote=0 if asked.value is None else _units(asked.value),
        limit=0 if asked.price is None else _ticks(product, "--price", asked.price),
        stop=0 if asked.stop is None else _ticks(product, "--stop", asked.stop),
        post_only=asked.post_only,
        expire_ms=0 if asked.until is None else parse_time(asked.until),
    )


def _lots(product: Product, text: str) -> int:
    return _steps(_positive("--size", text), product.base_increment, "size", product)


def _ticks(product: Product, flag: str, text: str) -> int:
    return _steps(_positive(flag, text), product.price_increment, "price", product)


def _steps(amount: Decimal, increment: Decimal, what: str, product: Product) -> int:
    steps, rest = divmod(amount, increment)
    if rest:
        detail = (
            f"{what} {amount} of {product.product_id} is not a multiple of {increment:f}; "
            f"the nearest below is {steps * increment:f}"
        )
        raise OffGridError(Reason("OFF_GRID", detail, None, None))
    return int(steps)


def _units(text: str) -> int:
    return int(_positive("--value", text) * UNITS_PER_QUOTE)


def _positive(flag: str, text: str) -> Decimal:
    """Return a number above 0 that fits the engine's integers."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    most = Decimal(VALUE_LIMIT) / UNITS_PER_QUOTE
    if not (amount.is_finite() and amount > 0):
        raise UsageError(f"expected {flag} to be a number above 0, was {text!r}")
    if amount >= most:
        raise UsageError(f"expected {flag} below {most:,.0f}, was {text!r}", hint="ask for less")
    return amount


def _price_hint(state: State, j: int) -> str:
    if state.last_bar_ms[j] < 0:
        return "no bar is known yet: gpt-trader run --once loads some"
    return ""


def _ended_hint(hand: Hand) -> str:
    if max(hand.state.last_bar_ms) >= hand.ends_ms:
        return "the market's data has ended: no bar will meet this order"
    return ""
