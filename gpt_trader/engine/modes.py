"""How a position may be left, by what orders the exchange takes of its product now.

Where it takes no market orders, an exit is a limit order that takes what is there down to a stated
distance through the touch. Where it takes none that could sell, what rests stays: nothing is
cancelled for an order that would be refused, nor for one that could not take its place.
"""

from gpt_trader.domain.order import Order, OrderType, TimeInForce
from gpt_trader.engine.events import Event, Quoted
from gpt_trader.engine.state import State

THROUGH_TOUCH = 100  # a hundredth, 1 %: within the narrowest band that exchanges keep around prices
MARKET_REFUSED = "UNSUPPORTED_ORDER_CONFIGURATION"  # a market order's, where none is taken


def takes_no_market(state: State, j: int) -> bool:
    """Whether product j is sold by limit orders only: it was said, or an exit was refused so."""
    return state.limit_only[j] or MARKET_REFUSED in state.leaving[j].why


def is_to_be_priced(state: State, j: int, order: Order) -> bool:
    """Whether an exit of product j cannot leave before a quote says at which limit."""
    intent = order.intent
    return intent.reduce_only and intent.type is OrderType.MARKET and takes_no_market(state, j)


def priced(order: Order, limit: int) -> Order:
    """Return an exit at market as a limit order that takes what is there; 0: as it is."""
    if not limit:
        return order
    intent = order.intent._replace(type=OrderType.LIMIT, tif=TimeInForce.IOC, limit=limit)
    return order._replace(intent=intent)


def limit_at(order: Order, event: Event) -> int | None:
    """Return the limit, ticks, that sells an order by a quote; None if the event is none of it."""
    if not isinstance(event, Quoted) or event.product_id != order.product_id:
        return None
    touch = event.bid if order.intent.side < 0 else event.ask
    return max(touch + order.intent.side * (touch // THROUGH_TOUCH), 1)
