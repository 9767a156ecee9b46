"""What `rearm`, `pause` and `resume` share: one event to a session, running or not."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gpt_trader.app.ask import ask, leave
from gpt_trader.app.folders import session_folder
from gpt_trader.app.kept_session import look_at
from gpt_trader.app.operate import open_session, take
from gpt_trader.engine.events import PauseRequested, Rearmed
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Entry
from gpt_trader.engine.records import OrderRefused
from gpt_trader.engine.state import State
from gpt_trader.errors import BrokerError, HaltError, LockedError
from gpt_trader.runtime.controls import switches
from gpt_trader.runtime.halt import Latch, latched_event
from gpt_trader.runtime.session import Session, clock_ms


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
    asked = event(clock_ms())
    is_pause = _is_pause(asked)
    folder = session_folder(profile, state_dir, strictly=not is_pause)
    if isinstance(asked, Rearmed):
        asked = asked._replace(latch=Latch(folder).mark())
    found: dict[str, str] = {}
    try:
        data, found = _carry_out(asked, folder, profile, state_dir, warn)
    except LockedError as error:
        data = ask(folder, asked, error)
    except BrokerError as error:
        if is_pause and leave(folder, asked):
            error.hint = f"it is kept: whoever runs next pauses. {error.hint}".rstrip()
        raise
    data.pop("reason", None)
    refused = data.pop("refused")
    if refused is not None:
        raise HaltError(
            f"refused, and nothing was changed: {refused}", hint="see gpt-trader status"
        )
    if found:
        raise HaltError(f"rearmed, but {'; '.join(found.values())}", hint="see gpt-trader status")
    if isinstance(asked, Rearmed) and data["halted"]:
        raise HaltError(
            "rearmed, and halted again: somebody has killed since", hint="see gpt-trader status"
        )
    return data


def _is_pause(event: PauseRequested | Rearmed) -> bool:
    """Whether an event ends risk, and may put none in its place."""
    return isinstance(event, PauseRequested) and event.paused


def _carry_out(
    asked: PauseRequested | Rearmed,
    folder: Path,
    profile: str | None,
    state_dir: Path | None,
    warn: Callable[[str], object],
) -> tuple[dict[str, Any], dict[str, str]]:
    """Hand the event to the stopped session; what is found on the way was not meant by it.

    Returns what holds then, and what a rearm leaves frozen, in words.
    """
    before = look_at(folder).state
    with open_session(profile, state_dir, warn, folder=folder, reduces=True) as session:
        event, found = asked._replace(time_ms=session.said_ms()), dict[str, str]()
        if isinstance(event, PauseRequested):
            refused = _refusal(take(session, event))
        else:
            found = _frozen_since(session.plan, before, session.state)
            refused = _rearm(session, event._replace(kept=tuple(found)))
        return {"refused": refused or None} | switches(session.state), found


def _rearm(session: Session, event: Rearmed) -> str:
    """Rearm and clear the latch, or do neither; return why not. A kill that came since stands."""
    with session.latch.lifting(event.latch) as stays:
        refused = stays or _refusal(take(session, event))
        if not refused:
            session.latch.clear(event.latch)
    latched = latched_event(session.latch, session.state, session.said_ms())
    if latched is not None:
        take(session, latched)
    return refused


def _refusal(entries: Sequence[Entry]) -> str:
    """Return why what was handed over was refused, "" if it was not."""
    refusals = [
        record.reason.detail
        for entry in entries
        for record in entry.records
        if isinstance(record, OrderRefused)
    ]
    return refusals[0] if refusals else ""


def _frozen_since(plan: Plan, before: State | None, now: State) -> dict[str, str]:
    """Return which products were frozen since a state that was known, and why, in words."""
    if before is None:
        return {}
    return {
        product.product_id: f"{product.product_id} takes no entries, as was found just now: {why}"
        for product, was, why in zip(plan.products, before.frozen, now.frozen, strict=True)
        if why and why != was
    }
