"""One event in, a new state, records and commands out. No I/O, no clock, no randomness."""

from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple, assert_never

from gpt_trader.domain.bars import Bar
from gpt_trader.domain.order import Fill, Order
from gpt_trader.domain.order_life import Move, move
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.answer import NOTHING, Answer, cancel_all
from gpt_trader.engine.apply import apply
from gpt_trader.engine.commands import CancelOrder, Command
from gpt_trader.engine.cycle import run_cycle
from gpt_trader.engine.operator import answer_amend, answer_cancel, answer_order, answer_rearm
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Signals
from gpt_trader.engine.protect import answer_quote, close_position, is_sellable, settle
from gpt_trader.engine.records import Record
from gpt_trader.engine.state import State, open_entries, open_order, protection_id, whole_units
from gpt_trader.kernel.ledger import cash_after, funding
from gpt_trader.kernel.rounding import UNITS_PER_QUOTE

UNFUNDED = Answer((rec.BarTaken(0),))
LEAST_LOSS = Decimal("0.01")  # quote: what exchanges round away freezes nothing
RECONCILIATION = "reconciliation"  # the kind of an adjustment that nobody explains


class Step(NamedTuple):
    """What one event came to."""

    state: State
    records: tuple[Record, ...]
    commands: tuple[Command, ...]


def step(plan: Plan, state: State, event: ev.Event, signals: Signals) -> Step:
    """Decide about an event and apply each record in turn."""
    records, commands = _answer(plan, state, event)
    for record in records:
        state = apply(plan, state, event, record)
    if _is_due(plan, state, event):
        state, decided = run_cycle(plan, state, event, signals)
        records, commands = [*records, *decided.records], [*commands, *decided.commands]
    if plan.rests:
        state, settled = _settle(plan, state, event)
        cancels = [one for one in settled.commands if isinstance(one, CancelOrder)]
        sent = [one for one in settled.commands if not isinstance(one, CancelOrder)]
        records = [*records, *settled.records]
        commands = [*cancels, *commands, *sent]  # cancels free the coins that others need
    return Step(state, tuple(records), tuple(commands))


def _settle(plan: Plan, state: State, event: ev.Event) -> tuple[State, Answer]:
    """Bring every protection that rests in line with its position, after all else."""
    answer = NOTHING
    for j, rests in enumerate(plan.rests):
        if rests:
            found = settle(plan, state, j, event.time_ms)
            for record in found.records:
                state = apply(plan, state, event, record)
            answer += found
    return state, answer


def _answer(plan: Plan, state: State, event: ev.Event) -> Answer:
    """Answer an event, a cycle's decisions aside."""
    match event:
        case ev.BarClosed() | ev.BarMissed():
            return _answer_bar(plan, state, event.bar)
        case ev.Quoted():
            return answer_quote(plan, state, event)
        case ev.Ticked() | ev.Noted():
            return NOTHING
        case ev.HistoryLoaded():
            return Answer([rec.HistoryTaken()])
        case ev.Started():
            return Answer([rec.Disarmed()] if plan.max_unreconciled_ms else [])
        case ev.FillReceived():
            return _answer_fill(plan, state, event)
        case ev.OrderUpdated():
            return _answer_report(plan, state, event)
        case ev.OrderAmended():
            known = open_order(state, event.client_order_id) is not None
            return Answer([rec.AmendTaken()] if known else [])
        case ev.Reconciled():
            return Answer([rec.Disarmed() if event.differences else rec.Armed()])
        case ev.Adjusted():
            return _answer_adjustment(plan, state, event)
        case ev.PositionFound():
            return _answer_found(plan, state, event)
        case _:
            return _answer_person(plan, state, event)


def _answer_person(plan: Plan, state: State, event: ev.PersonsEvent) -> Answer:
    """Answer what a person asks for."""
    match event:
        case ev.OrderRequested():
            return answer_order(plan, state, event)
        case ev.CancelRequested():
            return answer_cancel(state, event)
        case ev.AmendRequested():
            return answer_amend(plan, state, event)
        case ev.HaltRequested():
            return _stop_entries(state, True, state.paused, event.by, event.reason)
        case ev.FlattenRequested():
            return _flatten(plan, state, event)
        case ev.StopRequested():
            return cancel_all(open_entries(state))
        case ev.PauseRequested(paused=True):
            return _stop_entries(state, state.halted, True, event.by, "operator")
        case ev.PauseRequested():
            return Answer([rec.SwitchSet(state.halted, False, event.by, "operator")])
        case ev.Rearmed():
            return answer_rearm(state, event)
        case _:
            assert_never(event)


def _is_due(plan: Plan, state: State, event: ev.Event) -> bool:
    """Whether every product's bar of the running cycle is in, or its deadline has passed."""
    match event:
        case ev.BarClosed():
            return len(state.arrived) == len(plan.products)
        case ev.Ticked():
            return bool(state.arrived)
        case _:
            return False


def _answer_adjustment(plan: Plan, state: State, event: ev.Adjusted) -> Answer:
    """Book what came in or went out. What is gone and unexplained freezes what it was for.

    A position is never larger than the coins that the exchange says are there.
    """
    records: list[Record] = [rec.AssetAdjusted(_adjusted_units(plan, state, event))]
    if event.total:
        for j, product in enumerate(plan.products):
            there = int(max(Decimal(event.total), Decimal(0)) / product.base_increment)
            held = int(state.slots["lots"][j])
            if product.base_currency == event.asset and held > there:
                records.append(rec.PositionCut(j, there))
    answer = Answer(records)
    if event.kind == RECONCILIATION:
        why = f"{event.amount} {event.asset} are gone and nothing explains it"
        for j, product in enumerate(plan.products):
            if _worth(plan, state, j, event) < -LEAST_LOSS:
                answer += _freeze(plan, state, product.product_id, why)
    return answer


def _worth(plan: Plan, state: State, j: int, event: ev.Adjusted) -> Decimal:
    """Return what an adjustment is worth to product j, quote; 0 if it is of another asset."""
    product = plan.products[j]
    if event.asset == plan.quote_currency:
        return Decimal(event.amount)
    if event.asset != product.base_currency:
        return Decimal(0)
    return Decimal(event.amount) * int(state.slots["close_ticks"][j]) * product.price_increment


def _answer_found(plan: Plan, state: State, event: ev.PositionFound) -> Answer:
    """Hold what is found where nothing was known to be held; the product is frozen."""
    is_new = event.lots > 0 and not state.slots["lots"][plan.index[event.product_id]]
    taken = Answer([rec.PositionTaken()] if is_new else [])
    return taken + _freeze(plan, state, event.product_id, f"{event.reason} (by {event.by})")


def _answer_report(plan: Plan, state: State, event: ev.OrderUpdated) -> Answer:
    """Take a status; one that an order's life does not allow freezes the product."""
    taken = Answer([rec.StatusTaken()])
    order = state.orders.get(event.client_order_id)
    if order is None:
        return taken
    found = move(order.status, event.status, was_placed=bool(order.exchange_id))
    if found in (Move.TAKEN, Move.ECHO):
        return taken
    why = f"{event.client_order_id} was {order.status} and is reported as {event.status}"
    answer = taken + _freeze(plan, state, event.product_id, why)
    if not event.status.is_final:  # it lives, against all proof: it is cancelled
        answer += Answer((), [CancelOrder(event.product_id, event.client_order_id)])
    return answer


def _freeze(plan: Plan, state: State, product_id: str, why: str) -> Answer:
    """Keep a product from entering until a person rearms; its open entries are cancelled."""
    frozen = Answer([rec.ProductFrozen(plan.index[product_id], why)])
    return frozen + cancel_all(open_entries(state, product_id))


def _flatten(plan: Plan, state: State, event: ev.FlattenRequested) -> Answer:
    """Halt, then sell whatever is held at market."""
    answer = _stop_entries(state, True, state.paused, event.by, event.reason)
    answer += Answer([rec.Flattening()])
    for j in range(len(plan.products)):
        if is_sellable(plan, state, j):
            answer += close_position(plan, state, j, 0, event.time_ms)
    once = dict.fromkeys(answer.commands)  # an entry may also stand in the way of its exit
    return Answer(answer.records, list(once))


def _adjusted_units(plan: Plan, state: State, event: ev.Adjusted) -> int:
    """Return by how much cash moves, units; the ledger keeps what is below a unit."""
    if event.asset != plan.quote_currency:
        return 0
    return whole_units(state, event.asset, Decimal(event.amount))


def _answer_bar(plan: Plan, state: State, bar: Bar) -> Answer:
    j = plan.index[bar.product_id]
    if bar.open_ms <= state.last_bar_ms[j]:
        return Answer([rec.BarCorrected()])
    if bar.funding_rate == 0.0:
        return UNFUNDED
    lots = int(state.slots["lots"][j])
    paid = int(funding(lots, bar.close, bar.funding_rate, plan.products[j].spec))
    return Answer([rec.BarTaken(paid)])


def _answer_fill(plan: Plan, state: State, event: ev.FillReceived) -> Answer:
    """Book a fill once: its order's cumulative count is the watermark.

    A fill that reports more than was booked, because one before it was missed, is booked in
    full at its own price; one that overlaps what was booked is cut. Fees in proportion.
    A fill of an order that nobody knows is not ours to book, but not to be passed over: halt.
    """
    fill = event.fill
    j = plan.index[fill.product_id]
    order = state.orders.get(fill.client_order_id)
    if order is None and not _is_protection(plan, state, j, fill.client_order_id):
        why = f"a fill of an unknown order {fill.client_order_id}"
        stopped = _stop_entries(state, True, state.paused, "engine", why)
        return Answer([rec.FillIgnored()]) + stopped
    lots = fill.cumulative - (0 if order is None else order.filled)
    if fill.filled_value:
        booked = _book_exactly(plan, state, fill, order)
    elif lots > 0:
        fee = fill.fee if lots == fill.lots else -(-fill.fee * lots // fill.lots)
        cash = cash_after(state.cash, fill.side, lots, fill.ticks, fee, plan.products[j].spec)
        booked = rec.FillBooked(int(cash), lots, fee, _has_ended(order))
    else:
        booked = None
    if booked is None:
        return Answer([rec.FillIgnored()])
    if not (booked.is_late and booked.lots):
        return Answer([booked])
    why = f"a fill came after its order {fill.client_order_id} ended"
    return Answer([booked]) + _freeze(plan, state, fill.product_id, why)


def _has_ended(order: Order | None) -> bool:
    return order is not None and order.status.is_final


def _book_exactly(
    plan: Plan, state: State, fill: Fill, order: Order | None
) -> rec.FillBooked | None:
    """Book what an exchange reports of an order: lots, value and fees are all cumulative.

    Value and fees may follow the lots: they are booked with 0 lots. None: nothing is new.
    """
    known = (0, "", "") if order is None else (order.filled, order.filled_value, order.filled_fees)
    lots = fill.cumulative - known[0]
    value = Decimal(fill.filled_value) - Decimal(known[1] or 0)
    fees = Decimal(fill.filled_fees or 0) - Decimal(known[2] or 0)
    if lots < 0 or (lots == 0 and (value < 0 or fees < 0 or not (value or fees))):
        return None
    moved = -fill.side * value - fees
    cash = state.cash + whole_units(state, plan.quote_currency, moved)
    fee = int((fees * UNITS_PER_QUOTE).to_integral_value(ROUND_CEILING))
    return rec.FillBooked(cash, lots, fee, _has_ended(order), format(moved, "f"))


def _is_protection(plan: Plan, state: State, j: int, order_id: str) -> bool:
    """Whether this is the protection that rests on product j's position."""
    slot = state.slots[j]
    rests = slot["lots"] != 0 and (slot["stop_ticks"] != 0 or slot["take_ticks"] != 0)
    return bool(rests) and order_id == protection_id(plan, state, j)


def _stop_entries(
    state: State,
    halted: bool,  # noqa: FBT001
    paused: bool,  # noqa: FBT001
    by: str,
    reason: str,
) -> Answer:
    """Set the switches, and cancel every entry that is still out."""
    return Answer([rec.SwitchSet(halted, paused, by, reason)]) + cancel_all(open_entries(state))
