"""What an operator's order may come to at worst, as far as it is known when it is asked for."""

from gpt_trader.domain.order import OrderIntent, OrderType
from gpt_trader.engine.outside import half_spread
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.state import State, costs_now
from gpt_trader.kernel.rounding import adverse_ticks, buy_cost, fits


def worst_ticks(plan: Plan, state: State, intent: OrderIntent) -> int:
    """Return the worst price of an order, ticks."""
    if intent.type is not OrderType.MARKET:
        return max(intent.limit, intent.stop)
    j = plan.index[intent.product_id]
    adverse = half_spread(plan, state, j) + plan.costs.slippage_e8
    return int(adverse_ticks(int(state.slots["close_ticks"][j]), intent.side, adverse))


def worst_cost(plan: Plan, state: State, intent: OrderIntent) -> int:
    """Return the units that an entry may take, fee included; 0 if it is too large to count."""
    ticks, spec = (
        worst_ticks(plan, state, intent),
        plan.products[plan.index[intent.product_id]].spec,
    )
    if intent.quote or not fits(intent.lots, ticks, spec):
        return intent.quote
    return int(buy_cost(intent.lots, ticks, costs_now(plan, state).taker_e8, spec))
