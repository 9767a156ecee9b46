"""The paper broker on live prices: the same matching against the bid and the ask as they come.

A market order fills at once at the side it takes; a resting order when the market trades through
it; a stop when the bid passes it. What happened while nobody looked is matched against the bars
that closed since. It keeps the newest quotes, which are data, and no state of an account.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import inf

from gpt_trader.broker.simulated.paper import AT_ONCE_MS, PaperBroker, match_product
from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.bars import Bar
from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine.commands import Command, SubmitOrder
from gpt_trader.engine.events import (
    BarClosed,
    BarMissed,
    Event,
    OrderUpdated,
    Quoted,
)
from gpt_trader.engine.ids import known_id, working_id
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.kernel.codes import ORDINAL_BAR
from gpt_trader.kernel.match import limit_crosses
from gpt_trader.kernel.slot import KIND_LIMIT


class QuotePaper:
    """Fills orders against quotes; between runs, against bars."""

    def __init__(self) -> None:
        self._bars = PaperBroker()
        self._newest: dict[str, Quoted] = {}

    def on_quote(self, plan: Plan, state: State, event: Quoted) -> Sequence[Event]:
        """Match everything of the quote's product against its bid and ask."""
        self._newest[event.product_id] = event
        bar = _bar_of(plan, state, event)
        parts = (plan.interval_ms, [bar])
        return match_product(_at_the_quote(plan), state, bar, parts, event.time_ms, is_moment=True)

    def on_bar(self, plan: Plan, state: State, event: BarClosed | BarMissed) -> Sequence[Event]:
        """Match what has rested since before the bar; end what lived for this bar."""
        j = plan.index[event.bar.product_id]
        if event.bar.open_ms <= state.last_bar_ms[j]:
            return []
        if _saw_all_of(plan, state, j, event.bar.open_ms):
            return self._bars.on_bar(plan, state, BarClosed(event.time_ms, event.bar))
        slot = state.slots[j]
        over = event.bar.open_ms + plan.interval_ms >= slot["expire_ms"]
        working = working_id(plan, state, j)
        if working is not None and slot["kind"] == KIND_LIMIT and over:
            product_id = event.bar.product_id
            return [OrderUpdated(event.time_ms, product_id, working, OrderStatus.EXPIRED)]
        return []

    def on_order(
        self, plan: Plan, state: State, remote: RemoteOrder, time_ms: int
    ) -> Sequence[Event]:
        """Nothing: nobody else knows of these orders."""
        return []

    def execute(
        self, plan: Plan, state: State, commands: Sequence[Command], time_ms: int
    ) -> Sequence[Event]:
        """Accept each command; a post-only order that the newest quote crosses is rejected."""
        found: list[Event] = []
        for command in commands:
            if isinstance(command, SubmitOrder) and self._crosses(command):
                order = command.order
                found.append(
                    OrderUpdated(
                        time_ms,
                        order.product_id,
                        order.client_order_id,
                        OrderStatus.REJECTED,
                        "INVALID_LIMIT_PRICE_POST_ONLY",
                    )
                )
            else:
                found += self._bars.execute(plan, state, [command], time_ms)
        return found

    def _crosses(self, command: SubmitOrder) -> bool:
        order = command.order
        quote = self._newest.get(order.product_id)
        if quote is None or not order.intent.post_only:
            return False
        return bool(
            limit_crosses(
                order.intent.side,
                order.intent.limit,
                quote.ask if order.intent.side > 0 else quote.bid,
            )
        )

    def reconcile(self, plan: Plan, state: State, time_ms: int) -> Sequence[Event]:
        """Answer what a crash left unanswered."""
        return self._bars.reconcile(plan, state, time_ms)

    def turn(self, plan: Plan, state: State, time_ms: int) -> Sequence[Event]:
        """Nothing: whatever is known is known at once."""
        return []

    def send_no_more(self) -> None:
        """Nothing: what was taken over is done."""

    @property
    def is_idle(self) -> bool:
        """Always: nothing is under way."""
        return True


@lru_cache(maxsize=8)
def _at_the_quote(plan: Plan) -> Plan:
    """Return the plan with costs at a quote: it is the price itself, whatever the bar's volume."""
    costs = plan.costs._replace(participation=inf, impact=0.0, latency_ms=0)
    return replace(plan, costs=costs)


def _bar_of(plan: Plan, state: State, quote: Quoted) -> Bar:
    """Return a quote as a moment of a bar: it opens at the side that an order would take.

    Bid and ask are its low and high, so that a resting order trades through only where the other
    side has passed its price, and a long position's stop is judged by the bid.
    """
    slot = state.slots[plan.index[quote.product_id]]
    held, stop = int(slot["lots"]), int(slot["stop_ticks"])
    is_stopped = (
        held != 0
        and stop != 0
        and (stop - (quote.bid if held > 0 else quote.ask)) * (1 if held > 0 else -1) >= 0
    )
    buys = held < 0 if is_stopped else _buys(state, quote, int(slot["side"]))
    price = quote.ask if buys else quote.bid
    return Bar(quote.product_id, quote.time_ms, price, quote.ask, quote.bid, price, inf, 0.0, 0)


def _buys(state: State, quote: Quoted, working_side: int) -> bool:
    """Whether what works in the product buys: its route's order, else an operator's."""
    if working_side:
        return working_side > 0
    sides = [
        order.intent.side for order in state.open_orders if order.product_id == quote.product_id
    ]
    return bool(sides) and sides[0] > 0


def _saw_all_of(plan: Plan, state: State, j: int, open_ms: int) -> bool:
    """Whether nothing of product j began inside the bar: the bar tells all that could happen."""
    product_id = plan.products[j].product_id
    cause_ms = int(state.slots["protection_cause"][j])
    entry = known_id(plan, state, product_id, cause_ms, ORDINAL_BAR)
    began = (
        [state.orders[entry].intent.sent_ms]
        if entry in state.orders and state.slots["lots"][j]
        else []
    )
    began += [order.intent.sent_ms for order in state.open_orders if order.product_id == product_id]
    return max(began, default=0) <= open_ms + AT_ONCE_MS
