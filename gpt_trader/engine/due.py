"""What is due by time alone, so that nothing waits for a quote or a bar that may not come."""

from gpt_trader.engine.cycle import deciding
from gpt_trader.engine.events import Woken
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.settle import RULES
from gpt_trader.engine.state import State


def due(plan: Plan, state: State, now_ms: int) -> bool:
    """Whether `Woken` at `now_ms` would do something: a retry, a wait that is over, a wish.

    Nothing is due in a simulation: its broker fills and ends everything by bars.
    """
    if not plan.rests:
        return False
    woken = Woken(now_ms)
    places = range(len(plan.products))
    if deciding(plan, state, woken) is not None:
        return True
    return any(rule(plan, state, j, woken).records for j in places for rule in RULES)
