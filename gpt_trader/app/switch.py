"""What `rearm`, `pause` and `resume` share: one event to a session, running or not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gpt_trader.app.ask import ask, leave
from gpt_trader.app.folders import session_folder
from gpt_trader.app.kept_session import look_at
from gpt_trader.app.operate import open_session, take
from gpt_trader.engine.events import PauseRequested, Rearmed
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.records import OrderRefused
from gpt_trader.engine.state import State
from gpt_trader.errors import BrokerError, HaltError, LockedError
from gpt_trader.runtime.controls import switches
from gpt_trader.runtime.halt import latched_event
from gpt_trader.runtime.requests import clock_ns
from gpt_trader.runtime.session import clock_ms


def switch(
    event: Callable[[int], PauseRequested | Rearmed],
    *,
    profile: str | None,
    state_dir: Path | None,
    warn: Callable[[str], object],
) -> dict[str, Any]:
    """Hand one event, made at this time, to the session; return what holds then.

    A running bot gets it through its inbox. Raises HaltError if it is refused, LockedError if
    the bot does not answer, a BrokerError if none runs and the exchange does not answer: a pause
    waits for whoever runs next then. warn: is told what else there is to say.
    """
    is_pause, asked_ns = _is_pause(event(clock_ms())), clock_ns()
    folder = session_folder(profile, state_dir, strictly=not is_pause)
    try:
        data = _carry_out(event, folder, profile, state_dir, warn, asked_ns)
    except LockedError as error:
        data = ask(folder, event(clock_ms()), error)
    except BrokerError as error:
        if is_pause and leave(folder, event(clock_ms())):
            error.hint = f"it is kept: whoever runs next pauses. {error.hint}".rstrip()
        raise
    data.pop("reason", None)
    refused = data.pop("refused")
    if refused is not None:
        raise HaltError(f"refused: {refused}", hint="see gpt-trader status")
    return data


def _is_pause(event: PauseRequested | Rearmed) -> bool:
    """Whether an event ends risk, and may put none in its place."""
    return isinstance(event, PauseRequested) and event.paused


def _carry_out(
    event_at: Callable[[int], PauseRequested | Rearmed],
    folder: Path,
    profile: str | None,
    state_dir: Path | None,
    warn: Callable[[str], object],
    asked_ns: int,
) -> dict[str, Any]:
    """Hand the event to the stopped session; what is found on the way was not meant by it."""
    before = look_at(folder).state
    with open_session(profile, state_dir, warn, folder=folder, reduces=True) as session:
        event, found = (
            event_at(session.said_ms()),
            _frozen_since(session.plan, before, session.state),
        )
        if isinstance(event, Rearmed):
            event = event._replace(kept=tuple(found))
        refusals = [
            record.reason.detail
            for entry in take(session, event)
            for record in entry.records
            if isinstance(record, OrderRefused)
        ]
        refused = refusals[0] if refusals else ""
        if isinstance(event, Rearmed) and not refused:
            refused = session.latch.clear(asked_ns)
            latched = latched_event(session.latch, session.state, session.said_ms())
            if latched is not None:
                take(session, latched)
            refused = "; ".join([refused] * bool(refused) + list(found.values()))
        return {"refused": refused or None} | switches(session.state)


def _frozen_since(plan: Plan, before: State | None, now: State) -> dict[str, str]:
    """Return which products were frozen since a state that was known, and why, in words."""
    if before is None:
        return {}
    return {
        product.product_id: f"{product.product_id} takes no entries, as was found just now: {why}"
        for product, was, why in zip(plan.products, before.frozen, now.frozen, strict=True)
        if why and why != was
    }
