"""The desk of `paper`, `observe` and `live`: an exchange's prices, as they happen."""

import gc
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import NamedTuple

from gpt_trader.app.desk import Desk, Say, Trading
from gpt_trader.app.kept_session import look_at
from gpt_trader.app.left_behind import left_behind
from gpt_trader.app.paging import Pager
from gpt_trader.app.profile_choice import check_choice
from gpt_trader.app.request import RunRequest
from gpt_trader.broker.exchange.broker import MOST, ExchangeBroker
from gpt_trader.broker.exchange.carry import Bell, Threads
from gpt_trader.broker.exchange.catalog import Catalog
from gpt_trader.broker.exchange.link import Link
from gpt_trader.broker.exchange.ports import Account, MarketData
from gpt_trader.config.settings import Settings
from gpt_trader.data.catalog import product_for
from gpt_trader.domain.product import Product
from gpt_trader.engine.drive import Observer
from gpt_trader.engine.plan import Plan
from gpt_trader.engine.ports import Broker
from gpt_trader.engine.state import State
from gpt_trader.errors import AuthError, StorageError, TraderError, Unavailable
from gpt_trader.observe.notify import INFO
from gpt_trader.risk.policy import no_policy
from gpt_trader.runtime.clock import ExchangeClock
from gpt_trader.runtime.controls import Controls
from gpt_trader.runtime.halt import Latch
from gpt_trader.runtime.header import Header, plan_of
from gpt_trader.runtime.live.alive import Alive
from gpt_trader.runtime.live.assemble import Carriers, Paces, attend, on_threads
from gpt_trader.runtime.live.carry_on import carry_on
from gpt_trader.runtime.live.feed import Clock, LiveFeed, Surroundings
from gpt_trader.runtime.live.in_place import stays_in_place
from gpt_trader.runtime.live.last_resort import cancel_from_memory
from gpt_trader.runtime.live.news import News
from gpt_trader.runtime.live.opening import (
    checked_portfolio,
    find_products,
    known_rests,
    products_read,
    read_account,
    read_grids,
)
from gpt_trader.runtime.live.record import live_record_of
from gpt_trader.runtime.live.take_over import take_over
from gpt_trader.runtime.live.terms import LiveTerms, Opening, live_terms
from gpt_trader.runtime.live.timekeeping import Timekeeping
from gpt_trader.runtime.live.told import Told, told_by
from gpt_trader.runtime.live.upkeep import Left, Upkeep
from gpt_trader.runtime.rehearsal import rehearse
from gpt_trader.runtime.session import JOURNAL, Session, read_header
from gpt_trader.runtime.state_dir import live_dir, state_dir
from gpt_trader.runtime.stop import Stop
from gpt_trader.runtime.venues import (
    Exchange,
    admitted,
    check_abilities,
    connect_account,
    link,
    load_tokens,
    product_of,
    reach,
    simulated_broker,
    venue_of,
)

SKEW_SAID_MS = 1_000  # a clock so far from the exchange's is worth a word
LIVE_ATTEMPTS = 3  # of a read at the start, and of the market


class Wires(NamedTuple):
    """What a live session is connected to. clock: the exchange's; bell: rung by threads."""

    terms: LiveTerms
    market: MarketData
    broker: Broker
    account: Account | None  # None: it is simulated
    opening: Opening | None
    catalog: Catalog
    clock: ExchangeClock
    folder: Path
    bell: Bell
    sender: AbstractContextManager[object]  # who carries what the broker sends

    def now_ms(self) -> int:
        """Return the exchange's time, ms UTC."""
        return self.clock.now_ms()


@contextmanager
def _why_it_ends(alive: Alive) -> Iterator[None]:
    """Keep what ends a run, for whoever asks later why it died."""
    try:
        yield
    except TraderError as error:
        alive.fail(error.message)
        raise
    except BaseException as error:
        alive.fail(type(error).__name__)
        raise


def live_desk(asked: RunRequest, settings: Settings, stop: Stop, *, note: Say, warn: Say) -> Desk:
    """Return the desk; the exchange is asked what trades, and what the account holds.

    Raises ConfigError, AuthError, DataError or a BrokerError.
    """
    wires = _connect(asked, settings, stop, note, warn)

    @contextmanager
    def trade(session: Session, controls: Controls, pager: Pager) -> Iterator[Trading]:
        with (
            wires.sender,
            on_threads(wires.bell.ring) as carriers,
            _keep_linked(wires, settings, once=asked.once) as stream,
            _last_resort(wires, session, warn),
            _asked_once_more(wires.account, Exchange(wires.market, wires.clock), session.plan),
        ):
            untold, news = None, _news(wires, session)
            for event in news.at_start():  # before anything is sent
                session.take(event, pager.watch)
            if wires.account is not None:
                began = read_header(wires.folder).wallets
                untold = take_over(
                    session, wires.account, began, wires.market.product, pager.watch, warn
                )
            alive, check_journal = Alive(wires.folder), stays_in_place(wires.folder / JOURNAL)

            def idle() -> None:
                check_journal()
                session.durable.rest()
                pager.beat()
                alive.touch()

            around = Surroundings(controls.events, news.questions, idle)
            told = told_by(session.journal, untold)
            feed = _feed(
                wires, session, told, carriers, stop, stream, around, settings, once=asked.once
            )
            session.settle = partial(_settle, wires, session, feed.upkeep)
            gc.freeze()  # what is loaded stays: no need to walk it between close and order
            with _why_it_ends(alive):
                yield Trading(iter(feed), lambda: _left(feed, once=asked.once))
            alive.end()
            if feed.missed:
                said = f"{feed.missed} closes were missed: their bars decide nothing"
                warn(said)
                pager.say(INFO, "missed", said)
        for one in [] if stream is None else stream.stream.connections:
            if one.problem:
                warn(f"the {one.name} stream came up {one.connects} times, ended by: {one.problem}")
        if feed.polls.failures:
            warn(f"{feed.polls.failures} polls failed, the last: {feed.polls.problem}")

    return Desk(
        terms=wires.terms,
        folder=wires.folder,
        broker=wires.broker,
        now_ms=wires.now_ms,
        has_ended=lambda _: False,
        trade=trade,
        record=lambda session: live_record_of(wires.terms, session, session.cash),
        cycles=None if asked.once else asked.cycles,  # of one cycle the feed knows itself
        cycles_left=lambda _: 1 if asked.once else asked.cycles,
        pause_s=0.0,
    )


def _feed(
    wires: Wires,
    session: Session,
    told: Told,
    carriers: Carriers,
    stop: Stop,
    stream: Link | None,
    around: Surroundings,
    settings: Settings,
    *,
    once: bool,
) -> LiveFeed:
    access = settings.access
    attended = attend(
        session.plan,
        lambda: session.state,
        wires.broker,
        read_header(wires.folder).wallets,
        told,
        wires.now_ms,
        carriers,
        Paces(access.private_requests_per_s, access.public_requests_per_s),
    )
    return LiveFeed(
        plan=session.plan,
        state=lambda: session.state,
        market=wires.market,
        reader=attended.market,
        upkeep=attended.upkeep,
        polls=attended.polls,
        clock=Clock(wires.now_ms, wires.bell.wait, lambda: stop.asked),
        around=around,
        time=Timekeeping(wires.clock, lambda: session.state),
        link=stream,
        once=once,
    )


def _news(wires: Wires, session: Session) -> News:
    """Return what is asked of the products, and of an account's fees."""
    opening, account = wires.opening, wires.account
    return News(
        session.plan,
        lambda: session.state,
        wires.now_ms,
        wires.catalog,
        wires.market.product,
        None if account is None else account.fee_tier,
        None if opening is None else (opening.maker_rate, opening.taker_rate),
    )


def _left(feed: LiveFeed, *, once: bool) -> Left:
    """Return what a run that ends leaves to chance; of a single cycle also what it did not see."""
    unseen = f"the account could not be seen: {feed.polls.problem}"
    account = feed.upkeep.account
    apart = "" if account is None else account.apart()
    undecided = [f"nobody told what closed of {name}: it is not decided" for name in feed.untold]
    left = feed.upkeep.left_open()
    if not once:
        return left
    differs = [f"the account is {apart}"] if apart else []
    again = [*([unseen] if feed.is_unseen else []), *undecided, *differs, *left.again]
    return left._replace(again=again)


def _settle(
    wires: Wires,
    session: Session,
    upkeep: Upkeep,
    is_so: Callable[[State], bool] | None,
    longest_s: float,
    observe: Observer,
) -> bool:
    """Find out what became of what was sent, before a run ends."""
    return carry_on(
        session,
        upkeep,
        lambda: upkeep.is_settled if is_so is None else is_so(session.state),
        longest_s=longest_s,
        wait=wires.bell.wait,
        observe=observe,
    )


@contextmanager
def _asked_once_more(account: Account | None, exchange: Exchange, plan: Plan) -> Iterator[None]:
    """Ask once more before a key is called wrong that was right when the run began.

    Raises the AuthError if it is refused, and Unavailable if the time was, or if it is taken again.
    """
    try:
        yield
    except AuthError as error:
        if account is not None:
            names = [product.product_id for product in plan.products]
            admitted(exchange, names, account.permissions)
            raise Unavailable(f"{error.message}; it is taken again", hint="start again") from error
        raise


@contextmanager
def _last_resort(wires: Wires, session: Session, warn: Say) -> Iterator[None]:
    """Cancel the entries where nothing can be written any more, and say how that went."""
    try:
        yield
    except StorageError:
        with Threads("cancels", MOST, wires.bell.ring) as carrier:
            swept = cancel_from_memory(session, carrier, wires.bell.wait)
        if swept.entries:
            told = f"of {swept.entries} entries the cancels of {swept.taken} were taken"
            warn(f"the journal cannot be written: {told}")
        raise


@contextmanager
def _keep_linked(wires: Wires, settings: Settings, *, once: bool) -> Iterator[Link | None]:
    """Keep a stream up, for a run that goes on; none beside a stand-in that has none."""
    if once or (settings.access.rest_url is not None and settings.access.ws_url is None):
        yield None
        return
    plan = wires.terms.plan
    made = link(
        settings,
        plan.products,
        plan.interval_ms,
        broker=wires.broker,
        tokens=load_tokens(settings, os.environ, wires.now_ms) if settings.sends else None,
        now_ms=wires.now_ms,
        bell=wires.bell,
    )
    made.stream.start()
    try:
        yield made
    finally:
        made.stream.stop()


def _connect(asked: RunRequest, settings: Settings, stop: Stop, note: Say, warn: Say) -> Wires:
    wait, bell = stop.wait, Bell()
    venue = venue_of(settings.venue)
    check_abilities(venue, settings)
    limits = None if asked.risk else no_policy(settings.interval_ms)
    # Before anything is asked and anybody is told that it runs: a new version compiles here.
    listed = [product_for(name) for name in settings.products]
    read = products_read(settings)
    told = {name: product_for(name) for name in read}
    rehearse(live_terms(settings, listed, None, 0, limits, grids=told).plan)
    exchange = reach(settings, wait, attempts=LIVE_ATTEMPTS)
    if abs(skew_ms := exchange.clock.measured.skew_ms) > SKEW_SAID_MS:
        note(f"this machine's clock is {-skew_ms / 1000:+.1f} s from the exchange's")
    opening: Opening | None = None
    private: Account | None = None
    broker = simulated_broker(settings.broker)
    sender: AbstractContextManager[object] = nullcontext()
    if broker is None:
        private = connect_account(
            settings,
            os.environ,
            wait,
            sends=asked.live,
            now_ms=exchange.now_ms,
            attempts=LIVE_ATTEMPTS,
        )
        ask = partial(checked_portfolio, private, settings)
        portfolio = admitted(exchange, settings.products, ask)
        for said in left_behind(settings.profile, portfolio, asked.state_dir):
            warn(said)
        folder = live_dir(settings.profile, portfolio, asked.state_dir, os.environ)
        sender = threads = Threads("sender", MOST, bell.ring)
        asked_once = connect_account(
            settings, os.environ, wait, sends=asked.live, now_ms=exchange.now_ms, attempts=1
        )
        broker = ExchangeBroker(asked_once, threads, Latch(folder).entering)
    else:
        folder = state_dir(settings.profile, asked.state_dir, os.environ)
    note(f"profile {settings.profile}: {settings.file.path}")
    resumes = (folder / JOURNAL).exists()
    kept = read_header(folder) if resumes else None
    if kept is not None:
        check_choice(asked.profile or "", settings, kept.file)
    known = () if kept is None else plan_of(kept).products
    held = partial(_held, folder, kept)
    products, catalog = _list(exchange.market, settings.products, known, warn, held)
    grids = read_grids(exchange.market.product, read, kept)
    if private is not None:
        now = [_as_listed(one, catalog) for one in products]
        opening = read_account(venue, private, portfolio, now, known_rests(folder))
    terms = live_terms(
        settings, products, opening, exchange.now_ms(), limits, resumes=resumes, grids=grids
    )
    return Wires(
        terms,
        exchange.market,
        broker,
        private,
        opening,
        catalog,
        exchange.clock,
        folder,
        bell,
        sender,
    )


def _as_listed(product: Product, catalog: Catalog) -> Product:
    """Return a product as it trades now, however the session counts it."""
    listing = catalog.known.get(product.product_id)
    return product if listing is None or listing.info is None else product_of(listing.info)


def _held(folder: Path, header: Header | None) -> Collection[str]:
    """Return the products of which a session at an exchange holds something, or has an order."""
    if header is None or not header.mode.trades_money:
        return ()
    state = look_at(folder).state
    if state is None:
        return [one.product_id for one in header.products]
    lots = state.slots["lots"].tolist()
    held = [one.product_id for one, n in zip(header.products, lots, strict=True) if n]
    return {*held, *(order.product_id for order in state.open_orders)}


def _list(
    market: MarketData,
    names: Sequence[str],
    known: Sequence[Product],
    warn: Say,
    held: Callable[[], Collection[str]],
) -> tuple[list[Product], Catalog]:
    """Return the products as they trade now, and what the exchange says of them."""
    found = find_products(market.product, names, known, held)
    for product, listing in found:
        if listing is None:
            warn(f"the exchange says nothing of {product.product_id} now: it is as it was known")
        elif listing.closed:
            warn(f"{product.product_id} takes no orders now: {listing.closed}")
    listings = [listing for _, listing in found if listing is not None]
    return [product for product, _ in found], Catalog({one.product_id: one for one in listings})
