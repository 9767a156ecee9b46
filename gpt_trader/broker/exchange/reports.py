"""What the exchange says of an order, against what is known of it: the difference as events.

All of it is cumulative, so a report that comes twice, late or out of order changes nothing.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.number import read_decimal
from gpt_trader.domain.order import Fill, Order, OrderStatus, OrderType, Origin
from gpt_trader.domain.product import Product
from gpt_trader.engine.events import Event, FillReceived, OrderEdited, OrderUpdated
from gpt_trader.kernel.codes import FILL_TAKE_PROFIT, MAKER, TAKER
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE

ZERO = Decimal(0)


def reports(product: Product, order: Order, remote: RemoteOrder, time_ms: int) -> list[Event]:
    """Return what is new of an order: its fills first, then its status. [] if nothing is.

    A row that does not tell what was filled, and for how much, is not read: another look will.
    """
    if not remote.tells_fills:
        return []
    lots = lots_of(product, remote)
    events: list[Event] = []
    if lots > 0 and _is_news(order, lots, remote):
        events.append(FillReceived(time_ms, _fill(product, order, remote, lots, time_ms)))
    status = remote.life
    if status is OrderStatus.FILLED and lots < order.filled:
        return events  # an older row
    is_named = order.exchange_id == remote.order_id  # an answer may have named another one
    if status is not None and (status is not order.status or not is_named):
        code = remote.reject_reason or remote.cancel_message
        events.append(
            OrderUpdated(
                time_ms, order.product_id, order.client_order_id, status, code, remote.order_id
            )
        )
    return _without_echo(events, order)


def lots_of(product: Product, remote: RemoteOrder) -> int:
    """Return how many lots a row says were filled."""
    size = remote.filled_size or ZERO
    return int((size / product.base_increment).to_integral_value(ROUND_FLOOR))


def edited(product: Product, order: Order, remote: RemoteOrder, time_ms: int) -> list[OrderEdited]:
    """Return that a resting order has other terms than are known of it; [] if it has those.

    A term that is not told is as it was. While an edit of ours is under way nothing can be said.
    """
    intent = order.intent
    is_resting = order.status is OrderStatus.OPEN and remote.life is OrderStatus.OPEN
    if not is_resting or order.amendment.lots or not intent.lots or not intent.limit:
        return []
    known = intent.lots, intent.limit, intent.stop
    steps = product.base_increment, product.price_increment, product.price_increment
    told = remote.base_size, remote.limit_price, remote.stop_price
    terms = tuple(
        int(new / step) if new and was else was
        for was, new, step in zip(known, told, steps, strict=True)
    )
    if terms == known:
        return []
    return [OrderEdited(time_ms, order.product_id, order.client_order_id, *terms)]


def _without_echo(events: list[Event], order: Order) -> list[Event]:
    """Leave out a report that an order which is being cancelled is still open."""
    return [
        event
        for event in events
        if not (
            isinstance(event, OrderUpdated)
            and event.status is OrderStatus.OPEN
            and order.exchange_id == event.exchange_id
            and order.status in (OrderStatus.PENDING_CANCEL, OrderStatus.TRIGGERED)
        )
    ]


def _is_news(order: Order, lots: int, remote: RemoteOrder) -> bool:
    if lots != order.filled:
        return lots > order.filled
    known = known_of(order)
    told = remote.filled_value or ZERO, remote.total_fees or ZERO
    return told != known and told[0] >= known[0] and told[1] >= known[1]


def known_of(order: Order) -> tuple[Decimal, Decimal]:
    """Return the value and the fees of what is booked of an order."""
    return read_decimal(order.filled_value) or ZERO, read_decimal(order.filled_fees) or ZERO


def _fill(product: Product, order: Order, remote: RemoteOrder, lots: int, time_ms: int) -> Fill:
    """Return what was filled since the last report as one fill at its average price."""
    value, fees = remote.filled_value or ZERO, remote.total_fees or ZERO
    new = lots - order.filled
    known = known_of(order)
    moved, fee = value - known[0], fees - known[1]
    away = ROUND_CEILING if order.intent.side > 0 else ROUND_FLOOR
    ticks = order.intent.limit or 1
    if new > 0:
        ticks = int((moved / product.size(new) / product.price_increment).to_integral_value(away))
    is_take = (
        order.intent.origin is Origin.PROTECTION
        and order.intent.type is OrderType.BRACKET
        and (ticks - order.intent.limit) * order.intent.side <= 0
    )
    return Fill(
        client_order_id=order.client_order_id,
        product_id=order.product_id,
        side=order.intent.side,
        lots=new,
        ticks=max(ticks, 1),
        fee=max(int((fee * UNITS_PER_QUOTE).to_integral_value(ROUND_CEILING)), 0),
        liquidity=MAKER if order.intent.post_only or is_take else TAKER,
        reason=FILL_TAKE_PROFIT if is_take else order.intent.reason,
        cumulative=lots,
        time_ms=time_ms,
        filled_value=format(value, "f"),
        filled_fees=format(fees, "f"),
    )
