"""For how long a position is exposed: no stop known to rest, and no exit known to be under way.

What is unknown or waits protects nothing. The spells are kept in the state, so that a start, or a
night without a process, does not end them.
"""

from gpt_trader.domain.order import OrderStatus
from gpt_trader.engine import records as rec
from gpt_trader.engine.answer import NOTHING, Answer
from gpt_trader.engine.events import Event
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.protect import exits_at_work, is_sellable, resting_protections
from gpt_trader.engine.state import Exposure, State, replaced

RESTS = (OrderStatus.OPEN, OrderStatus.TRIGGERED)
UNDER_WAY = (OrderStatus.SUBMITTED, OrderStatus.OPEN, OrderStatus.TRIGGERED)


def note_exposure(plan: Plan, state: State, j: int, event: Event) -> Answer:  # noqa: ARG001
    """Note when product j's position becomes exposed, and when it is no more."""
    known = state.exposure[j]
    stopless = is_stopless(plan, state, j)
    bare = stopless and is_bare(plan, state, j)
    if (stopless, bare) == (known.stopless_since_ms > 0, known.bare_since_ms > 0):
        return NOTHING
    return Answer([rec.ExposureNoted(j, stopless, bare)])


def is_stopless(plan: Plan, state: State, j: int) -> bool:
    """Whether product j holds what can be sold, with no stop known to rest for it."""
    if not is_sellable(plan, state, j):
        return False
    return not any(one.status in RESTS for one in resting_protections(plan, state, j))


def is_bare(plan: Plan, state: State, j: int) -> bool:
    """Whether no exit of product j is known to be under way, where its stop is to rest.

    Where none can rest, whoever watches the quotes is the stop.
    """
    exits = exits_at_work(plan, state, j)
    return plan.rests[j] and not any(one.status in UNDER_WAY for one in exits)


def take_exposure(state: State, record: rec.ExposureNoted, now_ms: int) -> State:
    """Begin or end a spell."""
    known = state.exposure[record.j]
    stopless_since_ms, stopless_ms = _turned(
        known.stopless_since_ms, known.stopless_ms, now_ms, begins=record.is_stopless
    )
    bare_since_ms, bare_ms = _turned(
        known.bare_since_ms, known.bare_ms, now_ms, begins=record.is_bare
    )
    found = Exposure(stopless_since_ms, stopless_ms, bare_since_ms, bare_ms)
    return state._replace(exposure=replaced(state.exposure, record.j, found))


def _turned(since_ms: int, total_ms: int, now_ms: int, *, begins: bool) -> tuple[int, int]:
    """Return since when a spell runs, 0: it does not, and the total of those that have ended."""
    if begins:
        return since_ms or now_ms, total_ms
    return 0, total_ms + (max(now_ms - since_ms, 0) if since_ms else 0)


def exposed_s(state: State, now_ms: int) -> tuple[float, float]:
    """Return for how long positions were stopless and bare, s, the running spells included."""
    stopless = sum(
        _turned(x.stopless_since_ms, x.stopless_ms, now_ms, begins=False)[1] for x in state.exposure
    )
    bare = sum(_turned(x.bare_since_ms, x.bare_ms, now_ms, begins=False)[1] for x in state.exposure)
    return stopless / 1000, bare / 1000
