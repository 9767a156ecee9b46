"""The account of a stopped session, reached and looked after for one command.

Everything is carried beside the command, as it is beside a bot: no answer that fails to come holds
more than the seconds that the command has for it.
"""

import os
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import NamedTuple

from gpt_trader.app.account import ATTEMPTS, wait
from gpt_trader.app.kept_settings import kept_settings, settings_to_enter
from gpt_trader.app.request import check_stand_in
from gpt_trader.broker.exchange.broker import ExchangeBroker
from gpt_trader.broker.exchange.carry import Bell, Carrier, Threads
from gpt_trader.broker.exchange.catalog import Catalog
from gpt_trader.broker.exchange.ports import Account, MarketData
from gpt_trader.broker.exchange.reader import Reader
from gpt_trader.broker.exchange.scope import check_portfolio, check_scope
from gpt_trader.engine.drive import Observer
from gpt_trader.engine.ports import Broker
from gpt_trader.engine.state import State
from gpt_trader.errors import BrokerError, ConfigError, DataError, Unavailable
from gpt_trader.runtime.halt import Latch
from gpt_trader.runtime.header import Header
from gpt_trader.runtime.live.assemble import Carriers, Paces, attend
from gpt_trader.runtime.live.carry_on import carry_on
from gpt_trader.runtime.live.news import News
from gpt_trader.runtime.live.take_over import UNREADABLE, take_over
from gpt_trader.runtime.live.told import told_by
from gpt_trader.runtime.live.upkeep import Upkeep
from gpt_trader.runtime.live.ways_out import WaysOut
from gpt_trader.runtime.session import Session, nothing, of_the_market
from gpt_trader.runtime.venues import admitted, connect_account, reach, simulated_broker

LOOK_S = 20.0  # for the account, before a command goes on without it
TURN_S = 0.05
MODES_S = 5.0  # for what orders are taken of what is held
FASTEST_PER_S = 10.0


class Reached(NamedTuple):
    """What a command reaches. account: one that asks again; None: nothing is sent to any.

    market: of the account's exchange.
    """

    broker: Broker
    now_ms: Callable[[], int] | None
    account: Account | None = None
    market: MarketData | None = None


def reach_session(
    header: Header,
    profile: str | None,
    folder: Path,
    sender: Threads,
    warn: Callable[[str], object],
    *,
    live: bool,
    reduces: bool,
) -> Reached:
    """Return the broker and the clock of a session.

    sender: carries what is sent, each once. warn: is told what is doubtful about the settings.
    Before anything is asked ConfigError is raised where risk could be added and may not be.
    """
    if not header.mode.is_live:
        return Reached(*of_the_market(header))
    if header.mode.trades_money and not reduces:
        settings = settings_to_enter(header, profile, warn, live=live)
    else:
        settings, doubts = kept_settings(header, profile)
        for doubt in doubts:
            warn(doubt)
    exchange = reach(settings, wait, attempts=ATTEMPTS)
    if not header.mode.trades_money:
        broker = simulated_broker(header.broker)
        if broker is None:  # never the paper broker instead of what was meant
            raise ConfigError(f"a session of mode {header.mode} sends nothing to {header.broker}")
        return Reached(broker, exchange.now_ms)
    check_stand_in(settings)
    connect = partial(
        connect_account,
        settings,
        os.environ,
        wait,
        sends=True,
        now_ms=exchange.now_ms,
    )
    account = connect(attempts=ATTEMPTS)
    permissions = admitted(exchange, settings.products, account.permissions)
    check_portfolio(permissions, header.portfolio)
    if not reduces:
        check_scope(
            permissions,
            trades=True,
            allow_transfer=settings.access.allow_transfer_key,
            setting=f"{settings.venue}.allow_transfer_key",
        )
    broker = ExchangeBroker(connect(attempts=1), sender, Latch(folder).entering)
    return Reached(broker, exchange.now_ms, account, exchange.market)


def look_after(
    session: Session,
    header: Header,
    account: Account,
    market: MarketData,
    carriers: Carriers,
    exits: Carrier,
    bell: Bell,
    warn: Callable[[str], object],
    *,
    enters: bool,
    fresh: bool,
) -> None:
    """Let a session find out what becomes of what it sends, and hold the account against it.

    The account is asked first for what the journal does not know. Where it does not tell, nothing
    is adopted, nobody is a stranger, and the next start asks again; what could enter raises it.
    An account that tells that, but no look of now, keeps nothing else from being carried out.
    Before anything else it is asked which orders are taken of what is held; exits: carries that.
    fresh: look also if that was just done. warn: is told what was found, and what was not.
    """
    ways = _ways_out(session, market, exits, bell)
    session.is_whole = _take_over(session, account, header.wallets, market, warn, enters=enters)
    upkeep = attend(
        session.plan,
        lambda: session.state,
        session.broker,
        header.wallets,
        told_by(session.journal, None) if session.is_whole else None,
        session.time_ms,
        carriers,
        Paces(FASTEST_PER_S, FASTEST_PER_S),
    ).upkeep
    _look(session, upkeep, bell, fresh=fresh)

    def is_settled() -> bool:
        return upkeep.is_settled and upkeep.is_answered

    def settle(is_so: Callable[[State], bool] | None, longest_s: float, observe: Observer) -> bool:
        return carry_on(
            session,
            upkeep,
            is_settled if is_so is None else lambda: is_so(session.state),
            longest_s=longest_s,
            wait=bell.wait,
            more=ways.turn,
            observe=observe,
        )

    session.settle = settle


def _ways_out(session: Session, market: MarketData, exits: Carrier, bell: Bell) -> WaysOut:
    """Ask which orders are taken of what is held; return who asks for quotes afterwards.

    What is not answered in time is as it was known.
    """
    plan, reader = session.plan, Reader(exits, FASTEST_PER_S, nothing)
    news = News(plan, lambda: session.state, session.time_ms, Catalog({}), market.product)
    ways = WaysOut(news, market, reader)
    ways.ask_modes()
    until_s = time.monotonic() + MODES_S
    while not reader.is_idle and time.monotonic() < until_s:
        for event in ways.turn(session.time_ms()):
            session.take(event, nothing)
        bell.wait(TURN_S)
    return ways


def _take_over(
    session: Session,
    account: Account,
    began: Mapping[str, Decimal],
    market: MarketData,
    warn: Callable[[str], object],
    *,
    enters: bool,
) -> bool:
    """Take what the journal does not know; return whether the account told it."""
    try:
        untold = take_over(session, account, began, market.product, nothing, warn)
    except (BrokerError, DataError) as error:
        if enters:
            raise
        warn(f"nobody knows of orders that the journal lacks: {error.message}")
        return False
    if untold is not None and enters:
        raise Unavailable(UNREADABLE)
    return untold is None


def _look(session: Session, upkeep: Upkeep, bell: Bell, *, fresh: bool) -> None:
    """Hold the account against the session where that was not done just now."""
    account, age_ms = upkeep.account, session.time_ms() - session.state.reconciled_ms
    if account is None or not (fresh or age_ms > session.plan.max_unreconciled_ms // 2):
        return
    for _ in range(2):  # a difference is one once a second look shows it
        account.look(upkeep.now_ms())
        is_seen = carry_on(
            session, upkeep, lambda: not account.unseen, longest_s=LOOK_S, wait=bell.wait
        )
        if not is_seen or account.difference is None:
            return
