"""What a person is told of a transaction: a pure look at its entries."""

from collections.abc import Iterator, Sequence

from gpt_trader.broker.exchange.refused_key import KEY, TAKEN
from gpt_trader.domain.order import NOT_PLACED, Order, OrderStatus, Origin
from gpt_trader.domain.product import AS_COUNTED
from gpt_trader.engine import events as ev
from gpt_trader.engine import records as rec
from gpt_trader.engine.leaving import PAGED_REFUSALS, PROMISED, is_stop
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.state import State
from gpt_trader.engine.waiting import BELOW_MINIMUM, free_lots, is_below_minimum, promising
from gpt_trader.observe.notify import INFO, PAGE, Alert
from gpt_trader.runtime.live.apart import APART, IN_LINE
from gpt_trader.runtime.live.looks import CONTRADICTED
from gpt_trader.runtime.live.reconcile import ACCOUNT
from gpt_trader.runtime.live.sure import PAGED
from gpt_trader.runtime.live.timekeeping import LASTS


def alerts_of(plan: Plan, before: State, state: State, entries: Sequence[Entry]) -> Iterator[Alert]:
    """Yield what is worth a word. before, state: around the transaction."""
    for entry in entries:
        yield from _of_event(plan, state, entry.event)
        for record in entry.records:
            if isinstance(record, rec.ProductRegridded):
                yield from _of_grid(plan, before, state, record.j)
            yield from _of_record(plan, before, entry.event, record)
            if isinstance(record, rec.OrderEnded):
                yield from _of_end(plan, state, record)
    if state.marks.halted > before.marks.halted:
        yield Alert(PAGE, "drawdown", "the drawdown limit was reached: only exits until rearm")
    if state.marks.day_halted > before.marks.day_halted:
        yield Alert(PAGE, "daily_loss", "the daily loss limit was reached: only exits today")


def _of_event(plan: Plan, state: State, event: ev.Event) -> Iterator[Alert]:
    match event:
        case ev.OrderUpdated(status=OrderStatus.SUBMIT_UNKNOWN):
            yield _unknown(state, event.product_id, event.client_order_id)
        case ev.OrderUpdated(status=OrderStatus.REJECTED):
            order = state.orders.get(event.client_order_id)
            yield from _of_refusal(plan, state, event.product_id, order, event.code)
        case ev.Adjusted(kind=kind) if kind == ev.RECONCILIATION:
            words = f"the account holds {event.amount} {event.asset} that nothing explains"
            yield Alert(PAGE if event.amount.startswith("-") else INFO, "adjusted", words)
        case ev.Noted(about=about) if about == ACCOUNT:
            yield Alert(PAGE, "account", f"no entries before it is seen again: {event.text}")
        case ev.Noted(about=about) if about == KEY:
            level = INFO if event.text == TAKEN else PAGE
            yield Alert(level, "key", f"what the key sends, orders and cancels: {event.text}")
        case ev.Noted(about=about) if about == APART:
            is_over = event.text == IN_LINE
            words = f"the account is {event.text}"
            yield Alert(INFO if is_over else PAGE, "out_of_line", words)
        case ev.OrderEdited():
            yield from _of_edit(plan, state, event)
        case ev.Noted(about=about) if about.startswith(PAGED):
            yield Alert(PAGE, "price_in_doubt", f"{about.removeprefix(PAGED)}: {event.text}")
        case ev.Noted(about=about) if about == LASTS:
            yield Alert(PAGE, "clock", f"no entries for two minutes: {event.text}")
        case ev.Noted(about=about) if about == CONTRADICTED:
            yield Alert(PAGE, "contradicted", event.text)
        case ev.InstanceSeen():
            words = f"a second instance trades this portfolio: order {event.client_order_ids[0]}"
            yield Alert(PAGE, "second_instance", words)
        case ev.Reconciled(why=why) if why:
            yield Alert(INFO, "doubt", f"no entries for now: {why}")
        case ev.Reconciled() if event.differences:
            yield Alert(INFO, "differs", f"{event.differences} wallets differ from the journal")


def _of_edit(plan: Plan, state: State, event: ev.OrderEdited) -> Iterator[Alert]:
    """Tell of an order that was changed; of stops that are cut in a row page once."""
    told = state.resized[plan.index[event.product_id]]
    is_again = (told.order, told.told_ms) == (event.client_order_id, event.time_ms)
    is_again &= told.times > 1
    if is_again and told.times.bit_count() > 1:  # of the 2nd, 4th, 8th, ... it is said
        return
    product = plan.products[plan.index[event.product_id]]
    words = (
        f"order {event.client_order_id} of {event.product_id} was changed at the exchange, not by"
    )
    words += f" this bot: {product.size(event.lots)} at {product.price(event.limit)}"
    if event.stop:
        words += f", stop {product.price(event.stop)}"
    yield Alert(INFO if is_again else PAGE, "edited", words)


def _unknown(state: State, product_id: str, client_order_id: str) -> Alert:
    """Tell of an order of unknown outcome; of the next like it of its product only once it lasts.

    A stop is sent again and again where none is answered.
    """
    order = state.orders.get(client_order_id)
    words = f"the outcome of order {client_order_id} is unknown: {product_id} only exits"
    if order is None or not is_stop(order):
        return Alert(PAGE, "unknown_order", f"{words} until there is proof")
    rests = _stops(state, product_id)
    words += f" until there is proof; {rests}"
    return Alert(PAGE, "unknown_order", words, f"stop of {product_id}; {rests}")


def _stops(state: State, product_id: str) -> str:
    """Say whether any stop of a product rests."""
    rests = any(
        one.product_id == product_id and is_stop(one) and one.status is OrderStatus.OPEN
        for one in state.open_orders
    )
    return "another stop rests" if rests else "no stop is known to rest, quotes are watched"


def _of_refusal(
    plan: Plan, state: State, product_id: str, order: Order | None, code: str
) -> Iterator[Alert]:
    """Tell that an order was not taken; of an exit, from the second time in a row, at once."""
    j = plan.index[product_id]
    wish = state.leaving[j]
    is_exit = order is not None and order.intent.reduce_only and not is_stop(order)
    if is_exit and wish.refusals >= PAGED_REFUSALS:
        if wish.refusals.bit_count() == 1:  # the 2nd, 4th, 8th, ...: it may go on for long
            yield Alert(PAGE, "cannot_leave", cannot_leave(plan, state, j))
        return
    is_protective = order is not None and order.intent.origin is Origin.PROTECTION
    what = "a protective order" if is_protective else "an order"
    words = f"{what} of {product_id} was not taken: {code or 'no reason given'}"
    if order is not None and is_stop(order):
        told = f"{words}; {_stops(state, product_id)}"
        yield Alert(PAGE, "rejected", told)
    else:
        yield Alert(PAGE if is_protective else INFO, "rejected", words)


def cannot_leave(plan: Plan, state: State, j: int) -> str:
    """Say of a position that cannot be left: how much is free, what holds the rest, and why."""
    product, wish, held = plan.products[j], state.leaving[j], int(state.slots["lots"][j])
    side = -1 if held > 0 else 1
    free = max(free_lots(plan, state, j), 0)
    others = [one.client_order_id for one in promising(state, product.product_id, side)]
    words = [
        f"{product.product_id} cannot be left: {wish.refusals} exits in a row were not taken",
        wish.why or "no reason given",
        f"{product.size(free):f} of {product.size(abs(held)):f} is free of orders of ours",
    ]
    if others:
        words.append(f"the rest is promised to {', '.join(others)}")
    if state.foreign_orders:
        words.append(f"{state.foreign_orders} orders of somebody else are open in the account")
    return "; ".join(words)


def _of_end(plan: Plan, state: State, record: rec.OrderEnded) -> Iterator[Alert]:
    """Tell that an order is proven not to be at the exchange; not of one that nobody misses."""
    order = state.orders.get(record.client_order_id)
    is_missed = record.code.startswith(NOT_PLACED) or record.code.endswith(PROMISED)
    if order is not None and (is_missed or not order.intent.reduce_only):
        yield from _of_refusal(plan, state, order.product_id, order, record.code)


def _of_grid(plan: Plan, before: State, state: State, j: int) -> Iterator[Alert]:
    """Tell that a product is counted otherwise at the exchange, and page if it strands coins."""
    name, was_below = plan.products[j].product_id, is_below_minimum(plan, before, j)
    if is_below_minimum(plan, state, j) and not was_below:
        yield Alert(PAGE, "below_minimum", f"{name} is held and cannot be sold: {BELOW_MINIMUM}")
    elif state.grids[j] != AS_COUNTED:
        words = "no entries before a start with nothing held"
        yield Alert(INFO, "grid", f"the exchange takes other sizes or prices of {name}: {words}")


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
        case rec.AbsenceCounted() if isinstance(event, ev.Absent):
            order = before.orders.get(event.client_order_id)
            if order is not None and order.status is not OrderStatus.SUBMIT_UNKNOWN:
                yield _unknown(before, event.product_id, event.client_order_id)
        case rec.ProductClosed(reason=reason) if reason:
            product, held = plan.products[record.j].product_id, before.slots["lots"][record.j]
            words = f"{product} takes no orders: {reason}"
            yield Alert(PAGE if held else INFO, "closed", words)
        case rec.FillBooked(is_late=True):
            yield Alert(PAGE, "late_fill", "a fill came after its order had ended; it is booked")
