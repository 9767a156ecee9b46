"""The engine's whole memory as one immutable value."""

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gpt_trader.domain.bars import Bars
from gpt_trader.domain.order import Order, OrderStatus, Origin
from gpt_trader.domain.product import AS_COUNTED, Grid
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.window import Window
from gpt_trader.kernel.costs import Costs, costs_record
from gpt_trader.kernel.entries import account_equity
from gpt_trader.kernel.fees import (
    HOUR,
    HOUR_MS,
    MAKER_RATE,
    TAKER_RATE,
    new_fee_book,
    roll_fees,
)
from gpt_trader.kernel.ledger import quote
from gpt_trader.kernel.marks import Marks, new_marks
from gpt_trader.kernel.record import Words, words
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE
from gpt_trader.kernel.slot import Slots, new_slots

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SCHEMA_VERSION = 6
FINAL_ORDERS_KEPT = 64
DOUBT_LOOKS = 3  # at which an order was not found, before its coins are not counted on it
DOUBT_MS = 5_000  # that these looks covered


class Leaving(NamedTuple):
    """The wish to sell a product's position, or a part of it, and how it fares.

    reason: FILL_* of its fills; 0: there is no wish. keep: lots that are to stay. limit: at which
    it rests, ticks; 0: at market. since_ms: when it was first decided. tried_ms, tries: the newest
    attempt, and how often it was repeated. refusals: in a row; refused_ms: the first of them;
    why: the exchange's word at the newest.
    """

    reason: int = 0
    keep: int = 0
    limit: int = 0
    since_ms: int = 0
    tried_ms: int = 0
    tries: int = 0
    refusals: int = 0
    refused_ms: int = 0
    why: str = ""


class Exposure(NamedTuple):
    """For how long a product's position had no stop known to rest at the exchange, ms.

    bare: of that, with no exit known to be under way either. since: of the running spell; 0: none.
    """

    stopless_since_ms: int = 0
    stopless_ms: int = 0
    bare_since_ms: int = 0
    bare_ms: int = 0


class Resized(NamedTuple):
    """How often in a row a product's stops were told with another size than was sent.

    told_ms: when last. order: the client id of that one. held: lots that were held then.
    """

    times: int = 0
    told_ms: int = 0
    order: str = ""
    held: int = 0


class Absence(NamedTuple):
    """How often an order was not found, and for how long the looks have covered that, ms.

    looked_ms: the newest look.
    """

    looks: int
    absent_ms: int
    looked_ms: int


class Doubt(NamedTuple):
    """What a session's edges are in doubt of, and since when; see `events.Doubted`."""

    since_ms: int
    said: dict[str, Any]


STAYING = Leaving()
COVERED = Exposure()
AS_SENT = Resized()


class State(NamedTuple):
    """Account, positions, orders, windows and latches. Only `apply` makes a new one.

    slots: one a product (see kernel/slot.py); never written in place. In them `cause` and
    `protection_cause` hold the open time of the bar whose decision made the order.
    orders: all that are not final, and the newest final ones (a late fill needs them).
    open_orders: those of them that are not final, in the same order.
    """

    cash: int
    slots: Slots
    marks: Marks
    orders: Mapping[str, Order]
    open_orders: tuple[Order, ...]
    windows: tuple[Window | None, ...]
    bars_seen: tuple[int, ...]
    last_bar_ms: tuple[int, ...]
    arrived: frozenset[int]  # products whose bar of the running cycle is in
    arriving_ms: int  # open time of the running cycle's bars
    cycle_ms: int  # open time of the newest decided cycle
    cycles: int
    halted: bool
    paused: bool
    switched_by: str
    switch_reason: str
    flattening: bool  # whatever is held is to be sold
    fees: int
    funding: int
    transfers: int
    memory: tuple[Any, ...]
    fee_book: Ints  # see kernel/fees.py; empty without tiers; never written in place
    ledger: Mapping[str, str]  # exact change of each asset since the start; {} in a simulation
    protected_ms: tuple[int, ...]  # when a product's protection was last sent
    passed_ms: tuple[int, ...]  # since when the quote is beyond the stop that rests; 0: it is not
    frozen: tuple[str, ...]  # why a product takes no entries until a person rearms; "": it does
    closed: tuple[str, ...]  # why the exchange takes no orders of a product now; "": it does
    unproven: tuple[str, ...]  # why the end of a product's stop would not be proven now; "": it is
    limit_only: tuple[bool, ...]  # whether the exchange takes no market orders of a product now
    grids: tuple[Grid, ...]  # what sizes and prices the exchange takes of a product now
    lacking: tuple[int, ...]  # lots of a position that were not in the account when one was sold
    reconciled_ms: int  # when the account was last found in line; 0: not since the start
    foreign_orders: int  # open orders of somebody else in the account
    leaving: tuple[Leaving, ...]  # one a product
    absences: Mapping[str, Absence]  # by client order id: what looks did not find
    doubts: Mapping[str, Doubt]  # by client order id, or what else is doubted; decides nothing
    unwanted: frozenset[str]  # client order ids: unknown, and to be cancelled once found alive
    exposure: tuple[Exposure, ...]  # one a product
    resized: tuple[Resized, ...]  # one a product
    reads: Mapping[str, Window]  # the newest bars of what is read and not traded, by name

    def window(self, j: int) -> Bars | None:
        """Product j's newest bars; None before the first."""
        window = self.windows[j]
        return None if window is None else window.bars


def newest_read_ms(state: State, name: str) -> int:
    """Return the open of the newest bar of what is read, ms; -1 without one."""
    window = state.reads.get(name)
    return -1 if window is None else window.newest.open_ms


def new_state(plan: Plan, cash: int) -> State:
    """Return the state of an account with `cash` units and no history."""
    p = len(plan.products)
    return State(
        cash=cash,
        slots=new_slots(p),
        marks=new_marks(quote(cash)),
        orders={},
        open_orders=(),
        windows=(None,) * p,
        bars_seen=(0,) * p,
        last_bar_ms=(-1,) * p,
        arrived=frozenset(),
        arriving_ms=-1,
        cycle_ms=-1,
        cycles=0,
        halted=False,
        paused=False,
        switched_by="",
        switch_reason="",
        flattening=False,
        fees=0,
        funding=0,
        transfers=0,
        memory=(None,) * p,
        fee_book=new_fee_book(plan.tiers),
        ledger={},
        protected_ms=(0,) * p,
        passed_ms=(0,) * p,
        frozen=("",) * p,
        closed=("",) * p,
        unproven=("",) * p,
        limit_only=(False,) * p,
        grids=(AS_COUNTED,) * p,
        lacking=(0,) * p,
        reconciled_ms=0,
        foreign_orders=0,
        leaving=(STAYING,) * p,
        absences={},
        doubts={},
        unwanted=frozenset(),
        exposure=(COVERED,) * p,
        resized=(AS_SENT,) * p,
        reads={},
    )


def with_moved(state: State, asset: str, amount: Decimal) -> State:
    """Return the state with an exact change of an asset in its ledger."""
    moved = Decimal(state.ledger.get(asset, "0")) + amount
    return state._replace(ledger={**state.ledger, asset: format(moved, "f")})


def bring_in(state: State, units: int) -> State:
    """Return the state after so much came in or went out: a transfer is no profit, no loss.

    It moves everything that equity is measured against; where the money is says who calls.
    """
    if not units:
        return state
    moved, marks = float(quote(units)), state.marks
    return state._replace(
        transfers=state.transfers + units,
        marks=marks._replace(
            equity=marks.equity + moved,
            high=marks.high + moved,
            day_start=marks.day_start + moved,
        ),
    )


def all_moved(state: State) -> dict[str, Decimal]:
    """Return the exact change of each asset since the start."""
    return {asset: Decimal(text) for asset, text in state.ledger.items()}


def whole_units(state: State, asset: str, amount: Decimal) -> int:
    """Return by how many whole units an exact change moves an asset; the rest stays in the ledger.

    Sums of such changes are never above the exact sum: what is decided on is rounded down.
    """
    before = Decimal(state.ledger.get(asset, "0")) * UNITS_PER_QUOTE
    after = before + amount * UNITS_PER_QUOTE
    return int(after.to_integral_value(ROUND_FLOOR)) - int(before.to_integral_value(ROUND_FLOOR))


def costs_at(plan: Plan, state: State, time_ms: int) -> Costs:
    """Return the costs at the fee rates in force at a time, not before the newest hour."""
    if not plan.fee_tiers:
        return plan.costs
    book = roll_book(plan, state, time_ms)
    return plan.costs._replace(taker_e8=int(book[TAKER_RATE]), maker_e8=int(book[MAKER_RATE]))


def costs_now(plan: Plan, state: State) -> Costs:
    """Return the costs at the fee rates of the newest hour."""
    return costs_at(plan, state, 0)


def costs_row(plan: Plan, state: State) -> Words:
    """Return `costs_now` as the kernel's entries take them."""
    return words(costs_record(costs_now(plan, state))) if plan.fee_tiers else plan.costs_row


def roll_book(plan: Plan, state: State, time_ms: int) -> Ints:
    """Return the fee book moved to a time; itself if that is not a later hour."""
    book = state.fee_book
    if not plan.fee_tiers or time_ms // HOUR_MS <= book[HOUR]:
        return book
    book = book.copy()
    roll_fees(book, plan.tiers, time_ms)
    return book


def equity(plan: Plan, state: State) -> float:
    """Cash and positions at the newest closes, quote; summed as the simulator sums them."""
    return float(account_equity(state.slots, plan.unit, state.cash))


def with_new_orders(state: State, *changed: Order) -> State:
    """Return the state with orders added or, at their places, replaced.

    One that ends goes last: it is news, however old, and the first to be dropped ended longest ago.
    """
    new = {order.client_order_id: order for order in changed}
    ended = {one.client_order_id for one in state.open_orders} & {
        key for key, order in new.items() if order.status.is_final
    }
    before = state.orders
    if ended:
        before = {key: one for key, one in before.items() if key not in ended}
    orders = {**before, **new}
    touched = {one.intent.client_order_id: None for one in (*state.open_orders, *changed)}
    if any(key in state.orders and state.orders[key].status.is_final for key in touched):
        return state._replace(orders=orders, open_orders=open_of(orders))
    still = tuple(orders[key] for key in touched if not orders[key].status.is_final)
    return state._replace(orders=orders, open_orders=still)


def open_of(orders: Mapping[str, Order]) -> tuple[Order, ...]:
    """Return the orders that are not final."""
    return tuple(order for order in orders.values() if not order.status.is_final)


def is_doubtful(state: State, order: Order) -> bool:
    """Whether an order of unknown outcome is hardly there: whole looks did not find it.

    None of its coins is on hold, and nothing moved as if it was filled (`Absent.against`). It is
    no proof: it counts in full for what may be entered, and is looked for until there is one. But
    its position is not left without a stop meanwhile.
    """
    absence = state.absences.get(order.client_order_id)
    if absence is None or order.status is not OrderStatus.SUBMIT_UNKNOWN:
        return False
    return absence.looks >= DOUBT_LOOKS and absence.absent_ms >= DOUBT_MS


def unknown_orders(state: State, now_ms: int, product_id: str | None = None) -> int:
    """Orders of which nobody has said what became of them: of one product, or of all.

    What is being sent at `now_ms` itself is not among them: it waits for this very event.
    """
    return sum(
        (
            order.status is OrderStatus.SUBMIT_UNKNOWN
            or (order.status is OrderStatus.SUBMITTED and order.intent.sent_ms < now_ms)
        )
        and product_id in (None, order.product_id)
        for order in state.open_orders
    )


def is_over(since_ms: int, wait_ms: int, now_ms: int) -> bool:
    """Whether a wait has passed. It must not last for ever where a clock is set back by more.

    By less is no such clock: events are stamped where they arise, and come some ms out of order.
    """
    return abs(now_ms - since_ms) >= wait_ms


def unreconciled(plan: Plan, state: State, j: int, time_ms: int) -> int:
    """1 if product j takes no entries: frozen, closed, or the account not looked at in time.

    Nor on another grid than it is counted in: the next start with nothing held counts anew.
    """
    if state.frozen[j] or state.closed[j] or state.grids[j] != AS_COUNTED:
        return 1
    limit_ms = plan.max_unreconciled_ms
    return int(limit_ms > 0 and time_ms - state.reconciled_ms > limit_ms)


def is_oversold(plan: Plan, state: State, j: int) -> bool:
    """Whether more of product j was sold than was bought, on spot: a person has to look."""
    return state.slots["lots"].item(j) < 0 and not plan.products[j].is_perpetual


def open_entries(state: State, product_id: str | None = None) -> list[Order]:
    """Orders, of one product or all, that may still add to a position and can be cancelled."""
    return [
        order
        for order in state.open_orders
        if not order.intent.reduce_only
        and order.status is not OrderStatus.PENDING_CANCEL
        and product_id in (None, order.product_id)
    ]


def open_order(state: State, order_id: str) -> Order | None:
    """Return the operator's order of this id that can still fill; None if there is none."""
    order = state.orders.get(order_id)
    if order is None or order.status.is_final or order.intent.origin is not Origin.OPERATOR:
        return None
    return order


def replaced[T](items: tuple[T, ...], at: int, item: T) -> tuple[T, ...]:
    """Return `items` with another one at a place."""
    return (*items[:at], item, *items[at + 1 :])
