"""Opening a stopped session for an operator's command."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gpt_trader.app.folders import session_folder
from gpt_trader.app.kept_settings import kept_settings
from gpt_trader.app.request import RunRequest, check_live, check_stand_in, settings_of
from gpt_trader.app.simulated import prepare
from gpt_trader.broker.exchange.broker import ExchangeBroker
from gpt_trader.broker.exchange.carry import Inline
from gpt_trader.engine.drive import Observer
from gpt_trader.engine.events import Event, HistoryLoaded
from gpt_trader.engine.ports import Broker, Entry
from gpt_trader.engine.state import State
from gpt_trader.errors import AuthError, BrokerError, ConfigError, DataError
from gpt_trader.runtime.controls import Controls
from gpt_trader.runtime.halt import Latch
from gpt_trader.runtime.header import Header
from gpt_trader.runtime.live.assemble import Carriers, Paces, attend
from gpt_trader.runtime.live.carry_on import carry_on as turn_until
from gpt_trader.runtime.live.take_over import take_over
from gpt_trader.runtime.requests import Inbox
from gpt_trader.runtime.session import (
    JOURNAL,
    Session,
    clock_ms,
    nothing,
    of_the_market,
    read_header,
    reopen,
    start,
)
from gpt_trader.runtime.simulated import feed
from gpt_trader.runtime.state_dir import state_dir as folder_of

LOOK_S = 20.0  # for the account, before a command goes on without it
SETTLE_S = 20.0  # for what a command did, before it is left as it is known
FASTEST_PER_S = 10.0


@contextmanager
def open_session(
    profile: str | None,
    state_dir: Path | None,
    *,
    live: bool = False,
    reads: bool = False,
    reduces: bool = False,
    fresh: bool = False,
) -> Iterator[Session]:
    """Open the profile's session, or the only one; a profile without one gets a new one.

    A new session loads its history, so that prices are known. One that trades money needs
    `live`, unless nothing is sent (`reads`) or only what ends risk (`reduces`): that needs no more
    than the exchange. Raises LockedError while a bot runs, before anything is asked over a network;
    UsageError if no session is meant, ConfigError or HaltError where no money may move.
    """
    folder = session_folder(profile, state_dir)
    if profile is None or (folder / JOURNAL).exists():

        def connect(header: Header) -> tuple[Broker, Callable[[], int] | None]:
            return _connect(header, profile, folder, live=live, reads=reads, reduces=reduces)

        with reopen(folder, connect) as session:
            header = read_header(folder)
            if header.mode.trades_money and not reads:
                _attend(session, header, fresh=fresh)
            if not reads:
                _hear(session)
            yield session
        return
    asked = RunRequest(profile)
    settings = settings_of(asked)
    wired, _ = prepare(asked, settings)
    folder = folder_of(settings.profile, state_dir, os.environ)
    with start(wired, folder, lambda _: False) as session:
        for event in feed(wired, session.state):
            if not isinstance(event, HistoryLoaded):
                break
            session.take(event, nothing)
        yield session


def _hear(session: Session) -> None:
    """Take what was said while nobody ran, before what is said now."""
    inbox = Inbox(session.latch.folder)
    controls = Controls(session.latch, inbox, lambda: session.state, session.said_ms, clock_ms)
    for event in controls.events():
        session.take(event, controls.watch)


def _is_whole(session: Session) -> bool:
    """Whether the account was asked for what the journal does not know, and answered."""
    if isinstance(session.broker, ExchangeBroker):
        try:
            take_over(session, session.broker.account, nothing, lambda _: None)
        except (BrokerError, AuthError, DataError):
            return False  # the next start asks again, and until then nobody is a stranger
    return True


def _attend(session: Session, header: Header, *, fresh: bool) -> None:
    """Let a session find out what becomes of what it sends, and hold the account against it.

    Entries need that; an account that does not answer keeps nothing else from being carried out.
    fresh: look also if that was just done.
    """
    upkeep = attend(
        session.plan,
        lambda: session.state,
        session.broker,
        header.wallets,
        session.journal.unknown if _is_whole(session) else lambda _: set(),
        session.time_ms,
        Carriers(Inline(), Inline()),
        Paces(FASTEST_PER_S, FASTEST_PER_S),
    ).upkeep
    account, age_ms = upkeep.account, session.time_ms() - session.state.reconciled_ms
    if account is not None and (fresh or age_ms > session.plan.max_unreconciled_ms // 2):
        for _ in range(2):  # a difference is one once a second look shows it
            account.look()
            turn_until(session, upkeep, lambda: not account.unseen, longest_s=LOOK_S, wait=_wait)
            if account.difference is None:
                break

    def settle(is_so: Callable[[State], bool] | None, longest_s: float, observe: Observer) -> bool:
        return turn_until(
            session,
            upkeep,
            lambda: upkeep.is_settled if is_so is None else is_so(session.state),
            longest_s=longest_s,
            wait=_wait,
            observe=observe,
        )

    session.settle = settle


def _connect(
    header: Header,
    profile: str | None,
    folder: Path,
    *,
    live: bool,
    reads: bool,
    reduces: bool,
) -> tuple[Broker, Callable[[], int] | None]:
    """Return the broker and the clock of a session."""
    if not header.mode.is_live:
        return of_the_market(header)
    from gpt_trader.app.account import ATTEMPTS, wait
    from gpt_trader.broker.exchange.broker import ExchangeBroker
    from gpt_trader.broker.exchange.scope import check_portfolio, check_scope
    from gpt_trader.runtime.venues import connect_account, reach, simulated_broker

    settings = kept_settings(header, profile).settings
    exchange = reach(settings, wait, attempts=ATTEMPTS)
    if not header.mode.trades_money:
        broker = simulated_broker(header.broker)
        if broker is None:  # never the paper broker instead of what was meant
            raise ConfigError(f"a session of mode {header.mode} sends nothing to {header.broker}")
        return broker, exchange.now_ms
    if reduces:
        check_stand_in(settings)
    elif not reads:
        check_live(settings, live=live)
    private = connect_account(
        settings,
        os.environ,
        wait,
        sends=(live or reduces) and not reads,
        now_ms=exchange.now_ms,
        attempts=ATTEMPTS,
    )
    permissions = private.permissions()
    check_portfolio(permissions, header.portfolio)
    if not reduces:
        check_scope(
            permissions,
            trades=not reads,
            allow_transfer=settings.access.allow_transfer_key,
            setting=f"{settings.venue}.allow_transfer_key",
        )
    return ExchangeBroker(private, Inline(), Latch(folder).entering), exchange.now_ms


def take(session: Session, event: Event) -> list[Entry]:
    """Hand an event to the session; return it with all that came of it, as far as it is known."""
    entries: list[Entry] = []

    def observe(_: State, more: Sequence[Entry]) -> None:
        entries.extend(more)

    session.take(event, observe)
    session.settle(None, SETTLE_S, observe)
    return entries


def carry_on(session: Session, is_settled: Callable[[State], bool], timeout_s: float) -> bool:
    """Go on with a session until something is so, or the time is over; return whether it is so.

    Raises AuthError if the key is refused for long.
    """
    return session.settle(is_settled, timeout_s, nothing)


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)
