"""The broker that sends nothing: what it would have sent stands in the journal as a command."""

from collections.abc import Sequence

from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine.commands import AmendOrder, CancelOrder, Command, SubmitOrder
from gpt_trader.engine.events import (
    BarClosed,
    BarMissed,
    Event,
    OrderUpdated,
    Quoted,
)
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State

OBSERVED = "OBSERVED"  # why an order ended: it was never sent


class ObserveBroker:
    """Ends every order at once, unsent. It holds no connection that could send one."""

    def on_bar(self, plan: Plan, state: State, event: BarClosed | BarMissed) -> Sequence[Event]:
        """Nothing rests, so nothing happens."""
        return []

    def on_quote(self, plan: Plan, state: State, event: Quoted) -> Sequence[Event]:
        """Nothing rests, so nothing happens."""
        return []

    def on_order(
        self, plan: Plan, state: State, remote: RemoteOrder, time_ms: int
    ) -> Sequence[Event]:
        """Nothing: nobody else knows of these orders."""
        return []

    def execute(
        self, plan: Plan, state: State, commands: Sequence[Command], time_ms: int
    ) -> Sequence[Event]:
        """End each order: it is in the journal, and nowhere else."""
        return [_end(command, time_ms) for command in commands]

    def reconcile(self, plan: Plan, state: State, time_ms: int) -> Sequence[Event]:
        """End what a crash left open: it was never sent."""
        return [
            OrderUpdated(
                time_ms, order.product_id, order.client_order_id, OrderStatus.CANCELLED, OBSERVED
            )
            for order in state.open_orders
        ]

    def turn(self, plan: Plan, state: State, time_ms: int) -> Sequence[Event]:
        """Nothing: whatever is known is known at once."""
        return []

    def send_no_more(self) -> None:
        """Nothing: what was taken over is done."""

    @property
    def is_idle(self) -> bool:
        """Always: nothing is under way."""
        return True


def _end(command: Command, time_ms: int) -> OrderUpdated:
    match command:
        case SubmitOrder():
            product_id, key = command.order.product_id, command.order.client_order_id
        case CancelOrder() | AmendOrder():
            product_id, key = command.product_id, command.client_order_id
    return OrderUpdated(time_ms, product_id, key, OrderStatus.CANCELLED, OBSERVED)
