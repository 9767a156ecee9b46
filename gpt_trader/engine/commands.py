"""What the engine asks of the broker. Imperative: it has not happened yet."""

from typing import NamedTuple

from gpt_trader.domain.order import Order


class Approved(NamedTuple):
    """An order that may be sent, and nothing else may: only `engine.approve` makes one."""

    order: Order


class SubmitOrder(NamedTuple):
    """Send an order. Never sent twice: a lost answer is looked up by its client id."""

    approved: Approved

    @property
    def order(self) -> Order:
        """What is sent."""
        return self.approved.order


class CancelOrder(NamedTuple):
    """Cancel an order."""

    product_id: str
    client_order_id: str


class AmendOrder(NamedTuple):
    """Change a resting order's size and price; side and intent stay."""

    product_id: str
    client_order_id: str
    lots: int
    limit: int


Command = SubmitOrder | CancelOrder | AmendOrder
