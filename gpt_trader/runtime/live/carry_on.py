"""Running a session's upkeep for one command: until it is known what became of what it did."""

import time
from collections.abc import Callable, Iterable
from itertools import chain

from gpt_trader.engine.drive import Observer
from gpt_trader.engine.events import Event
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
    more: Callable[[int], Iterable[Event]] = lambda _: (),
    observe: Observer = nothing,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> bool:
    """Turn until something is so; return whether it is, before so many seconds have passed.

    wait: for so many seconds, or until an answer is in. more: what else there is to take now.
    monotonic_s: counts the seconds, whatever
    took them.
    """
    until_s = monotonic_s() + longest_s
    while True:
        now_ms = upkeep.now_ms()
        for event in chain(upkeep.turn(now_ms, is_up=False), more(now_ms)):
            session.take(event, observe)
        if is_done():
            return True
        if monotonic_s() >= until_s:
            return False
        wait(TURN_S)
