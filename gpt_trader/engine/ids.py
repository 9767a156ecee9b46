"""The ids of a session's orders: made in the form that its plan says, recognised in both.

An order keeps the id that it was sent under. A session that began with bare ids and goes on with
marked ones may hold orders of both forms, so whatever is known by its cause is looked for under
both before an id is made.
"""

from collections.abc import Sequence

from gpt_trader.domain.order import Order
from gpt_trader.domain.order_ids import BARE, client_order_id, order_id
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State
from gpt_trader.kernel.codes import ORDINAL_BAR, ORDINAL_PROTECTION
from gpt_trader.kernel.slot import KIND_NONE


def new_id(plan: Plan, product_id: str, cause_ms: int, ordinal: int) -> str:
    """Client id of the order that a bar's decision, its protection or a quote makes."""
    return client_order_id(
        plan.portfolio, product_id, plan.interval, cause_ms, ordinal, plan.id_form
    )


def resting_id(plan: Plan, product_id: str, time_ms: int, lots: int) -> str:
    """Client id of a protection of so many lots that is sent to rest at the exchange."""
    return order_id(plan.portfolio, product_id, f"protect:{time_ms}", lots, plan.id_form)


def operator_id(plan: Plan, state: State, product_id: str, command_id: str) -> str:
    """Client id of the order that an operator's command makes, or has made."""
    cause = f"operator:{command_id}"
    made = order_id(plan.portfolio, product_id, cause, 0, plan.id_form)
    return _held(state, made, order_id(plan.portfolio, product_id, cause, 0, BARE))


def known_id(plan: Plan, state: State, product_id: str, cause_ms: int, ordinal: int) -> str:
    """Client id under which a cause's order is known; what `new_id` says if it is not."""
    made = new_id(plan, product_id, cause_ms, ordinal)
    if made in state.orders:  # as nearly always: spare the other one
        return made
    bare = client_order_id(plan.portfolio, product_id, plan.interval, cause_ms, ordinal, BARE)
    return _held(state, made, bare)


def _held(state: State, made: str, bare: str) -> str:
    return bare if bare in state.orders and made not in state.orders else made


def working_id(plan: Plan, state: State, j: int) -> str | None:
    """Client id of the order in product j's slot; None if nothing works."""
    slots = state.slots
    if slots["kind"].item(j) == KIND_NONE:
        return None
    cause_ms, ordinal = slots["cause"].item(j), slots["ordinal"].item(j)
    return known_id(plan, state, plan.products[j].product_id, cause_ms, ordinal)


def protection_id(plan: Plan, state: State, j: int) -> str:
    """Client id of the protection on product j's position."""
    cause_ms = state.slots["protection_cause"].item(j)
    return known_id(plan, state, plan.products[j].product_id, cause_ms, ORDINAL_PROTECTION)


def is_needed(plan: Plan, state: State, order: Order) -> bool:
    """Whether an order that has ended must stay known, by its id alone."""
    return is_current(plan, state, order) or _is_of_a_bar_to_come(plan, state, order)


def _is_of_a_bar_to_come(plan: Plan, state: State, order: Order) -> bool:
    """Whether a bar that is not decided here yet made an order, in a journal that went on."""
    newest = order.intent.sent_ms // plan.interval_ms * plan.interval_ms
    bars: Sequence[int] = range(newest - 2 * plan.interval_ms, newest + 1, plan.interval_ms)
    return any(
        open_ms > state.cycle_ms
        and order.client_order_id == new_id(plan, order.product_id, open_ms, ORDINAL_BAR)
        for open_ms in bars
    )


def is_current(plan: Plan, state: State, order: Order) -> bool:
    """Whether its product's newest decision or protection leads to this order."""
    slot = state.slots[plan.index[order.product_id]]
    return any(
        order.client_order_id == known_id(plan, state, order.product_id, int(slot[cause]), ordinal)
        for cause in ("cause", "protection_cause")
        for ordinal in (ORDINAL_BAR, ORDINAL_PROTECTION)
    )
