"""What a person is told of a transaction: a pure look at its entries."""

from collections.abc import Iterator, Sequence

from gpt_trader.domain.order import OrderStatus, Origin
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.state import State
from gpt_trader.observe.notify import INFO, PAGE, Alert


def alerts_of(plan: Plan, before: State, state: State, entries: Sequence[Entry]) -> Iterator[Alert]:
    """Yield what is worth a word. before, state: around the transaction."""
    for entry in entries:
        yield from _of_event(state, entry.event)
        for record in entry.records:
            yield from _of_record(plan, before, entry.event, record)
    if state.marks.halted > before.marks.halted:
        yield Alert(PAGE, "drawdown", "the drawdown limit was reached: only exits until rearm")
    if state.marks.day_halted > before.marks.day_halted:
        yield Alert(PAGE, "daily_loss", "the daily loss limit was reached: only exits today")


def _of_event(state: State, event: ev.Event) -> Iterator[Alert]:
    match event:
        case ev.OrderUpdated(status=OrderStatus.SUBMIT_UNKNOWN):
            words = f"the outcome of order {event.client_order_id} is unknown: {event.product_id}"
            yield Alert(PAGE, "unknown_order", f"{words} only exits until there is proof")
        case ev.OrderUpdated(status=OrderStatus.REJECTED):
            order = state.orders.get(event.client_order_id)
            is_stop = order is not None and order.intent.origin is Origin.PROTECTION
            what = "a protective order" if is_stop else "an order"
            words = f"{what} of {event.product_id} was not taken: {event.code or 'no reason'}"
            yield Alert(PAGE if is_stop else INFO, "rejected", words)
        case ev.Adjusted(kind=kind) if kind == ev.RECONCILIATION:
            words = f"the account holds {event.amount} {event.asset} that nothing explains"
            yield Alert(PAGE if event.amount.startswith("-") else INFO, "adjusted", words)
        case ev.InstanceSeen():
            words = f"a second instance trades this portfolio: order {event.client_order_ids[0]}"
            yield Alert(PAGE, "second_instance", words)
        case ev.Reconciled(why=why) if why:
            yield Alert(INFO, "doubt", f"no entries for now: {why}")
        case ev.Reconciled() if event.differences:
            yield Alert(INFO, "differs", f"{event.differences} wallets differ from the journal")


def _of_record(plan: Plan, before: State, event: ev.Event, record: rec.Record) -> Iterator[Alert]:
    match record:
        case rec.SwitchSet() if isinstance(event, ev.Rearmed):
            if not record.halted:
                yield Alert(INFO, "rearmed", f"rearmed by {record.by}: {record.reason}")
        case rec.SwitchSet(halted=True) if not before.halted:
            yield Alert(PAGE, "halted", f"halted by {record.by}: {record.reason}")
        case rec.ProductFrozen(reason=reason) if reason:
            product = plan.products[record.j].product_id
            yield Alert(PAGE, "frozen", f"{product} takes no entries: {reason}")
        case rec.FillBooked(is_late=True):
            yield Alert(PAGE, "late_fill", "a fill came after its order had ended; it is booked")
