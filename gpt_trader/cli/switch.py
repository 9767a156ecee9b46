"""What `rearm`, `pause` and `resume` share: one event to a stopped session."""

from collections.abc import Callable
from pathlib import Path

from gpt_trader.cli import output
from gpt_trader.cli.operate import open_session, take
from gpt_trader.cli.options import again
from gpt_trader.engine.events import Event
from gpt_trader.engine.records import OrderRefused
from gpt_trader.errors import HaltError
from gpt_trader.runtime.session import clock_ms


def switch(
    command: str,
    event: Callable[[int], Event],
    words: str,
    *,
    profile: str | None,
    state_dir: Path | None,
    json: bool,
) -> None:
    """Hand one event, made at this time, to the session; say what holds then."""
    with open_session(profile, state_dir, live=True) as session:  # it can only cancel
        for entry in take(session, event(clock_ms())):
            for record in entry.records:
                if isinstance(record, OrderRefused):
                    detail = record.reason.detail
                    raise HaltError(f"refused: {detail}", hint="see gpt-trader status")
        state = session.state
    data = {
        "halted": state.halted,
        "paused": state.paused,
        "drawdown_halted": bool(state.marks.halted),
    }
    output.emit(command, data, json=json)
    if not json:
        print(words)
        print(f"Next: gpt-trader status{again(profile, state_dir)}")
