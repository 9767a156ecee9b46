"""The one place where an order becomes one that may be sent.

An entry needs the guards' answer. What reduces a position needs none, so that no guard ever keeps
an exit back, but it must show that it reduces.
"""

from gpt_trader.domain.decision import Reason
from gpt_trader.domain.order import Order
from gpt_trader.engine.commands import Approved
from gpt_trader.errors import HaltError
from gpt_trader.kernel.codes import ACT_ENTER


def approve_decided(code: int, order: Order, held: int) -> Approved:
    """Approve the order of a route's decision; held: the product's signed lots.

    The kernel decides to enter behind every guard only; whatever else it sends must reduce.
    """
    return Approved(order) if code == ACT_ENTER else approve_reducing(order, held)


def approve_entry(order: Order, refusal: Reason | None) -> Approved | Reason:
    """Approve an operator's entry if no guard refuses it; refusal: what the guards answered."""
    return Approved(order) if refusal is None else refusal


def approve_reducing(order: Order, held: int) -> Approved:
    """Approve an order that closes what is held, or a part of it; held: signed lots.

    Raises HaltError if it could open or turn a position.
    """
    intent = order.intent
    is_within = intent.side * held < 0 and 0 <= intent.lots <= abs(held) and not intent.quote
    if not (intent.reduce_only and is_within):
        raise HaltError(f"expected an order that reduces {held} lots, was {intent}")
    return Approved(order)
