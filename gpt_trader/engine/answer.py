"""What an event is answered with, and the answers that many share."""

from collections.abc import Sequence
from typing import NamedTuple

from gpt_trader.domain.order import Order, OrderStatus
from gpt_trader.engine import records as rec
from gpt_trader.engine.commands import CancelOrder, Command
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.records import Record
from gpt_trader.engine.state import State, open_entries


class Answer(NamedTuple):
    """Records, which `apply` folds in this order, and the commands that they go with."""

    records: Sequence[Record] = ()
    commands: Sequence[Command] = ()

    def __add__(self, more: "Answer") -> "Answer":  # type: ignore[override]
        """Return both, this one first; no tuple of four."""
        return Answer((*self.records, *more.records), (*self.commands, *more.commands))


NOTHING = Answer()


def cancel_all(orders: Sequence[Order]) -> Answer:
    """Cancel orders; for one that waits nothing has to leave."""
    return Answer(
        [rec.CancelTaken(order.client_order_id) for order in orders],
        [
            CancelOrder(order.product_id, order.client_order_id)
            for order in orders
            if order.status is not OrderStatus.WAITING
        ],
    )


def freeze(plan: Plan, state: State, product_id: str, why: str) -> Answer:
    """Keep a product from entering until a person rearms; its open entries are cancelled."""
    frozen = Answer([rec.ProductFrozen(plan.index[product_id], why)])
    return frozen + cancel_all(open_entries(state, product_id))


def stop_entries(
    state: State,
    halted: bool,  # noqa: FBT001
    paused: bool,  # noqa: FBT001
    by: str,
    reason: str,
) -> Answer:
    """Set the switches, and cancel every entry that is still out."""
    return Answer([rec.SwitchSet(halted, paused, by, reason)]) + cancel_all(open_entries(state))
