"""A person's hand on a session: requests go to the stopped session, or to the bot that runs it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from gpt_trader.app.ask import ask
from gpt_trader.app.folders import session_folder
from gpt_trader.app.kept_settings import kept_settings
from gpt_trader.app.operate import open_session, take
from gpt_trader.app.request import check_live
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
from gpt_trader.errors import LockedError
from gpt_trader.runtime.journaling import recover_state
from gpt_trader.runtime.requests import new_name
from gpt_trader.runtime.session import Session, view
from gpt_trader.runtime.situation import market_ms

Request = OrderRequested | CancelRequested | AmendRequested


class Said(NamedTuple):
    """What a session says to a request. refusal: None if it was taken. state: after it."""

    refusal: Reason | None
    state: State


class Hand(NamedTuple):
    """A session to which requests can be handed.

    state: before any. time_ms: the session's. ends_ms: open time of its market's last bar.
    command_id: gives each request a name of its own; one that comes twice is carried out once.
    """

    plan: Plan
    state: State
    time_ms: int
    ends_ms: int
    command_id: Callable[[], str]
    request: Callable[[Request], Said]


@contextmanager
def hand_on(
    profile: str | None,
    state_dir: Path | None,
    *,
    live: bool = False,
    reads: bool = False,
    reduces: bool = False,
) -> Iterator[Hand]:
    """Hold the profile's session, or the only one; the flags are as of `open_session`."""
    with ExitStack() as stack:
        try:
            opened = open_session(profile, state_dir, live=live, reads=reads, reduces=reduces)
            session = stack.enter_context(opened)
        except LockedError as held:
            folder = session_folder(profile, state_dir)
            yield _beside(folder, profile, held, is_free=reads or reduces, live=live)
        else:
            yield _on(session)


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


def _beside(
    folder: Path, profile: str | None, held: LockedError, *, is_free: bool, live: bool
) -> Hand:
    """Return the hand on a session that a bot runs: what it is told is the journal's, a bit old.

    is_free: whether no money can be put at risk.
    """

    def look() -> State:
        with view(folder) as (header, plan, journal):
            return recover_state(journal, plan, header.cash)

    def request(event: Request) -> Said:
        reason = ask(folder, event, held)["reason"]
        return Said(None if reason is None else Reason(**reason), look())

    with view(folder) as (header, plan, _):
        if header.mode.trades_money and not is_free:
            check_live(kept_settings(header, profile).settings, live=live)
    state = look()
    return Hand(plan, state, market_ms(plan, state), header.data_ends_ms, new_name, request)
