"""The paper broker: the kernel's matching against each bar. It keeps no state of its own."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from gpt_trader.domain.account import RemoteOrder
from gpt_trader.domain.bars import Bar, Bars
from gpt_trader.domain.order import (
    Fill,
    Order,
    OrderStatus,
    OrderType,
    Origin,
    TimeInForce,
)
from gpt_trader.engine.commands import AmendOrder, CancelOrder, Command, SubmitOrder
from gpt_trader.engine.events import (
    BarClosed,
    BarMissed,
    Event,
    FillReceived,
    OrderAmended,
    OrderUpdated,
    Quoted,
)
from gpt_trader.engine.ids import known_id
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State, costs_at
from gpt_trader.kernel import match
from gpt_trader.kernel import match_order as orders
from gpt_trader.kernel.codes import MAKER
from gpt_trader.kernel.costs import Costs
from gpt_trader.kernel.fill import FILL_DTYPE
from gpt_trader.kernel.readings import account_sums
from gpt_trader.kernel.rounding import buy_cost, lots_for_quote
from gpt_trader.kernel.slippage import NO_QUOTE
from gpt_trader.kernel.slot import Slots, copy_slots
from gpt_trader.kernel.table import is_idle, match_slot

_STATUS = {
    match.LOG_FILLED: OrderStatus.FILLED,
    match.LOG_EXPIRED: OrderStatus.EXPIRED,
    match.LOG_REJECTED: OrderStatus.REJECTED,
    match.LOG_CANCELLED: OrderStatus.CANCELLED,
    match.LOG_TRIGGERED: OrderStatus.TRIGGERED,
}
_OUTCOME = {
    orders.DONE: OrderStatus.FILLED,
    orders.CANCELLED: OrderStatus.CANCELLED,
    orders.REJECTED: OrderStatus.REJECTED,
    orders.EXPIRED: OrderStatus.EXPIRED,
}


AT_ONCE_MS = 5_000  # an order sent so recently may take what the first quote offers


class PaperBroker:
    """Fills orders by the bar protocol; accepts everything the engine lets through.

    detail: by product, finer bars that decide what happened inside a bar (data, not state).
    """

    def __init__(self, detail: Mapping[str, Bars] = MappingProxyType({})) -> None:
        self._detail = detail

    def on_bar(self, plan: Plan, state: State, event: BarClosed | BarMissed) -> Sequence[Event]:
        """Match everything that rests in the bar's product against it."""
        bar = event.bar
        j = plan.index[bar.product_id]
        if bar.open_ms <= state.last_bar_ms[j]:
            return []  # a correction: nothing is undone
        return match_product(plan, state, bar, self._parts(plan, bar), event.time_ms)

    def on_quote(self, plan: Plan, state: State, event: Quoted) -> Sequence[Event]:
        """Nothing: bars decide here."""
        return []

    def _parts(self, plan: Plan, bar: Bar) -> tuple[int, Sequence[Bar]]:
        """Return the finer bars of a bar with their interval, or the bar itself."""
        fine = self._detail.get(bar.product_id)
        if fine is None:
            return plan.interval_ms, [bar]
        begin, end = np.searchsorted(fine.time, [bar.open_ms, bar.open_ms + plan.interval_ms])
        return fine.interval_ms, [fine.bar(k) for k in range(begin, end)]

    def on_order(
        self, plan: Plan, state: State, remote: RemoteOrder, time_ms: int
    ) -> Sequence[Event]:
        """Nothing: nobody else knows of these orders."""
        return []

    def execute(
        self, plan: Plan, state: State, commands: Sequence[Command], time_ms: int
    ) -> Sequence[Event]:
        """Accept each command at once."""
        return [_answer(command, time_ms) for command in commands]

    def reconcile(self, plan: Plan, state: State, time_ms: int) -> Sequence[Event]:
        """Answer what a crash left unanswered: the state's open orders are the truth here."""
        answers: list[Event] = []
        for order in state.open_orders:
            if order.status is OrderStatus.SUBMITTED:
                answers.append(_update(order, OrderStatus.OPEN, time_ms))
            elif order.status is OrderStatus.PENDING_CANCEL:
                answers.append(_update(order, OrderStatus.CANCELLED, time_ms))
            if order.amendment.lots and _is_working(order):
                answers.append(
                    OrderAmended(
                        time_ms,
                        order.product_id,
                        order.client_order_id,
                        order.amendment.lots,
                        order.amendment.limit,
                    )
                )
        return answers

    def turn(self, plan: Plan, state: State, time_ms: int) -> Sequence[Event]:
        """Nothing: whatever is known is known at once."""
        return []

    def send_no_more(self) -> None:
        """Nothing: what was taken over is done."""

    @property
    def is_idle(self) -> bool:
        """Always: nothing is under way."""
        return True


def match_product(
    plan: Plan,
    state: State,
    bar: Bar,
    parts: tuple[int, Sequence[Bar]],
    time_ms: int,
    *,
    is_moment: bool = False,
) -> list[Event]:
    """Match all that works in the bar's product, its protection too, against the bar.

    parts: the interval and the bars, in order, that it is made of. is_moment: it is no bar but a
    moment inside one: a resting limit was there before it and does not end with it.
    """
    j = plan.index[bar.product_id]
    if is_idle(state.slots, j, bar.high, bar.low) and not state.open_orders:
        return []
    slots = copy_slots(state.slots)
    found = _match_slot(plan, state, j, bar, slots, parts, time_ms, is_moment=is_moment)
    room = match.room_lots(bar.volume, plan.costs, plan.products[j].spec)
    room -= sum(e.fill.lots for e in found if isinstance(e, FillReceived))
    free = state.cash - int(account_sums(state.slots, plan.specs)[1])
    for order in state.open_orders:
        if order.product_id == bar.product_id and _is_working(order):
            if is_moment and time_ms - order.intent.sent_ms > AT_ONCE_MS:
                order = order._replace(is_new=False)  # noqa: PLW2901
            outcome = _match_operator(
                plan, state, order, bar, int(slots["lots"][j]), int(room), free
            )
            found += _reports(order, outcome, time_ms)
            if outcome.fill is not None:
                slots["lots"][j] += order.intent.side * outcome.fill.lots
                room -= outcome.fill.lots
                free -= max(outcome.spent - order.reserve, 0)
    return found


def _answer(command: Command, time_ms: int) -> Event:
    match command:
        case SubmitOrder():
            return _update(command.order, OrderStatus.OPEN, time_ms)
        case CancelOrder():
            return OrderUpdated(
                time_ms, command.product_id, command.client_order_id, OrderStatus.CANCELLED
            )
        case AmendOrder():
            return OrderAmended(
                time_ms,
                command.product_id,
                command.client_order_id,
                command.lots,
                command.limit,
            )


def _update(order: Order, status: OrderStatus, time_ms: int, code: str = "") -> OrderUpdated:
    return OrderUpdated(time_ms, order.product_id, order.client_order_id, status, code)


def _costs_at(plan: Plan, state: State, bar: Bar, part: Bar) -> Costs:
    """Return the costs in force in a part of a bar: its own half spread where it quotes one."""
    costs = costs_at(plan, state, bar.open_ms)
    if part.half_spread_e8 == NO_QUOTE:
        return costs
    return costs._replace(half_spread_e8=part.half_spread_e8)


def _match_slot(
    plan: Plan,
    state: State,
    j: int,
    bar: Bar,
    slots: Slots,
    parts: tuple[int, Sequence[Bar]],
    time_ms: int,
    *,
    is_moment: bool,
) -> list[Event]:
    """Match the product's working order and protection; leaves the position in `slots`.

    parts: the interval and the bars, in order, that the bar is made of.
    """
    if is_idle(slots, j, bar.high, bar.low):
        return []
    product = plan.products[j]
    interval_ms, fine = parts
    fills = np.empty(match.MAX_FILLS_PER_BAR * len(fine), FILL_DTYPE)
    log = np.zeros((match.MAX_LOG_PER_BAR, 3), np.int64)
    logged: list[list[int]] = []
    cash, row = state.cash, 0
    for k, part in enumerate(fine):
        if is_idle(slots, j, part.high, part.low):
            continue
        cash, row, n_log = match_slot(
            slots, j, cash,
            match.Part(
                bar.open_ms, part.open, part.high, part.low, part.volume, interval_ms,
                k == 0 and not is_moment, k == len(fine) - 1 and not is_moment,
            ),
            product.spec, _costs_at(plan, state, bar, part), fills, log, row,
        )  # fmt: skip
        logged += log[:n_log].tolist()

    def named(cause: int, ordinal: int) -> str:
        return known_id(plan, state, product.product_id, cause, ordinal)

    found: list[Event] = []
    filled: dict[str, int] = {}
    for kind, what, made_by in logged:
        if kind != match.LOG_FILL:
            found.append(
                OrderUpdated(time_ms, product.product_id, named(made_by, what), _STATUS[kind])
            )
            continue
        side, lots, ticks, fee, liquidity, reason, cause, ordinal, _, base = fills[what].item()[2:]
        order_id = named(cause, ordinal)
        known = state.orders.get(order_id)
        before = filled.get(order_id, known.filled if known else 0)
        filled[order_id] = before + lots
        found.append(
            FillReceived(
                time_ms,
                Fill(
                    order_id, product.product_id, side, lots, ticks, fee, liquidity, reason,
                    before + lots, bar.open_ms, base,
                ),
            )
        )  # fmt: skip
    return found


_KINDS = {
    OrderType.LIMIT: orders.LIMIT,
    OrderType.STOP_LIMIT: orders.STOP_LIMIT,
    OrderType.BRACKET: orders.BRACKET,
}


class _Outcome(NamedTuple):
    """What a bar did to an operator's order. spent: units that the fill takes from cash."""

    fill: Fill | None
    spent: int
    status: OrderStatus | None
    code: str
    triggered: bool


def _is_working(order: Order) -> bool:
    """Whether an open order is an operator's that bars may fill."""
    return order.intent.origin is Origin.OPERATOR and order.status is not OrderStatus.PENDING_CANCEL


def _match_operator(
    plan: Plan, state: State, order: Order, bar: Bar, held: int, room: int, free: int
) -> _Outcome:
    """Match one operator's order against what the bar has left.

    held: signed lots. room: lots that fills may still take of the volume. free: units of cash
    that nothing has set aside. A reducing order never exceeds what is held; a buy never spends
    more than its reserve and what is free: the rest of it is cancelled.
    """
    product = plan.products[plan.index[order.product_id]]
    spec, costs = product.spec, _costs_at(plan, state, bar, bar)
    left = order.intent.lots - order.filled
    if order.intent.reduce_only:
        left = min(left, max(-order.intent.side * held, 0))
        if left == 0:
            return _Outcome(None, 0, OrderStatus.CANCELLED, "NOTHING_TO_SELL", triggered=False)
    got = orders.Match(
        *orders.match_order(
            _ask(order, left), bar.open_ms, bar.open, bar.high, bar.low, bar.volume,
            plan.interval_ms, room, spec, costs,
        )
    )  # fmt: skip
    rate = costs.maker_e8 if got.liquidity == MAKER else costs.taker_e8
    lots, status, code = got.lots, _OUTCOME.get(got.outcome), ""
    if lots > 0 and order.intent.side > 0 and not order.intent.reduce_only:
        most = int(lots_for_quote(order.reserve + max(free, 0), got.ticks, rate, spec))
        if most < lots:
            lots, status, code = most, OrderStatus.CANCELLED, "CASH"
    triggered = bool(got.triggered) and not order.triggered
    if lots == 0:
        return _Outcome(None, 0, status, code, triggered)
    fee = int(match.fill_fee(order.intent.side, lots, got.ticks, rate, spec))
    fill = Fill(
        order.client_order_id, order.product_id, order.intent.side, lots, got.ticks, fee,
        got.liquidity, order.intent.reason, order.filled + lots, bar.open_ms, got.base,
    )  # fmt: skip
    spent = int(buy_cost(lots, got.ticks, rate, spec)) if order.intent.side > 0 else 0
    return _Outcome(fill, spent, status, code, triggered)


def _reports(order: Order, outcome: _Outcome, time_ms: int) -> list[Event]:
    """Return an outcome as the events of a broker, in the order in which it happened."""
    found: list[Event] = []
    if outcome.triggered:
        found.append(_update(order, OrderStatus.TRIGGERED, time_ms))
    if outcome.fill is not None:
        found.append(FillReceived(time_ms, outcome.fill))
    if outcome.status is not None:
        found.append(_update(order, outcome.status, time_ms, outcome.code))
    return found


def _ask(order: Order, left: int) -> orders.Ask:
    kind = _KINDS.get(
        order.intent.type, orders.MARKET_VALUE if order.intent.quote else orders.MARKET_SIZE
    )
    whole = order.intent.tif is TimeInForce.FOK
    immediate = whole or (
        order.intent.tif is TimeInForce.IOC and order.intent.type is not OrderType.MARKET
    )
    return orders.Ask(
        kind=kind,
        side=order.intent.side,
        lots=left,
        quote=order.reserve if order.intent.quote else 0,
        limit=order.intent.limit,
        stop=order.intent.stop,
        post_only=int(order.intent.post_only),
        immediate=int(immediate),
        whole=int(whole),
        expire_ms=order.intent.expire_ms if order.intent.tif is TimeInForce.GTD else 0,
        is_new=int(order.is_new),
        triggered=int(order.triggered),
    )
