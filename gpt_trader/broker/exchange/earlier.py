"""What an account shows of a session whose journal is not here: its positions and their stops.

An order is this bot's if its client id is the one that its bar or its protection would give it.
What was bought under such ids and not sold since, by whomever, is held: never more than that.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.order import (
    Order,
    OrderIntent,
    OrderStatus,
    OrderType,
    Origin,
    TimeInForce,
)
from gpt_trader.domain.order_ids import BARE, MARKED, client_order_id, order_id
from gpt_trader.domain.product import Product
from gpt_trader.engine.plan import Plan
from gpt_trader.kernel.codes import BUY, FILL_STOP, SELL

ZERO = Decimal(0)
CLOCKS_MS = 30_000  # by how much the bot's time of an order and the exchange's may differ
STOPS = (OrderType.STOP_LIMIT, OrderType.BRACKET)


class Earlier(NamedTuple):
    """A product that was traded. order_id: a client id that proves it.

    lots, ticks: what is held and its average entry, 0 if nothing is. order: the protection that
    rests for it, None if none is known to.
    """

    product_id: str
    order_id: str
    lots: int
    ticks: int
    order: Order | None


def earlier(plan: Plan, product: Product, rows: Iterable[RemoteOrder]) -> Earlier | None:
    """Return what a product's orders show, in any order; None if this bot made none of them."""
    mine = sorted(
        (one for one in rows if one.product_id == product.product_id),
        key=lambda one: one.created_ms or 0,
    )
    routed = [one for one in mine if _is_routed(plan, one)]
    if not routed:
        return None
    lots, ticks = _held(product, mine, {one.client_order_id for one in routed})
    resting = [_protection(plan, product, one) for one in mine] if lots else []
    stops = [one for one in resting if one is not None]
    return Earlier(
        product.product_id,
        routed[-1].client_order_id,
        lots,
        ticks,
        stops[-1] if stops else None,
    )


def _is_routed(plan: Plan, one: RemoteOrder) -> bool:
    """Whether a bar's decision made the order."""
    newest = (one.created_ms or 0) // plan.interval_ms * plan.interval_ms
    return any(
        one.client_order_id
        == client_order_id(plan.portfolio, one.product_id, plan.interval, open_ms, ordinal, form)
        for open_ms in range(newest - 2 * plan.interval_ms, newest + 1, plan.interval_ms)
        for ordinal in (0, 1)
        for form in (BARE, MARKED)
    )


def _held(product: Product, mine: Sequence[RemoteOrder], routed: set[str]) -> tuple[int, int]:
    """Return lots and average entry, ticks, of what was bought and not sold since."""
    size = value = ZERO
    for one in mine:
        filled = one.filled_size or ZERO
        if one.side == BUY and one.client_order_id in routed:
            size, value = size + filled, value + (one.filled_value or ZERO)
        elif one.side == SELL and size:
            left = max(size - filled, ZERO)
            size, value = left, value * left / size
    lots = int((size / product.base_increment).to_integral_value(ROUND_FLOOR))
    if not lots:
        return 0, 0
    ticks = int((value / size / product.price_increment).to_integral_value(ROUND_HALF_EVEN))
    return lots, max(ticks, 1)


def _protection(plan: Plan, product: Product, one: RemoteOrder) -> Order | None:
    """Return an order as the protection that this bot let rest; None if it is something else."""
    kind, life = one.kind, one.life
    size, stop, limit = one.base_size, one.stop_price, one.limit_price
    if kind not in STOPS or one.side != SELL or one.filled_size:
        return None
    if life is None or life.is_final:
        return None
    if not (size and stop and limit):
        return None
    lots = int(size / product.base_increment)
    created_ms = one.created_ms or 0
    for time_ms in range(created_ms - CLOCKS_MS, created_ms + CLOCKS_MS):
        cause = f"protect:{time_ms}"
        if one.client_order_id in (
            order_id(plan.portfolio, one.product_id, cause, lots, form) for form in (BARE, MARKED)
        ):
            return Order(
                OrderIntent(
                    client_order_id=one.client_order_id,
                    product_id=one.product_id,
                    side=SELL,
                    type=kind,
                    tif=TimeInForce.GTC,
                    lots=lots,
                    quote=0,
                    limit=int(limit / product.price_increment),
                    stop=int(stop / product.price_increment),
                    reduce_only=True,
                    reason=FILL_STOP,
                    origin=Origin.PROTECTION,
                    sent_ms=time_ms,
                ),
                status=OrderStatus.OPEN,
                exchange_id=one.order_id,
            )
    return None
