"""What `rearm`, `pause` and `resume` share: one event to a session, running or not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gpt_trader.app.ask import ask, leave
from gpt_trader.app.folders import session_folder
from gpt_trader.app.operate import open_session, take
from gpt_trader.engine.events import PauseRequested, Rearmed
from gpt_trader.engine.records import OrderRefused
from gpt_trader.errors import BrokerError, HaltError, LockedError
from gpt_trader.runtime.controls import switches
from gpt_trader.runtime.session import clock_ms


def switch(
    event: Callable[[int], PauseRequested | Rearmed],
    *,
    profile: str | None,
    state_dir: Path | None,
) -> dict[str, Any]:
    """Hand one event, made at this time, to the session; return what holds then.

    A running bot gets it through its inbox. Raises HaltError if it is refused, LockedError if
    the bot does not answer, a BrokerError if none runs and the exchange does not answer: a pause
    waits for whoever runs next then.
    """
    folder = session_folder(profile, state_dir)
    try:
        data = _carry_out(event, profile, state_dir)
    except LockedError as error:
        data = ask(folder, event(clock_ms()), error)
    except BrokerError as error:
        asked = event(clock_ms())
        if isinstance(asked, PauseRequested) and asked.paused and leave(folder, asked):
            error.hint = f"it is kept: whoever runs next pauses. {error.hint}".rstrip()
        raise
    data.pop("reason", None)
    refused = data.pop("refused")
    if refused is not None:
        raise HaltError(f"refused: {refused}", hint="see gpt-trader status")
    return data


def _carry_out(
    event_at: Callable[[int], PauseRequested | Rearmed],
    profile: str | None,
    state_dir: Path | None,
) -> dict[str, Any]:
    """Hand the event to the stopped session."""
    with open_session(profile, state_dir, reduces=True) as session:
        event = event_at(session.said_ms())
        refusals = [
            record.reason.detail
            for entry in take(session, event)
            for record in entry.records
            if isinstance(record, OrderRefused)
        ]
        if isinstance(event, Rearmed) and not refusals:
            session.latch.clear()
        return {"refused": refusals[0] if refusals else None} | switches(session.state)
