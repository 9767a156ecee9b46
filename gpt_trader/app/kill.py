"""Killing: the latch first, then whoever can cancel, then a look at the exchange."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from gpt_trader.app.cancel_all import left_open
from gpt_trader.app.operate import open_session, take
from gpt_trader.cli import output
from gpt_trader.cli.options import again, session_folder
from gpt_trader.engine.events import FlattenRequested, HaltRequested
from gpt_trader.errors import LockedError, TraderError, UsageError
from gpt_trader.runtime.controls import switches
from gpt_trader.runtime.halt import Halt, Latch
from gpt_trader.runtime.requests import Inbox
from gpt_trader.runtime.session import JOURNAL, clock_ms, read_header

SILENT_S = 5.0  # a bot that does not answer for so long is passed over
SENDING_S = 15.0  # an entry's request may be under way for so long
LEFT = 1

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands on the command line."""

    by: str
    reason: str
    flatten: bool

    def event(self) -> HaltRequested | FlattenRequested:
        """Return it as what the engine takes."""
        kind = FlattenRequested if self.flatten else HaltRequested
        return kind(clock_ms(), self.by, self.reason)


def run(asked: Asked, *, profile: str | None, state_dir: Path | None, json: bool) -> None:
    """Latch, cancel, verify; exit 1 if an entry is still open, 5 if nobody can look."""
    folder = session_folder(profile, state_dir)
    if not (folder / JOURNAL).exists():
        raise UsageError(f"no session in {folder}", hint="name the one: --profile NAME")
    header = read_header(folder)
    is_shut = Latch(folder).set(Halt(asked.by, asked.reason), SENDING_S)
    warnings = [] if is_shut else ["an entry's request was under way and has not returned"]
    try:
        how, told = _handed_over(asked, folder, profile, state_dir)
        left = left_open(folder, header, sweep=how == "at the exchange")
    except TraderError as error:
        error.hint = f"the latch is set: no entry is sent any more. {error.hint or 'try again'}"
        raise
    data = {"latched": True, "by": asked.by, "reason": asked.reason, "cancelled_by": how}
    data |= {"flatten": asked.flatten, "entries_left_open": left, "session": told}
    if how == "at the exchange" and asked.flatten:
        warnings.append("the bot holds the journal and is silent: nothing was sold, end it first")
    output.emit("kill", data, warnings, json=json)
    if not json:
        _show(data, again(profile, state_dir))
    if left:
        raise typer.Exit(LEFT)


def _handed_over(
    asked: Asked, folder: Path, profile: str | None, state_dir: Path | None
) -> tuple[str, Json | None]:
    """Let the session cancel: through its own journal if nobody has it, else through its inbox."""
    try:
        with open_session(profile, state_dir, live=True) as session:
            take(session, asked.event())
            return "this command", switches(session.state)
    except LockedError:
        inbox = Inbox(folder)
        name = inbox.put(asked.event())
        for answer in inbox.answers(name, SILENT_S):
            return "the running bot", answer
    return "at the exchange", None


def _show(data: Json, options: str) -> None:
    print(f"halted by {data['by']}: {data['reason']}; no entry is sent until rearm")
    print(
        f"cancelled by {data['cancelled_by']}, entries left open: {len(data['entries_left_open'])}"
    )
    told = data["session"]
    if told is not None and told["positions"]:
        what = "being sold" if told["flattening"] else "kept, with their stops"
        print(f"positions: {told['positions']}, {what}")
    print(f"Next: gpt-trader status{options}")
