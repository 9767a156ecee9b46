"""One event in, a new state, records and commands out. No I/O, no clock, no randomness."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple, assert_never

from gpt_trader.domain.order import Fill, Order
from gpt_trader.domain.order_life import Move, move
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
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

UNFUNDED = rec.BarTaken(0)
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
        state, decided, ordered = run_cycle(plan, state, event, signals)
        records, commands = [*records, *decided], [*commands, *ordered]
    if plan.rests:
        state, settled, sent = _settle(plan, state, event)
        records, commands = [*records, *settled], [*_cancels(sent), *commands, *_rest(sent)]
    return Step(state, tuple(records), tuple(commands))


def _settle(
    plan: Plan, state: State, event: ev.Event
) -> tuple[State, Sequence[Record], Sequence[Command]]:
    """Bring every protection that rests in line with its position, after all else."""
    records: list[Record] = []
    commands: list[Command] = []
    for j, rests in enumerate(plan.rests):
        if rests:
            found, ordered = settle(plan, state, j, event.time_ms)
            for record in found:
                state = apply(plan, state, event, record)
            records += found
            commands += ordered
    return state, records, commands


def _cancels(commands: Sequence[Command]) -> list[Command]:
    """Return the cancels: they leave before what needs the coins that they free."""
    return [command for command in commands if isinstance(command, CancelOrder)]


def _rest(commands: Sequence[Command]) -> list[Command]:
    return [command for command in commands if not isinstance(command, CancelOrder)]


def _answer(
    plan: Plan, state: State, event: ev.Event
) -> tuple[Sequence[Record], Sequence[Command]]:
    """Records and commands of an event, a cycle's decisions aside."""
    match event:
        case ev.BarClosed():
            return [_bar_record(plan, state, event)], []
        case ev.Started():
            return ([rec.Disarmed()] if plan.max_unreconciled_ms else []), []
        case ev.Ticked() | ev.Noted():
            return [], []
        case ev.Reconciled():
            return [rec.Disarmed() if event.differences else rec.Armed()], []
        case ev.BarMissed():
            return [_bar_record(plan, state, event)], []
        case ev.Quoted():
            return answer_quote(plan, state, event)
        case ev.HistoryLoaded():
            return [rec.HistoryTaken()], []
        case ev.FillReceived():
            return _answer_fill(plan, state, event)
        case ev.OrderUpdated():
            return _answer_report(plan, state, event)
        case ev.OrderRequested():
            return answer_order(plan, state, event)
        case ev.CancelRequested():
            return answer_cancel(state, event)
        case ev.AmendRequested():
            return answer_amend(plan, state, event)
        case ev.OrderAmended():
            known = open_order(state, event.client_order_id) is not None
            return ([rec.AmendTaken()] if known else []), []
        case ev.HaltRequested():
            return _stop_entries(state, True, state.paused, event.by, event.reason)
        case ev.FlattenRequested():
            return _flatten(plan, state, event)
        case ev.PositionFound():
            why = f"{event.reason} (by {event.by})"
            frozen, cancels = _freeze(plan, state, event.product_id, why)
            is_new = event.lots > 0 and not state.slots["lots"][plan.index[event.product_id]]
            return [*([rec.PositionTaken()] if is_new else []), *frozen], cancels
        case ev.StopRequested():
            return _cancel_all(open_entries(state))
        case ev.PauseRequested(paused=True):
            return _stop_entries(state, state.halted, True, event.by, "operator")
        case ev.PauseRequested():
            return [rec.SwitchSet(state.halted, False, event.by, "operator")], []
        case ev.Rearmed():
            return answer_rearm(state, event), []
        case ev.Adjusted():
            return _answer_adjustment(plan, state, event)
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


def _answer_adjustment(
    plan: Plan, state: State, event: ev.Adjusted
) -> tuple[Sequence[Record], Sequence[Command]]:
    """Book what came in or went out. What is gone and unexplained freezes what it was for.

    A position is never larger than the coins that the exchange says are there.
    """
    records: list[Record] = [rec.AssetAdjusted(_adjusted_units(plan, state, event))]
    commands: list[Command] = []
    if event.total:
        for j, product in enumerate(plan.products):
            there = int(max(Decimal(event.total), Decimal(0)) / product.base_increment)
            if product.base_currency == event.asset and int(state.slots["lots"][j]) > there:
                records.append(rec.PositionCut(j, there))
    if event.kind == RECONCILIATION:
        why = f"{event.amount} {event.asset} are gone and nothing explains it"
        for j, product in enumerate(plan.products):
            if _worth(plan, state, j, event) < -LEAST_LOSS:
                frozen, cancels = _freeze(plan, state, product.product_id, why)
                records += frozen
                commands += cancels
    return records, commands


def _worth(plan: Plan, state: State, j: int, event: ev.Adjusted) -> Decimal:
    """Return what an adjustment is worth to product j, quote; 0 if it is of another asset."""
    product = plan.products[j]
    if event.asset == plan.quote_currency:
        return Decimal(event.amount)
    if event.asset != product.base_currency:
        return Decimal(0)
    return Decimal(event.amount) * int(state.slots["close_ticks"][j]) * product.price_increment


def _answer_report(
    plan: Plan, state: State, event: ev.OrderUpdated
) -> tuple[Sequence[Record], Sequence[Command]]:
    """Take a status; one that an order's life does not allow freezes the product."""
    order = state.orders.get(event.client_order_id)
    if order is None:
        return [rec.StatusTaken()], []
    found = move(order.status, event.status, was_placed=bool(order.exchange_id))
    if found in (Move.TAKEN, Move.ECHO):
        return [rec.StatusTaken()], []
    why = f"{event.client_order_id} was {order.status} and is reported as {event.status}"
    frozen, cancels = _freeze(plan, state, event.product_id, why)
    if not event.status.is_final:  # it lives, against all proof: it is cancelled
        cancels = [*cancels, CancelOrder(event.product_id, event.client_order_id)]
    return [rec.StatusTaken(), *frozen], cancels


def _freeze(
    plan: Plan, state: State, product_id: str, why: str
) -> tuple[Sequence[Record], Sequence[Command]]:
    """Keep a product from entering until a person rearms; its open entries are cancelled."""
    stopped, cancels = _cancel_all(open_entries(state, product_id))
    return [rec.ProductFrozen(plan.index[product_id], why), *stopped], cancels


def _cancel_all(orders: Sequence[Order]) -> tuple[Sequence[Record], Sequence[Command]]:
    return [rec.CancelTaken(order.client_order_id) for order in orders], [
        CancelOrder(order.product_id, order.client_order_id) for order in orders
    ]


def _flatten(
    plan: Plan, state: State, event: ev.FlattenRequested
) -> tuple[Sequence[Record], Sequence[Command]]:
    """Halt, then sell whatever is held at market."""
    records, commands = _stop_entries(state, True, state.paused, event.by, event.reason)
    cancelled = {
        command.client_order_id for command in commands if isinstance(command, CancelOrder)
    }
    records, commands = [*records, rec.Flattening()], list(commands)
    for j in range(len(plan.products)):
        if is_sellable(plan, state, j):
            closing, sent = close_position(plan, state, j, 0, event.time_ms)
            records += closing
            commands += [
                one
                for one in sent
                if not (isinstance(one, CancelOrder) and one.client_order_id in cancelled)
            ]
    return records, commands


def _adjusted_units(plan: Plan, state: State, event: ev.Adjusted) -> int:
    """Return by how much cash moves, units; the ledger keeps what is below a unit."""
    if event.asset != plan.quote_currency:
        return 0
    return whole_units(state, event.asset, Decimal(event.amount))


def _bar_record(plan: Plan, state: State, event: ev.BarClosed | ev.BarMissed) -> Record:
    bar = event.bar
    j = plan.index[bar.product_id]
    if bar.open_ms <= state.last_bar_ms[j]:
        return rec.BarCorrected()
    if bar.funding_rate == 0.0:
        return UNFUNDED
    lots = int(state.slots["lots"][j])
    return rec.BarTaken(int(funding(lots, bar.close, bar.funding_rate, plan.products[j].spec)))


def _answer_fill(
    plan: Plan, state: State, event: ev.FillReceived
) -> tuple[Sequence[Record], Sequence[Command]]:
    """Book a fill once: its order's cumulative count is the watermark.

    A fill that reports more than was booked, because one before it was missed, is booked in
    full at its own price; one that overlaps what was booked is cut. Fees in proportion.
    A fill of an order that nobody knows is not ours to book, but not to be passed over: halt.
    """
    fill = event.fill
    j = plan.index[fill.product_id]
    order = state.orders.get(fill.client_order_id)
    if order is None and not _is_protection(plan, state, j, fill.client_order_id):
        switches, cancels = _stop_entries(
            state,
            True,
            state.paused,
            "engine",
            f"a fill of an unknown order {fill.client_order_id}",
        )
        return [rec.FillIgnored(), *switches], cancels
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
        return [rec.FillIgnored()], []
    if not (booked.is_late and booked.lots):
        return [booked], []
    frozen, cancels = _freeze(
        plan, state, fill.product_id, f"a fill came after its order {fill.client_order_id} ended"
    )
    return [booked, *frozen], cancels


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
) -> tuple[Sequence[Record], Sequence[Command]]:
    """Set the switches, and cancel every entry that is still out."""
    records, cancels = _cancel_all(open_entries(state))
    return [rec.SwitchSet(halted, paused, by, reason), *records], cancels
