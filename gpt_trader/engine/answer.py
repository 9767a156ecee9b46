"""What an event is answered with."""

from collections.abc import Sequence
from typing import NamedTuple

from gpt_trader.domain.order import Order
from gpt_trader.engine import records as rec
from gpt_trader.engine.commands import CancelOrder, Command
from gpt_trader.engine.records import Record


class Answer(NamedTuple):
    """Records, which `apply` folds in this order, and the commands that they go with."""

    records: Sequence[Record] = ()
    commands: Sequence[Command] = ()

    def __add__(self, more: "Answer") -> "Answer":  # type: ignore[override]
        """Return both, this one first; no tuple of four."""
        return Answer((*self.records, *more.records), (*self.commands, *more.commands))


NOTHING = Answer()


def cancel_all(orders: Sequence[Order]) -> Answer:
    """Cancel orders."""
    return Answer(
        [rec.CancelTaken(order.client_order_id) for order in orders],
        [CancelOrder(order.product_id, order.client_order_id) for order in orders],
    )
