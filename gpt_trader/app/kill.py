"""Killing: the latch first, then whoever can cancel, then a look at the exchange."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpt_trader.app.cancel_all import left_open
from gpt_trader.app.folders import session_folder
from gpt_trader.app.operate import open_session, take
from gpt_trader.engine.events import FlattenRequested, HaltRequested
from gpt_trader.errors import LockedError, TraderError, UsageError
from gpt_trader.runtime.controls import switches
from gpt_trader.runtime.halt import Halt, Latch
from gpt_trader.runtime.requests import Inbox
from gpt_trader.runtime.session import JOURNAL, clock_ms, read_header

SILENT_S = 5.0
SENDING_S = 15.0  # an entry's request may be under way for so long

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class KillRequest:
    """Who kills and why; flatten: sell what is held."""

    by: str
    reason: str
    flatten: bool

    def event(self, time_ms: int) -> HaltRequested | FlattenRequested:
        """Return it as what the engine takes."""
        kind = FlattenRequested if self.flatten else HaltRequested
        return kind(time_ms, self.by, self.reason)


@dataclass(frozen=True, slots=True)
class Killed:
    """What came of it. session: what its switches say now, None if nobody could tell."""

    cancelled_by: str
    entries_left_open: list[str]
    session: Json | None
    warnings: list[str]


def kill(
    asked: KillRequest, *, profile: str | None, state_dir: Path | None, silent_s: float = SILENT_S
) -> Killed:
    """Latch, cancel, verify. Raises a BrokerError if nobody can look; the latch is set then.

    silent_s: a bot that does not answer for so long is passed over.
    """
    folder = session_folder(profile, state_dir)
    if not (folder / JOURNAL).exists():
        raise UsageError(f"no session in {folder}", hint="name the one: --profile NAME")
    header = read_header(folder)
    is_shut = Latch(folder).set(Halt(asked.by, asked.reason), SENDING_S)
    warnings = [] if is_shut else ["an entry's request was under way and has not returned"]
    try:
        how, told = _hand_over(asked, folder, profile, state_dir, silent_s)
        left = left_open(folder, header, sweep=how == "at the exchange")
    except TraderError as error:
        error.hint = f"the latch is set: no entry is sent any more. {error.hint or 'try again'}"
        raise
    if how == "at the exchange" and asked.flatten:
        warnings.append("the bot holds the journal and is silent: nothing was sold, end it first")
    return Killed(how, left, told, warnings)


def _hand_over(
    asked: KillRequest, folder: Path, profile: str | None, state_dir: Path | None, silent_s: float
) -> tuple[str, Json | None]:
    """Let the session cancel: through its own journal if nobody has it, else through its inbox."""
    try:
        with open_session(profile, state_dir, live=True) as session:
            take(session, asked.event(session.said_ms()))
            return "this command", switches(session.state)
    except LockedError:
        inbox = Inbox(folder)
        name = inbox.put(asked.event(clock_ms()))  # the bot takes it at its own time
        for answer in inbox.answers(name, silent_s):
            return "the running bot", answer
    return "at the exchange", None
