"""Running a session's upkeep for one command: until it is known what became of what it did."""

from collections.abc import Callable

from gpt_trader.engine.drive import Observer
from gpt_trader.runtime.live.upkeep import Upkeep
from gpt_trader.runtime.session import Session, nothing

TURN_S = 0.05


def carry_on(
    session: Session,
    upkeep: Upkeep,
    is_done: Callable[[], bool],
    *,
    longest_s: float,
    wait: Callable[[float], object],
    observe: Observer = nothing,
) -> bool:
    """Turn until something is so; return whether it is, before so many seconds have passed.

    wait: for so many seconds, or until an answer is in. The seconds are counted by what was waited
    for, whatever clocks say.
    """
    waited_s = 0.0
    while True:
        for event in upkeep.turn(upkeep.now_ms(), is_up=False):
            session.take(event, observe)
        if is_done():
            return True
        if waited_s >= longest_s:
            return False
        wait(TURN_S)
        waited_s += TURN_S
