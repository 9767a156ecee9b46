"""A person's hand on a session: requests go to the stopped session, or to the bot that runs it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from gpt_trader.app.account import ATTEMPTS, wait
from gpt_trader.app.ask import ask
from gpt_trader.app.folders import session_folder
from gpt_trader.app.kept_settings import kept_settings, settings_to_enter
from gpt_trader.app.operate import open_session, take
from gpt_trader.domain.decision import Reason
from gpt_trader.engine.events import (
    AmendRequested,
    CancelRequested,
    OrderAmended,
    OrderRequested,
)
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.records import OrderRefused
from gpt_trader.engine.state import State
from gpt_trader.engine.step import step
from gpt_trader.errors import LockedError, UsageError
from gpt_trader.runtime.halt import Latch, latched_event
from gpt_trader.runtime.header import plan_of
from gpt_trader.runtime.journaling import recover_state
from gpt_trader.runtime.requests import new_name
from gpt_trader.runtime.session import Session, as_reopened, read_header, undecided, view
from gpt_trader.runtime.situation import market_ms
from gpt_trader.runtime.venues import reach

Request = OrderRequested | CancelRequested | AmendRequested


class Said(NamedTuple):
    """What a session says to a request. refusal: None if it was taken. state: after it."""

    refusal: Reason | None
    state: State


class Hand(NamedTuple):
    """A session to which requests can be handed.

    state: before any. time_ms: the session's. ends_ms: open time of its market's last bar.
    goes_on: whether a bot runs, which goes on with what is not over.
    command_id: gives each request a name of its own; one that comes twice is carried out once.
    """

    plan: Plan
    state: State
    time_ms: int
    ends_ms: int
    command_id: Callable[[], str]
    request: Callable[[Request], Said]
    goes_on: bool = False


@contextmanager
def hand_on(
    profile: str | None,
    state_dir: Path | None,
    warn: Callable[[str], object],
    *,
    live: bool = False,
    reads: bool = False,
    reduces: bool = False,
) -> Iterator[Hand]:
    """Hold the profile's session, or the only one; the flags are as of `open_session`.

    reads: nothing is written, asked or sent: requests are only checked.
    """
    folder = session_folder(profile, state_dir, strictly=not reduces)
    if reads:
        yield _reading(folder, profile)
        return
    with ExitStack() as stack:
        try:
            opened = open_session(
                profile, state_dir, warn, folder=folder, live=live, reduces=reduces
            )
            session = stack.enter_context(opened)
        except LockedError as held:
            if not reduces:
                _check_money(folder, profile, warn, live=live)
            yield _beside(folder, held)
        else:
            yield _on(session)


def _reading(folder: Path, profile: str | None) -> Hand:
    """Return the hand that only looks: at what the journal knows, and what the latch says."""
    with view(folder) as (known, was, journal):
        plan, state = plan_of(as_reopened(known)), recover_state(journal, was, known.cash)
        seq = journal.head()[0]
    time_ms = market_ms(plan, state)
    if known.mode.is_live:
        time_ms = reach(kept_settings(known, profile).settings, wait, attempts=ATTEMPTS).now_ms()
    latched = latched_event(Latch(folder), state, time_ms)
    if latched is not None:
        state = step(plan, state, latched, undecided).state

    def request(_: Request) -> Said:
        raise UsageError("this only looks", hint="leave out --dry-run")

    return Hand(plan, state, time_ms, known.data_ends_ms, lambda: str(seq + 1), request)


def _on(session: Session) -> Hand:
    """Return the hand on a stopped session."""

    def request(event: Request) -> Said:
        for entry in take(session, event):
            for record in entry.records:
                if isinstance(record, OrderRefused) and not isinstance(entry.event, OrderAmended):
                    return Said(record.reason, session.state)
        return Said(None, session.state)

    return Hand(
        session.plan,
        session.state,
        session.time_ms(),
        session.ends_ms,
        lambda: str(session.journal.head()[0] + 1),
        request,
    )


def _check_money(
    folder: Path, profile: str | None, warn: Callable[[str], object], *, live: bool
) -> None:
    """Raise ConfigError or HaltError where a bot's session may not be told to move money."""
    header = read_header(folder)
    if header.mode.trades_money:
        settings_to_enter(header, profile, warn, live=live)


def _beside(folder: Path, held: LockedError) -> Hand:
    """Return the hand on a session that a bot runs: what it is told is the journal's, a bit old."""

    def look() -> State:
        with view(folder) as (header, plan, journal):
            return recover_state(journal, plan, header.cash)

    def request(event: Request) -> Said:
        reason = ask(folder, event, held)["reason"]
        return Said(None if reason is None else Reason(**reason), look())

    with view(folder) as (header, plan, _):
        ends_ms = header.data_ends_ms
    state = look()
    now_ms = market_ms(plan, state)
    return Hand(plan, state, now_ms, ends_ms, new_name, request, goes_on=True)
